"""What can be read off a program's source without running it."""

import ast
import math
import operator
import re
from collections.abc import Callable, Container, Iterator
from dataclasses import dataclass

HOLE = "\x00"
"""Stands for a value that only the run knows, in the templates below."""

LAYERS = frozenset({"Linear", "LazyLinear", "Conv1d", "Conv2d", "Conv3d", "LazyConv2d", "LSTM", "GRU", "RNN"})
GPU_WORDS = ("DataParallel", "DistributedDataParallel", "init_process_group")
LEVELS = 200
"""How deep the tree of a program may be: far above what is written, far below what recursion can bear."""
MOST_EPOCHS = 100_000
LONGEST_DEVICE = 12
"""Characters that the name of a device has at most, such as `cuda:3`; what is longer is words for a person."""
_ARITHMETIC: dict[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}
SEED_CALLS = frozenset({"manual_seed", "seed", "seed_everything", "default_rng", "set_seed"})
_FORMAT_FIELD = re.compile(r"\{\{|\}\}|\{[^{}]*\}")
_PERCENT_FIELD = re.compile(r"%%|%(?:\(\w+\))?[-+ #0]*\d*(?:\.\d+)?[sdifgeEGrxX]")


@dataclass(frozen=True)
class PrintSite:
    """One line that a `print` of the program makes, as a template with holes."""

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


class Source:
    """A parsed program. Raises SyntaxError where it cannot be parsed."""

    def __init__(self, text: str) -> None:
        try:
            self.tree = ast.parse(text)
        except (ValueError, RecursionError, MemoryError) as error:  # null bytes; absurd nesting
            raise SyntaxError(str(error) or "nested too deeply") from error
        if _is_deeper(self.tree, LEVELS):
            raise SyntaxError("nested too deeply")
        self._constants = self._find_constants()

    def print_sites(self) -> tuple[PrintSite, ...]:
        """Every line that the program's own `print` calls can make, in the order of the source."""
        sites: list[PrintSite] = []
        for call, function in sorted(self._prints(), key=lambda found: (found[0].lineno, found[0].col_offset)):
            if any(keyword.arg == "file" for keyword in call.keywords):
                continue
            for line in _template_of(call).split("\n"):
                if line.strip():
                    sites.append(PrintSite(line.strip(), call.lineno, function))
        return tuple(sites)

    def layer_count(self) -> int | None:
        """Layers with weights that the source makes; None where they are made in a loop of unknown length."""
        return self._layers_in(self.tree)

    def epochs(self) -> int | None:
        """How often the training loop runs: the static range of the loop over epochs.

        None if it is not static, or absurd.
        """
        loops = [node for node in ast.walk(self.tree) if isinstance(node, ast.For)]
        for loop in loops:
            name = loop.target.id if isinstance(loop.target, ast.Name) else ""
            if "epoch" in name.lower():
                turns = self._range_length(loop.iter)
                return turns if turns is None or turns <= MOST_EPOCHS else None
        return None

    def fixes_its_seed(self) -> bool:
        """Whether the program sets a random seed itself (fairness rule 7); `seed()` draws one, and fixes none."""
        calls = [node for node in ast.walk(self.tree) if isinstance(node, ast.Call)]
        return any(_called_name(call) in SEED_CALLS and (call.args or call.keywords) for call in calls)

    def uses_all_gpus(self) -> bool:
        """Whether it names one of PyTorch's ways to use several GPUs."""
        return not self._names().isdisjoint(GPU_WORDS)

    def names_gpus(self) -> bool:
        """Whether it names GPUs at all: in a name, or as a device such as `cuda:0`."""
        texts = [node.value for node in ast.walk(self.tree) if isinstance(node, ast.Constant)]
        devices = {text for text in texts if isinstance(text, str) and len(text) <= LONGEST_DEVICE}
        named = any(word in name.lower() for name in self._names() | devices for word in ("cuda", "gpu"))
        return named or self.uses_all_gpus()

    def calls(self, names: Container[str]) -> list[ast.Call]:
        """Every call of a function or class with one of these names, whatever module it stands in."""
        return [node for node in ast.walk(self.tree) if isinstance(node, ast.Call) and _called_name(node) in names]

    def number(self, node: ast.expr) -> int | float | None:
        """What an expression comes to, where the source alone tells."""
        match node:
            case ast.Constant(value=int() | float() as value) if not isinstance(value, bool):
                return value
            case ast.Name(id=name):
                return self._constants.get(name)
            case ast.BinOp(op=op, left=left, right=right) if type(op) in _ARITHMETIC:
                ours, theirs = self.number(left), self.number(right)
                if ours is None or theirs is None:
                    return None
                try:
                    return _ARITHMETIC[type(op)](ours, theirs)
                except ArithmeticError:
                    return None
        return None

    def _prints(self) -> Iterator[tuple[ast.Call, str]]:
        """Every call of `print`, with the name of the function that it stands in."""
        waiting: list[tuple[ast.AST, str]] = [(self.tree, "")]
        while waiting:
            node, function = waiting.pop()
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                function = node.name
            if isinstance(node, ast.Call) and _called_name(node) == "print":
                yield node, function
            waiting += [(child, function) for child in ast.iter_child_nodes(node)]

    def _names(self) -> set[str]:
        names = {node.attr for node in ast.walk(self.tree) if isinstance(node, ast.Attribute)}
        return names | {node.id for node in ast.walk(self.tree) if isinstance(node, ast.Name)}

    def _find_constants(self) -> dict[str, int | float]:
        """Names that stand for one number wherever they are assigned."""
        found: dict[str, int | float | None] = {}
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
                name = node.targets[0].id
                value = self.number(node.value) if isinstance(node.value, ast.Constant) else None
                found[name] = value if found.get(name, value) == value else None
        return {name: value for name, value in found.items() if value is not None}

    def _integer(self, node: ast.expr) -> int | None:
        value = self.number(node)
        return value if isinstance(value, int) else None

    def _range_length(self, node: ast.expr) -> int | None:
        """How many turns a loop over `range(…)` takes, where its bounds are static."""
        if not isinstance(node, ast.Call):
            return None
        if _called_name(node) == "tqdm" and node.args:
            return self._range_length(node.args[0])
        if _called_name(node) not in ("range", "trange") or not 1 <= len(node.args) <= 2:
            return None
        bounds = [self._integer(argument) for argument in node.args]
        low, high = ([0, *bounds])[-2:]
        return max(0, high - low) if low is not None and high is not None else None

    def _layers_in(self, node: ast.AST) -> int | None:
        inside = [self._layers_in(child) for child in ast.iter_child_nodes(node)]
        known = [count for count in inside if count is not None]
        if len(known) < len(inside):
            return None
        layers = sum(known) + (_called_name(node) in LAYERS)
        turns = self._turns(node)
        if not layers or turns is not None:
            return layers * (turns or 0)
        return None

    def _turns(self, node: ast.AST) -> int | None:
        """How often what stands inside a node happens; None where the source does not tell."""
        match node:
            case ast.For(iter=over):
                return self._range_length(over)
            case ast.While() | ast.AsyncFor():
                return None
            case ast.ListComp(generators=generators) | ast.GeneratorExp(generators=generators):
                lengths = [self._range_length(generator.iter) for generator in generators]
                known = [length for length in lengths if length is not None]
                return math.prod(known) if len(known) == len(lengths) else None
        return 1


def _is_deeper(tree: ast.AST, levels: int) -> bool:
    level = [tree]
    for _ in range(levels):
        level = [child for node in level for child in ast.iter_child_nodes(node)]
    return bool(level)


def _called_name(node: ast.AST) -> str | None:
    if not isinstance(node, ast.Call):
        return None
    if isinstance(node.func, ast.Name):
        return node.func.id
    return node.func.attr if isinstance(node.func, ast.Attribute) else None


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
            return _PERCENT_FIELD.sub(lambda found: "%" if found[0] == "%%" else HOLE, text)
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
