"""Finds the print sites of a program, as templates from its source."""

import ast
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Literal, NamedTuple

from gedanken.compare.output.transcript import skeleton
from gedanken.compare.output.wording import HOLE, Hole, Pieces, as_lines, percent_pieces, pieces_of

_LOG_CALLS = frozenset({"debug", "info", "warn", "warning", "error", "critical", "exception"})
"""Names of functions that put words of their own before the message: methods of loggers and argument parsers, and
functions of `warnings`."""
_WRITERS = frozenset({"stdout", "stderr", "tqdm"})
_BARS = frozenset({"tqdm", "trange"})
Dependence = Literal["nothing", "flags", "values"]
By = Literal["print", "log", "bar"]
_ORDER: tuple[Dependence, ...] = ("nothing", "flags", "values")
_CALL_DEPTH = 3
"""Number of passes over all calls. Each pass carries the conditions of a call into the function that it calls."""


@dataclass(frozen=True)
class PrintSite:
    """One line that a statement of the program can print, as a template with holes for the values."""

    template: str
    line: int
    """Line number in the source, counted from 1."""
    function: str = ""
    """Name of the innermost function that contains the statement; empty at the top level of the program."""
    holes: tuple[Hole, ...] = field(default=(), compare=False)
    """Expressions that fill the holes, one per hole; empty if nothing is known about them."""
    depends_on: Dependence = field(default="nothing", compare=False)
    """What decides how often the line is printed: `nothing` but counters, `flags` such as a `try`, or `values` such
    as a condition with `<`."""
    by: By = field(default="print", compare=False)
    """What makes the line: a `print`, a progress `bar`, or a `log` (also a warning or standard error)."""
    form: str | None = None
    """If set, this site prints only lines of this form. The form is read from real runs where the template is
    ambiguous."""

    def makes(self, line: str) -> bool:
        """Return whether this site can print this line, ignoring surrounding blanks. Takes linear time on
        any line."""
        return (self.form is None or skeleton(line) == self.form) and self.values(line) is not None

    def values(self, line: str) -> tuple[str, ...] | None:
        """Return the text of each hole if this site can print the line; None otherwise. Takes linear time."""
        first, *others = self.template.split(HOLE)
        line = line.strip()
        if not others:
            return () if line == first else None
        *inner, last = others
        at, end = len(first), len(line) - len(last)
        if not line.startswith(first) or not line.endswith(last):
            return None
        found = []
        for part in inner:
            here = line.find(part, at, end)
            if here < 0:
                return None
            found.append(line[at:here])
            at = here + len(part)
        return (*found, line[at:end]) if at <= end else None

    @property
    def words(self) -> str:
        """The literal words, with holes shown as `{}`."""
        return self.template.replace(HOLE, "{}")

    @property
    def is_open(self) -> bool:
        """True if the template has fewer than three letters and no `form` is set: its lines cannot be told from
        others."""
        return self.form is None and len(list(islice(filter(str.isalpha, self.template), 3))) < 3


def print_sites(tree: ast.AST) -> tuple[PrintSite, ...]:
    """List every line that a `print` to standard output can make, in source order. Prints that continue one line
    count as one."""
    lines = _open_lines(tree)
    going_on = {call for others in lines.values() for call in others if call is not None}
    return _sites(
        (call, place, _whole_line(call, lines))
        for call, place in _calls(tree)
        if is_print(call) and call not in going_on
    )


def other_sites(tree: ast.AST) -> tuple[PrintSite, ...]:
    """List every line that other statements can show on a terminal: logs, warnings, progress bars, prints to other
    files."""
    # An imagined terminal shows all of these; progress bars in real runs are not read.
    said = [(call, place, pieces) for call, place in _calls(tree) if (pieces := _said_by(call)) is not None]
    logs = _sites(call for call in said if called_name(call[0]) not in _BARS)
    bars = _sites(call for call in said if called_name(call[0]) in _BARS)
    return (*(replace(site, by="log") for site in logs), *(replace(site, by="bar") for site in bars))


def called_name(node: ast.AST) -> str | None:
    """Return the name of the called function, without the object or module; None if it has no name."""
    return last_name(node.func) if isinstance(node, ast.Call) else None


def last_name(node: ast.expr) -> str | None:
    """Return the last name of `a.b.c`; None if there is none."""
    if isinstance(node, ast.Name):
        return node.id
    return node.attr if isinstance(node, ast.Attribute) else None


def is_print(node: ast.AST) -> bool:
    """Return whether this call prints to standard output."""
    return isinstance(node, ast.Call) and called_name(node) == "print" and _file_of(node) in (None, "stdout")


class _Place(NamedTuple):
    """The function that contains a call, and what decides how often the call is executed."""

    function: str
    depends_on: Dependence


def _sites(found: Iterable[tuple[ast.Call, _Place, Pieces]]) -> tuple[PrintSite, ...]:
    in_order = sorted(found, key=lambda call: (call[0].lineno, call[0].col_offset))
    sites = (
        PrintSite(template, call.lineno, place.function, holes, place.depends_on)
        for call, place, pieces in in_order
        for template, holes in as_lines(pieces)
    )
    return tuple(dict.fromkeys(sites))


def _calls(tree: ast.AST) -> Iterator[tuple[ast.Call, _Place]]:
    """Find every call, with its `_Place`."""
    counters = _counters(tree)
    calls: list[tuple[ast.Call, _Place]] = []
    waiting: list[tuple[ast.AST, _Place]] = [(tree, _Place("", "nothing"))]
    while waiting:
        node, place = waiting.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            place = place._replace(function=node.name)
        if isinstance(node, ast.Call):
            calls.append((node, place))
        if place.depends_on != "values":
            place = place._replace(depends_on=_decided_by(node, counters) or place.depends_on)
        waiting += [(child, place) for child in ast.iter_child_nodes(node)]
    return _with_callers(calls)


def _counters(tree: ast.AST) -> frozenset[str]:
    """Find loop variables, and names that always get whole numbers, never inside an `if` or a `try`."""
    nodes = list(ast.walk(tree))
    loops = {name for node in nodes if isinstance(node, ast.For | ast.comprehension) for name in _names(node.target)}
    under = {id(part) for node in nodes if isinstance(node, ast.If | ast.Try) for part in ast.walk(node)}
    steady: set[str] = set()
    others: set[str] = set()
    for node in nodes:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Constant(value=int())) if id(node) not in under:
                steady.add(name)
            case ast.AugAssign(target=ast.Name(id=name), value=ast.Constant(value=int())) if id(node) not in under:
                steady.add(name)
            case ast.Assign(targets=targets):
                others.update(name for target in targets for name in _names(target))
            case ast.AugAssign(target=target) | ast.AnnAssign(target=target) | ast.NamedExpr(target=target):
                others.update(_names(target))
            case ast.arg(arg=name):
                others.add(name)
    return frozenset(loops | (steady - others))


def _names(tree: ast.AST) -> Iterator[str]:
    return (node.id for node in ast.walk(tree) if isinstance(node, ast.Name))


def _with_callers(calls: Sequence[tuple[ast.Call, _Place]]) -> Iterator[tuple[ast.Call, _Place]]:
    """Yield each call with its place; calls inside a function also get the conditions of that function's calls."""
    worst: dict[str, Dependence] = {}
    for _ in range(_CALL_DEPTH):
        for call, place in calls:
            name = called_name(call)
            if name:
                worst[name] = max(
                    place.depends_on,
                    worst.get(name, "nothing"),
                    worst.get(place.function, "nothing"),
                    key=_ORDER.index,
                )
    for call, place in calls:
        yield (
            call,
            place._replace(depends_on=max(place.depends_on, worst.get(place.function, "nothing"), key=_ORDER.index)),
        )


def _decided_by(node: ast.AST, counters: Container[str]) -> Dependence | None:
    """Return what decides how often statements inside `node` are executed; None if only counters do, or nothing."""
    match node:
        case ast.While(test=test):
            return None if {*_names(test)} and _is_counted(test, counters) else "values"
        case ast.Match():
            return "values"
        case ast.Try():
            return "flags"
        case ast.If(test=test):
            if _is_counted(test, counters) or (isinstance(test, ast.Compare) and last_name(test.left) == "__name__"):
                return None
            orders = (ast.Lt, ast.LtE, ast.Gt, ast.GtE)
            compares = [op for part in ast.walk(test) if isinstance(part, ast.Compare) for op in part.ops]
            return "values" if any(isinstance(op, orders) for op in compares) else "flags"
    return None


def _is_counted(test: ast.expr, counters: Container[str]) -> bool:
    """Return whether a condition contains only counters and constants."""
    remainders = [part for part in ast.walk(test) if isinstance(part, ast.BinOp) and isinstance(part.op, ast.Mod)]
    inside = {id(part) for remainder in remainders for part in ast.walk(remainder)}
    # Names inside a `%` expression count as counters, names in capitals as constants.
    parts = [part for part in ast.walk(test) if isinstance(part, ast.Name | ast.Attribute | ast.Call)]
    return all(
        id(part) in inside or (isinstance(part, ast.Name) and (part.id in counters or part.id.isupper()))
        for part in parts
    )


def _open_lines(tree: ast.AST) -> dict[ast.Call, list[ast.Call | None]]:
    """For each print that leaves its line open, list the prints that continue it; None stands for unknown text."""
    lines: dict[ast.Call, list[ast.Call | None]] = {}
    for block in _blocks(tree):
        first: ast.Call | None = None
        for statement in block:
            call = statement.value if isinstance(statement, ast.Expr) else None
            if isinstance(call, ast.Call) and is_print(call):
                if first is not None:
                    lines[first].append(call)
                if _ends_its_line(call):
                    first = None
                elif first is None:
                    first = call
                    lines[first] = []
            elif first is not None and any(map(is_print, ast.walk(statement))):
                lines[first].append(None)
                first = None
        if first is not None:
            lines[first].append(None)
    return lines


def _blocks(tree: ast.AST) -> Iterator[list[ast.stmt]]:
    for node in ast.walk(tree):
        for name in ("body", "orelse", "finalbody"):
            block = getattr(node, name, None)
            if isinstance(block, list):
                yield block


def _ends_its_line(call: ast.Call) -> bool:
    end = _keyword(call, "end")
    match end:
        case None | ast.Constant(value=None):
            return True
        case ast.Constant(value=str(text)):
            return len((text + ".").splitlines()) > 1
    return False


def _whole_line(call: ast.Call, lines: dict[ast.Call, list[ast.Call | None]]) -> Pieces:
    pieces = _printed(call)
    for other in lines.get(call, []):
        pieces += _printed(other) if other is not None else [Hole()]
    return pieces


def _printed(call: ast.Call) -> Pieces:
    """Return what one print adds to its line."""
    separator = _keyword(call, "sep")
    between = [" "] if separator is None or _is_none(separator) else pieces_of(separator)
    pieces: Pieces = []
    for at, part in enumerate(call.args):
        pieces += between if at else []
        pieces += [Hole()] if isinstance(part, ast.Starred) else pieces_of(part)
    end = _keyword(call, "end")
    return pieces if end is None or _is_none(end) else pieces + pieces_of(end)


def _said_by(call: ast.Call) -> Pieces | None:
    """Return what a call shows on the terminal, other than by `print` to standard output; None if nothing."""
    name = called_name(call)
    if name == "print":
        return None if is_print(call) else _printed(call)
    if name in _BARS:
        title = _keyword(call, "desc")
        said = [] if title is None else [*pieces_of(title), ": "]
        return [*said, Hole(), "%|", Hole(), "| ", Hole(), "/", Hole(), " [", Hole(), "]"]
    if not isinstance(call.func, ast.Attribute) or not call.args:
        return None
    if name in _LOG_CALLS:
        return _within(_logged(call), before=True, behind=False, is_log=name != "warn")
    if name == "write" and last_name(call.func.value) in _WRITERS:
        return _within(pieces_of(call.args[0]), before=True, behind=True)
    return None


def _logged(call: ast.Call) -> Pieces:
    """Build the text of a log call, whose values are further arguments: `"loss %s", loss`."""
    text, *values = call.args
    if isinstance(text, ast.Constant) and isinstance(text.value, str):
        return percent_pieces(text.value, values)
    return pieces_of(text)


def _within(pieces: Pieces, before: bool, behind: bool, is_log: bool = False) -> Pieces:
    """Add a hole for unknown text before or behind each line; with `is_log`, the text before is a logger's prefix."""
    framed: Pieces = []
    for template, holes in as_lines(pieces):
        waiting = iter(holes)
        inner: Pieces = []
        for at, part in enumerate(template.split(HOLE)):
            inner += [next(waiting), part] if at else [part]
        framed += [*([Hole(is_frame=is_log)] if before else []), *inner, *([Hole()] if behind else []), "\n"]
    return framed


def _file_of(call: ast.Call) -> str | None:
    """Return the name of the file that a print writes to, empty if it has none; None if no file is given."""
    file = _keyword(call, "file")
    return None if file is None else last_name(file) or ""


def _keyword(call: ast.Call, name: str) -> ast.expr | None:
    return next((keyword.value for keyword in call.keywords if keyword.arg == name), None)


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None
