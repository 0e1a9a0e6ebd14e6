"""Findings as sentences that fit a narrow screen."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gedanken.compare.sentences import format_finding, shorten_to_difference
from gedanken.experiment.finding import Finding, LineRef

LONG_EXPECTED = "The real logs have “Epoch {}/{}: train loss {}, train acc {}, validation loss {} on {} images”"
LONG_LINE = "Epoch 5/8: train loss 0.71, train acc 0.8, evaluation loss 0.65 on 1000 images"


def reworded_finding(label: str = "said.log") -> Finding:
    return Finding(
        "literal differs",
        (label,),
        (LineRef("said.log", 8, LONG_LINE, "stdout"),),
        expected=LONG_EXPECTED,
        observed=f"the imagined log shows “{LONG_LINE}”",
    )


def test_of_long_lines_the_words_that_differ_are_shown_with_the_place() -> None:
    assert format_finding(reworded_finding()) == (
        "The real logs have “… {}, validation loss …”; line 8 of said.log shows “… 0.8, evaluation loss …”."
    )


def test_a_place_is_named_only_if_it_is_the_runs_own() -> None:
    assert "the imagined log shows" in format_finding(reworded_finding("other.log"))


@pytest.mark.parametrize(
    ("expected", "observed"),
    [
        ("The real logs have “Best {}”", "the imagined log shows “Top 3”"),
        (f"{LONG_EXPECTED}, “and another”", f"the imagined log shows “{LONG_LINE}”"),
        ("The real logs have none", f"the imagined log shows “{LONG_LINE}”"),
    ],
)
def test_short_lines_and_more_than_one_are_quoted_whole(expected: str, observed: str) -> None:
    assert shorten_to_difference(expected, observed) == (expected, observed)


WORDS = st.lists(st.sampled_from(["loss", "acc", "{}", "12", "(", "…", "\\", "a{}b"]), min_size=1, max_size=40).map(
    " ".join
)


@given(WORDS, WORDS)
def test_what_is_shown_of_a_line_is_a_part_of_it(ours: str, theirs: str) -> None:
    for shown_text, text in zip(shorten_to_difference(f"“{ours}”", f"“{theirs}”"), (ours, theirs), strict=True):
        assert shown_text[1:-1].removeprefix("… ").removesuffix(" …") in text
