"""The durations stated in an output are added up, whatever the beginnings of its lines."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gedanken.compare.output.durations import parse_claimed_duration
from gedanken.compare.output.transcript import Transcript


@pytest.mark.parametrize("begin", ["", "loss 0.5 ", "user ab ", "user cd, 3 of 9: ", "(tensor(", "tensor([1.5, 2]) "])
@pytest.mark.parametrize(
    "state", ["took {:.1f}s", "took 1m {:.1f}s", "({:.1f} s)", "time: {:.1f} ms)", "[{:.1f}s]))", "at {:.1f}"]
)
@settings(max_examples=10)
@given(st.lists(st.floats(0, 99), min_size=1, max_size=30))
def test_lines_read_together_state_what_each_of_them_states(begin: str, state: str, stated: list[float]) -> None:
    lines = [begin + state.format(seconds) for seconds in stated]
    joint = parse_claimed_duration(Transcript("\n".join(["took 5s", *lines, *lines])))
    separate_seconds = [parse_claimed_duration(Transcript(line)).seconds or 0.0 for line in lines]
    assert joint.seconds == pytest.approx(5 + 2 * sum(separate_seconds))
