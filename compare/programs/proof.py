"""The lines that a program prints in every run, as far as its source alone proves it.

Proven is a print whose values are constants and counters of static loops, and which is reached in every run: at the
top of the program, in a `for` over a static range, in `if __name__ == "__main__"`, and in a function without
parameters that is called there, and nowhere else. Nothing is proven under another `if`, in a `try` or a `while`.
"""

import ast
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from compare.lines.print_sites import called_name, is_print

MOST_LINES = 10_000
"""Lines of one program that are worked out, at most."""
_LONGEST = 1000
_LARGEST = 10**15
_UNSEEN = frozenset({"exec", "eval", "globals", "locals", "vars", "setattr", "builtins", "__builtins__"})
"""Names by which a program can change what its own names stand for, or what `print` does."""
_LEAVES = (ast.Break, ast.Continue, ast.Return, ast.Yield, ast.YieldFrom, ast.Raise)

Value = int | float | str


def proven_lines(tree: ast.Module) -> dict[int, tuple[str, ...]]:
    """For each proven print, by its line in the source, the lines that it prints, in order and without margins."""
    prover = _Prover(tree)
    return prover.lines() if prover.can_prove else {}


class _Prover:
    def __init__(self, tree: ast.Module) -> None:
        self._tree = tree
        nodes = list(ast.walk(tree))
        self._bound = Counter(_bindings(nodes))
        self._used = Counter(
            node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)
        )
        self._prints = Counter(node.lineno for node in nodes if is_print(node) and isinstance(node, ast.Call))
        self.can_prove = not (_UNSEEN & (set(self._used) | set(self._bound)) or {"print", "*"} & set(self._bound))
        self._constants: dict[str, Value] = {}
        for node in nodes:
            if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
                name, value = node.targets[0].id, self._value(node.value, {})
                if self._bound[name] == 1 and value is not None:
                    self._constants[name] = value
        self._functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}

    def lines(self) -> dict[int, tuple[str, ...]]:
        found: dict[int, list[str] | None] = {}
        for at, (number, text) in enumerate(self._printed(self._tree.body, {})):
            if at >= MOST_LINES:
                return {}
            known = found.setdefault(number, [])
            if text is None or known is None:
                found[number] = None
            else:
                known += [line.strip() for line in text.splitlines() if line.strip()]
        return {number: tuple(lines) for number, lines in found.items() if lines and self._prints[number] == 1}

    def _printed(self, block: Sequence[ast.stmt], counters: Mapping[str, Value]) -> Iterator[tuple[int, str | None]]:
        """(line of the source, text) for each print that is surely reached; None for a text that is not known."""
        for statement in block:
            match statement:
                case ast.Expr(value=ast.Call() as call) if is_print(call):
                    yield call.lineno, self._text(call, counters)
                case ast.Expr(value=ast.Call(func=ast.Name(id=name), args=[], keywords=[])) if self._is_once(name):
                    yield from self._printed(self._functions[name].body, counters)
                case ast.If(test=ast.Compare(left=ast.Name(id="__name__"), ops=[ast.Eq()]), body=body):
                    yield from self._printed(body, counters)
                case ast.For(target=ast.Name(id=name), iter=over, body=body) if not _leaves(body):
                    for value in self._range(over, counters) if not _binds(body, name) else ():
                        yield from self._printed(body, {**counters, name: value})

    def _is_once(self, name: str) -> bool:
        function = self._functions.get(name)
        if function is None or self._bound[name] != 1 or self._used[name] != 1:
            return False
        arguments = function.args
        has_none = not (arguments.args or arguments.vararg or arguments.kwarg or arguments.kwonlyargs)
        body = function.body[:-1] if isinstance(function.body[-1], ast.Return) else function.body
        return has_none and not function.decorator_list and not _leaves(body)

    def _range(self, over: ast.expr, counters: Mapping[str, Value]) -> range:
        if isinstance(over, ast.Call) and called_name(over) == "tqdm" and over.args:
            over = over.args[0]
        if not (isinstance(over, ast.Call) and isinstance(over.func, ast.Name) and not over.keywords):
            return range(0)
        if over.func.id not in ("range", "trange") or self._bound["range"]:
            return range(0)
        bounds = [self._value(argument, counters) for argument in over.args]
        whole = [bound for bound in bounds if isinstance(bound, int)]
        if len(whole) != len(bounds) or not 1 <= len(whole) <= 3 or whole[2:] == [0]:
            return range(0)
        return range(*whole)[: MOST_LINES + 1]

    def _text(self, call: ast.Call, counters: Mapping[str, Value]) -> str | None:
        """What one print says; None where that, or the end of its line, is not known."""
        options = {keyword.arg: keyword.value for keyword in call.keywords}
        separator = self._value(options.pop("sep", ast.Constant(" ")), counters)
        options.pop("flush", None)
        parts = [self._value(argument, counters) for argument in call.args]
        known = [str(part) for part in parts if part is not None]
        if options or not isinstance(separator, str) or len(known) < len(parts):
            return None
        return separator.join(known)

    def _value(self, node: ast.expr, counters: Mapping[str, Value]) -> Value | None:
        match node:
            case ast.Constant(value=int() | float() | str() as value) if not isinstance(value, bool):
                return value
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


def _worked_out(one: Value | None, op: ast.operator, other: Value | None) -> Value | None:
    match one, op, other:
        case str(), ast.Add(), str():
            return _short(one + other)
        case str(), ast.Mult(), int() if len(one) * other <= _LONGEST:
            return one * other
        case int(), ast.Add(), int():
            result = one + other
        case int(), ast.Sub(), int():
            result = one - other
        case int(), ast.Mult(), int():
            result = one * other
        case int(), ast.FloorDiv(), int() if other:
            result = one // other
        case _:
            return None
    return result if abs(result) < _LARGEST else None


def _short(text: str) -> str | None:
    return text if len(text) <= _LONGEST else None


def _formatted(value: Value, form: Value | None) -> str | None:
    """A value by its format, of which a hostile one would fill the memory."""
    if not isinstance(form, str) or len(form) > 6 or sum(map(str.isdigit, form)) > 3:
        return None
    try:
        return format(value, form)
    except ValueError:
        return None


def _bindings(nodes: Sequence[ast.AST]) -> Iterator[str]:
    """Every name, as often as something is bound to it."""
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
            case ast.Global(names=names) | ast.Nonlocal(names=names):
                yield from names


def _leaves(block: Sequence[ast.stmt]) -> bool:
    """Whether something in a block may leave it, or the function around it, before its end."""
    return any(isinstance(node, _LEAVES) for statement in block for node in ast.walk(statement))


def _binds(block: Sequence[ast.stmt], name: str) -> bool:
    return name in set(_bindings([node for statement in block for node in ast.walk(statement)]))
