"""Shared code of the oracles: checks that know what is right from the source, or from the output itself."""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gedanken.compare.output.transcript import Transcript
from gedanken.compare.parsed.run_set import LINES_SHOWN, ParsedRun, RunSet
from gedanken.experiment.finding import Finding

LONGEST = 400
"""Number of characters of a line that are examined, from its beginning: oracles read only short texts."""


class Contradiction(NamedTuple):
    """Something impossible in one output."""

    rule: str
    """Name of the rule that is broken. A rule that a real run breaks too does not apply to this program."""
    claim: str
    """The end of a sentence that begins with the name of the run, such as `lists GPU 0 twice in one table`."""
    lines: tuple[int, ...]
    """Indices of the lines that show the contradiction, counted from 0."""


class Wanted(NamedTuple):
    """Selects the lines that an oracle reads, by their form: the line with `#` in place of its values."""

    pattern: re.Pattern[str]
    words: tuple[str, ...]
    """Words in lower case. Every form that matches contains at least one of them; searching for them first is faster.
    """


def oracle(
    run_set: RunSet, kind: str, contradictions: Callable[[ParsedRun], Iterable[Contradiction]]
) -> Iterator[Finding]:
    """Yield one finding for each rule that an imagined run breaks, unless a real run breaks the rule too.

    `kind` becomes the `check` of the findings.
    """
    told = [(run, list(contradictions(run))) for run in run_set.imagined]
    if not any(found for _run, found in told):
        return
    usual = {contradiction.rule for run in run_set.real for contradiction in contradictions(run)}
    for run, found in told:
        first: dict[str, Contradiction] = {}
        for contradiction in found:
            first.setdefault(contradiction.rule, contradiction)
        for rule, contradiction in first.items():
            if rule in usual:
                continue
            lines = dict.fromkeys(at for other in found if other.rule == rule for at in other.lines)
            refs = tuple(run.ref(at) for at in list(lines)[:LINES_SHOWN])
            yield Finding(kind, (run.label,), refs, observed=contradiction.claim)


def lines_with(
    run: ParsedRun,
    wanted: Wanted,
    none_of: re.Pattern[str] | None = None,
    shape: re.Pattern[str] | None = None,
    kept: Callable[[Transcript, NDArray[np.int64]], NDArray[np.int64]] | None = None,
) -> list[tuple[int, str]]:
    """Return (index, text) of every line whose form matches `wanted` but not `none_of`.

    `shape` must match the line's shape too; `kept` then selects some lines of each shape. Only the first `LONGEST`
    characters of a line are read.
    """
    transcript = run.transcript
    is_wanted = np.zeros(len(transcript.forms), bool)
    for at in transcript.forms_with(wanted.words):
        form = transcript.forms[at][:LONGEST]
        is_wanted[at] = bool(wanted.pattern.search(form)) and not (none_of and none_of.search(form))
    if not is_wanted.any():
        return []
    fits, shapes = is_wanted[transcript.form_of_shape], transcript.shapes
    if shape:
        for at in np.flatnonzero(fits).tolist():
            fits[at] = shape.search(shapes[at][:LONGEST]) is not None
    found = np.flatnonzero(fits[transcript.shape_of])
    if kept and len(found):
        found = np.sort(np.concatenate([kept(transcript, lines) for lines in transcript.by_shape(found)]))
    return [(at, line[:LONGEST]) for at, line in zip(found.tolist(), transcript.lines.at(found), strict=True)]
