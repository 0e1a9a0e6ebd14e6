"""Values that constructors reckon with: numbers, lists, and what is not known."""

import ast
from collections.abc import Sequence
from dataclasses import dataclass

from gedanken.compare.source.arithmetic import calculate, range_of
from gedanken.compare.source.layers import NotStaticError

MOST_STEPS = 20_000
"""Statements, expressions and items of lists that are followed: a hostile program builds for ever."""
UNKNOWN = object()
"""What the source does not tell, carried along until something needs it."""
PLAIN = object()
"""As unknown, and surely no part of a network."""


@dataclass(frozen=True)
class Tensor:
    """A tensor, of which only the number of elements is known."""

    size: int


def calculated(left: object, op: ast.operator, right: object) -> object:
    """What an operation comes to. Raises NotStaticError where that is absurdly large, or is no number."""
    if isinstance(left, list):
        if isinstance(op, ast.Add) and isinstance(right, list):
            return left + right
        if isinstance(op, ast.Mult) and isinstance(right, int) and len(left) * right <= MOST_STEPS:
            return left * right
        raise NotStaticError
    if not isinstance(left, int) or not isinstance(right, int):
        return PLAIN if isinstance(left, int | float | str) and isinstance(right, int | float | str) else UNKNOWN
    try:
        value = calculate(left, op, right)
    except OverflowError:
        raise NotStaticError from None
    return value if isinstance(value, int) else PLAIN


def iterated(name: str, given: Sequence[object]) -> Sequence[object]:
    """What a loop over `range`, `enumerate`, `zip` or `reversed` runs through."""
    if name == "range":
        turns = range_of(given)
        if turns is None or turns[MOST_STEPS:]:
            raise NotStaticError
        return turns
    lists = [listed(value) for value in given]
    if name == "zip":
        return [list(row) for row in zip(*lists, strict=False)]
    if len(lists) != 1:
        raise NotStaticError
    return [list(pair) for pair in enumerate(lists[0])] if name == "enumerate" else lists[0][::-1]


def listed(value: object) -> list[object]:
    """The value, which must be a list. Raises NotStaticError where it is none."""
    if not isinstance(value, list):
        raise NotStaticError
    return value
