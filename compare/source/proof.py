"""Finds the lines that a program prints in every run, as far as the source alone proves them."""

import ast
import builtins
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from gedanken.compare.source.arithmetic import MAX_NUMBER, calculate, evaluate_range
from gedanken.compare.source.print_sites import called_name, is_print

MOST_LINES = 10_000
"""Maximum number of lines that are computed for one program."""
_MOST_STEPS = 200_000
"""Maximum number of statements that are executed, counting every loop iteration."""
_MAX_DEPTH = 100
"""Maximum nesting of loops and functions."""
_MAX_TEXT_LENGTH = 1000
_REDIRECTING = frozenset({"dup2", "fork", "redirect_stdout", "__stdout__", "set_blocking"})
"""Names with which a program can redirect its output, or print it twice."""
# fmt: off
_UNPREDICTABLE_NAMES = _REDIRECTING | {
    "exec", "eval", "globals", "locals", "vars", "setattr", "builtins", "__builtins__", "__main__",
}
# fmt: on
"""Names with which a program can change what its own names or `print` mean."""
# `eval` is not among these, because `model.eval()` is harmless.
_UNPREDICTABLE_ATTRIBUTES = _REDIRECTING | {"__dict__", "__setattr__", "__builtins__"}
"""Attributes with which a program can change what its own names or `print` mean."""
_PROTECTED_NAMES = frozenset({"print", "stdout", "__name__", "*"})
"""Names that a program must not assign to, because its prints might then mean something else."""
_EXIT_NAMES = frozenset({"exit", "quit", "_exit", "SystemExit", "abort", "kill", "killpg", "alarm"})
_REPLACING_PREFIXES = ("exec", "posix_spawn")
"""Prefixes of `os` functions that replace the running program by another."""
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_EARLY_EXITS = (ast.Break, ast.Continue, ast.Return, ast.Yield, ast.YieldFrom, ast.Raise)

Value = int | float | str


def proven_lines(tree: ast.Module) -> dict[int, tuple[str, ...]]:
    """For each proven print, map its line number to the lines that it prints, in order.

    A print is proven if every run reaches it and its values are constants or counters of loops whose length is known.
    The result is empty if nothing can be proven, or if the analysis takes too long.
    """
    prover = _Prover(tree)
    try:
        return prover.lines() if prover.can_prove else {}
    except _TooLongError:
        return {}


class _TooLongError(Exception):
    pass


class _Prover:
    def __init__(self, tree: ast.Module) -> None:
        self._tree = tree
        nodes = list(ast.walk(tree))
        self._binding_counts = Counter(_bound_names(nodes))
        self._use_counts = Counter(
            node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)
        )
        self._print_counts = Counter(node.lineno for node in nodes if is_print(node) and isinstance(node, ast.Call))
        self._shared_names = set(_shared_names(nodes))
        self._bar_imports = Counter(_bar_imports(nodes))
        self._has_ended = False
        self._steps = 0
        self.can_prove = not (
            _UNPREDICTABLE_NAMES & (set(self._use_counts) | set(self._binding_counts))
            or _PROTECTED_NAMES & set(self._binding_counts)
            or any(isinstance(node, ast.Attribute) and _is_unpredictable(node) for node in nodes)
            or any(_may_leave_line_open(node) for node in nodes)
            or any(isinstance(node, _DEFINITIONS) and _may_exit(node) for node in nodes)
        )
        self._constants: dict[str, Value] = {}
        for node in nodes:
            if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
                name, value = node.targets[0].id, self._value(node.value, {})
                if self._binding_counts[name] == 1 and value is not None and not hasattr(builtins, name):
                    self._constants[name] = value
        self._functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
        self._printing_loops = set(self._find_printing_loops(tree))
        self._exiting_statements = {id(node) for node in nodes if isinstance(node, ast.stmt) and _may_exit(node)}

    def lines(self) -> dict[int, tuple[str, ...]]:
        lines_by_number: dict[int, list[str] | None] = {}
        for count, (number, text) in enumerate(self._proven_prints(self._tree.body, {}, 0)):
            if count >= MOST_LINES:
                return {}
            site_lines = lines_by_number.setdefault(number, [])
            if text is None or site_lines is None:
                lines_by_number[number] = None
            else:
                site_lines += [line.strip() for line in text.splitlines() if line.strip()]
        return {
            number: tuple(lines)
            for number, lines in lines_by_number.items()
            if lines and self._print_counts[number] == 1
        }

    def _proven_prints(
        self, block: Sequence[ast.stmt], counters: Mapping[str, Value], depth: int
    ) -> Iterator[tuple[int, str | None]]:
        """Yield (source line, text) for each print that every run reaches. If the text is unknown, it is None."""
        for statement in block:
            self._steps += 1
            if self._steps > _MOST_STEPS or depth > _MAX_DEPTH:
                raise _TooLongError
            if self._has_ended or isinstance(statement, _DEFINITIONS):
                continue
            match statement:
                case ast.Expr(value=ast.Call(func=ast.Name()) as call) if is_print(call):
                    yield call.lineno, self._print_text(call, counters)
                case ast.Expr(value=ast.Call(func=ast.Name(id=name), args=[], keywords=[])) if self._is_called_once(
                    name
                ):
                    # In the called function a counter of the caller may be a different variable.
                    yield from self._proven_prints(self._functions[name].body, {}, depth + 1)
                case ast.If(test=test, body=body, orelse=[]) if _is_main_check(test):
                    yield from self._proven_prints(body, counters, depth + 1)
                case ast.For(target=ast.Name(id=name), iter=iterable, body=body) if self._is_printing_loop(statement):
                    for value in self._loop_range(iterable, counters):
                        yield from self._proven_prints(body, {**counters, name: value}, depth + 1)
                case _:
                    self._has_ended = id(statement) in self._exiting_statements

    def _find_printing_loops(self, tree: ast.Module) -> Iterator[int]:
        """Yield the `id` of each loop that prints something and surely completes all its iterations."""
        for node in ast.walk(tree):
            if isinstance(node, ast.For) and isinstance(node.target, ast.Name) and not _may_leave(node.body):
                name = node.target.id
                has_output = any(is_print(part) or called_name(part) in self._functions for part in ast.walk(node))
                if (
                    has_output
                    and name not in self._shared_names
                    and not _binds_name(node.body, name)
                    and not _may_exit(node)
                ):
                    yield id(node)

    def _is_printing_loop(self, loop: ast.stmt) -> bool:
        return id(loop) in self._printing_loops

    def _is_called_once(self, name: str) -> bool:
        function = self._functions.get(name)
        if function is None or self._binding_counts[name] != 1 or self._use_counts[name] != 1:
            return False
        arguments = function.args
        has_no_parameters = not (arguments.args or arguments.vararg or arguments.kwarg or arguments.kwonlyargs)
        body = function.body[:-1] if isinstance(function.body[-1], ast.Return) else function.body
        return has_no_parameters and not function.decorator_list and not _may_leave(body)

    def _loop_range(self, iterable: ast.expr, counters: Mapping[str, Value]) -> range:
        if (
            isinstance(iterable, ast.Call)
            and called_name(iterable) == "tqdm"
            and iterable.args
            and self._is_bar("tqdm")
        ):
            iterable = iterable.args[0]
        if not (isinstance(iterable, ast.Call) and isinstance(iterable.func, ast.Name) and not iterable.keywords):
            return range(0)
        is_range = iterable.func.id == "range" or (iterable.func.id == "trange" and self._is_bar("trange"))
        if self._binding_counts["range"] or not is_range:
            return range(0)
        bounds = [self._value(argument, counters) for argument in iterable.args]
        return (evaluate_range(bounds) or range(0))[: MOST_LINES + 1]

    def _is_bar(self, name: str) -> bool:
        """Return whether a name always refers to a tqdm progress bar."""
        return self._binding_counts[name] == self._bar_imports[name]

    def _print_text(self, call: ast.Call, counters: Mapping[str, Value]) -> str | None:
        """Return the text of one print; None if the text or the end of its line is not known."""
        options = {keyword.arg: keyword.value for keyword in call.keywords}
        separator = self._value(options.pop("sep", ast.Constant(" ")), counters)
        options.pop("flush", None)
        parts = [self._value(argument, counters) for argument in call.args]
        known_parts = [str(part) for part in parts if part is not None]
        if options or not isinstance(separator, str) or len(known_parts) < len(parts):
            return None
        return _limit_length(separator.join(known_parts))

    def _value(self, node: ast.expr, counters: Mapping[str, Value]) -> Value | None:
        match node:
            case ast.Constant(value=str(text)):
                return _limit_length(text)
            case ast.Constant(value=int() | float() as value) if not isinstance(value, bool):
                return value if isinstance(value, float) or abs(value) <= MAX_NUMBER else None
            case ast.Name(id=name):
                return counters.get(name, self._constants.get(name))
            case ast.BinOp(left=left, op=op, right=right):
                return _evaluate_operation(self._value(left, counters), op, self._value(right, counters))
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                number = self._value(operand, counters)
                return -number if isinstance(number, int | float) else None
            case ast.JoinedStr(values=values):
                parts = [self._value(part, counters) for part in values]
                return None if None in parts else _limit_length("".join(map(str, parts)))
            case ast.FormattedValue(value=inner, conversion=-1, format_spec=spec):
                inner_value = self._value(inner, counters)
                format_text = self._value(spec, counters) if spec else ""
                return None if inner_value is None else _format_value(inner_value, format_text)
        return None


def _evaluate_operation(left: Value | None, op: ast.operator, right: Value | None) -> Value | None:
    match left, op, right:
        case str(), ast.Add(), str():
            return _limit_length(left + right)
        case str(), ast.Mult(), int() if len(left) * right <= _MAX_TEXT_LENGTH:
            return left * right
    try:
        return calculate(left, op, right)
    except OverflowError:
        return None


def _limit_length(text: str) -> str | None:
    return text if len(text) <= _MAX_TEXT_LENGTH else None


def _format_value(value: Value, spec: Value | None) -> str | None:
    """Format a value; None if the format is unknown, invalid or long. A hostile format could fill the memory."""
    if not isinstance(spec, str) or len(spec) > 6 or sum(map(str.isdigit, spec)) > 3:
        return None
    try:
        return format(value, spec)
    except (ValueError, OverflowError):
        return None


def _is_unpredictable(node: ast.Attribute) -> bool:
    match node:
        case ast.Attribute(value=ast.Name(id="sys"), attr="modules"):
            return True
        case ast.Attribute(value=ast.Name(id="os"), attr="write"):
            return True
        case ast.Attribute(value=ast.Attribute(attr="stdout") | ast.Name(id="stdout"), attr=attribute):
            return attribute != "flush"
    return node.attr in _UNPREDICTABLE_ATTRIBUTES


def _may_leave_line_open(node: ast.AST) -> bool:
    if not (isinstance(node, ast.Call) and is_print(node)):
        return False
    endings = [keyword.value for keyword in node.keywords if keyword.arg in ("end", None)]
    return any(not (isinstance(end, ast.Constant) and str(end.value or "\n").endswith("\n")) for end in endings)


def _bound_names(nodes: Sequence[ast.AST]) -> Iterator[str]:
    """Yield every name that is assigned to, once for each statement that does so."""
    for node in nodes:
        match node:
            case ast.Name(id=name, ctx=ast.Store() | ast.Del()):
                yield name
            case ast.arg(arg=name):
                yield name
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield name
            case ast.alias(name=name, asname=alias):
                yield alias or name.split(".")[0]
            case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
                yield name
            case ast.MatchMapping(rest=str(name)):
                yield name
    yield from _shared_names(nodes)


def _shared_names(nodes: Sequence[ast.AST]) -> Iterator[str]:
    """Yield names that are assigned to from outside their scope: by `global` or `nonlocal`, or as an object's
    attribute.
    """
    for node in nodes:
        match node:
            case ast.Global(names=names) | ast.Nonlocal(names=names):
                yield from names
            case ast.Attribute(value=ast.Name(id="self")):
                pass
            case ast.Attribute(attr=name, ctx=ast.Store() | ast.Del()):
                yield name  # a module's attribute is a global name


def _bar_imports(nodes: Sequence[ast.AST]) -> Iterator[str]:
    """Yield the names that are imported from tqdm under their own name (without `as`)."""
    for node in nodes:
        match node:
            case ast.ImportFrom(module=str(module), names=names) if module.split(".")[0] == "tqdm":
                yield from (alias.name for alias in names if alias.asname in (None, alias.name))
            case ast.Import(names=names):
                yield from ("tqdm" for alias in names if alias.name == "tqdm" and alias.asname in (None, "tqdm"))


def _is_main_check(test: ast.expr) -> bool:
    match test:
        case ast.Compare(ast.Name(id="__name__"), [ast.Eq()], [ast.Constant(value="__main__")]):
            return True
    return False


def _may_exit(tree: ast.AST) -> bool:
    """Return whether a statement in this tree may end the program, or is an endless loop without an exit."""
    for node in ast.walk(tree):
        match node:
            case ast.Raise() if not isinstance(tree, _DEFINITIONS):
                return True
            case ast.Name(id=name) | ast.Attribute(attr=name) if name in _EXIT_NAMES:
                return True
            case ast.alias(name=name, asname=str()) if name in _EXIT_NAMES:
                return True
            case ast.Attribute(value=ast.Name(id="os"), attr=name) if name.startswith(_REPLACING_PREFIXES):
                return True
            case ast.While(test=ast.Constant(value=value)) if value and not _may_end_loop(node):
                return True
    return False


def _may_end_loop(loop: ast.While) -> bool:
    return any(isinstance(node, ast.Break | ast.Return | ast.Raise) for node in ast.walk(loop))


def _may_leave(block: Sequence[ast.stmt]) -> bool:
    """Return whether a statement in a block may leave the block, or the enclosing function, early."""
    return any(isinstance(node, _EARLY_EXITS) for statement in block for node in ast.walk(statement))


def _binds_name(block: Sequence[ast.stmt], name: str) -> bool:
    return name in set(_bound_names([node for statement in block for node in ast.walk(statement)]))
