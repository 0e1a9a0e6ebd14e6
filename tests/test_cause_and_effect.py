"""Whether imagined outcomes move as real ones do: signs, tau, partial tau, and standing still."""

import math
import random
from collections.abc import Callable, Sequence

import pytest
from builders import imagined, lines, real
from hypothesis import given, settings
from hypothesis import strategies as st

from gedanken.compare.interventions import Effects, Intervention, weigh_effects
from gedanken.compare.stats.correlation import kendall, partial_kendall
from gedanken.experiment.execution import Cause

EXPECTED = (3, 3, 2, 2, 1, 1, -1, -1, -2, -2)
"""What a rule of thumb says of ten changes."""
DOES = (0.9, 0.5, -0.3, 0.4, 0.2, 0.3, -0.1, -0.3, -0.2, 0.1)
"""What they really do to a loss of 1: two of ten go the other way."""


def tried(
    change: str | None, expected: float, ours: float, theirs: Sequence[float], neutral: bool = False
) -> Intervention:
    noise = random.Random(change)
    return Intervention(
        change,
        expected,
        neutral or change is None,
        tuple(real(lines([2, ours + noise.gauss(0, 0.01)]), seed) for seed in range(1, 8)),
        tuple(imagined(lines([2, value]), sample) for sample, value in enumerate(theirs, start=1)),
    )


def weighed(model: Callable[[float, float], float], neutral: Callable[[int], float] = lambda _: 1.0) -> Effects:
    """Ten changes and four edits that change nothing, imagined by a model that is told what a change does, and what
    a rule of thumb says that it does."""
    noise = random.Random(1)

    def three(value: float) -> list[float]:
        return [value + noise.gauss(0, 0.01) for _ in range(3)]

    changes = [
        tried(f"change {at}", expected, 1 + does, three(model(does, expected)))
        for at, (does, expected) in enumerate(zip(DOES, EXPECTED, strict=True))
    ]
    changes += [tried(f"edit {at}", 0, 1, three(neutral(at)), neutral=True) for at in range(4)]
    found = weigh_effects("train-v1", tried(None, 0, 1, three(1)), changes)
    assert found is not None
    return found


def test_a_machine_that_runs_the_program_moves_as_it_does_beyond_the_rule_of_thumb() -> None:
    found = weighed(lambda does, _expected: 1 + does)
    assert found.loss.same_way[:2] == (10, 10)
    assert found.loss.thumb_same_way[:2] == (8, 10)
    assert found.loss.tau.value is not None and found.loss.tau.value > 0.8
    assert found.loss.partial.value is not None and found.loss.partial.value > 0.6
    assert "effects follow the program, not only this rule." in found.verdict
    assert "no sign that edits that change nothing change the imagined last loss" in found.verdict


def test_knowing_the_rule_of_thumb_does_not_pass_for_understanding() -> None:
    found = weighed(lambda _does, expected: 1 + expected / 5)
    assert found.loss.tau.p is not None and found.loss.tau.p < 0.05
    assert found.loss.same_way[:2] == (8, 10)
    assert found.loss.partial.p is not None and found.loss.partial.p > 0.05
    assert "follow the program, not only this rule, is undetermined" in found.verdict


def test_a_machine_that_moves_where_nothing_changes_is_caught() -> None:
    found = weighed(lambda does, _expected: 1 + does, neutral=lambda at: 1 + at / 5)
    assert found.loss.still_p is not None and found.loss.still_p < 0.01
    assert "Edits that change nothing change the imagined last loss" in found.verdict


def test_a_machine_that_never_moves_has_no_tau_and_its_sign_is_never_right() -> None:
    base = tried(None, 0, 1, [1, 1, 1])
    found = weigh_effects("v1", base, [tried(f"c{at}", 1, 2 + at, [1, 1, 1]) for at in range(8)])
    assert found is not None
    assert found.loss.same_way[:2] == (0, 8)
    assert (found.loss.tau.value, found.loss.partial.value, found.loss.moves_p) == (None, None, None)
    assert "real and imagined effects is undetermined" in found.verdict


def test_samples_that_show_no_last_loss_are_counted_and_judged_as_showing_none() -> None:
    base = tried(None, 0, 1, [1, 1.1, 1.2])
    empty = imagined("Sure, here is the output:\n", 1)
    cut = imagined(lines([2]), 2, cause=Cause.CUT)
    change = Intervention("c", 1, False, tried("c", 1, 2, ()).real, (empty, cut, imagined(lines([2, 3]), 3)))
    found = weigh_effects("v1", base, [change])
    assert found is not None
    (effect,) = found.loss.effects
    assert effect.imagined.values == (None, None, 3.0)
    assert (effect.imagined.median, effect.same_way, effect.is_sideless) == (None, False, True)
    assert (
        "0 (.00 to .79) move the imagined one in the same direction "
        "(the direction of 1 is unknown, because too few imagined runs end with a value)" in found.verdict
    )
    assert found.imagined_shown[:2] == (4, 6)
    assert found.real_shown[:2] == (14, 14)


def test_a_reply_that_is_cut_after_all_its_epochs_has_its_last_loss() -> None:
    base = tried(None, 0, 1, [1, 1.1, 1.2])
    shown = ([2, 1.5], [2.0], [2, 1.5, 1.4])
    whole, less, more = (
        imagined(lines(shown[at]) + "This output shows the", at + 1, cause=Cause.CUT) for at in range(3)
    )
    change = Intervention("c", 1, False, tried("c", 1, 2, ()).real, (whole, less, more))
    found = weigh_effects("v1", base, [change])
    assert found is not None
    assert found.loss.effects[0].imagined.values == (1.5, None, None)


def test_a_loss_that_is_no_number_is_larger_than_any() -> None:
    base = tried(None, 0, 1, [1, 1, 1])
    nan = "epoch 1 loss nan accuracy 0.1\n"
    diverged = Intervention(
        "huge",
        4,
        False,
        tuple(real(nan, seed) for seed in range(1, 8)),
        tuple(imagined(nan, sample) for sample in (1, 2, 3)),
    )
    found = weigh_effects("v1", base, [diverged])
    assert found is not None
    (effect,) = found.loss.effects
    assert (effect.real.effect, effect.imagined.effect, effect.same_way) == (math.inf, math.inf, True)


def test_with_few_real_runs_no_effect_is_certain_and_that_is_said() -> None:
    base, change = tried(None, 0, 1, [1, 1, 1]), tried("c", 1, 9, [2, 2, 2])
    few = [Intervention(one.change, one.expected, one.neutral, one.real[:3], one.imagined) for one in (base, change)]
    found = weigh_effects("v1", few[0], few[1:])
    assert found is not None
    assert found.loss.effects[0].same_way is None
    assert "so directions cannot be compared" in found.verdict


def test_a_change_that_was_never_imagined_is_not_counted_as_wrong() -> None:
    found = weigh_effects("v1", tried(None, 0, 1, [1, 1, 1]), [tried("c", 1, 9, ())])
    assert found is not None
    assert (found.loss.effects[0].same_way, found.loss.same_way.trials) == (None, 0)


def test_accuracy_is_expected_to_go_the_other_way() -> None:
    found = weighed(lambda does, _expected: 1 + does)
    assert found.accuracy is not None
    assert found.accuracy.thumb_same_way == found.loss.thumb_same_way
    assert [effect.expected for effect in found.accuracy.effects] == [
        -effect.expected for effect in found.loss.effects
    ]


def test_a_program_without_a_loss_has_no_effects() -> None:
    silent = Intervention(None, 0, True, (real("hello\n", 1),), (imagined("hello\n", 1),))
    assert weigh_effects("v1", silent, [silent]) is None


RANKED = st.lists(st.integers(-3, 3), min_size=5, max_size=12)


@settings(max_examples=10)
@given(st.data(), RANKED)
def test_tau_is_scipys(data: st.DataObject, ours: list[int]) -> None:
    from scipy.stats import kendalltau

    theirs = data.draw(st.lists(st.integers(-3, 3), min_size=len(ours), max_size=len(ours)))
    found, expected = kendall(ours, theirs).value, kendalltau(ours, theirs).statistic
    assert found == pytest.approx(expected) if found is not None else math.isnan(expected)


def test_partial_tau_is_kendalls_formula() -> None:
    from scipy.stats import kendalltau

    given_, ours, theirs = [1, 1, 2, 3, 3, 4, 5], [2, 1, 3, 3, 5, 4, 7], [1, 4, 2, 3, 7, 5, 6]
    both, first, second = (kendalltau(*pair).statistic for pair in ((ours, theirs), (ours, given_), (theirs, given_)))
    expected = (both - first * second) / math.sqrt((1 - first**2) * (1 - second**2))
    assert partial_kendall(ours, theirs, given_).value == pytest.approx(expected)


def test_p_of_partial_tau_is_fair_where_the_third_explains_all_that_two_share() -> None:
    """Two rankings that follow a third, each with its own noise, are called related in about one of twenty."""
    noise = random.Random(7)
    third = [1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4]

    def following() -> list[float]:
        return [at + noise.gauss(0, 0.5) for at in third]

    found = [partial_kendall(following(), following(), third).p for _ in range(60)]
    assert sum(p is not None and p <= 0.05 for p in found) <= 8


def test_four_things_are_too_few_to_rank() -> None:
    assert kendall([1, 2, 3, 4], [1, 2, 3, 4]).value is None
