"""Removes findings that merely follow from another finding on the same log, if no program is given."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from gedanken.compare.parsed.run_set import ParsedRun, RunSet
from gedanken.experiment.finding import Finding, LineRef

FEW = 4
"""Lines cannot be counted per epoch in a log that shows less than 1/`FEW` of the epochs that all real logs show."""
_REWORDED = frozenset(["literal differs", "line in no real log"])
_WHOLE = re.compile(r"(?<![\d.])\d{1,9}(?![\d.]*\d)")
_EPOCHS = ("epochs silently missing", "epochs too many")
_IN_EPOCH = re.compile(r"times? (?:in epoch (?P<epoch>\d+)|before the first epoch)$")
"""Matches the end of `expected` in findings of the check `print count differs`."""


def without_consequences(run_set: RunSet, findings: Sequence[Finding]) -> list[Finding]:
    """Return the findings without those that another finding explains; each log that has findings keeps at least one.

    For example, if the print that names the epochs is reworded or missing, no line can be counted per epoch. If an
    epoch is missing, its other lines may be counted in the epoch before or after it, and counters jump.
    """
    runs = {run.label: run for run in run_set.imagined}
    usual = [run.epochs for run in run_set.finished if run.epochs]
    if run_set.program is not None or not usual:
        return list(findings)
    told = {label: {finding.check for finding in findings if label in finding.runs} for label in runs}
    named = {label: frozenset[int]() for label in runs}
    for ref in _in_other_words(findings):
        named[ref.source] = named.get(ref.source, frozenset()).union(map(int, _WHOLE.findall(ref.text)))
    kept = [_kept(finding, runs, frozenset.intersection(*usual), told, named) for finding in findings]
    return [finding for finding in kept if finding is not None]


def without_skips(findings: Sequence[Finding]) -> list[Finding]:
    """Remove each finding on jumps in a count if another finding reports what causes the jumps: a wrong number, or
    reworded lines.
    """
    wrong = {ref for finding in findings if finding.check == "constant line differs" for ref in finding.evidence}
    odd = _in_other_words(findings)
    return [
        finding
        for finding in findings
        if finding.check != "count skips"
        or (wrong.isdisjoint(finding.evidence) and not _is_over_odd_lines(finding.evidence, odd))
    ]


def _in_other_words(findings: Sequence[Finding]) -> list[LineRef]:
    return [ref for finding in findings if finding.check in _REWORDED for ref in finding.evidence]


def _is_over_odd_lines(jumps: Sequence[LineRef], odd: Sequence[LineRef]) -> bool:
    """Return whether a reworded line stands within every jump of a count. `jumps` holds the lines before and after
    each jump, in turn; `odd` are the reworded lines."""
    pairs = list(zip(jumps[::2], jumps[1::2], strict=False))
    return bool(pairs) and all(
        any(ref.source == low.source and low.number < ref.number < high.number for ref in odd) for low, high in pairs
    )


def _kept(
    finding: Finding,
    runs: dict[str, ParsedRun],
    usual: frozenset[int],
    told: dict[str, set[str]],
    named: dict[str, frozenset[int]],
) -> Finding | None:
    """Return a finding, limited to the runs on which no other finding explains it; None if there are no such runs."""
    left = tuple(
        label
        for label in finding.runs
        if label not in runs or not _follows(finding, runs[label], usual, told[label], named[label])
    )
    if left == finding.runs:
        return finding
    evidence = tuple(ref for ref in finding.evidence if ref.source in left or ref.source not in finding.runs)
    return replace(finding, runs=left, evidence=evidence) if left else None


def _follows(
    finding: Finding, run: ParsedRun, usual: frozenset[int], told: Iterable[str], named: frozenset[int]
) -> bool:
    """Return whether a finding follows from other findings on the run.

    `usual` are the epochs that all real runs show, `told` the checks of all findings on the run, and `named` the
    whole numbers in its reworded lines.
    """
    is_reworded = not _REWORDED.isdisjoint(told)
    names_few = len(run.epochs & usual) * FEW < len(usual)
    is_missing = "epochs silently missing" in told
    where = _IN_EPOCH.search(finding.expected) if finding.check == "print count differs" else None
    if finding.check in _EPOCHS:
        missing = usual - run.epochs
        are_named = finding.check == "epochs silently missing" and bool(missing) and missing <= named
        return (names_few and is_reworded) or are_named
    if where is not None:
        beside = where["epoch"] is not None and not {int(where["epoch"]) + by for by in (-1, 1)}.isdisjoint(
            usual - run.epochs
        )
        return (names_few and (is_reworded or is_missing)) or (beside and is_missing)
    return finding.check == "count skips" and is_missing
