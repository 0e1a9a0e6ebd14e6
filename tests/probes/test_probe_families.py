"""Families make small programs: new ones for each seed, alike within a pair, harder only by size, and without the
answer in them.
"""

import ast
import io
import sys
from collections import Counter
from contextlib import redirect_stdout
from functools import cache
from itertools import groupby
from types import FrameType
from typing import Any, NamedTuple

import pytest

from gedanken.experiment.errors import BadInput
from gedanken.experiment.probe_item import ProbeItem
from gedanken.probes.families.built_in import FAMILIES, find_family, slug
from gedanken.probes.family import ProbeFamily

OPERATIONS = [(probe_family, operation) for probe_family in FAMILIES for operation in probe_family.operations]
on_all_operations = pytest.mark.parametrize(
    ("one", "operation"), OPERATIONS, ids=lambda value: str(getattr(value, "name", value))
)
on_local_operations = pytest.mark.parametrize(
    ("one", "operation"),
    [(probe_family, operation) for probe_family, operation in OPERATIONS if operation != "torch seed"],
    ids=lambda value: str(getattr(value, "name", value)),
)
"""Runs a test for all operations except `torch seed`, because torch is installed only in the sandbox."""


class CountedRun(NamedTuple):
    """What a program did when it ran in this process."""

    printed: str
    steps: int
    """How often the line ran that ran most often. The heads of loops do not count."""


@cache
def run_counted(source: str) -> CountedRun:
    """Run a program in this process and count how often its lines run."""
    lines: Counter[int] = Counter()

    def count(frame: FrameType, event: str, _argument: Any) -> Any:
        if frame.f_code.co_filename != "<item>":
            return None
        if event == "line":
            lines[frame.f_lineno] += 1
        return count

    printed, code = io.StringIO(), compile(source, "<item>", "exec")
    previous_trace = sys.gettrace()
    with redirect_stdout(printed):
        sys.settrace(count)
        try:
            exec(code, {"__name__": "__main__"})
        finally:
            sys.settrace(previous_trace)
    source_lines = source.splitlines()
    counts = [
        times for line, times in lines.items() if not source_lines[line - 1].lstrip().startswith(("for ", "while "))
    ]
    return CountedRun(printed.getvalue(), max(counts))


def items_by_pair(items: list[ProbeItem]) -> list[dict[str, ProbeItem]]:
    """The items of each pair by their roles; an item without a pair is a group of its own."""
    return [
        {item.role: item for item in items_of_group}
        for _, items_of_group in groupby(items, lambda item: item.pair or item.id)
    ]


@on_all_operations
def test_the_same_seed_makes_the_same_items_and_another_seed_others(one: ProbeFamily, operation: str) -> None:
    assert one.items(operation, 4, 1, 6) == one.items(operation, 4, 1, 6)
    assert one.items(operation, 4, 1, 6)[: len(one.items(operation, 4, 1, 3))] == one.items(operation, 4, 1, 3)
    first_programs, second_programs = ({item.program for item in one.items(operation, 4, seed, 6)} for seed in (1, 2))
    assert first_programs != second_programs


@on_all_operations
def test_every_item_has_a_name_of_its_own_that_can_be_one_of_a_file(one: ProbeFamily, operation: str) -> None:
    ids = [item.id for size in one.sizes for seed in (0, 1) for item in one.items(operation, size, seed, 4)]
    assert len(set(ids)) == len(ids)
    assert all(name.replace("-", "").isalnum() for name in ids)


@on_all_operations
def test_there_is_more_than_one_template_for_each_operation(one: ProbeFamily, operation: str) -> None:
    assert len({item.template for item in one.items(operation, 4, 0, 4)}) >= 2


@on_local_operations
def test_the_size_is_the_number_of_operations(one: ProbeFamily, operation: str) -> None:
    for sizes in zip(*(items_by_pair(one.items(operation, size, 3, 4)) for size in (8, 16, 32)), strict=True):
        for role in set(sizes[0]) - {"check", "middle"}:
            steps = [run_counted(group[role].program).steps for group in sizes]
            assert steps[1] > steps[0]
            assert steps[2] - steps[1] == 2 * (steps[1] - steps[0])


@on_local_operations
def test_the_answer_is_as_long_at_every_size(one: ProbeFamily, operation: str) -> None:
    for groups_of_sizes in zip(
        *(items_by_pair(one.items(operation, size, 3, 10)) for size in (2, 8, 32)), strict=True
    ):
        for role in groups_of_sizes[0]:
            lengths = {len(run_counted(group[role].program).printed) for group in groups_of_sizes}
            assert len(lengths) == 1


@on_local_operations
def test_twins_are_as_long_in_operations_and_words(one: ProbeFamily, operation: str) -> None:
    for group in items_by_pair(one.items(operation, 8, 5, 6)):
        if "easy" in group:
            easy, hard = group["easy"], group["hard"]
            assert run_counted(easy.program).steps == run_counted(hard.program).steps
            assert easy.program.count("\n") == hard.program.count("\n")
            assert hard.rival in (None, easy.program)


@on_local_operations
def test_a_rival_prints_something_else_most_of_the_time(one: ProbeFamily, operation: str) -> None:
    items_with_rival = [item for item in one.items(operation, 4, 9, 12) if item.rival]
    different_items = [
        item
        for item in items_with_rival
        if run_counted(item.program).printed != run_counted(item.rival or "").printed
    ]
    assert len(different_items) >= 0.6 * len(items_with_rival)


def test_an_edit_that_preserves_what_a_program_does_does() -> None:
    for probe_family, operation in OPERATIONS:
        for group in items_by_pair(probe_family.items(operation, 8, 7, 9)):
            if "same" in group:
                assert run_counted(group["same"].program).printed == run_counted(group["easy"].program).printed
                assert group["same"].program != group["easy"].program


def test_the_state_half_way_and_before_the_end_are_those_of_the_same_program() -> None:
    for operation in find_family("state").operations:
        for group in items_by_pair(find_family("state").items(operation, 8, 2, 4)):
            end = group.get("hard") or group["alone"]
            assert end.given is not None
            for shorter_program, steps in ((group["middle"].program, 4), (end.given, 7)):
                assert shorter_program == end.program.replace("SHOWN = 8", f"SHOWN = {steps}")


def test_some_short_programs_crash_and_say_by_what_and_where() -> None:
    first_words = {
        run_counted(item.program).printed.split()[0]
        for item in find_family("short programs").items("crashes", 4, 0, 10)
    }
    assert {"none", "ValueError", "ZeroDivisionError"} <= first_words
    assert len(first_words) >= 4


def test_no_generator_writes_an_answer() -> None:
    """Programs print only what they compute: no argument of `print` is a constant."""
    programs = {
        item.program
        for probe_family, operation in OPERATIONS
        for size in probe_family.sizes
        for item in probe_family.items(operation, size, 0, 5)
    }
    assert len(programs) >= 1000
    for program in programs:
        calls = [node for node in ast.walk(ast.parse(program)) if isinstance(node, ast.Call)]
        prints = [call for call in calls if isinstance(call.func, ast.Name) and call.func.id == "print"]
        assert prints
        assert all(not isinstance(argument, ast.Constant) for call in prints for argument in call.args)


def test_a_family_is_known_by_its_name_as_it_is_typed() -> None:
    assert [find_family(slug(known_family)) for known_family in FAMILIES] == list(FAMILIES)
    with pytest.raises(BadInput, match="no family is called"):
        find_family("nonlinear-algebra")


def test_what_cannot_be_made_is_refused() -> None:
    with pytest.raises(BadInput, match="has no operation"):
        FAMILIES[0].items("hash rounds", 4, 0, 1)
    with pytest.raises(BadInput, match="at least 1 operation"):
        FAMILIES[0].items("matrix product", 0, 0, 1)
