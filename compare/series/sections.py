"""Finds lines below a heading such as `Validation:`, whose numbers are not measured on the training data."""

import re
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from gedanken.compare.output.foreign_words import spaced
from gedanken.compare.output.transcript import Transcript
from gedanken.compare.output.vocabulary import DATA_WORDS, Split, split_in

LONGEST_SECTION = 12
"""Maximum number of lines that a heading applies to."""
_LONGEST = 80
"""Maximum length of a heading, without the prefix that a logger may write before it."""
_LONGEST_LINE = 200
_HEADING = re.compile(
    r"\W*(?:(?:running|start(?:ing|ed)?|begin(?:ning)?|performing|final|the)\s+)*"
    rf"(?:{'|'.join(sorted(DATA_WORDS))}|evaluate)(?!\w)"
    r"(?:\s+(?:on|the|set|results?|phase|metrics?|stage|mode|model|network|loop|summary|report|scores?|data|stats|errors?|validation|val|test|dev))*"
    r"\W*",
    re.IGNORECASE,
)
_WORDS = (
    *("held", "hold", "out"),
    *sorted(word for word in DATA_WORDS if not any(other in word for other in DATA_WORDS - {word})),
)
"""Every heading contains one of these texts, unless it is framed, as in `***** Results *****`."""
_PREFIX = re.compile(r"^.*(?:\]|\s-|\b(?:INFO|DEBUG|WARNING)\b:?(?:[\w.]+:)?)\s+(?=\w)")
"""Matches the prefix that a logger writes before a heading."""
_FRAMED = re.compile(r"\W*[*=~-]{3,}\s*(?P<words>[^*=~:]{4,60}?)\s*[*=~-]{3,}\W*")
"""Matches a framed heading, such as `***** Evaluating perplexity, Epoch 1/4 *****`."""
_FRAME = re.compile(r"[*=~-]{3}")
_STEP = re.compile(r"\W*(?:global[ _]?)?(?:step|iter(?:ation)?|batch|update)s?\b", re.IGNORECASE)
SPLITS = ("", str(Split.VALIDATION), str(Split.TEST))
"""Names of data sets. `sections` returns indices of this tuple; index 0 stands for training data, or for no heading.
"""


def sections(script: Transcript, epochs: NDArray[np.int64]) -> NDArray[np.int8]:
    """Return for each line which data the heading above it names, as an index of `SPLITS`.

    A heading applies to at most `LONGEST_SECTION` lines, until the epoch changes or a line begins with `step`.
    `epochs` holds the epoch of each line.
    """
    found = np.zeros(len(script.lines), np.int8)
    meant = np.full(len(script.forms), -1, np.int8)
    for at in _maybe_headings(script):
        split = _named_by(script.forms[at])
        if split is not None:
            meant[at] = SPLITS.index(split) if split in SPLITS else 0
    if not (meant > 0).any():
        return found
    ends = np.array([_STEP.match(form) is not None for form in script.forms], bool)
    of_line = meant[script.form_of]
    borders = np.flatnonzero((of_line >= 0) | ends[script.form_of])
    lines = np.arange(len(found))
    above = np.searchsorted(borders, lines, side="right") - 1
    heading = borders[np.maximum(above, 0)]
    is_below = (above >= 0) & (lines - heading <= LONGEST_SECTION) & (epochs == epochs[heading])
    found[is_below] = np.maximum(of_line[heading[is_below]], 0)
    return found


def _maybe_headings(script: Transcript) -> Iterable[int]:
    """Return the indices of the forms that may be headings; in most logs these are few."""
    return range(len(script.forms)) if _FRAME.search("\n".join(script.forms)) else script.forms_with(_WORDS)


def _named_by(form: str) -> str | None:
    """Return the data set that a heading names, empty if it names none; None if the form is no heading."""
    words = _PREFIX.sub("", form[:_LONGEST_LINE])
    is_heading = ("#" not in words and len(words) < _LONGEST and _HEADING.fullmatch(spaced(words))) or (
        len(form) < _LONGEST and _FRAMED.fullmatch(form)
    )
    return (split_in(words) or "") if is_heading else None
