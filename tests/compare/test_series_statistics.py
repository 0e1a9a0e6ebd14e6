"""The statistics of many series and of single runs: their error rates, and the differences that they must find."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gedanken.compare.series.levels import (
    METRICS_LEVEL,
    NO_METRIC_LEVEL,
    OTHERS_LEVEL,
    OUTLIER_LEVEL,
    PRIMARY_LEVEL,
    is_significant,
)
from gedanken.compare.series.roughness import roughness
from gedanken.compare.stats.measures import Matrix
from gedanken.compare.stats.permutation_test import MOST_LABELLINGS, labellings
from gedanken.compare.stats.prediction_interval import holm, outlier_test
from gedanken.compare.stats.westfall_young import step_down


def make_series(rng: np.random.Generator, *points: int) -> list[Matrix]:
    """Ten runs of independent series; `points` gives the number of points of each series."""
    return [np.asarray(rng.normal(size=(10, count))) for count in points]


def test_all_levels_together_are_at_most_five_percent() -> None:
    assert PRIMARY_LEVEL + METRICS_LEVEL + OTHERS_LEVEL + OUTLIER_LEVEL <= 0.05
    assert NO_METRIC_LEVEL + OUTLIER_LEVEL <= 0.05


def test_of_runs_that_are_alike_a_family_tells_as_many_as_its_level_says() -> None:
    rng = np.random.default_rng(3)
    detections = sum(min(step_down(make_series(rng, 1, 5, 40), 7).adjusted) <= 0.1 for _ in range(400))
    assert 0.06 <= detections / 400 <= 0.14


def test_one_series_of_eight_that_is_far_out_is_told_alone() -> None:
    rng, detections = np.random.default_rng(4), 0
    for _ in range(50):
        series = make_series(rng, *[1] * 8)
        series[3][7:] += 20
        adjusted = step_down(series, 7).adjusted
        detections += [index for index in range(8) if is_significant(adjusted[index], METRICS_LEVEL)] == [3]
    assert detections >= 48  # sometimes another series is detected too, by chance


def test_a_curve_of_many_points_is_told_beside_a_single_number_with_long_tails() -> None:
    rng = np.random.default_rng(5)
    detections = 0
    for _ in range(50):
        series = make_series(rng, 1, 1, 1, 30)
        series[3][7:] += 4
        detections += is_significant(step_down(series, 7).adjusted[3], METRICS_LEVEL)
    assert detections >= 45


@given(st.integers(0, 99), st.floats(1e-6, 1e6), st.floats(-1e3, 1e3))
def test_neither_unit_nor_order_of_the_runs_of_a_world_matters(seed: int, unit: float, shift: float) -> None:
    rng = np.random.default_rng(seed)
    series = make_series(rng, 1, 6)
    permuted_series = [np.concatenate([rng.permutation(values[:7]), values[7:]]) for values in [series[1]]]
    original_result = step_down(series[1:], 7)
    assert step_down([series[1] * unit + shift * unit], 7).p == pytest.approx(original_result.p)
    assert step_down(permuted_series, 7).p == pytest.approx(original_result.p)


def test_a_run_in_which_a_series_is_not_tested_changes_nothing_for_others() -> None:
    series = make_series(np.random.default_rng(6), 4, 4)
    series[0][2] = np.nan
    result = step_down(series, 7)
    assert all(0 < p <= 1 for p in result.p) and step_down(series[1:], 7).p == [result.p[1]]


def test_groups_that_do_not_vary_at_all_are_told_apart() -> None:
    constant_groups = np.array([[1.0]] * 7 + [[2.0]] * 3)
    assert is_significant(
        step_down([constant_groups, *make_series(np.random.default_rng(7), 3, 3)], 7).adjusted[0], METRICS_LEVEL
    )


def test_nan_is_a_value() -> None:
    diverged_series = np.random.default_rng(8).normal(size=(10, 3))
    diverged_series[7:, 2] = np.inf  # stands for any value that is no finite number
    assert is_significant(step_down([diverged_series], 7).p[0], METRICS_LEVEL)
    assert outlier_test(math.nan, [1.0, 1.1, 0.9, 1.05]) == (0.0, math.inf)


def test_the_prediction_interval_holds_what_it_should() -> None:
    rng = np.random.default_rng(9)
    for draw in (rng.normal, rng.exponential, lambda size: rng.standard_t(3, size)):
        detections = 0
        for _ in range(2000):
            *real, next_value = np.asarray(draw(size=8)).tolist()
            result = outlier_test(next_value, real)
            detections += result is not None and result.p <= OUTLIER_LEVEL
        assert detections / 2000 <= 2 * OUTLIER_LEVEL


def test_too_few_values_or_none_that_differ_say_nothing() -> None:
    assert outlier_test(1.0, [1.0, 2.0, 3.0]) is None
    assert outlier_test(1.0, [1.0, 2.0, 3.0, math.nan]) is None


def test_digits_that_are_not_printed_are_no_distance() -> None:
    result = outlier_test(0.51, [0.5, 0.5, 0.5, 0.5, 0.5])
    assert result is not None and result.p > OUTLIER_LEVEL


@given(st.lists(st.floats(0, 1), min_size=1, max_size=9))
def test_holm_keeps_the_order_and_never_lowers_a_p(ps: list[float]) -> None:
    adjusted = holm(ps)
    assert all(adjusted_p >= p for p, adjusted_p in zip(ps, adjusted, strict=True))
    order = np.argsort(ps, kind="stable")
    assert all(np.diff([adjusted[index] for index in order]) >= 0)


def test_a_curve_that_only_bends_is_smooth() -> None:
    steps = np.arange(20.0)
    rng = np.random.default_rng(10)
    noisy_curves = np.exp(-steps / 4) + rng.normal(0, 0.05, (20, 20)) + rng.normal(0, 1, (20, 1))
    roughness_values = roughness(np.vstack([noisy_curves, np.exp(-steps / 4) + 3]))
    assert roughness_values is not None and roughness_values[:20].min() > roughness_values[20, 0] + 0.5
    assert roughness(noisy_curves[:, :4]) is None
    assert roughness(np.ones((3, 8))) is None


@pytest.mark.parametrize("points", [8, 12])
def test_three_exponentials_without_noise_are_told_beside_seven_runs_with_it(points: int) -> None:
    steps = np.arange(float(points))
    detections = 0
    for seed in range(20):
        rng = np.random.default_rng(seed)
        end_values = 0.4 + rng.normal(0, 0.01, (10, 1))
        curves = (
            end_values + (1.1 - end_values) * np.exp(-3.5 * steps / (points - 1)) + rng.normal(0, 0.01, (10, points))
        )
        end_values, first_values = curves[7:, -1:], curves[7:, :1]
        curves[7:] = end_values + (first_values - end_values) * np.exp(-3.5 * steps / (points - 1))
        scatter = roughness(curves)
        assert scatter is not None
        detections += step_down([scatter], 7, lower=[0]).adjusted[0] <= METRICS_LEVEL
    assert detections >= 14


@given(st.integers(1, 14), st.integers(1, 14))
def test_every_labelling_calls_as_many_runs_imagined_and_the_first_is_the_true_one(real: int, imagined: int) -> None:
    labels = labellings(real + imagined, imagined)

    assert (labels.sum(axis=1) == imagined).all()
    assert labels[0].tolist() == [0.0] * real + [1.0] * imagined


def test_labellings_of_many_runs_are_drawn_without_preference() -> None:
    labels = labellings(40, 10)

    assert labels.shape == (MOST_LABELLINGS, 40)
    assert np.allclose(labels.mean(axis=0), 0.25, atol=0.02)
