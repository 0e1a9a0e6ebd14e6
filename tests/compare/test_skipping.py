"""Missing epochs are recognized as announced by the log, left out silently, or cut off at its end."""

import pytest
from builders import lines
from hypothesis import given
from hypothesis import strategies as st

from gedanken.compare.output.epochs import EpochCount, as_ranges, count_epochs
from gedanken.compare.output.metrics import read_curves
from gedanken.compare.output.transcript import Transcript

TEN = "".join(f"Epoch {epoch}/10 - loss: 0.5 - acc: 0.5\n" for epoch in range(1, 11))


def count_in_text(
    text: str, last: int, *, first: int = 1, cut: bool = False, possible: frozenset[int] = frozenset()
) -> EpochCount:
    return count_epochs(Transcript(text), read_curves(text), frozenset(range(first, last + 1)), cut, possible)


def epoch_lines(*epochs: int) -> str:
    return "".join(f"Epoch {epoch}\n" for epoch in epochs)


def test_a_full_output_misses_nothing() -> None:
    assert count_in_text(TEN, 10) == EpochCount(10, 10, (), (), (), (), ())


def test_an_output_that_counts_from_zero_as_the_program_does_misses_nothing() -> None:
    assert count_in_text(epoch_lines(0, 1, 2), 2, first=0).silent == ()


@pytest.mark.parametrize(
    "line",
    [
        "...",
        "  ...",
        "[... 96 more epochs ...]",
        "…",
        "(epochs 3 to 98 omitted for brevity)",
        "[Epoch 3-98 skipped]",
        "<truncated>",
        "... and so on",
        "# epochs 3 to 98 not shown",
        "Epochs 3 to 98 are not displayed",
        "(96 more epochs)",
        "Epoch 3-98: ...",
    ],
)
def test_a_line_that_says_so_declares_the_epochs_between_its_neighbours(line: str) -> None:
    epoch_count = count_in_text(f"{epoch_lines(1, 2)}{line}\n{epoch_lines(99, 100)}", 100)
    assert (epoch_count.declared, epoch_count.silent) == (tuple(range(3, 99)), ())
    assert epoch_count.declaring_lines == (2,)


def test_an_epoch_with_a_loss_is_shown_whatever_else_its_line_says() -> None:
    text = "Epoch 1 - skipped 3 batches - loss: 0.5\n"
    assert count_in_text(text, 1) == EpochCount(1, 1, (), (), (), (), ())


def test_a_range_that_is_none_declares_nothing() -> None:
    text = "".join(f"Epoch {epoch} - 938 batches\n  loss 0.3 accuracy 0.9\n" for epoch in (1, 2, 3))
    assert count_in_text(text, 3) == EpochCount(3, 3, (), (), (), (), ())


def test_dots_where_nothing_is_missing_declare_nothing() -> None:
    assert count_in_text(f"...\n{TEN}...\n", 10) == EpochCount(10, 10, (), (), (), (), ())


def test_epochs_that_nothing_speaks_of_are_silently_missing() -> None:
    assert count_in_text(epoch_lines(1, 2, 5, 9), 10).silent == (3, 4, 6, 7, 8, 10)


def test_one_gap_can_be_declared_and_another_silent() -> None:
    epoch_count = count_in_text(f"{epoch_lines(1)}...\n{epoch_lines(5, 7)}", 7)
    assert (epoch_count.declared, epoch_count.silent) == ((2, 3, 4), (6,))


def test_an_output_without_any_epoch_misses_all_of_them() -> None:
    assert count_in_text("No output.\n", 3).silent == (1, 2, 3)
    assert count_in_text("[...]\n", 3).declared == (1, 2, 3)


def test_a_reply_cut_by_the_token_limit_is_not_called_skipped() -> None:
    epoch_count = count_in_text(lines([0.5] * 39, total=100), 100, cut=True)
    assert (epoch_count.cut, epoch_count.silent) == (tuple(range(40, 101)), ())


def test_a_gap_before_the_cut_stays_silent() -> None:
    epoch_count = count_in_text(epoch_lines(1, 4), 6, cut=True)
    assert (epoch_count.silent, epoch_count.cut) == ((2, 3), (5, 6))


def test_epochs_beyond_the_last_are_extra_unless_some_real_run_shows_them() -> None:
    assert count_in_text(epoch_lines(1, 2, 3, 4), 2, possible=frozenset({3})).extra == (4,)


@given(st.sets(st.integers(-2, 15)), st.integers(0, 12), st.booleans(), st.lists(st.integers(0, 30), max_size=3))
def test_each_epoch_wanted_is_accounted_for_once(shown: set[int], last: int, cut: bool, dots: list[int]) -> None:
    printed = [f"Epoch {epoch}" for epoch in sorted(shown) if epoch >= 0]
    for position in dots:
        printed.insert(position, "...")
    epoch_count = count_in_text("\n".join(printed), last, cut=cut)
    expected_epochs = set(range(1, last + 1))
    missing_epochs = [*epoch_count.declared, *epoch_count.silent, *epoch_count.cut]
    assert sorted(missing_epochs) == sorted(expected_epochs - shown)
    assert epoch_count.shown + len(missing_epochs) == epoch_count.expected == last
    assert set(epoch_count.extra) == {epoch for epoch in shown if epoch >= 0} - expected_epochs


@pytest.mark.parametrize("text", [" " * 300_000, "...\n" * 50_000, "...\nEpoch 1\n" * 20_000])
def test_hostile_output_is_counted_in_no_time(text: str) -> None:
    count_in_text(text, 1000)


@given(st.sets(st.integers(0, 10**6) | st.integers(0, 20)))
def test_ranges_name_exactly_the_epochs_they_were_made_of(epochs: set[int]) -> None:
    parts = [part.split("-") for part in as_ranges(tuple(sorted(epochs))).split(", ") if part]
    assert {epoch for part in parts for epoch in range(int(part[0]), int(part[-1]) + 1)} == epochs


def test_ranges_are_as_short_as_can_be() -> None:
    assert as_ranges((2, 3, 4, 7, 9, 10)) == "2-4, 7, 9-10"
