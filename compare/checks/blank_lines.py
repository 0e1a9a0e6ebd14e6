"""Finds imagined logs that leave out the blank line that real logs have after each line of a print."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from gedanken.compare.parsed.run_set import LINES_SHOWN, ParsedRun, RunSet, select_evidence
from gedanken.compare.source.print_sites import PrintSite
from gedanken.experiment.finding import Finding, LineRef

MIN_LINES = 3
"""Minimum number of lines of a print in a log. If there are fewer, the blank lines after them are not judged."""

Indices = NDArray[np.int64]


def blank_lines(run_set: RunSet) -> Iterable[Finding]:
    """Find prints with a blank line after each of their lines in all real logs, but after none in an imagined log.

    Nothing is reported if the program is given, or if there are fewer than two real logs.
    """
    if run_set.source is not None or len(run_set.real) < 2:
        return
    spaced_sites = [site for site in run_set.sites if all(_blank_line_share(run, site) == 1 for run in run_set.real)]
    refs: dict[str, LineRef] = {}
    first_site: PrintSite | None = None
    for site in spaced_sites:
        for run in run_set.imagined:
            if _blank_line_share(run, site) == 0 and run.label not in refs:
                refs[run.label] = run.ref(int(run.ledger.lines_of(site)[0]))
                first_site = first_site or site
    if first_site is None:
        return
    first_real = run_set.real[0]
    yield Finding(
        "blank lines missing",
        tuple(refs),
        (
            *select_evidence(list(refs.values()))[:LINES_SHOWN],
            first_real.ref(int(first_real.ledger.lines_of(first_site)[0])),
        ),
        expected="all real logs have a blank line after each such line",
        observed=f"{'shows' if len(refs) == 1 else 'show'} no blank line after “{first_site.words}”",
        of=len(run_set.imagined),
        caution=run_set.caution,
    )


def _blank_line_share(run: ParsedRun, site: PrintSite) -> float | None:
    """Return what share of a print's first 100 lines have a blank line after them; None if there are fewer than
    `MIN_LINES` lines.
    """
    lines = run.ledger.lines_of(site)
    lines = lines[lines + 1 < len(run.lines)]
    if len(lines) < MIN_LINES:
        return None
    return float(np.mean([not run.lines[index + 1].strip() for index in lines[:100].tolist()]))
