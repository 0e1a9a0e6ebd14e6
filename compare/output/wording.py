"""Derives the text that an expression of a program prints: its literal words, and a hole for each value."""

import ast
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from string import Formatter

from gedanken.compare.output.value_columns import EXPONENT

HOLE = "\x00"
"""Stands in templates for a value that is known only when the program runs."""
_PERCENT_FIELD = re.compile(
    r"%%|%(?:\(\w++\))?[-+ #0]*+(?P<width>\d++|\*)?+(?P<point>\.(?P<decimals>\d++|\*)?+)?+"
    r"[hlL]?(?P<type>[sdiouxXeEfFgGcra])"
)
_FIXED_POINT = re.compile(r"[^.]*\.(\d{1,2})([fFeE%])")
_MAX_REPETITIONS = 1000
"""Maximum number of times that a repeated text such as `"-" * 80` is written out."""
_MAX_REPEATED_LENGTH = 100_000
"""Maximum length in characters of a repeated text. A longer text becomes a `Hole`, which matches any text."""


@dataclass(frozen=True, slots=True)
class Hole:
    """A value in a printed line: its expression and its format, if the source shows them."""

    expression: ast.expr | None = None
    decimals: int | None = None
    """Fixed number of decimals, such as 4 for `{loss:.4f}`, and EXPONENT + 4 for `{loss:.4e}`; None if not fixed."""
    is_frame: bool = False
    """True for a logger's prefix, whose words are known only from a run."""


Pieces = list[str | Hole]


def expression_pieces(node: ast.expr) -> Pieces:
    """Split a printed expression into its literal texts and one `Hole` for each value."""
    match node:
        case ast.Constant(value=int(value)) if value.bit_length() > _MAX_REPETITIONS:
            return [Hole(node)]
        case ast.Constant(value=value):
            return list(_split_at_holes(str(value)))
        case ast.JoinedStr(values=values):
            return [piece for part in values for piece in expression_pieces(part)]
        case ast.FormattedValue(value=value, format_spec=spec):
            return [Hole(value, _decimals_of_spec(spec))]
        case ast.BinOp(op=ast.Add(), left=left, right=right) if is_text(left) or is_text(right):
            return expression_pieces(left) + expression_pieces(right)
        case ast.BinOp(op=ast.Mod(), left=ast.Constant(value=str(text)), right=right):
            return percent_pieces(text, right.elts if isinstance(right, ast.Tuple) else [right])
        case ast.BinOp(op=ast.Mult(), left=ast.Constant(value=str(text)), right=ast.Constant(value=int(times))):
            return _repeated_pieces(node, text, times)
        case ast.BinOp(op=ast.Mult(), left=ast.Constant(value=int(times)), right=ast.Constant(value=str(text))):
            return _repeated_pieces(node, text, times)
        case ast.Call(func=ast.Attribute(value=ast.Constant(value=str(text)), attr="format"), args=args):
            return _format_pieces(text, args)
    return [Hole(node)]


def _repeated_pieces(node: ast.expr, text: str, times: int) -> Pieces:
    times = min(times, _MAX_REPETITIONS)
    return list(_split_at_holes(text * times)) if len(text) * times <= _MAX_REPEATED_LENGTH else [Hole(node)]


def percent_pieces(text: str, values: Sequence[ast.expr]) -> Pieces:
    """Return the pieces of a text with `%` formats, as in `"loss %.4f" % loss` or `log.info("loss %.4f", loss)`."""
    remaining = iter(values)
    pieces: Pieces = []
    end = 0
    for field in _PERCENT_FIELD.finditer(text):
        pieces += _split_at_holes(text[end : field.start()])
        end = field.end()
        if field[0] == "%%":
            pieces.append("%")
            continue
        for number in (field["width"], field["decimals"]):
            if number == "*":
                next(remaining, None)
        decimals = (field["decimals"] or "0") if field["point"] else "6"
        pieces.append(Hole(next(remaining, None), _decimals_of_type(decimals, field["type"])))
    return [*pieces, *_split_at_holes(text[end:])]


def _format_pieces(text: str, values: Sequence[ast.expr]) -> Pieces:
    remaining = iter(values)
    pieces: Pieces = []
    try:
        for words, name, spec, _conversion in Formatter().parse(text):
            pieces += _split_at_holes(words)
            if name is not None:
                expression = next(remaining, None) if not name else None
                pieces.append(Hole(expression, _fixed_decimals(spec or "")))
    except ValueError:
        return [Hole()]
    return pieces


def _split_at_holes(text: str) -> Iterator[str | Hole]:
    first, *parts = text.split(HOLE)
    yield first
    for part in parts:
        yield Hole()
        yield part


def _decimals_of_spec(spec: ast.expr | None) -> int | None:
    match spec:
        case ast.JoinedStr(values=[ast.Constant(value=str(text))]):
            return _fixed_decimals(text)
    return None


def _fixed_decimals(spec: str) -> int | None:
    match = _FIXED_POINT.fullmatch(spec)
    return _decimals_of_type(match[1], match[2]) if match else None


def _decimals_of_type(decimals: str, kind: str) -> int | None:
    if not decimals.isdecimal() or len(decimals) > 2:
        return None
    if kind in "eE":
        return EXPONENT + int(decimals)
    return int(decimals) if kind in "fF%" else None


def is_text(node: ast.expr) -> bool:
    """Return whether an expression certainly produces a string."""
    return (
        isinstance(node, ast.JoinedStr)
        or (isinstance(node, ast.Constant) and isinstance(node.value, str))
        or (isinstance(node, ast.BinOp) and (is_text(node.left) or is_text(node.right)))
    )


def line_templates(pieces: Iterable[str | Hole]) -> Iterator[tuple[str, tuple[Hole, ...]]]:
    """Yield (template, holes) for each line that these pieces print, skipping blank lines."""
    pieces = list(pieces)
    holes = iter([piece for piece in pieces if isinstance(piece, Hole)])
    for line in "".join(HOLE if isinstance(piece, Hole) else piece for piece in pieces).splitlines():
        line_holes = tuple(next(holes) for _ in range(line.count(HOLE)))
        if line.strip():
            yield line.strip(), line_holes
