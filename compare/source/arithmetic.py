"""Evaluates arithmetic and `range` in a program's source without running it."""

import ast
import operator
from collections.abc import Callable, Mapping, Sequence
from typing import TypeGuard

MAX_NUMBER = 10**15
"""Larger numbers than this are not evaluated. Up to this number, floats represent all whole numbers exactly."""
_OPERATORS: Mapping[type[ast.operator], Callable[..., int | float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
}


def calculate(left: object, op: ast.operator, right: object) -> int | float | None:
    """Evaluate an operation on two numbers; None if it cannot be evaluated, as for a large power.

    Raises OverflowError if the result exceeds `MAX_NUMBER`.
    """
    if not (_is_number(left) and _is_number(right)) or type(op) not in _OPERATORS:
        return None
    if isinstance(op, ast.Pow) and not (isinstance(right, int) and 0 <= right < 64 and abs(left) <= 4096):
        return None
    try:
        value = _OPERATORS[type(op)](left, right)
    except ZeroDivisionError:
        return None
    if abs(value) > MAX_NUMBER:
        raise OverflowError
    return value


def evaluate_range(bounds: Sequence[object]) -> range | None:
    """Return the `range` with these arguments; None if the arguments are invalid, or are not all whole numbers."""
    integers = [bound for bound in bounds if isinstance(bound, int)]
    if len(integers) < len(bounds) or not 1 <= len(integers) <= 3 or integers[2:] == [0]:
        return None
    return range(*integers)


def _is_number(value: object) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool)
