"""Values that constructors reckon with: numbers, lists, and what is not known."""

import ast
from collections.abc import Sequence
from dataclasses import dataclass

from gedanken.compare.source.layers import NotStaticError

MOST_STEPS = 20_000
"""Statements, expressions and items of lists that are followed: a hostile program builds for ever."""
LARGEST = 10**15
UNKNOWN = object()
"""What the source does not tell, carried along until something needs it."""
PLAIN = object()
"""As unknown, and surely no part of a network."""


@dataclass(frozen=True)
class Tensor:
    """Numbers, by how many they are."""

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
    match op:
        case ast.Add():
            value = left + right
        case ast.Sub():
            value = left - right
        case ast.Mult():
            value = left * right
        case ast.FloorDiv() if right:
            value = left // right
        case ast.Mod() if right:
            value = left % right
        case ast.Pow() if 0 <= right < 64 and abs(left) <= 4096:
            value = left**right
        case _:
            return PLAIN
    if abs(value) > LARGEST:
        raise NotStaticError
    return value


def iterated(name: str, given: Sequence[object]) -> Sequence[object]:
    """What a loop over `range`, `enumerate`, `zip` or `reversed` runs through."""
    if name == "range":
        bounds = [one for one in given if isinstance(one, int)]
        if len(bounds) != len(given) or not 1 <= len(bounds) <= 3 or (len(bounds) == 3 and not bounds[2]):
            raise NotStaticError
        turns = range(*bounds)
        if turns[MOST_STEPS:]:
            raise NotStaticError
        return turns
    lists = [listed(one) for one in given]
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
