"""Reads the batch size and the learning rate from a program's source."""

import ast
from collections.abc import Sequence

from gedanken.compare.source.program_source import Source

LEARNING_RATES = {
    "Adadelta": 1.0,
    "Adagrad": 0.01,
    "Adam": 0.001,
    "Adamax": 0.002,
    "AdamW": 0.001,
    "ASGD": 0.01,
    "LBFGS": 1.0,
    "NAdam": 0.002,
    "RAdam": 0.001,
    "RMSprop": 0.01,
    "Rprop": 0.01,
    "SGD": 0.001,
    "SparseAdam": 0.001,
}
"""PyTorch's optimizers, with their default learning rates."""


def batch_size(source: Source) -> int | None:
    """Return the number of images per training step; None if the source does not determine one value."""
    loaders = source.calls({"DataLoader"})
    training_loaders = [call for call in loaders if _shuffles(call)] or [
        call for call in loaders if _loads_training_data(call)
    ]
    value = _common_value([_argument(source, call, 1, "batch_size", 1) for call in training_loaders or loaders])
    return value if isinstance(value, int) else None


def learning_rate(source: Source) -> float | None:
    """Return the optimizer's learning rate; None if the source does not determine it, or changes it
    during training."""
    if _resets_learning_rate(source):
        return None
    return _common_value(
        [
            _argument(source, call, 1, "lr", LEARNING_RATES[name])
            for name in LEARNING_RATES
            for call in source.calls({name})
        ]
    )


def count_number(source: Source, value: float) -> int:
    """Count how often the number `value` occurs in the source."""
    constants = (node for node in ast.walk(source.tree) if isinstance(node, ast.Constant))
    return sum(source.number(node) == value for node in constants)


def _argument(source: Source, call: ast.Call, index: int, name: str, default: float) -> float | None:
    """Return the number that a call passes by name or by position; `default` if it passes none. None if the number
    is not known.
    """
    for keyword in call.keywords:
        if keyword.arg == name:
            return source.number(keyword.value)
    has_unpacking = any(isinstance(argument, ast.Starred) for argument in call.args) or any(
        keyword.arg is None for keyword in call.keywords
    )
    if has_unpacking:
        return None
    return source.number(call.args[index]) if len(call.args) > index else default


def _common_value(values: Sequence[float | None]) -> float | None:
    """Return the value if all values are equal; None if they differ, or if there are none."""
    return values[0] if len(set(values)) == 1 else None


def _shuffles(call: ast.Call) -> bool:
    return any(
        keyword.arg == "shuffle" and isinstance(keyword.value, ast.Constant) and keyword.value.value is True
        for keyword in call.keywords
    )


def _loads_training_data(call: ast.Call) -> bool:
    data = call.args[:1] or [keyword.value for keyword in call.keywords if keyword.arg == "dataset"]
    return any("train" in ast.unparse(node).lower() for node in data)


def _resets_learning_rate(source: Source) -> bool:
    """Return whether the program sets the learning rate again, as `group["lr"] = …` does."""
    return any(
        isinstance(node, ast.Subscript)
        and isinstance(node.ctx, ast.Store)
        and isinstance(node.slice, ast.Constant)
        and node.slice.value == "lr"
        for node in ast.walk(source.tree)
    )
