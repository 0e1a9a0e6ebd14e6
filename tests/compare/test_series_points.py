"""Values get their points by their counters, whether the counters are ranked by counting or by sorting."""

import numpy as np
import pytest

from gedanken.compare.series.places import assign_points


@pytest.mark.parametrize("scale", [1.0, 0.5, 1e6, 1e300])
def test_how_far_counters_lie_apart_does_not_matter(scale: float) -> None:
    first_counters, second_counters = (
        np.array([[3.0], [1.0], [1.0], [7.0]]) * scale,
        np.array([[7.0], [3.0], [np.nan]]) * scale,
    )
    places, points, axis = assign_points([first_counters, second_counters], ["epoch"])
    assert [place.tolist() for place in places] == [[3, 1, 2, 4], [4, 3, 0]]
    assert (points.tolist(), axis) == ([1, 2, 3, 4, 5], "times printed")


@pytest.mark.parametrize("scale", [1.0, 0.5, 1e6])
def test_a_counter_that_differs_at_every_point_numbers_the_points(scale: float) -> None:
    counters = np.array([[4.0], [2.0], [9.0]]) * scale
    places, points, axis = assign_points([counters, counters[:2]], ["step"])
    assert [place.tolist() for place in places] == [[1, 0, 2], [1, 0]]
    assert (points.tolist(), axis) == ((np.array([2.0, 4.0, 9.0]) * scale).tolist(), "step")
