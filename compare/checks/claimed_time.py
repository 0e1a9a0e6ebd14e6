"""Finds imagined runs that print a far longer or far shorter time than the real runs take."""

from collections.abc import Iterable

from gedanken.compare.output.durations import names_time, parse_claimed_duration
from gedanken.compare.parsed.run_set import ParsedRun, RunSet
from gedanken.experiment.execution import Cause
from gedanken.experiment.finding import Finding

TIME_FACTOR = 3.0
"""A claimed time is reported only if it is above the longest real time multiplied by this factor, or below the
shortest real time divided by it.
"""
TIME_SLACK = 1.0
"""A claimed time is not reported if it is at most this many seconds above or below all real times.

Short times are rounded, and busy machines are slow.
"""


def claimed_times(run_set: RunSet) -> Iterable[Finding]:
    """Find imagined runs that print a time far from the real times.

    The real times are those that the real runs print or, if they print none, those that were measured.
    """
    successful_runs = [run for run in run_set.real if run.execution.exit_code == 0]
    real_claims = [parse_claimed_duration(run.transcript) for run in successful_runs]
    printed_times = [claim.seconds for claim in real_claims if claim.seconds is not None]
    real_times = sorted(
        printed_times or [run.execution.seconds for run in successful_runs if run.execution.seconds > 0]
    )
    if not real_times:
        return
    timed_line_counts = {claim.line_count for claim in real_claims}
    for run in run_set.imagined:
        if run.execution.cause is not Cause.FINISHED:
            continue
        seconds, line, timed_lines = parse_claimed_duration(run.transcript)
        # A log that lacks lines with times also claims less in all; another check reports the missing lines.
        if run_set.source is None and not min(timed_line_counts) <= timed_lines <= max(timed_line_counts):
            continue
        if seconds is None or real_times[0] / TIME_FACTOR <= seconds <= real_times[-1] * TIME_FACTOR:
            continue
        if real_times[0] - TIME_SLACK <= seconds <= real_times[-1] + TIME_SLACK:
            continue
        # Another check reports such a line, and what its time measures is unknown.
        if run_set.source is None and _names_time_in_new_form(run_set, run):
            continue
        yield Finding(
            "time differs",
            (run.label,),
            (run.ref(line),),
            expected=f"{run_set.name} really took {real_times[len(real_times) // 2]:.1f} s",
            observed=f"claims {seconds:g} s in all",
            explained_by="gpus" if "gpus" in run_set.claims else None,
        )


def _names_time_in_new_form(run_set: RunSet, run: ParsedRun) -> bool:
    transcript = run.transcript
    time_shapes = (index for index, shape in enumerate(transcript.shapes) if names_time(shape))
    return any(transcript.forms[transcript.form_of_shape[index]] not in run_set.forms for index in time_shapes)
