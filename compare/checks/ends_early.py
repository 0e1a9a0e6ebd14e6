"""Finds logs that end where all real logs go on, by the rule in `compare/parsed/early_ends.py`."""

from collections.abc import Iterable

from gedanken.compare.parsed.early_ends import early_ends
from gedanken.compare.parsed.run_set import RunSet, shorten
from gedanken.experiment.counts import format_count
from gedanken.experiment.finding import Finding


def ends_early(run_set: RunSet) -> Iterable[Finding]:
    """Report all imagined logs that end early, in one finding."""
    early = run_set.compute_once(early_ends)
    runs = [run for run in run_set.imagined if id(run) in early]
    if not runs:
        return
    first_end = early[id(runs[0])]
    real, end = first_end.real_run, len(first_end.real_run.lines)
    following = next((index for index in range(first_end.real_line + 1, end) if real.ledger.has(index)), end - 1)
    yield Finding(
        "ends early",
        tuple(run.label for run in runs),
        (*(run.ref(early[id(run)].line) for run in runs), real.ref(following)),
        expected=f"{real.label} continues for {format_count(end - first_end.real_line - 1, 'line')}, "
        f"from “{shorten(real.lines[following])}”",
        observed=f"{'ends' if len(runs) == 1 else 'end'} early: after line {first_end.line + 1}, "
        f"“{shorten(runs[0].lines[first_end.line])}”",
        of=len(run_set.imagined),
        caution=run_set.caution,
    )
