"""Statistics of small groups of runs: exact where they claim to be, and equal to the plain formula."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from gedanken.compare.stats.measures import Matrix, fair_crps, mean_difference, spread_ratio
from gedanken.compare.stats.permutation_test import distances, energy_p_value, runs_needed, smallest_p

small_counts = st.integers(1, 4)
finite_values = st.integers(-1000, 1000).map(float)
odd_values = finite_values | st.sampled_from([np.nan, np.inf, -np.inf, 1e300])


def run_matrices(
    number: st.SearchStrategy[int],
    points: st.SearchStrategy[int] = small_counts,
    elements: st.SearchStrategy[float] = finite_values,
) -> st.SearchStrategy[Matrix]:
    return st.tuples(number, points).flatmap(lambda shape: arrays(np.float64, shape, elements=elements))


def p_of(real: Matrix, imagined: Matrix) -> float:
    return energy_p_value(distances(np.concatenate([real, imagined])), len(real))


@given(run_matrices(st.just(7), elements=odd_values), st.integers(1, 4))
def test_of_all_ways_to_call_some_runs_imagined_at_most_alpha_have_a_p_that_low(pool: Matrix, many: int) -> None:
    p_values = []
    for imagined in combinations(range(7), many):
        order = [index for index in range(7) if index not in imagined] + list(imagined)
        p_values.append(energy_p_value(distances(pool[order]), 7 - many))
    for alpha in p_values:
        assert np.mean([p <= alpha + 1e-12 for p in p_values]) <= alpha + 1e-12


@given(run_matrices(st.just(8)), st.sampled_from([0.25, 8.0]), st.integers(-50, 50), st.permutations(range(5)))
def test_p_knows_no_unit_no_zero_and_no_order(pool: Matrix, scale: float, zero: int, order: list[int]) -> None:
    real, imagined = pool[:5], pool[5:]
    assert p_of(real[order] * scale + zero, imagined[::-1] * scale + zero) == p_of(real, imagined)


@given(run_matrices(st.integers(2, 5)), st.data())
def test_p_is_the_share_of_labellings_that_are_as_far_apart(real: Matrix, data: st.DataObject) -> None:
    imagined = data.draw(run_matrices(st.integers(1, 4), st.just(real.shape[1])))
    distance_matrix = distances(np.concatenate([real, imagined]))

    def energy(imagined_indices: tuple[int, ...]) -> float:
        real_indices = [index for index in range(len(distance_matrix)) if index not in imagined_indices]
        mean = {
            (a, b): np.mean([distance_matrix[i, j] for i in a for j in b])
            for a in (tuple(real_indices), imagined_indices)
            for b in (tuple(real_indices), imagined_indices)
        }
        return float(
            2 * mean[tuple(real_indices), imagined_indices]
            - mean[tuple(real_indices), tuple(real_indices)]
            - mean[imagined_indices, imagined_indices]
        )

    all_energies = [
        energy(imagined_indices) for imagined_indices in combinations(range(len(distance_matrix)), len(imagined))
    ]
    observed = energy(tuple(range(len(real), len(distance_matrix))))
    assert energy_p_value(distance_matrix, len(real)) == pytest.approx(
        np.mean([value >= observed - 1e-9 for value in all_energies])
    )


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
    finite_runs, diverged_runs = np.arange(7.0)[:, None], np.full((3, 1), np.nan)
    assert p_of(finite_runs, diverged_runs) == pytest.approx(1 / 120)
    assert p_of(np.concatenate([finite_runs, diverged_runs]), diverged_runs) > 0.025


def test_points_at_which_all_agree_make_no_distance() -> None:
    assert not distances(np.ones((4, 3))).any()
    assert np.array_equal(distances(np.array([[1.0, 5], [1, 6]])), distances(np.array([[5.0], [6]])))


@pytest.mark.parametrize(
    ("n_real", "n_imagined", "p"), [(7, 3, 1 / 120), (3, 3, 0.1), (39, 1, 1 / 40), (5, 0, 1), (200, 200, 2 / 10_000)]
)
def test_the_smallest_p_is_that_of_the_runs_farthest_apart(n_real: int, n_imagined: int, p: float) -> None:
    assert smallest_p(n_real, n_imagined) == pytest.approx(p)


def test_how_many_runs_are_needed_is_told() -> None:
    assert [runs_needed(n_others, 0.025) for n_others in (1, 2, 3, 7)] == [39, 8, 5, 3]


@given(run_matrices(st.integers(2, 6)), st.data())
def test_the_fair_crps_is_the_plain_double_loop(real: Matrix, data: st.DataObject) -> None:
    imagined = data.draw(run_matrices(st.integers(1, 4), st.just(real.shape[1])))
    count = len(real)
    differences = [
        sum(abs(real_value - imagined_value) for real_value in real[:, point]) / count
        - sum(abs(real_value - other_value) for real_value in real[:, point] for other_value in real[:, point])
        / (2 * count * (count - 1))
        for point in range(real.shape[1])
        for imagined_value in imagined[:, point]
    ]
    assert fair_crps(real, imagined) == pytest.approx(np.mean(differences), abs=1e-9)


def test_the_fair_crps_of_one_real_run_or_of_no_number_is_not_told() -> None:
    assert fair_crps(np.zeros((1, 1)), np.zeros((2, 1))) is None
    assert fair_crps(np.full((3, 1), np.nan), np.zeros((2, 1))) is None


@given(run_matrices(st.integers(2, 6)), st.sampled_from([0.5, 1.0, 3.0]))
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


@given(run_matrices(st.integers(2, 6), st.just(1)), st.integers(-9, 9))
def test_the_difference_of_means_lies_in_its_interval(real: Matrix, shift: int) -> None:
    difference, interval = mean_difference(real, real + shift)
    assert difference == pytest.approx(shift, abs=1e-9)
    assert interval is not None and interval.low - 1e-9 <= shift <= interval.high + 1e-9


def test_one_run_has_a_difference_and_no_interval() -> None:
    assert mean_difference(np.array([[1.0], [2.0]]), np.array([[4.0]])) == (2.5, None)


@pytest.mark.parametrize("draw", ["normal", "exponential"])
def test_the_interval_of_a_difference_covers_the_truth_as_often_as_it_says(draw: str) -> None:
    rng = np.random.default_rng(1)
    groups = [[getattr(rng, draw)(size=(runs, 1)) for runs in (7, 3)] for _ in range(1000)]
    intervals = [mean_difference(*pair)[1] for pair in groups]
    covered = sum(interval is not None and interval.low <= 0 <= interval.high for interval in intervals)
    assert 0.93 <= covered / len(intervals) <= 0.97


@pytest.mark.parametrize("unit", [1e90, 1e-90])
def test_the_interval_of_means_is_in_the_unit_of_the_values(unit: float) -> None:
    real, imagined = (np.array(values)[:, None] for values in ([1.0, 1.2, 1.1, 0.9], [1.5, 1.4, 1.9]))
    bounds, scaled = (mean_difference(real * factor, imagined * factor)[1] for factor in (1.0, unit))
    assert bounds and scaled
    assert np.array(scaled) / unit == pytest.approx(np.array(bounds))
