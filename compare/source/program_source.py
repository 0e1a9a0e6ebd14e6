"""Derives facts from a program's source without running it."""

import ast
import math
from collections import Counter, defaultdict
from collections.abc import Container, Sequence
from functools import cached_property

from gedanken.compare.source.arithmetic import MAX_NUMBER, calculate, evaluate_range
from gedanken.compare.source.print_sites import PrintSite, called_name, last_name, other_sites, print_sites

LAYERS = frozenset({"Linear", "LazyLinear", "Conv1d", "Conv2d", "Conv3d", "LazyConv2d", "LSTM", "GRU", "RNN"})
SEVERAL_GPUS = ("DataParallel", "DistributedDataParallel", "init_process_group")
"""PyTorch's interfaces for several GPUs."""
GPU_WORDS = ("cuda", "gpu", "accelerator", *SEVERAL_GPUS)
"""Words that refer to GPUs, also as a part of a name."""
MAX_TREE_DEPTH = 200
"""Maximum depth of a program's syntax tree. It is far above that of real programs, and far below Python's
recursion limit.
"""
MOST_EPOCHS = 100_000
LONGEST_DEVICE = 12
"""Maximum length of a device name such as `cuda:3`. A longer text is taken for prose."""
SEED_CALLS = frozenset({"manual_seed", "seed", "seed_everything", "default_rng", "set_seed"})


class Source:
    """A parsed program. Raises SyntaxError if it cannot be parsed."""

    def __init__(self, text: str) -> None:
        try:
            self.tree = ast.parse(text)
        except (ValueError, RecursionError, MemoryError) as error:  # null bytes; absurdly deep nesting
            raise SyntaxError(str(error) or "nested too deeply") from error
        if _is_deeper_than(self.tree, MAX_TREE_DEPTH):
            raise SyntaxError("nested too deeply")
        self._constants = self._find_constants()

    def print_sites(self) -> tuple[PrintSite, ...]:
        """List every line that the program's own `print` calls can print, in source order."""
        return print_sites(self.tree)

    def terminal_sites(self) -> tuple[PrintSite, ...]:
        """List every line that the program's own statements can show on a terminal: prints, logs, warnings,
        standard error.
        """
        return self.print_sites() + other_sites(self.tree)

    def layer_count(self) -> int | None:
        """Count the layers with weights in the source; None if layers are created in a loop of unknown length."""
        return self._count_layers(self.tree)

    def epochs(self) -> int | None:
        """Return the number of iterations of the first loop whose variable has `epoch` in its name.

        None if there is no such loop, or if the source does not determine the number, or if it is absurdly large.
        """
        loops = [node for node in ast.walk(self.tree) if isinstance(node, ast.For)]
        for loop in loops:
            name = loop.target.id if isinstance(loop.target, ast.Name) else ""
            if "epoch" in name.lower():
                iterations = self._range_length(loop.iter)
                return iterations if iterations is None or iterations <= MOST_EPOCHS else None
        return None

    def sets_seed(self) -> bool:
        """Return whether the program sets a random seed itself (fairness rule 7).

        A call without arguments, such as `seed()`, does not count.
        """
        calls = [node for node in ast.walk(self.tree) if isinstance(node, ast.Call)]
        return any(called_name(call) in SEED_CALLS and (call.args or call.keywords) for call in calls)

    def uses_all_gpus(self) -> bool:
        """Return whether the program uses one of PyTorch's interfaces for several GPUs."""
        return not self._used_names().isdisjoint(SEVERAL_GPUS)

    def mentions_gpus(self) -> bool:
        """Return whether the program mentions GPUs, in a name or as a device such as `cuda:0`."""
        texts = [node.value for node in ast.walk(self.tree) if isinstance(node, ast.Constant)]
        devices = {text for text in texts if isinstance(text, str) and len(text) <= LONGEST_DEVICE}
        return any(word.lower() in name.lower() for name in self._used_names() | devices for word in GPU_WORDS)

    def calls(self, names: Container[str]) -> list[ast.Call]:
        """Find every call of a function or class with one of these names, from any module."""
        return [node for node in ast.walk(self.tree) if isinstance(node, ast.Call) and called_name(node) in names]

    def number(self, node: ast.expr) -> int | float | None:
        """Evaluate an expression; None if the source alone does not determine it, or if it is absurdly large."""
        match node:
            case ast.Constant(value=int() | float() as value) if not isinstance(value, bool):
                return None if isinstance(value, int) and abs(value) > MAX_NUMBER else value
            case ast.Name(id=name):
                return self._constants.get(name)
            case ast.BinOp(op=op, left=left, right=right):
                try:
                    return calculate(self.number(left), op, self.number(right))
                except OverflowError:
                    return None
        return None

    def assigned_values(self, name: str) -> Sequence[ast.expr]:
        """List all expressions that are assigned to a name; empty if the name may also get values in another way,
        as in a loop.
        """
        values = self._assignments[0].get(name, [])
        return values if len(values) == self._assignments[1][name] and name not in self._argument_names else ()

    @cached_property
    def _assignments(self) -> tuple[dict[str, list[ast.expr]], Counter[str]]:
        """Return the values assigned to each name, and how often the name is bound in any way."""
        values: dict[str, list[ast.expr]] = defaultdict(list)
        binding_counts: Counter[str] = Counter()
        for node in ast.walk(self.tree):
            match node:
                case ast.Assign(targets=[target], value=value):
                    values[last_name(target) or ""].append(value)
                case ast.Name(id=name, ctx=ast.Store() | ast.Del()):
                    binding_counts[name] += 1
        return values, binding_counts

    @cached_property
    def _argument_names(self) -> set[str]:
        """Return the argument names of all functions outside classes."""
        names: set[str] = set()
        stack: list[ast.AST] = [self.tree]
        while stack:
            node = stack.pop()
            if not isinstance(node, ast.ClassDef):
                names |= {node.arg} if isinstance(node, ast.arg) else set()
                stack += ast.iter_child_nodes(node)
        return names

    def _used_names(self) -> set[str]:
        names = {node.attr for node in ast.walk(self.tree) if isinstance(node, ast.Attribute)}
        return names | {node.id for node in ast.walk(self.tree) if isinstance(node, ast.Name)}

    def _find_constants(self) -> dict[str, int | float]:
        """Find names that have the same number wherever they are assigned."""
        constants: dict[str, int | float | None] = {}
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
                name = node.targets[0].id
                value = self.number(node.value) if isinstance(node.value, ast.Constant) else None
                constants[name] = value if constants.get(name, value) == value else None
        return {name: value for name, value in constants.items() if value is not None}

    def _range_length(self, node: ast.expr) -> int | None:
        """Return how many iterations a loop over `range(…)` has; None if its bounds are not static."""
        if not isinstance(node, ast.Call):
            return None
        if called_name(node) == "tqdm" and node.args:
            return self._range_length(node.args[0])
        if called_name(node) not in ("range", "trange"):
            return None
        iterations = evaluate_range([self.number(argument) for argument in node.args])
        return None if iterations is None else len(iterations)

    def _count_layers(self, node: ast.AST) -> int | None:
        counts = [self._count_layers(child) for child in ast.iter_child_nodes(node)]
        known_counts = [count for count in counts if count is not None]
        if len(known_counts) < len(counts):
            return None
        layers = sum(known_counts) + (called_name(node) in LAYERS)
        iterations = self._iteration_count(node)
        if not layers or iterations is not None:
            return layers * (iterations or 0)
        return None

    def _iteration_count(self, node: ast.AST) -> int | None:
        """Return how often the body of a statement is executed; None if the source does not determine it."""
        match node:
            case ast.For(iter=iterable):
                return self._range_length(iterable)
            case ast.While() | ast.AsyncFor():
                return None
            case ast.ListComp(generators=generators) | ast.GeneratorExp(generators=generators):
                lengths = [self._range_length(generator.iter) for generator in generators]
                known_lengths = [length for length in lengths if length is not None]
                return math.prod(known_lengths) if len(known_lengths) == len(lengths) else None
        return 1


def _is_deeper_than(tree: ast.AST, levels: int) -> bool:
    level = [tree]
    for _ in range(levels):
        level = [child for node in level for child in ast.iter_child_nodes(node)]
    return bool(level)
