"""Finds the print sites of a program in its source, each as a template of the lines that it prints."""

import ast
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Literal, NamedTuple

from gedanken.compare.output.transcript import form_of_line
from gedanken.compare.output.wording import HOLE, Hole, Pieces, expression_pieces, line_templates, percent_pieces

_LOG_CALLS = frozenset({"debug", "info", "warn", "warning", "error", "critical", "exception"})
"""Names of functions that put words of their own before the message: methods of loggers and of argument parsers,
and functions of `warnings`.
"""
_WRITERS = frozenset({"stdout", "stderr", "tqdm"})
_PROGRESS_BARS = frozenset({"tqdm", "trange"})
Dependence = Literal["nothing", "flags", "values"]
SiteKind = Literal["print", "log", "bar"]
_DEPENDENCE_ORDER: tuple[Dependence, ...] = ("nothing", "flags", "values")
_CALL_DEPTH = 3
"""Number of passes over all calls. In each pass, the conditions of a call are also applied to the function that it
calls.
"""


@dataclass(frozen=True)
class PrintSite:
    """One line that a statement of the program can print, as a template with holes for the values."""

    template: str
    line: int
    """Line number in the source, counted from 1."""
    function: str = ""
    """Name of the innermost function that contains the statement; empty at the top level of the program."""
    holes: tuple[Hole, ...] = field(default=(), compare=False)
    """The expression that fills each hole; empty if nothing is known about them."""
    depends_on: Dependence = field(default="nothing", compare=False)
    """What decides how often the line is printed: `nothing`, `flags` or `values`.

    `nothing` means that only counters decide. An example for `flags` is a `try`; one for `values` is a condition with
    `<`.
    """
    kind: SiteKind = field(default="print", compare=False)
    """What prints the line: a `print`, a progress `bar`, or a `log` (or a warning, or other text on standard
    error).
    """
    form: str | None = None
    """If it is set, this site prints only lines of this form. It is learned from real runs if the template is
    ambiguous.
    """

    def can_print(self, line: str) -> bool:
        """Return whether this site can print this line, ignoring blanks around it. The time is linear in the
        length of the line.
        """
        return (self.form is None or form_of_line(line) == self.form) and self.values(line) is not None

    def values(self, line: str) -> tuple[str, ...] | None:
        """Return the text in each hole if this site can print the line; otherwise None. The time is linear in the
        length of the line.
        """
        first, *rest = self.template.split(HOLE)
        line = line.strip()
        if not rest:
            return () if line == first else None
        *inner, last = rest
        position, end = len(first), len(line) - len(last)
        if not line.startswith(first) or not line.endswith(last):
            return None
        values = []
        for part in inner:
            part_start = line.find(part, position, end)
            if part_start < 0:
                return None
            values.append(line[position:part_start])
            position = part_start + len(part)
        return (*values, line[position:end]) if position <= end else None

    @property
    def words(self) -> str:
        """The literal words, with holes shown as `{}`."""
        return self.template.replace(HOLE, "{}")

    @property
    def is_ambiguous(self) -> bool:
        """True if lines of this site cannot be told from other lines, because the template has fewer than three
        letters and `form` is not set.
        """
        return self.form is None and len(list(islice(filter(str.isalpha, self.template), 3))) < 3


def print_sites(tree: ast.AST) -> tuple[PrintSite, ...]:
    """List every line that a `print` to standard output can print, in source order.

    If several prints continue the same line, they are listed as one.
    """
    lines = _continued_prints(tree)
    continuations = {call for continuing_calls in lines.values() for call in continuing_calls if call is not None}
    return _to_sites(
        (call, context, _line_pieces(call, lines))
        for call, context in _calls(tree)
        if is_print(call) and call not in continuations
    )


def other_sites(tree: ast.AST) -> tuple[PrintSite, ...]:
    """List every line that other statements can show on a terminal: logs, warnings, progress bars, prints to other
    files.
    """
    # An imagined terminal shows all of these; progress bars in real runs are not read.
    terminal_calls = [
        (call, context, pieces) for call, context in _calls(tree) if (pieces := _terminal_pieces(call)) is not None
    ]
    logs = _to_sites(call for call in terminal_calls if called_name(call[0]) not in _PROGRESS_BARS)
    bars = _to_sites(call for call in terminal_calls if called_name(call[0]) in _PROGRESS_BARS)
    return (*(replace(site, kind="log") for site in logs), *(replace(site, kind="bar") for site in bars))


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
    return isinstance(node, ast.Call) and called_name(node) == "print" and _file_name(node) in (None, "stdout")


class _CallContext(NamedTuple):
    """The function that contains a call, and what decides how often the call is executed."""

    function: str
    depends_on: Dependence


def _to_sites(calls: Iterable[tuple[ast.Call, _CallContext, Pieces]]) -> tuple[PrintSite, ...]:
    sorted_calls = sorted(calls, key=lambda item: (item[0].lineno, item[0].col_offset))
    sites = (
        PrintSite(template, call.lineno, context.function, holes, context.depends_on)
        for call, context, pieces in sorted_calls
        for template, holes in line_templates(pieces)
    )
    return tuple(dict.fromkeys(sites))


def _calls(tree: ast.AST) -> Iterator[tuple[ast.Call, _CallContext]]:
    """Yield every call with its context. The context includes the conditions under which the surrounding function
    is called.
    """
    counters = _counters(tree)
    calls: list[tuple[ast.Call, _CallContext]] = []
    stack: list[tuple[ast.AST, _CallContext]] = [(tree, _CallContext("", "nothing"))]
    while stack:
        node, context = stack.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            context = context._replace(function=node.name)
        if isinstance(node, ast.Call):
            calls.append((node, context))
        if context.depends_on != "values":
            context = context._replace(depends_on=_dependence_of(node, counters) or context.depends_on)
        stack += [(child, context) for child in ast.iter_child_nodes(node)]
    return _with_caller_conditions(calls)


def _counters(tree: ast.AST) -> frozenset[str]:
    """Find the names of loop variables and of counters.

    A counter is assigned only whole numbers, and never inside an `if` or a `try`.
    """
    nodes = list(ast.walk(tree))
    loop_names = {
        name for node in nodes if isinstance(node, ast.For | ast.comprehension) for name in _names(node.target)
    }
    conditional_ids = {id(part) for node in nodes if isinstance(node, ast.If | ast.Try) for part in ast.walk(node)}
    counted_names: set[str] = set()
    other_names: set[str] = set()
    for node in nodes:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Constant(value=int())) if (
                id(node) not in conditional_ids
            ):
                counted_names.add(name)
            case ast.AugAssign(target=ast.Name(id=name), value=ast.Constant(value=int())) if (
                id(node) not in conditional_ids
            ):
                counted_names.add(name)
            case ast.Assign(targets=targets):
                other_names.update(name for target in targets for name in _names(target))
            case ast.AugAssign(target=target) | ast.AnnAssign(target=target) | ast.NamedExpr(target=target):
                other_names.update(_names(target))
            case ast.arg(arg=name):
                other_names.add(name)
    return frozenset(loop_names | (counted_names - other_names))


def _names(tree: ast.AST) -> Iterator[str]:
    return (node.id for node in ast.walk(tree) if isinstance(node, ast.Name))


def _with_caller_conditions(
    calls: Sequence[tuple[ast.Call, _CallContext]],
) -> Iterator[tuple[ast.Call, _CallContext]]:
    """Yield each call with its context. For a call inside a function, the conditions under which this function is
    called are added.
    """
    strongest: dict[str, Dependence] = {}
    for _ in range(_CALL_DEPTH):
        for call, context in calls:
            name = called_name(call)
            if name:
                strongest[name] = max(
                    context.depends_on,
                    strongest.get(name, "nothing"),
                    strongest.get(context.function, "nothing"),
                    key=_DEPENDENCE_ORDER.index,
                )
    for call, context in calls:
        yield (
            call,
            context._replace(
                depends_on=max(
                    context.depends_on, strongest.get(context.function, "nothing"), key=_DEPENDENCE_ORDER.index
                )
            ),
        )


def _dependence_of(node: ast.AST, counters: Container[str]) -> Dependence | None:
    """Return what decides how often statements inside `node` are executed; None if nothing or only counters do."""
    match node:
        case ast.While(test=test):
            return None if {*_names(test)} and _uses_only_counters(test, counters) else "values"
        case ast.Match():
            return "values"
        case ast.Try():
            return "flags"
        case ast.If(test=test):
            if _uses_only_counters(test, counters) or (
                isinstance(test, ast.Compare) and last_name(test.left) == "__name__"
            ):
                return None
            orders = (ast.Lt, ast.LtE, ast.Gt, ast.GtE)
            compares = [op for part in ast.walk(test) if isinstance(part, ast.Compare) for op in part.ops]
            return "values" if any(isinstance(op, orders) for op in compares) else "flags"
    return None


def _uses_only_counters(test: ast.expr, counters: Container[str]) -> bool:
    remainders = [part for part in ast.walk(test) if isinstance(part, ast.BinOp) and isinstance(part.op, ast.Mod)]
    remainder_ids = {id(part) for remainder in remainders for part in ast.walk(remainder)}
    # Names inside a `%` expression count as counters, names in capitals as constants.
    parts = [part for part in ast.walk(test) if isinstance(part, ast.Name | ast.Attribute | ast.Call)]
    return all(
        id(part) in remainder_ids or (isinstance(part, ast.Name) and (part.id in counters or part.id.isupper()))
        for part in parts
    )


def _continued_prints(tree: ast.AST) -> dict[ast.Call, list[ast.Call | None]]:
    """For each print that does not end its line, list the prints that continue the line. None stands for unknown
    text.
    """
    lines: dict[ast.Call, list[ast.Call | None]] = {}
    for block in _blocks(tree):
        open_print: ast.Call | None = None
        for statement in block:
            call = statement.value if isinstance(statement, ast.Expr) else None
            if isinstance(call, ast.Call) and is_print(call):
                if open_print is not None:
                    lines[open_print].append(call)
                if _ends_its_line(call):
                    open_print = None
                elif open_print is None:
                    open_print = call
                    lines[open_print] = []
            elif open_print is not None and any(map(is_print, ast.walk(statement))):
                lines[open_print].append(None)
                open_print = None
        if open_print is not None:
            lines[open_print].append(None)
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


def _line_pieces(call: ast.Call, lines: dict[ast.Call, list[ast.Call | None]]) -> Pieces:
    pieces = _printed_pieces(call)
    for continuation in lines.get(call, []):
        pieces += _printed_pieces(continuation) if continuation is not None else [Hole()]
    return pieces


def _printed_pieces(call: ast.Call) -> Pieces:
    separator = _keyword(call, "sep")
    separator_pieces = [" "] if separator is None or _is_none(separator) else expression_pieces(separator)
    pieces: Pieces = []
    for index, part in enumerate(call.args):
        pieces += separator_pieces if index else []
        pieces += [Hole()] if isinstance(part, ast.Starred) else expression_pieces(part)
    end = _keyword(call, "end")
    return pieces if end is None or _is_none(end) else pieces + expression_pieces(end)


def _terminal_pieces(call: ast.Call) -> Pieces | None:
    """Return what a call shows on the terminal other than by `print` to standard output; None if it shows nothing."""
    name = called_name(call)
    if name == "print":
        return None if is_print(call) else _printed_pieces(call)
    if name in _PROGRESS_BARS:
        title = _keyword(call, "desc")
        title_pieces = [] if title is None else [*expression_pieces(title), ": "]
        return [*title_pieces, Hole(), "%|", Hole(), "| ", Hole(), "/", Hole(), " [", Hole(), "]"]
    if not isinstance(call.func, ast.Attribute) or not call.args:
        return None
    if name in _LOG_CALLS:
        return _add_frames(_logged_pieces(call), before=True, behind=False, is_log=name != "warn")
    if name == "write" and last_name(call.func.value) in _WRITERS:
        return _add_frames(expression_pieces(call.args[0]), before=True, behind=True)
    return None


def _logged_pieces(call: ast.Call) -> Pieces:
    """Return the text of a logging call whose values are further arguments: `"loss %s", loss`."""
    text, *values = call.args
    if isinstance(text, ast.Constant) and isinstance(text.value, str):
        return percent_pieces(text.value, values)
    return expression_pieces(text)


def _add_frames(pieces: Pieces, before: bool, behind: bool, is_log: bool = False) -> Pieces:
    """Add a hole for unknown text before or after each line. With `is_log`, the text before a line is the prefix
    of a logger.
    """
    framed: Pieces = []
    for template, holes in line_templates(pieces):
        remaining_holes = iter(holes)
        inner: Pieces = []
        for index, part in enumerate(template.split(HOLE)):
            inner += [next(remaining_holes), part] if index else [part]
        framed += [*([Hole(is_frame=is_log)] if before else []), *inner, *([Hole()] if behind else []), "\n"]
    return framed


def _file_name(call: ast.Call) -> str | None:
    """Return the name of the file that a print writes to; empty if the file has no name; None if the print names
    no file.
    """
    file = _keyword(call, "file")
    return None if file is None else last_name(file) or ""


def _keyword(call: ast.Call, name: str) -> ast.expr | None:
    return next((keyword.value for keyword in call.keywords if keyword.arg == name), None)


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None
