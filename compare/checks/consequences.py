"""For supplied logs: leaves out findings that merely follow from another finding on the same log."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from gedanken.compare.parsed.run_set import ParsedRun, RunSet
from gedanken.experiment.finding import Finding

FEW = 4
"""A log counts as naming hardly any epochs if it shows fewer than one in this many of the usual ones."""
_EPOCHS = ("epochs silently missing", "epochs too many")
_IN_EPOCH = re.compile(r"times? (?:in epoch (?P<epoch>\d+)|before the first epoch)$")
"""The end of `expected` in a finding on a print that is shown too often or too rarely."""


def without_consequences(run_set: RunSet, findings: Sequence[Finding]) -> list[Finding]:
    """Return the findings without those that another finding explains; each log that has findings keeps at least one.

    If the print that names the epochs is reworded or missing, nothing can be counted per epoch. If an epoch is
    missing, its lines may be counted with the epoch before or after it, and counters jump.
    """
    runs = {run.label: run for run in run_set.imagined}
    usual = [run.epochs for run in run_set.finished if run.epochs]
    if run_set.program is not None or not usual:
        return list(findings)
    told = {label: {finding.check for finding in findings if label in finding.runs} for label in runs}
    kept = [_kept(finding, runs, frozenset.intersection(*usual), told) for finding in findings]
    return [finding for finding in kept if finding is not None]


def without_skips(findings: Sequence[Finding]) -> list[Finding]:
    """Return the findings without those jumps in a count that a wrong number causes and another finding reports."""
    wrong = {ref for finding in findings if finding.check == "constant line differs" for ref in finding.evidence}
    return [finding for finding in findings if finding.check != "count skips" or wrong.isdisjoint(finding.evidence)]


def _kept(
    finding: Finding, runs: dict[str, ParsedRun], usual: frozenset[int], told: dict[str, set[str]]
) -> Finding | None:
    """Return a finding, limited to the runs on which no other finding explains it; None if there are no such runs."""
    left = tuple(
        label for label in finding.runs if label not in runs or not _follows(finding, runs[label], usual, told[label])
    )
    if left == finding.runs:
        return finding
    evidence = tuple(ref for ref in finding.evidence if ref.source in left or ref.source not in finding.runs)
    return replace(finding, runs=left, evidence=evidence) if left else None


def _follows(finding: Finding, run: ParsedRun, usual: frozenset[int], told: Iterable[str]) -> bool:
    is_reworded = not {"literal differs", "line in no real log"}.isdisjoint(told)
    names_few = len(run.epochs & usual) * FEW < len(usual)
    is_missing = "epochs silently missing" in told
    where = _IN_EPOCH.search(finding.expected) if finding.check == "print count differs" else None
    if finding.check in _EPOCHS:
        return names_few and is_reworded
    if where is not None:
        beside = where["epoch"] is not None and not {int(where["epoch"]) + by for by in (-1, 1)}.isdisjoint(
            usual - run.epochs
        )
        return (names_few and (is_reworded or is_missing)) or (beside and is_missing)
    return finding.check == "count skips" and is_missing
