"""Evaluates the values with which network constructors compute: numbers, lists, and unknown values."""

import ast
from collections.abc import Sequence
from dataclasses import dataclass

from gedanken.compare.source.arithmetic import calculate, evaluate_range
from gedanken.compare.source.layers import NotStaticError

MOST_STEPS = 20_000
"""Maximum number of statements, expressions and list items that are evaluated. Without a limit, a hostile program
could take forever.
"""
UNKNOWN = object()
"""A value that the source does not determine. It is passed on until a computation needs it."""
NOT_A_MODULE = object()
"""An unknown value that is certainly not a module of a network."""


@dataclass(frozen=True)
class Tensor:
    """A tensor of which only the number of elements is known."""

    size: int


def evaluate_operation(left: object, op: ast.operator, right: object) -> object:
    """Evaluate an operation on two whole numbers or on a list. For other operands, return `NOT_A_MODULE` or
    `UNKNOWN`.

    Raises NotStaticError if the result is absurdly large, or if lists do not have the operation.
    """
    if isinstance(left, list):
        if isinstance(op, ast.Add) and isinstance(right, list):
            return left + right
        if isinstance(op, ast.Mult) and isinstance(right, int) and len(left) * right <= MOST_STEPS:
            return left * right
        raise NotStaticError
    if not isinstance(left, int) or not isinstance(right, int):
        return (
            NOT_A_MODULE if isinstance(left, int | float | str) and isinstance(right, int | float | str) else UNKNOWN
        )
    try:
        value = calculate(left, op, right)
    except OverflowError:
        raise NotStaticError from None
    return value if isinstance(value, int) else NOT_A_MODULE


def loop_items(name: str, arguments: Sequence[object]) -> Sequence[object]:
    """Return the items of a loop over a call of `range`, `enumerate`, `zip` or `reversed`.

    Raises NotStaticError if `arguments`, the arguments of the call, do not determine the items.
    """
    if name == "range":
        iterations = evaluate_range(arguments)
        if iterations is None or iterations[MOST_STEPS:]:
            raise NotStaticError
        return iterations
    lists = [check_list(value) for value in arguments]
    if name == "zip":
        return [list(row) for row in zip(*lists, strict=False)]
    if len(lists) != 1:
        raise NotStaticError
    return [list(pair) for pair in enumerate(lists[0])] if name == "enumerate" else lists[0][::-1]


def check_list(value: object) -> list[object]:
    """Return the value, which must be a list. Raises NotStaticError otherwise."""
    if not isinstance(value, list):
        raise NotStaticError
    return value
