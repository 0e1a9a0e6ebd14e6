"""The lines that a program's own statements can print, as templates read off its source."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

HOLE = "\x00"
"""Stands for a value that only the run knows, in the templates below."""

_LOG_CALLS = frozenset({"debug", "info", "warn", "warning", "error", "critical", "exception"})
"""Of loggers, of `warnings`, of a parser of arguments: each puts words of its own before what it is given."""
_WRITERS = frozenset({"stdout", "stderr", "tqdm"})
_FORMAT_FIELD = re.compile(r"\{\{|\}\}|\{[^{}]*\}")
_PERCENT_FIELD = re.compile(r"%%|%(?:\(\w+\))?[-+ #0]*\d*(?:\.\d+)?[sdifgeEGrxX]")


@dataclass(frozen=True)
class PrintSite:
    """One line that a statement of the program prints, as a template with holes."""

    template: str
    line: int
    """Line of the source, counted from 1."""
    function: str = ""
    """Name of the function that it stands in, the innermost; empty at the top of the program."""

    def makes(self, line: str) -> bool:
        """Whether this site can print this line; blanks around it aside. Takes linear time on any line."""
        first, *others = self.template.split(HOLE)
        line = line.strip()
        if not others:
            return line == first
        *inner, last = others
        end = len(line) - len(last)
        at = len(first)
        if not line.startswith(first) or not line.endswith(last):
            return False
        for part in inner:
            found = line.find(part, at, end)
            if found < 0:
                return False
            at = found + len(part)
        return at <= end

    @property
    def words(self) -> str:
        """The literal words, holes shown as `{}`."""
        return self.template.replace(HOLE, "{}")

    @property
    def is_open(self) -> bool:
        """Whether it has too few literal characters to tell its lines from others."""
        return sum(character.isalpha() for character in self.template) < 3


def print_sites(tree: ast.AST) -> tuple[PrintSite, ...]:
    """Every line that a `print` to standard output can make, in the order of the source."""
    return _sites(
        (call, function, _template_of(call))
        for call, function in _calls(tree)
        if called_name(call) == "print" and _file_of(call) in (None, "stdout")
    )


def other_sites(tree: ast.AST) -> tuple[PrintSite, ...]:
    """Every line that other statements can put on a terminal: a log, a warning, a write, a print to another file.

    An imagined terminal shows these; what is read of a real run, its standard output, need not hold them.
    """
    return _sites((call, function, text) for call, function in _calls(tree) if (text := _said_by(call)) is not None)


def called_name(node: ast.AST) -> str | None:
    """The name of what is called, whatever it stands in; None where that has none."""
    return _last_name(node.func) if isinstance(node, ast.Call) else None


def _sites(found: Iterator[tuple[ast.Call, str, str]]) -> tuple[PrintSite, ...]:
    in_order = sorted(found, key=lambda one: (one[0].lineno, one[0].col_offset))
    sites = (
        PrintSite(line.strip(), call.lineno, function)
        for call, function, text in in_order
        for line in text.splitlines()
        if line.strip()
    )
    return tuple(dict.fromkeys(sites))


def _calls(tree: ast.AST) -> Iterator[tuple[ast.Call, str]]:
    """Every call, with the name of the function that it stands in."""
    waiting: list[tuple[ast.AST, str]] = [(tree, "")]
    while waiting:
        node, function = waiting.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            function = node.name
        if isinstance(node, ast.Call):
            yield node, function
        waiting += [(child, function) for child in ast.iter_child_nodes(node)]


def _said_by(call: ast.Call) -> str | None:
    """The template of what a call says other than by a print to standard output; None where it says nothing."""
    name = called_name(call)
    if name == "print":
        return None if _file_of(call) in (None, "stdout") else _template_of(call)
    if not isinstance(call.func, ast.Attribute) or not call.args:
        return None
    if name in _LOG_CALLS:
        return "\n".join(HOLE + line for line in _logged(call.args[0]).splitlines() if line.strip())
    if name == "write" and _last_name(call.func.value) in _WRITERS:
        return "\n".join(HOLE + line + HOLE for line in _text_of(call.args[0]).splitlines() if line.strip())
    return None


def _logged(text: ast.expr) -> str:
    """The text of a log, whose values follow it: `"loss %s", loss`."""
    return _filled(text.value) if isinstance(text, ast.Constant) and isinstance(text.value, str) else _text_of(text)


def _file_of(call: ast.Call) -> str | None:
    """The name of the file that a print goes to; None where it names none, empty where that is no name."""
    return next((_last_name(keyword.value) or "" for keyword in call.keywords if keyword.arg == "file"), None)


def _last_name(node: ast.expr) -> str | None:
    if isinstance(node, ast.Name):
        return node.id
    return node.attr if isinstance(node, ast.Attribute) else None


def _template_of(call: ast.Call) -> str:
    separator = " "
    for keyword in call.keywords:
        if keyword.arg == "sep":
            separator = _text_of(keyword.value)
    return separator.join(HOLE if isinstance(part, ast.Starred) else _text_of(part) for part in call.args)


def _text_of(node: ast.expr) -> str:
    """The text an expression makes, with a hole for each part that is not known."""
    match node:
        case ast.Constant(value=value):
            return str(value)
        case ast.JoinedStr(values=values):
            return "".join(_text_of(part) for part in values)
        case ast.BinOp(op=ast.Add(), left=left, right=right) if _is_text(left) or _is_text(right):
            return _text_of(left) + _text_of(right)
        case ast.BinOp(op=ast.Mod(), left=ast.Constant(value=str(text))):
            return _filled(text)
        case ast.BinOp(op=ast.Mult(), left=ast.Constant(value=str(text)), right=ast.Constant(value=int(times))):
            return text * min(times, 1000)
        case ast.BinOp(op=ast.Mult(), left=ast.Constant(value=int(times)), right=ast.Constant(value=str(text))):
            return text * min(times, 1000)
        case ast.Call(func=ast.Attribute(value=ast.Constant(value=str(text)), attr="format")):
            return _FORMAT_FIELD.sub(lambda found: found[0][0] if found[0] in ("{{", "}}") else HOLE, text)
    return HOLE


def _is_text(node: ast.expr) -> bool:
    return (
        isinstance(node, ast.JoinedStr)
        or (isinstance(node, ast.Constant) and isinstance(node.value, str))
        or (isinstance(node, ast.BinOp) and (_is_text(node.left) or _is_text(node.right)))
    )


def _filled(text: str) -> str:
    return _PERCENT_FIELD.sub(lambda found: "%" if found[0] == "%%" else HOLE, text)
