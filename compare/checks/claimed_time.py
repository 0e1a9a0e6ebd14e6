"""Finds imagined runs that claim a far longer or far shorter time than the real runs take."""

from collections.abc import Iterable

from gedanken.compare.output.durations import claimed_seconds, names_time
from gedanken.compare.parsed.run_set import ParsedRun, RunSet
from gedanken.experiment.execution import Cause
from gedanken.experiment.finding import Finding

TIME_FACTOR = 3.0
"""A claimed time is reported only above the longest real time multiplied by this, or below the shortest divided by
this.
"""
TIME_SLACK = 1.0
"""A claimed time at most this many seconds outside the real times is not reported: short times are rounded, and busy
machines are slow.
"""


def times(run_set: RunSet) -> Iterable[Finding]:
    """Find imagined runs that claim a time far from the real times: those printed, or else those measured."""
    worked = [run for run in run_set.real if run.execution.exit_code == 0]
    shown = [claimed_seconds(run.transcript) for run in worked]
    printed = [claimed.seconds for claimed in shown if claimed.seconds is not None]
    really = sorted(printed or [run.execution.seconds for run in worked if run.execution.seconds > 0])
    if not really:
        return
    naming = {claimed.lines for claimed in shown}
    for run in run_set.imagined:
        if run.execution.cause is not Cause.FINISHED:
            continue
        claimed, at, lines = claimed_seconds(run.transcript)
        # A log that lacks lines with times also claims less in all; another check reports the missing lines.
        if run_set.source is None and not min(naming) <= lines <= max(naming):
            continue
        if claimed is None or really[0] / TIME_FACTOR <= claimed <= really[-1] * TIME_FACTOR:
            continue
        if really[0] - TIME_SLACK <= claimed <= really[-1] + TIME_SLACK:
            continue
        # Another check reports such a line, and what its time measures is unknown.
        if run_set.source is None and _has_other_words(run_set, run):
            continue
        yield Finding(
            "time differs",
            (run.label,),
            (run.ref(at),),
            expected=f"{run_set.name} really took {really[len(really) // 2]:.1f} s",
            observed=f"claims {claimed:g} s in all",
            explained_by="gpus" if "gpus" in run_set.claims else None,
        )


def _has_other_words(run_set: RunSet, run: ParsedRun) -> bool:
    """Return whether the run names a time in a line whose form no real run has."""
    script = run.transcript
    naming = (at for at, shape in enumerate(script.shapes) if names_time(shape))
    return any(script.forms[script.form_of_shape[at]] not in run_set.forms for at in naming)
