"""Arithmetic and `range` in a source get the values that Python gives them, or none."""

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gedanken.compare.source.arithmetic import MAX_NUMBER, calculate, evaluate_range

OPERATORS = {"+": ast.Add(), "-": ast.Sub(), "*": ast.Mult(), "/": ast.Div(), "//": ast.FloorDiv(), "%": ast.Mod()}
NUMBERS = st.integers(-(10**6), 10**6) | st.floats(-1e6, 1e6)


@given(NUMBERS, st.sampled_from(sorted(OPERATORS)), NUMBERS)
def test_an_operation_comes_to_what_python_makes_of_it(left: float, sign: str, right: float) -> None:
    try:
        expected = eval(f"({left!r}) {sign} ({right!r})")
    except ZeroDivisionError:
        expected = None
    if expected is None or abs(expected) <= MAX_NUMBER:
        assert calculate(left, OPERATORS[sign], right) == expected
    else:
        with pytest.raises(OverflowError):
            calculate(left, OPERATORS[sign], right)


def test_powers_stay_small() -> None:
    assert calculate(2, ast.Pow(), 10) == 1024
    assert calculate(10, ast.Pow(), 10**9) is None
    assert calculate(10**9, ast.Pow(), 2) is None
    with pytest.raises(OverflowError):
        calculate(4096, ast.Pow(), 63)


@pytest.mark.parametrize(("left", "right"), [("a", 1), (None, 1), (True, 1), ([1], 2), (object(), 2.0)])
def test_what_is_no_number_comes_to_nothing(left: object, right: object) -> None:
    assert calculate(left, ast.Mult(), right) is None


@given(st.lists(st.integers(-50, 50), max_size=4))
def test_a_range_is_python_s_own(bounds: list[int]) -> None:
    try:
        expected = range(*bounds) if bounds else None
    except (TypeError, ValueError):
        expected = None
    assert evaluate_range(bounds) == expected


def test_bounds_that_are_not_known_make_no_range() -> None:
    assert evaluate_range([1, None]) is None
    assert evaluate_range([1.5]) is None
