"""A probe mixes its questions, so that each kind has been asked whenever the probe ends early."""

from hypothesis import given
from hypothesis import strategies as st

from gedanken.experiment.probe_design import Question
from gedanken.probes.schedule import Unit, interleave

COUNTS = st.integers(min_value=0, max_value=40)


def units(name: str, count: int) -> list[Unit]:
    return [(Question(f"{name}{number}", "direct"),) for number in range(count)]


@given(COUNTS, COUNTS)
def test_nothing_is_lost_and_each_kind_keeps_its_order(direct: int, more: int) -> None:
    schedule = interleave(units("d", direct), units("m", more))
    assert [unit for unit in schedule if unit[0].item.startswith("d")] == units("d", direct)
    assert [unit for unit in schedule if unit[0].item.startswith("m")] == units("m", more)


@given(st.integers(min_value=4, max_value=40), st.integers(min_value=4, max_value=40))
def test_of_a_probe_that_ends_half_way_about_half_of_each_kind_is_asked(direct: int, more: int) -> None:
    schedule = interleave(units("d", direct), units("m", more))
    asked_kinds = [unit[0].item[0] for unit in schedule[: len(schedule) // 2]]
    assert abs(asked_kinds.count("d") - direct / 2) <= 2
    assert abs(asked_kinds.count("m") - more / 2) <= 2
