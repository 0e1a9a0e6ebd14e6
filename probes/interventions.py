"""Makes named changes to a training program, such as `learning rate x10`."""

import ast
import io
import tokenize
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from gedanken.probes.semantics_preserving_edits import is_same_when_run, semantics_preserving_edits

MISLEADING = "# the loss does not fall"


class CannotChange(ValueError):
    """No change has the requested name, or it cannot be applied to the program."""


@dataclass(frozen=True, slots=True)
class Change:
    """A change that can be made to a program."""

    edit: Callable[[str], str]
    """Takes the old source and returns the new one. Raises CannotChange or SyntaxError."""
    expected: int
    """The expected effect on the last loss: the author's guess, not a measurement.

    It is positive if the loss should become higher. The larger its absolute value, the larger the expected effect.
    """
    neutral: bool = False
    """True if the change affects nothing that is executed."""


def apply_change(source: str, name: str) -> str:
    """Return the program with the change `name`.

    Raises CannotChange if there is no such change, or if the program has nothing that the change could affect;
    SyntaxError if the program cannot be parsed.
    """
    if name not in CHANGES:
        raise CannotChange(f"there is no change “{name}”; the changes are {', '.join(CHANGES)}")
    change = CHANGES[name]
    result = change.edit(source)
    ast.parse(result)
    if result == source or is_same_when_run(source, result) != change.neutral:
        raise CannotChange(f"the program has nothing that “{name}” could change")
    return result


def _scale(find_numbers: Callable[[ast.Module], list[ast.expr]], factor: float, source: str) -> str:
    """Multiply the numbers that `find_numbers` returns by `factor`. Whole numbers stay whole, and become at least
    1.
    """
    tree = ast.parse(source)
    numbers = {id(number): number for number in (_resolve_number(tree, node) for node in find_numbers(tree))}
    return _replace_constants(source, [(node, _multiply(node.value, factor)) for node in numbers.values()])


def _multiply(value: object, factor: float) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        return str(max(1, round(value * factor)))
    return f"{float(str(value)) * factor:g}"


def _learning_rates(tree: ast.Module) -> list[ast.expr]:
    return _keyword_values(tree, "lr")


def _batch_sizes(tree: ast.Module) -> list[ast.expr]:
    return _keyword_values(tree, "batch_size")


def _hidden_layer_sizes(tree: ast.Module) -> list[ast.expr]:
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and _called_name(node) == "Linear"]
    sizes = [size for call in sorted(calls, key=_position) for size in call.args[:2]]
    # leaves out the first layer's input size and the last layer's output size
    return sizes[1:-1]


def _epoch_counts(tree: ast.Module) -> list[ast.expr]:
    """Return the argument of the outermost training loop `for … in range(N)`.

    The list is empty if there is no such loop.
    """
    for loop in _training_loops(tree):
        if isinstance(loop.iter, ast.Call) and _called_name(loop.iter) == "range" and len(loop.iter.args) == 1:
            return loop.iter.args
    return []


def _remove_backward(source: str) -> str:
    """Remove all calls of `backward()`, so that no gradients are computed."""
    lines = source.split("\n")
    statements = [
        node
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) and _called_name(node.value) == "backward"
    ]
    for statement in sorted(statements, key=_position, reverse=True):
        start, end = statement.lineno - 1, statement.end_lineno or statement.lineno
        if "\n".join(lines[start:end]).strip() != ast.get_source_segment(source, statement):
            raise CannotChange(f"line {statement.lineno} must contain nothing but the call of backward()")
        del lines[start:end]
    return "\n".join(lines)


def _shuffle_labels(source: str) -> str:
    tree = ast.parse(source)
    loop = _innermost_training_loop(tree)
    names = [node for node in ast.walk(loop.target) if isinstance(node, ast.Name)]
    imported = {
        alias.asname or alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names
    }
    if len(names) < 2 or "torch" not in imported:
        raise CannotChange("shuffling labels needs a loop over (images, labels), and `import torch`")
    labels = max(names, key=_position).id
    return _insert_line(source, loop.body[0], f"{labels} = {labels}[torch.randperm(len({labels}))]")


def _insert_misleading_comment(source: str) -> str:
    return _insert_line(source, _innermost_training_loop(ast.parse(source)), MISLEADING)


def _add_blank_lines(source: str) -> str:
    """Add a blank line before each statement of the training loop."""
    lines = source.split("\n")
    for row in sorted(
        {statement.lineno for statement in _innermost_training_loop(ast.parse(source)).body}, reverse=True
    ):
        lines.insert(row - 1, "")
    return "\n".join(lines)


def _remove_comments(source: str) -> str:
    """Remove all comments, and lines that contain only a comment."""
    lines: list[str | None] = list(source.split("\n"))
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            row, column = token.start
            lines[row - 1] = token.line[:column].rstrip() or None
    return "\n".join(line for line in lines if line is not None)


def _rename_variables(source: str) -> str:
    return semantics_preserving_edits(source).get("variables renamed", source)


def _resolve_number(tree: ast.Module, node: ast.expr) -> ast.Constant:
    """Return `node` if it is a number. If it is a variable with a single assigned value, return this value.

    Raises CannotChange if the result would not be a number.
    """
    if isinstance(node, ast.Name):
        stores = [
            other_node
            for other_node in ast.walk(tree)
            if isinstance(other_node, ast.Name) and other_node.id == node.id
        ]
        stores = [store for store in stores if isinstance(store.ctx, ast.Store)]
        values = [
            other_node.value
            for other_node in ast.walk(tree)
            if isinstance(other_node, ast.Assign) and len(other_node.targets) == 1 and other_node.targets[0] in stores
        ]
        if len(stores) == 1 and values:
            node = values[0]
    if not isinstance(node, ast.Constant) or not isinstance(node.value, int | float):
        raise CannotChange(f"`{ast.unparse(node)}` in line {node.lineno} is not a number, so it cannot be changed")
    return node


def _keyword_values(tree: ast.Module, name: str) -> list[ast.expr]:
    return [node.value for node in ast.walk(tree) if isinstance(node, ast.keyword) and node.arg == name]


def _called_name(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def _training_loops(tree: ast.Module) -> list[ast.For]:
    """Return the loops that call `backward()`, the outermost first."""
    loops = [node for node in ast.walk(tree) if isinstance(node, ast.For)]
    return [
        loop
        for loop in sorted(loops, key=_position)
        if any(isinstance(node, ast.Call) and _called_name(node) == "backward" for node in ast.walk(loop))
    ]


def _innermost_training_loop(tree: ast.Module) -> ast.For:
    loops = _training_loops(tree)
    if not loops:
        raise CannotChange("the program has no loop that calls backward()")
    return loops[-1]


def _position(node: ast.AST) -> tuple[int, int]:
    return getattr(node, "lineno", 0), getattr(node, "col_offset", 0)


def _insert_line(source: str, before: ast.stmt, text: str) -> str:
    """Insert a line before a statement, indented like the statement."""
    lines = source.split("\n")
    return "\n".join([*lines[: before.lineno - 1], " " * before.col_offset + text, *lines[before.lineno - 1 :]])


def _replace_constants(source: str, replacements: Sequence[tuple[ast.Constant, str]]) -> str:
    """Replace constants. `replacements` holds each constant with its new text."""
    lines = [line.encode() for line in source.split("\n")]
    for node, text in sorted(replacements, key=lambda replacement: _position(replacement[0]), reverse=True):
        line = lines[node.lineno - 1]
        lines[node.lineno - 1] = line[: node.col_offset] + text.encode() + line[node.end_col_offset :]
    return b"\n".join(lines).decode()


CHANGES: dict[str, Change] = {
    "learning rate 0": Change(partial(_scale, _learning_rates, 0.0), 4),
    "learning rate /10": Change(partial(_scale, _learning_rates, 0.1), 2),
    "learning rate x10": Change(partial(_scale, _learning_rates, 10.0), 1),
    "learning rate x1000": Change(partial(_scale, _learning_rates, 1000.0), 5),
    "no backward()": Change(_remove_backward, 4),
    "labels shuffled": Change(_shuffle_labels, 4),
    "width /8": Change(partial(_scale, _hidden_layer_sizes, 1 / 8), 1),
    "width x4": Change(partial(_scale, _hidden_layer_sizes, 4.0), -1),
    "epochs /3": Change(partial(_scale, _epoch_counts, 1 / 3), 2),
    "epochs x2": Change(partial(_scale, _epoch_counts, 2.0), -2),
    "batch /4": Change(partial(_scale, _batch_sizes, 1 / 4), -1),
    "batch x8": Change(partial(_scale, _batch_sizes, 8.0), 1),
    "comments removed": Change(_remove_comments, 0, neutral=True),
    "a comment that misleads": Change(_insert_misleading_comment, 0, neutral=True),
    "variables renamed": Change(_rename_variables, 0, neutral=True),
    "more blank lines": Change(_add_blank_lines, 0, neutral=True),
}
"""The changes, by the names that scripts and results use."""
