"""Logs in the styles of other frameworks: the assumptions of the benchmark that judges comparisons."""

from random import Random

import pytest

from benchmarks.wild.doctoring import DOCTORINGS, Case
from benchmarks.wild.halves import HALVES
from benchmarks.wild.listed import UNDETECTABLE
from benchmarks.wild.marks import marked_values, strip_marks, with_values
from benchmarks.wild.style import Style
from benchmarks.wild.trials import STYLES, Trial

ALL_STYLES = [pytest.param(style, id=style.name) for style in STYLES.values()]


def test_the_halves_have_twenty_styles_each_and_share_none() -> None:
    names = [style.name for styles in HALVES.values() for style in styles]
    assert len(names) == len(set(names))
    assert all(len(styles) >= 20 for styles in HALVES.values())


def test_at_most_a_tenth_of_the_pairs_is_listed_as_beyond_telling() -> None:
    for styles in HALVES.values():
        pairs = {(style.name, doctoring.name) for style in styles for doctoring in DOCTORINGS}
        assert len(pairs & UNDETECTABLE.keys()) <= len(pairs) / 10


@pytest.mark.parametrize("style", ALL_STYLES)
def test_a_run_is_made_again_by_its_seed_and_by_no_other(style: Style) -> None:
    assert style.make(1) == style.make(1)
    assert strip_marks(style.make(1)) != strip_marks(style.make(2))


@pytest.mark.parametrize("style", ALL_STYLES)
def test_every_metric_is_marked_and_no_mark_is_seen(style: Style) -> None:
    text = style.make(1)
    assert all(marked_values(text, name) for name in style.metrics)
    assert not any("\ue000" <= letter <= "\uf8ff" for letter in strip_marks(text))


@pytest.mark.parametrize("style", ALL_STYLES)
def test_values_that_stay_are_printed_as_they_were(style: Style) -> None:
    text = style.make(1)
    assert strip_marks(with_values(text, style.primary[0], lambda _index, value: value)) == strip_marks(text)


@pytest.mark.parametrize("style", ALL_STYLES)
def test_each_doctoring_changes_a_log_or_says_that_it_cannot(style: Style) -> None:
    text, *real = (style.make(seed) for seed in range(8))
    for doctoring in DOCTORINGS:
        doctored = doctoring.doctor(Case(text, tuple(real), style.primary[0], Random(1)))
        assert doctored is None or strip_marks(doctored) != strip_marks(text), doctoring.name


def test_no_run_is_in_two_comparisons() -> None:
    first_trial, second_trial = (Trial("alarms 7:3", "csv logger", number, 7, 3).drawn() for number in (0, 1))
    assert not set(first_trial) & set(second_trial)
