"""What the oracles share. An oracle is a check that knows what is right from the source or from the output itself."""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gedanken.compare.output.transcript import Transcript
from gedanken.compare.parsed.run_set import LINES_SHOWN, ParsedRun, RunSet
from gedanken.experiment.finding import Finding

LONGEST = 400
"""Number of characters that are examined at the beginning of a line. Oracles read only short texts."""


class Contradiction(NamedTuple):
    """Something impossible in one output."""

    rule: str
    """Name of the rule that the output breaks, such as `percentage`.

    If a real run also breaks the rule, the rule is not applied to this program.
    """
    claim: str
    """The end of a sentence that begins with the name of the run, such as `lists GPU 0 twice in one table`."""
    lines: tuple[int, ...]
    """Indices of the lines that show the contradiction, counted from 0."""


class LineFilter(NamedTuple):
    """Selects the lines that an oracle reads. It looks at the form of a line, such as `loss #`."""

    pattern: re.Pattern[str]
    words: tuple[str, ...]
    """Words in lower case, at least one of which is in each form that matches `pattern`.

    Forms without these words are skipped quickly.
    """


def oracle(
    run_set: RunSet, kind: str, find_contradictions: Callable[[ParsedRun], Iterable[Contradiction]]
) -> Iterator[Finding]:
    """Yield a finding for each rule that an imagined run breaks, except for rules that a real run breaks as well.

    `kind` becomes the `check` of the findings.
    """
    found_by_run = [(run, list(find_contradictions(run))) for run in run_set.imagined]
    if not any(found_contradictions for _run, found_contradictions in found_by_run):
        return
    real_rules = {contradiction.rule for run in run_set.real for contradiction in find_contradictions(run)}
    for run, found_contradictions in found_by_run:
        first_by_rule: dict[str, Contradiction] = {}
        for contradiction in found_contradictions:
            first_by_rule.setdefault(contradiction.rule, contradiction)
        for rule, contradiction in first_by_rule.items():
            if rule in real_rules:
                continue
            lines = dict.fromkeys(
                line for broken in found_contradictions if broken.rule == rule for line in broken.lines
            )
            refs = tuple(run.ref(line) for line in list(lines)[:LINES_SHOWN])
            yield Finding(kind, (run.label,), refs, observed=contradiction.claim)


def lines_with(
    run: ParsedRun,
    wanted: LineFilter,
    excluded: re.Pattern[str] | None = None,
    shape: re.Pattern[str] | None = None,
    select: Callable[[Transcript, NDArray[np.int64]], NDArray[np.int64]] | None = None,
) -> list[tuple[int, str]]:
    """Return (index, text) of every line whose form matches `wanted` but not `excluded`, and whose shape matches
    `shape`.

    If `select` is given, only the lines that it chooses among those of each shape are returned. Lines are cut after
    `LONGEST` characters.
    """
    transcript = run.transcript
    is_wanted = np.zeros(len(transcript.forms), bool)
    for index in transcript.forms_with(wanted.words):
        form = transcript.forms[index][:LONGEST]
        is_wanted[index] = bool(wanted.pattern.search(form)) and not (excluded and excluded.search(form))
    if not is_wanted.any():
        return []
    is_wanted_shape, shapes = is_wanted[transcript.form_of_shape], transcript.shapes
    if shape:
        for index in np.flatnonzero(is_wanted_shape).tolist():
            is_wanted_shape[index] = shape.search(shapes[index][:LONGEST]) is not None
    indices = np.flatnonzero(is_wanted_shape[transcript.shape_of])
    if select and len(indices):
        indices = np.sort(np.concatenate([select(transcript, lines) for lines in transcript.split_by_shape(indices)]))
    return [
        (index, line[:LONGEST])
        for index, line in zip(indices.tolist(), transcript.lines.lines_at(indices), strict=True)
    ]
