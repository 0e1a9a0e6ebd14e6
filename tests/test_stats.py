"""Statistics of a few runs against a few others: exact where they claim to be, and equal to the plain formula."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from gedanken.compare.stats.measures import Matrix, fair_crps, mean_difference, spread_ratio
from gedanken.compare.stats.permutation_test import distances, energy_p, runs_needed, smallest_p

few = st.integers(1, 4)
values = st.integers(-1000, 1000).map(float)
odd_values = values | st.sampled_from([np.nan, np.inf, -np.inf, 1e300])


def runs(
    number: st.SearchStrategy[int],
    points: st.SearchStrategy[int] = few,
    of: st.SearchStrategy[float] = values,
) -> st.SearchStrategy[Matrix]:
    return st.tuples(number, points).flatmap(lambda shape: arrays(np.float64, shape, elements=of))


def p_of(real: Matrix, imagined: Matrix) -> float:
    return energy_p(distances(np.concatenate([real, imagined])), len(real))


@given(runs(st.just(7), of=odd_values), st.integers(1, 4))
def test_of_all_ways_to_call_some_runs_imagined_at_most_alpha_have_a_p_that_low(pool: Matrix, many: int) -> None:
    ps = []
    for imagined in combinations(range(7), many):
        order = [at for at in range(7) if at not in imagined] + list(imagined)
        ps.append(energy_p(distances(pool[order]), 7 - many))
    for alpha in ps:
        assert np.mean([p <= alpha + 1e-12 for p in ps]) <= alpha + 1e-12


@given(runs(st.just(8)), st.sampled_from([0.25, 8.0]), st.integers(-50, 50), st.permutations(range(5)))
def test_p_knows_no_unit_no_zero_and_no_order(pool: Matrix, scale: float, zero: int, order: list[int]) -> None:
    real, imagined = pool[:5], pool[5:]
    assert p_of(real[order] * scale + zero, imagined[::-1] * scale + zero) == p_of(real, imagined)


@given(runs(st.integers(2, 5)), st.data())
def test_p_is_the_share_of_labellings_that_are_as_far_apart(real: Matrix, data: st.DataObject) -> None:
    imagined = data.draw(runs(st.integers(1, 4), st.just(real.shape[1])))
    apart = distances(np.concatenate([real, imagined]))

    def energy(theirs: tuple[int, ...]) -> float:
        ours = [at for at in range(len(apart)) if at not in theirs]
        mean = {
            (a, b): np.mean([apart[i, j] for i in a for j in b])
            for a in (tuple(ours), theirs)
            for b in (tuple(ours), theirs)
        }
        return float(2 * mean[tuple(ours), theirs] - mean[tuple(ours), tuple(ours)] - mean[theirs, theirs])

    every = [energy(theirs) for theirs in combinations(range(len(apart)), len(imagined))]
    true = energy(tuple(range(len(real), len(apart))))
    assert energy_p(apart, len(real)) == pytest.approx(np.mean([one >= true - 1e-9 for one in every]))


def test_where_the_ways_are_too_many_a_fixed_sample_of_them_is_taken() -> None:
    rng = np.random.default_rng(3)
    real, imagined = rng.normal(size=(20, 3)), rng.normal(size=(20, 3))
    assert p_of(real, imagined) == p_of(real, imagined) > 0.05
    assert p_of(real, imagined + 4) == pytest.approx(1 / 10_000)


@pytest.mark.parametrize("seed", range(5))
def test_seven_against_three_find_a_shift_of_four_standard_deviations(seed: int) -> None:
    rng = np.random.default_rng(seed)
    assert p_of(rng.normal(size=(7, 1)), rng.normal(4, size=(3, 1))) <= 0.025


def test_runs_that_diverged_lie_apart_from_those_that_did_not_and_not_from_one_another() -> None:
    fine, lost = np.arange(7.0)[:, None], np.full((3, 1), np.nan)
    assert p_of(fine, lost) == pytest.approx(1 / 120)
    assert p_of(np.concatenate([fine, lost]), lost) > 0.025


def test_points_at_which_all_agree_make_no_distance() -> None:
    assert not distances(np.ones((4, 3))).any()
    assert np.array_equal(distances(np.array([[1.0, 5], [1, 6]])), distances(np.array([[5.0], [6]])))


@pytest.mark.parametrize(
    ("n_real", "n_imagined", "p"), [(7, 3, 1 / 120), (3, 3, 0.1), (39, 1, 1 / 40), (5, 0, 1), (200, 200, 2 / 10_000)]
)
def test_the_smallest_p_is_that_of_the_runs_farthest_apart(n_real: int, n_imagined: int, p: float) -> None:
    assert smallest_p(n_real, n_imagined) == pytest.approx(p)


def test_how_many_runs_are_needed_is_told() -> None:
    assert [runs_needed(others, 0.025) for others in (1, 2, 3, 7)] == [39, 8, 5, 3]


@given(runs(st.integers(2, 6)), st.data())
def test_the_fair_crps_is_the_plain_double_loop(real: Matrix, data: st.DataObject) -> None:
    imagined = data.draw(runs(st.integers(1, 4), st.just(real.shape[1])))
    n = len(real)
    plain = [
        sum(abs(x - y) for x in real[:, at]) / n
        - sum(abs(x - other) for x in real[:, at] for other in real[:, at]) / (2 * n * (n - 1))
        for at in range(real.shape[1])
        for y in imagined[:, at]
    ]
    assert fair_crps(real, imagined) == pytest.approx(np.mean(plain), abs=1e-9)


def test_the_fair_crps_of_one_real_run_or_of_no_number_is_not_told() -> None:
    assert fair_crps(np.zeros((1, 1)), np.zeros((2, 1))) is None
    assert fair_crps(np.full((3, 1), np.nan), np.zeros((2, 1))) is None


@given(runs(st.integers(2, 6)), st.sampled_from([0.5, 1.0, 3.0]))
def test_the_spread_of_a_scaled_copy_is_the_scale(real: Matrix, scale: float) -> None:
    ratio, interval = spread_ratio(real, real * scale + 7)
    if not np.ptp(real, axis=0).any():
        assert ratio is None
        return
    assert ratio == pytest.approx(scale)
    assert interval is not None and interval.low <= interval.high


def test_a_spread_that_may_be_zero_has_zero_as_its_bound() -> None:
    rng = np.random.default_rng(0)
    _ratio, interval = spread_ratio(*(np.round(rng.uniform(10, 25, (count, 11)), 1) for count in (7, 3)))
    assert interval is not None and interval.low == 0


@given(runs(st.integers(2, 6), st.just(1)), st.integers(-9, 9))
def test_the_difference_of_means_lies_in_its_interval(real: Matrix, shift: int) -> None:
    difference, interval = mean_difference(real, real + shift)
    assert difference == pytest.approx(shift, abs=1e-9)
    assert interval is not None and interval.low - 1e-9 <= shift <= interval.high + 1e-9


def test_one_run_has_a_difference_and_no_interval() -> None:
    assert mean_difference(np.array([[1.0], [2.0]]), np.array([[4.0]])) == (2.5, None)


@pytest.mark.parametrize("draw", ["normal", "exponential"])
def test_the_interval_of_a_difference_covers_the_truth_as_often_as_it_says(draw: str) -> None:
    rng = np.random.default_rng(1)
    of_two = [[getattr(rng, draw)(size=(runs, 1)) for runs in (7, 3)] for _ in range(1000)]
    intervals = [mean_difference(*two)[1] for two in of_two]
    covered = sum(interval is not None and interval.low <= 0 <= interval.high for interval in intervals)
    assert 0.93 <= covered / len(intervals) <= 0.97


@pytest.mark.parametrize("unit", [1e90, 1e-90])
def test_the_interval_of_means_is_in_the_unit_of_the_values(unit: float) -> None:
    real, imagined = (np.array(values)[:, None] for values in ([1.0, 1.2, 1.1, 0.9], [1.5, 1.4, 1.9]))
    bounds, scaled = (mean_difference(real * by, imagined * by)[1] for by in (1.0, unit))
    assert bounds and scaled
    assert np.array(scaled) / unit == pytest.approx(np.array(bounds))
