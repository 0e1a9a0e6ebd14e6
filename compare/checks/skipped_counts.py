"""Finding: a print that counts in equal steps in all real logs skips numbers."""

from collections.abc import Iterable

from gedanken.compare.parsed.gaps import gaps
from gedanken.compare.parsed.run_set import LINES_SHOWN, RunSet, evidence, short
from gedanken.experiment.finding import Finding, LineRef


def skipped_counts(run_set: RunSet) -> Iterable[Finding]:
    """Report all skipped steps, in one finding for all logs and prints; lines missing between them are not reported
    again."""
    found = run_set.once(gaps)
    runs = [run for run in run_set.imagined if id(run) in found]
    if not runs:
        return
    first = found[id(runs[0])][0]
    words = first.site.words
    shown = words if any(map(str.isalpha, words)) else short(runs[0].lines[first.after])
    refs: list[LineRef] = []
    for run in runs:
        refs += [run.ref(at) for gap in found[id(run)] for at in (gap.before, gap.after)]
    yield Finding(
        "count skips",
        tuple(run.label for run in runs),
        evidence(refs)[: max(LINES_SHOWN, len(runs))],
        expected="all real logs count on in even steps",
        observed=f"{'jumps' if len(runs) == 1 else 'jump'} from {first.low:g} to {first.high:g} in “{shown}”",
        of=len(run_set.imagined),
        caution=run_set.caution,
    )
