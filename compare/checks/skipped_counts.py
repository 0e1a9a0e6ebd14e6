"""The finding that a print which counts on by the same step in all real logs leaves numbers out."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from gedanken.compare.parsed.run_set import LINES_SHOWN, ParsedRun, RunSet, evidence
from gedanken.compare.source.print_sites import PrintSite
from gedanken.experiment.finding import Finding, LineRef

FEWEST = 4
"""Lines of a print in each real log from which it is learnt that it counts."""


def skipped_counts(run_set: RunSet) -> Iterable[Finding]:
    """Iterations that are left out, where real logs differ in their number: else the number of lines tells it.

    Epochs that are named so are told by themselves. One finding for all prints: they leave out the same.
    """
    if run_set.source is not None or len(run_set.real) < 2 or any(run.epochs for run in run_set.real):
        return
    refs: dict[str, list[LineRef]] = {}
    observed = ""
    for site in run_set.sites:
        step = _step_of(run_set, site)
        for run in run_set.imagined if step else ():
            lines, counts = _counts(run, site)
            jumps = np.flatnonzero(np.diff(counts) > step)
            if not len(jumps) or run.label in refs:
                continue
            at = int(jumps[0])
            refs[run.label] = [run.ref(int(lines[at])), run.ref(int(lines[at + 1]))]
            observed = observed or f"jump from {counts[at]:g} to {counts[at + 1]:g} in “{site.words}”"
    if refs:
        yield Finding(
            "count skips",
            tuple(refs),
            evidence([ref for some in refs.values() for ref in some])[:LINES_SHOWN],
            expected="all real logs count on in even steps",
            observed=observed,
            of=len(run_set.imagined),
            caution=run_set.caution,
        )


def _step_of(run_set: RunSet, site: PrintSite) -> float:
    """By how much the first number of a print grows from line to line in all real logs; 0 where it does not so."""
    numbers = [_counts(run, site)[1] for run in run_set.real]
    if min(map(len, numbers)) < FEWEST or len(set(map(len, numbers))) == 1:
        return 0
    steps = np.unique(np.concatenate([np.diff(counts) for counts in numbers]))
    return float(steps[0]) if len(steps) == 1 and steps[0] > 0 and steps[0] == int(steps[0]) else 0


def _counts(run: ParsedRun, site: PrintSite) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The lines of a print that hold a number, and the first number of each."""
    script = run.transcript
    lines = np.asarray(run.ledger.lines_of(site), dtype=np.int64)
    lines = lines[script.starts[lines + 1] > script.starts[lines]]
    return lines, script.values[script.starts[lines]]
