"""Finds the lines that a program prints in every run, as far as the source alone proves them."""

import ast
import builtins
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from gedanken.compare.source.arithmetic import LARGEST, calculate, range_of
from gedanken.compare.source.print_sites import called_name, is_print

MOST_LINES = 10_000
"""Maximum number of lines that are computed for one program."""
_MOST_STEPS = 200_000
"""Maximum number of statements that are executed, counting every loop iteration."""
_DEEPEST = 100
"""Maximum nesting of loops and functions."""
_LONGEST = 1000
_REDIRECTING = frozenset({"dup2", "fork", "redirect_stdout", "__stdout__", "set_blocking"})
"""Names by which a program can redirect its output, or print it twice."""
# fmt: off
_UNSEEN = _REDIRECTING | {
    "exec", "eval", "globals", "locals", "vars", "setattr", "builtins", "__builtins__", "__main__",
}
# fmt: on
"""Names by which a program can change the meaning of its own names or of `print`."""
# `eval` is none of them, because `model.eval()` is harmless.
_UNSEEN_PARTS = _REDIRECTING | {"__dict__", "__setattr__", "__builtins__"}
"""Attributes by which a program can change the meaning of its own names or of `print`."""
_OUTPUT = frozenset({"print", "stdout", "__name__", "*"})
"""Names that a program must not rebind, because its prints might then mean something else."""
_EXITS = frozenset({"exit", "quit", "_exit", "SystemExit", "abort", "kill", "killpg", "alarm"})
_REPLACES = ("exec", "posix_spawn")
"""Prefixes of `os` functions that replace the running program by another."""
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_LEAVES = (ast.Break, ast.Continue, ast.Return, ast.Yield, ast.YieldFrom, ast.Raise)

Value = int | float | str


def proven_lines(tree: ast.Module) -> dict[int, tuple[str, ...]]:
    """Map the line number of each proven print to the lines that it prints, in order. Empty if the analysis takes
    too long.

    A print is proven if every run reaches it, and its values are constants or counters of static loops.
    """
    prover = _Prover(tree)
    try:
        return prover.lines() if prover.can_prove else {}
    except _TooMuchError:
        return {}


class _TooMuchError(Exception):
    """The analysis takes too long."""


class _Prover:
    def __init__(self, tree: ast.Module) -> None:
        self._tree = tree
        nodes = list(ast.walk(tree))
        self._bound = Counter(_bindings(nodes))
        self._used = Counter(
            node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)
        )
        self._prints = Counter(node.lineno for node in nodes if is_print(node) and isinstance(node, ast.Call))
        self._shared = set(_shared(nodes))
        self._imported = Counter(_bars(nodes))
        self._ended = False
        self._steps = 0
        self.can_prove = not (
            _UNSEEN & (set(self._used) | set(self._bound))
            or _OUTPUT & set(self._bound)
            or any(isinstance(node, ast.Attribute) and _is_unseen(node) for node in nodes)
            or any(_leaves_open(node) for node in nodes)
            or any(isinstance(node, _DEFINITIONS) and _exits(node) for node in nodes)
        )
        self._constants: dict[str, Value] = {}
        for node in nodes:
            if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
                name, value = node.targets[0].id, self._value(node.value, {})
                if self._bound[name] == 1 and value is not None and not hasattr(builtins, name):
                    self._constants[name] = value
        self._functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
        self._telling = set(self._find_telling(tree))
        self._exiting = {id(node) for node in nodes if isinstance(node, ast.stmt) and _exits(node)}

    def lines(self) -> dict[int, tuple[str, ...]]:
        found: dict[int, list[str] | None] = {}
        for at, (number, text) in enumerate(self._printed(self._tree.body, {}, 0)):
            if at >= MOST_LINES:
                return {}
            known = found.setdefault(number, [])
            if text is None or known is None:
                found[number] = None
            else:
                known += [line.strip() for line in text.splitlines() if line.strip()]
        return {number: tuple(lines) for number, lines in found.items() if lines and self._prints[number] == 1}

    def _printed(
        self, block: Sequence[ast.stmt], counters: Mapping[str, Value], depth: int
    ) -> Iterator[tuple[int, str | None]]:
        """Yield (source line, text) for each print that every run reaches; None stands for unknown text."""
        for statement in block:
            self._steps += 1
            if self._steps > _MOST_STEPS or depth > _DEEPEST:
                raise _TooMuchError
            if self._ended or isinstance(statement, _DEFINITIONS):
                continue
            match statement:
                case ast.Expr(value=ast.Call(func=ast.Name()) as call) if is_print(call):
                    yield call.lineno, self._text(call, counters)
                case ast.Expr(value=ast.Call(func=ast.Name(id=name), args=[], keywords=[])) if self._is_once(name):
                    # In the called function a counter of the caller may be a different variable.
                    yield from self._printed(self._functions[name].body, {}, depth + 1)
                case ast.If(test=test, body=body, orelse=[]) if _is_main(test):
                    yield from self._printed(body, counters, depth + 1)
                case ast.For(target=ast.Name(id=name), iter=over, body=body) if self._is_followed(statement):
                    for value in self._range(over, counters):
                        yield from self._printed(body, {**counters, name: value}, depth + 1)
                case _:
                    self._ended = id(statement) in self._exiting

    def _find_telling(self, tree: ast.Module) -> Iterator[int]:
        """Yield the `id` of each loop that prints something and surely completes all its iterations."""
        for node in ast.walk(tree):
            if isinstance(node, ast.For) and isinstance(node.target, ast.Name) and not _leaves(node.body):
                name = node.target.id
                tells = any(is_print(part) or called_name(part) in self._functions for part in ast.walk(node))
                if tells and name not in self._shared and not _binds(node.body, name) and not _exits(node):
                    yield id(node)

    def _is_followed(self, loop: ast.stmt) -> bool:
        return id(loop) in self._telling

    def _is_once(self, name: str) -> bool:
        function = self._functions.get(name)
        if function is None or self._bound[name] != 1 or self._used[name] != 1:
            return False
        arguments = function.args
        has_none = not (arguments.args or arguments.vararg or arguments.kwarg or arguments.kwonlyargs)
        body = function.body[:-1] if isinstance(function.body[-1], ast.Return) else function.body
        return has_none and not function.decorator_list and not _leaves(body)

    def _range(self, over: ast.expr, counters: Mapping[str, Value]) -> range:
        if isinstance(over, ast.Call) and called_name(over) == "tqdm" and over.args and self._is_bar("tqdm"):
            over = over.args[0]
        if not (isinstance(over, ast.Call) and isinstance(over.func, ast.Name) and not over.keywords):
            return range(0)
        is_range = over.func.id == "range" or (over.func.id == "trange" and self._is_bar("trange"))
        if self._bound["range"] or not is_range:
            return range(0)
        bounds = [self._value(argument, counters) for argument in over.args]
        return (range_of(bounds) or range(0))[: MOST_LINES + 1]

    def _is_bar(self, name: str) -> bool:
        """Return whether a name always refers to a tqdm progress bar."""
        return self._bound[name] == self._imported[name]

    def _text(self, call: ast.Call, counters: Mapping[str, Value]) -> str | None:
        """Return the text of one print; None if the text or the end of its line is not known."""
        options = {keyword.arg: keyword.value for keyword in call.keywords}
        separator = self._value(options.pop("sep", ast.Constant(" ")), counters)
        options.pop("flush", None)
        parts = [self._value(argument, counters) for argument in call.args]
        known = [str(part) for part in parts if part is not None]
        if options or not isinstance(separator, str) or len(known) < len(parts):
            return None
        return _short(separator.join(known))

    def _value(self, node: ast.expr, counters: Mapping[str, Value]) -> Value | None:
        match node:
            case ast.Constant(value=str(text)):
                return _short(text)
            case ast.Constant(value=int() | float() as value) if not isinstance(value, bool):
                return value if isinstance(value, float) or abs(value) <= LARGEST else None
            case ast.Name(id=name):
                return counters.get(name, self._constants.get(name))
            case ast.BinOp(left=left, op=op, right=right):
                return _worked_out(self._value(left, counters), op, self._value(right, counters))
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                number = self._value(operand, counters)
                return -number if isinstance(number, int | float) else None
            case ast.JoinedStr(values=values):
                parts = [self._value(part, counters) for part in values]
                return None if None in parts else _short("".join(map(str, parts)))
            case ast.FormattedValue(value=inner, conversion=-1, format_spec=spec):
                shown = self._value(inner, counters)
                form = self._value(spec, counters) if spec else ""
                return None if shown is None else _formatted(shown, form)
        return None


def _worked_out(left: Value | None, op: ast.operator, right: Value | None) -> Value | None:
    match left, op, right:
        case str(), ast.Add(), str():
            return _short(left + right)
        case str(), ast.Mult(), int() if len(left) * right <= _LONGEST:
            return left * right
    try:
        return calculate(left, op, right)
    except OverflowError:
        return None


def _short(text: str) -> str | None:
    return text if len(text) <= _LONGEST else None


def _formatted(value: Value, form: Value | None) -> str | None:
    """Format a value. Return None if the format is unknown, invalid or long: a hostile one could fill the memory."""
    if not isinstance(form, str) or len(form) > 6 or sum(map(str.isdigit, form)) > 3:
        return None
    try:
        return format(value, form)
    except (ValueError, OverflowError):
        return None


def _is_unseen(node: ast.Attribute) -> bool:
    match node:
        case ast.Attribute(value=ast.Name(id="sys"), attr="modules"):
            return True
        case ast.Attribute(value=ast.Name(id="os"), attr="write"):
            return True
        case ast.Attribute(value=ast.Attribute(attr="stdout") | ast.Name(id="stdout"), attr=what):
            return what != "flush"
    return node.attr in _UNSEEN_PARTS


def _leaves_open(node: ast.AST) -> bool:
    """Return whether a print may end in the middle of a line."""
    if not (isinstance(node, ast.Call) and is_print(node)):
        return False
    ends = [keyword.value for keyword in node.keywords if keyword.arg in ("end", None)]
    return any(not (isinstance(end, ast.Constant) and str(end.value or "\n").endswith("\n")) for end in ends)


def _bindings(nodes: Sequence[ast.AST]) -> Iterator[str]:
    """Yield every name, once for each statement that binds it."""
    for node in nodes:
        match node:
            case ast.Name(id=name, ctx=ast.Store() | ast.Del()):
                yield name
            case ast.arg(arg=name):
                yield name
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield name
            case ast.alias(name=name, asname=other):
                yield other or name.split(".")[0]
            case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
                yield name
            case ast.MatchMapping(rest=str(name)):
                yield name
    yield from _shared(nodes)


def _shared(nodes: Sequence[ast.AST]) -> Iterator[str]:
    """Yield names that are bound from outside their scope: by `global`, by `nonlocal`, or as an object's
    attribute."""
    for node in nodes:
        match node:
            case ast.Global(names=names) | ast.Nonlocal(names=names):
                yield from names
            case ast.Attribute(value=ast.Name(id="self")):
                pass
            case ast.Attribute(attr=name, ctx=ast.Store() | ast.Del()):
                yield name  # a module's attribute is a global name


def _bars(nodes: Sequence[ast.AST]) -> Iterator[str]:
    """Find names that are imported from tqdm and not renamed (`as`)."""
    for node in nodes:
        match node:
            case ast.ImportFrom(module=str(module), names=names) if module.split(".")[0] == "tqdm":
                yield from (alias.name for alias in names if alias.asname in (None, alias.name))
            case ast.Import(names=names):
                yield from ("tqdm" for alias in names if alias.name == "tqdm" and alias.asname in (None, "tqdm"))


def _is_main(test: ast.expr) -> bool:
    match test:
        case ast.Compare(ast.Name(id="__name__"), [ast.Eq()], [ast.Constant(value="__main__")]):
            return True
    return False


def _exits(tree: ast.AST) -> bool:
    """Return whether a statement in this tree may end the program, or is an endless loop without an exit."""
    for node in ast.walk(tree):
        match node:
            case ast.Raise() if not isinstance(tree, _DEFINITIONS):
                return True
            case ast.Name(id=name) | ast.Attribute(attr=name) if name in _EXITS:
                return True
            case ast.alias(name=name, asname=str()) if name in _EXITS:
                return True
            case ast.Attribute(value=ast.Name(id="os"), attr=name) if name.startswith(_REPLACES):
                return True
            case ast.While(test=ast.Constant(value=value)) if value and not _ends(node):
                return True
    return False


def _ends(loop: ast.While) -> bool:
    """Return whether a statement in an endless loop may end the loop."""
    return any(isinstance(node, ast.Break | ast.Return | ast.Raise) for node in ast.walk(loop))


def _leaves(block: Sequence[ast.stmt]) -> bool:
    """Return whether a statement in a block may leave the block, or the enclosing function, early."""
    return any(isinstance(node, _LEAVES) for statement in block for node in ast.walk(statement))


def _binds(block: Sequence[ast.stmt], name: str) -> bool:
    return name in set(_bindings([node for statement in block for node in ast.walk(statement)]))
