"""Whether changes of a program have the same effects in imagined runs as in real ones: signs, tau, partial tau, and
edits without effect.
"""

import math
import random

import pytest
from builders import imagined, lines, real
from hypothesis import given, settings
from hypothesis import strategies as st
from weighed_effects import make_intervention, weigh_changes

from gedanken.compare.interventions import Intervention, compare_effects
from gedanken.compare.stats.correlation import kendall, partial_kendall
from gedanken.experiment.execution import Cause


def test_a_machine_that_runs_the_program_moves_as_it_does_beyond_the_rule_of_thumb() -> None:
    effects = weigh_changes(lambda does, _expected: 1 + does)
    assert effects.loss.same_way[:2] == (10, 10)
    assert effects.loss.thumb_same_way[:2] == (8, 10)
    assert effects.loss.tau.value is not None and effects.loss.tau.value > 0.8
    assert effects.loss.partial.value is not None and effects.loss.partial.value > 0.6
    assert "effects follow the program, not only this rule." in effects.verdict
    assert "no sign that edits that change nothing change the imagined last loss" in effects.verdict


def test_knowing_the_rule_of_thumb_does_not_pass_for_understanding() -> None:
    effects = weigh_changes(lambda _does, expected: 1 + expected / 5)
    assert effects.loss.tau.p is not None and effects.loss.tau.p < 0.05
    assert effects.loss.same_way[:2] == (8, 10)
    assert effects.loss.partial.p is not None and effects.loss.partial.p > 0.05
    assert "follow the program, not only this rule, is undetermined" in effects.verdict


def test_a_machine_that_moves_where_nothing_changes_is_caught() -> None:
    effects = weigh_changes(lambda does, _expected: 1 + does, neutral=lambda index: 1 + index / 5)
    assert effects.loss.still_p is not None and effects.loss.still_p < 0.01
    assert "Edits that change nothing change the imagined last loss" in effects.verdict


def test_a_machine_that_never_moves_has_no_tau_and_its_sign_is_never_right() -> None:
    base = make_intervention(None, 0, 1, [1, 1, 1])
    effects = compare_effects(
        "v1", base, [make_intervention(f"c{index}", 1, 2 + index, [1, 1, 1]) for index in range(8)]
    )
    assert effects is not None
    assert effects.loss.same_way[:2] == (0, 8)
    assert (effects.loss.tau.value, effects.loss.partial.value, effects.loss.moves_p) == (None, None, None)
    assert "real and imagined effects is undetermined" in effects.verdict


def test_samples_that_show_no_last_loss_are_counted_and_judged_as_showing_none() -> None:
    base = make_intervention(None, 0, 1, [1, 1.1, 1.2])
    empty = imagined("Sure, here is the output:\n", 1)
    cut = imagined(lines([2]), 2, cause=Cause.CUT)
    change = Intervention(
        "c", 1, False, make_intervention("c", 1, 2, ()).real, (empty, cut, imagined(lines([2, 3]), 3))
    )
    effects = compare_effects("v1", base, [change])
    assert effects is not None
    (effect,) = effects.loss.effects
    assert effect.imagined.values == (None, None, 3.0)
    assert (effect.imagined.median, effect.same_way, effect.has_unknown_direction) == (None, False, True)
    assert (
        "0 (.00 to .79) move the imagined one in the same direction "
        "(the direction of 1 is unknown, because too few imagined runs end with a value)" in effects.verdict
    )
    assert effects.imagined_shown[:2] == (4, 6)
    assert effects.real_shown[:2] == (14, 14)


def test_a_reply_that_is_cut_after_all_its_epochs_has_its_last_loss() -> None:
    base = make_intervention(None, 0, 1, [1, 1.1, 1.2])
    losses = ([2, 1.5], [2.0], [2, 1.5, 1.4])
    complete, shorter, longer = (
        imagined(lines(losses[index]) + "This output shows the", index + 1, cause=Cause.CUT) for index in range(3)
    )
    change = Intervention("c", 1, False, make_intervention("c", 1, 2, ()).real, (complete, shorter, longer))
    effects = compare_effects("v1", base, [change])
    assert effects is not None
    assert effects.loss.effects[0].imagined.values == (1.5, None, None)


def test_a_loss_that_is_no_number_is_larger_than_any() -> None:
    base = make_intervention(None, 0, 1, [1, 1, 1])
    nan = "epoch 1 loss nan accuracy 0.1\n"
    diverged = Intervention(
        "huge",
        4,
        False,
        tuple(real(nan, seed) for seed in range(1, 8)),
        tuple(imagined(nan, sample) for sample in (1, 2, 3)),
    )
    effects = compare_effects("v1", base, [diverged])
    assert effects is not None
    (effect,) = effects.loss.effects
    assert (effect.real.effect, effect.imagined.effect, effect.same_way) == (math.inf, math.inf, True)


def test_with_few_real_runs_no_effect_is_certain_and_that_is_said() -> None:
    base, change = make_intervention(None, 0, 1, [1, 1, 1]), make_intervention("c", 1, 9, [2, 2, 2])
    shortened = [
        Intervention(
            intervention.change,
            intervention.expected,
            intervention.neutral,
            intervention.real[:3],
            intervention.imagined,
        )
        for intervention in (base, change)
    ]
    effects = compare_effects("v1", shortened[0], shortened[1:])
    assert effects is not None
    assert effects.loss.effects[0].same_way is None
    assert "so directions cannot be compared" in effects.verdict


def test_a_change_that_was_never_imagined_is_not_counted_as_wrong() -> None:
    effects = compare_effects("v1", make_intervention(None, 0, 1, [1, 1, 1]), [make_intervention("c", 1, 9, ())])
    assert effects is not None
    assert (effects.loss.effects[0].same_way, effects.loss.same_way.trials) == (None, 0)


def test_accuracy_is_expected_to_go_the_other_way() -> None:
    effects = weigh_changes(lambda does, _expected: 1 + does)
    assert effects.accuracy is not None
    assert effects.accuracy.thumb_same_way == effects.loss.thumb_same_way
    assert [effect.expected for effect in effects.accuracy.effects] == [
        -effect.expected for effect in effects.loss.effects
    ]


def test_a_program_without_a_loss_has_no_effects() -> None:
    silent = Intervention(None, 0, True, (real("hello\n", 1),), (imagined("hello\n", 1),))
    assert compare_effects("v1", silent, [silent]) is None


RANKED = st.lists(st.integers(-3, 3), min_size=5, max_size=12)


@settings(max_examples=10)
@given(st.data(), RANKED)
def test_tau_is_scipys(data: st.DataObject, ours: list[int]) -> None:
    from scipy.stats import kendalltau

    theirs = data.draw(st.lists(st.integers(-3, 3), min_size=len(ours), max_size=len(ours)))
    tau, expected = kendall(ours, theirs).value, kendalltau(ours, theirs).statistic
    assert tau == pytest.approx(expected) if tau is not None else math.isnan(expected)


def test_partial_tau_is_kendalls_formula() -> None:
    from scipy.stats import kendalltau

    control, ours, theirs = [1, 1, 2, 3, 3, 4, 5], [2, 1, 3, 3, 5, 4, 7], [1, 4, 2, 3, 7, 5, 6]
    direct, first, second = (
        kendalltau(*pair).statistic for pair in ((ours, theirs), (ours, control), (theirs, control))
    )
    expected = (direct - first * second) / math.sqrt((1 - first**2) * (1 - second**2))
    assert partial_kendall(ours, theirs, control).value == pytest.approx(expected)


def test_p_of_partial_tau_is_fair_where_the_third_explains_all_that_two_share() -> None:
    """If two rankings follow a third one, each with its own noise, they are called related in about one of twenty
    cases.
    """
    noise = random.Random(7)
    third = [1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4]

    def follow_third() -> list[float]:
        return [value + noise.gauss(0, 0.5) for value in third]

    p_values = [partial_kendall(follow_third(), follow_third(), third).p for _ in range(60)]
    assert sum(p is not None and p <= 0.05 for p in p_values) <= 8


def test_four_things_are_too_few_to_rank() -> None:
    assert kendall([1, 2, 3, 4], [1, 2, 3, 4]).value is None
