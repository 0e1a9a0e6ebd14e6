"""Says why no number of the real runs could be compared, although they show numbers."""

from collections import Counter
from collections.abc import Sequence
from itertools import islice

import numpy as np

from gedanken.compare.parsed.run_set import short
from gedanken.compare.results import Doubt
from gedanken.compare.series.judged import TestedSeries
from gedanken.compare.series.printed import Printed

_NONE = "no measured number could be compared"
_AS = "--as NAME=REGEX can still define a metric"
_EXAMPLES = 2
_MOST_FORMS = 200
"""Maximum number of forms of each run that are read here, the most frequent first."""


def not_compared(real: Sequence[Printed], series: Sequence[TestedSeries], settled: Sequence[str]) -> Doubt | None:
    """Return why no number could be compared, although real runs show numbers; None if nothing is wrong.

    A series with a reason in `settled`, such as equal values in all real runs, is ignored.
    """
    own = _examples_of_own_forms(real)
    if own:
        shown = " and ".join(f"“{short(line)}”" for line in own)
        why = f"for example, {shown}. If the words that differ are names of runs or hosts, remove them; {_AS}"
        return Doubt(f"{_NONE}, because most real runs word the lines with their numbers differently", why)
    lost = next((one for one in series if one.judged.why_no_p not in settled and _varies(one)), None)
    if lost is None:
        return None
    return Doubt(f"{_NONE}, not even “{short(lost.judged.name)}”, because {lost.judged.why_no_p}", _AS)


def _varies(one: TestedSeries) -> bool:
    """Return whether the real runs differ at any point that several of them show."""
    shown = [[value for value in at if value is not None] for at in zip(*one.judged.real, strict=True)]
    return any(len({str(value) for value in values}) > 1 for values in shown)


def _examples_of_own_forms(real: Sequence[Printed]) -> list[str]:
    """Return two lines with numbers from different real runs, if most real runs word such lines differently."""
    shown_by = Counter(form for run in real for form in run.often)
    own = [line for run in real if (line := _own(run, shown_by)) is not None]
    return own[:_EXAMPLES] if len(real) > 1 and 2 * len(own) > len(real) else []


def _own(run: Printed, shown_by: Counter[str]) -> str | None:
    """Return a line whose form no other real run shows, if such lines prevail or contain a metric."""
    often = {form: times for form, times in islice(run.often.items(), _MOST_FORMS) if run.has_measurement(form)}
    own = [form for form in often if shown_by[form] == 1]
    if not own:
        return None
    are_most = 2 * sum(often[form] for form in own) >= sum(often.values())
    if not are_most and not any(run.shows_metric(form) for form in own):
        return None
    return run.observed.lines[int(np.min(run.lines(own[0])))].strip()
