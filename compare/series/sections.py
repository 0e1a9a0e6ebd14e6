"""Finds lines below a heading such as `Validation:`, whose numbers were not measured on the training data."""

import re
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from gedanken.compare.output.foreign_words import separate_words
from gedanken.compare.output.transcript import Transcript
from gedanken.compare.output.vocabulary import DATA_WORDS, Split, find_split

LONGEST_SECTION = 12
"""Maximum number of lines below a heading to which the heading applies."""
_LONGEST_HEADING = 80
"""Maximum length of a heading, without the prefix that a logger may write before it."""
_LONGEST_LINE = 200
_HEADING = re.compile(
    r"\W*(?:(?:running|start(?:ing|ed)?|begin(?:ning)?|performing|final|the)\s+)*"
    rf"(?:{'|'.join(sorted(DATA_WORDS))}|evaluate)(?!\w)"
    r"(?:\s+(?:on|the|set|results?|phase|metrics?|stage|mode|model|network|loop|summary|report|scores?|data|stats|errors?|validation|val|test|dev))*"
    r"\W*",
    re.IGNORECASE,
)
_HEADING_WORDS = (
    *("held", "hold", "out"),
    *sorted(word for word in DATA_WORDS if not any(other in word for other in DATA_WORDS - {word})),
)
"""Every heading contains one of these texts, unless it is framed as in `***** Results *****`."""
_PREFIX = re.compile(r"^.*(?:\]|\s-|\b(?:INFO|DEBUG|WARNING)\b:?(?:[\w.]+:)?)\s+(?=\w)")
"""Matches the prefix that a logger writes before a heading."""
_FRAMED = re.compile(r"\W*[*=~-]{3,}\s*(?P<words>[^*=~:]{4,60}?)\s*[*=~-]{3,}\W*")
"""Matches a framed heading, such as `***** Evaluating perplexity, Epoch 1/4 *****`."""
_FRAME = re.compile(r"[*=~-]{3}")
_STEP_LINE = re.compile(r"\W*(?:global[ _]?)?(?:step|iter(?:ation)?|batch|update)s?\b", re.IGNORECASE)
SPLITS = ("", str(Split.VALIDATION), str(Split.TEST))
"""Names of data sets.

`sections` returns indices into this tuple. Index 0 stands for training data, or for no heading.
"""


def sections(transcript: Transcript, epochs: NDArray[np.int64]) -> NDArray[np.int8]:
    """For each line, return the data that the heading above it names, as an index into `SPLITS`.

    A heading applies to at most `LONGEST_SECTION` lines, until the epoch changes or a line begins with `step`.
    `epochs` has the epoch of each line.
    """
    data_of_line = np.zeros(len(transcript.lines), np.int8)
    data_of_form = np.full(len(transcript.forms), -1, np.int8)
    for index in _possible_headings(transcript):
        split = _data_named_in(transcript.forms[index])
        if split is not None:
            data_of_form[index] = SPLITS.index(split) if split in SPLITS else 0
    if not (data_of_form > 0).any():
        return data_of_line
    begins_with_step = np.array([_STEP_LINE.match(form) is not None for form in transcript.forms], bool)
    data_named_by_line = data_of_form[transcript.form_of]
    borders = np.flatnonzero((data_named_by_line >= 0) | begins_with_step[transcript.form_of])
    lines = np.arange(len(data_of_line))
    nth_border = np.searchsorted(borders, lines, side="right") - 1
    last_border = borders[np.maximum(nth_border, 0)]
    is_below = (nth_border >= 0) & (lines - last_border <= LONGEST_SECTION) & (epochs == epochs[last_border])
    data_of_line[is_below] = np.maximum(data_named_by_line[last_border[is_below]], 0)
    return data_of_line


def _possible_headings(transcript: Transcript) -> Iterable[int]:
    """Return the indices of the forms that may be headings. In most logs, there are only a few."""
    return (
        range(len(transcript.forms))
        if _FRAME.search("\n".join(transcript.forms))
        else transcript.forms_with(_HEADING_WORDS)
    )


def _data_named_in(form: str) -> str | None:
    """Return the data set that a heading names; empty if it names none. None if the form is not that of a heading."""
    words = _PREFIX.sub("", form[:_LONGEST_LINE])
    is_heading = (
        "#" not in words and len(words) < _LONGEST_HEADING and _HEADING.fullmatch(separate_words(words))
    ) or (len(form) < _LONGEST_HEADING and _FRAMED.fullmatch(form))
    return (find_split(words) or "") if is_heading else None
