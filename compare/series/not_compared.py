"""Finds the reason why no number of the real runs could be compared although they show numbers."""

from collections import Counter
from collections.abc import Sequence
from itertools import islice

import numpy as np

from gedanken.compare.parsed.run_set import shorten
from gedanken.compare.results import Doubt
from gedanken.compare.series.judgement import TestedSeries
from gedanken.compare.series.printed import Printed

_NOTHING_COMPARED = "no measured number could be compared"
_AS_HINT = "--as NAME=REGEX can still define a metric"
_EXAMPLES = 2
_MOST_FORMS = 200
"""Maximum number of forms of each run that are read here, the most frequent first."""


def not_compared(real: Sequence[Printed], series: Sequence[TestedSeries], settled: Sequence[str]) -> Doubt | None:
    """Return the reason why no number could be compared although the real runs show numbers; None if there is
    nothing to report.

    A series whose reason is in `settled`, such as equal values in all real runs, is ignored.
    """
    examples = _examples_of_own_forms(real)
    if examples:
        quoted = " and ".join(f"“{shorten(line)}”" for line in examples)
        reason = (
            f"for example, {quoted}. If the words that differ are names of runs or hosts, remove them; {_AS_HINT}"
        )
        return Doubt(
            f"{_NOTHING_COMPARED}, because most real runs word the lines with their numbers differently", reason
        )
    untested = next(
        (tested for tested in series if tested.judged.why_no_p not in settled and _real_runs_differ(tested)), None
    )
    if untested is None:
        return None
    return Doubt(
        f"{_NOTHING_COMPARED}, not even “{shorten(untested.judged.name)}”, because {untested.judged.why_no_p}",
        _AS_HINT,
    )


def _real_runs_differ(tested: TestedSeries) -> bool:
    """Return whether the real runs differ at a point that several of them show."""
    values_at_points = [
        [value for value in point if value is not None] for point in zip(*tested.judged.real, strict=True)
    ]
    return any(len({str(value) for value in values}) > 1 for values in values_at_points)


def _examples_of_own_forms(real: Sequence[Printed]) -> list[str]:
    """If most real runs word their lines with numbers differently, return such a line from two of them."""
    runs_with_form = Counter(form for run in real for form in run.form_counts)
    lines = [line for run in real if (line := _line_of_own_form(run, runs_with_form)) is not None]
    return lines[:_EXAMPLES] if len(real) > 1 and 2 * len(lines) > len(real) else []


def _line_of_own_form(run: Printed, runs_with_form: Counter[str]) -> str | None:
    """Return a line whose form no other real run shows.

    None unless most lines are of this kind, or one of them contains a metric.
    """
    form_counts = {
        form: count for form, count in islice(run.form_counts.items(), _MOST_FORMS) if run.has_measurement(form)
    }
    own_forms = [form for form in form_counts if runs_with_form[form] == 1]
    if not own_forms:
        return None
    are_most = 2 * sum(form_counts[form] for form in own_forms) >= sum(form_counts.values())
    if not are_most and not any(run.shows_metric(form) for form in own_forms):
        return None
    return run.observed.lines[int(np.min(run.lines(own_forms[0])))].strip()
