"""Removes findings that merely follow from another finding on the same log, if no program is given."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from gedanken.compare.output.labels_above import ALONE
from gedanken.compare.output.metrics import epoch_in
from gedanken.compare.parsed.run_set import ParsedRun, RunSet
from gedanken.experiment.finding import Finding, LineRef

FEW = 4
"""If a log shows less than 1/`FEW` of the epochs that all real logs show, its lines cannot be counted per epoch."""
_LABELLED = re.compile(r"“[^“”{}]*: \{\}”")
_REWORDED = frozenset(["literal differs", "line in no real log"])
_WHOLE = re.compile(r"(?<![\d.])\d{1,9}(?![\d.]*\d)")
_LEFT_OUT = frozenset(["epochs silently missing", "epochs declared as skipped"])
_EPOCHS = ("epochs silently missing", "epochs too many")
_NAMELESS = "print that names the epoch differs in count"
"""Used as the name of the check, instead of `print count differs`, for findings on a print that names the epoch (see
`_is_nameless`).
"""
_IN_EPOCH = re.compile(r"times? (?:in epoch (?P<epoch>\d+)|before the first epoch)$")
"""Matches the end of `expected` in findings of the check `print count differs`."""


def without_consequences(run_set: RunSet, findings: Sequence[Finding]) -> list[Finding]:
    """Remove the findings that another finding on the same log explains. Each log with findings keeps at least one.

    If a log rewords the print with the epoch, for example, its lines cannot be counted per epoch.
    """
    runs = {run.label: run for run in run_set.imagined}
    usual = [run.epochs for run in run_set.finished if run.epochs]
    if run_set.program is not None or not usual:
        return list(findings)
    kinds = [(finding, _NAMELESS if _is_nameless(finding) else finding.check) for finding in findings]
    told = {label: {kind for finding, kind in kinds if label in finding.runs} for label in runs}
    named = {label: frozenset[int]() for label in runs}
    for ref in _in_other_words(findings):
        named[ref.source] = named.get(ref.source, frozenset()).union(map(int, _WHOLE.findall(ref.text)))
    kept = [_kept(finding, runs, frozenset.intersection(*usual), told, named) for finding in findings]
    return [finding for finding in kept if finding is not None]


def _is_nameless(finding: Finding) -> bool:
    """Return whether the finding says that a whole log shows a print with the epoch too often or too rarely."""
    is_whole = finding.check == "print count differs" and not _IN_EPOCH.search(finding.expected)
    return is_whole and any(epoch_in(ref.text) is not None for ref in finding.evidence)


def without_skips(findings: Sequence[Finding]) -> list[Finding]:
    """Remove each `count skips` finding that is explained by a wrong number beside the jump, or by reworded lines
    within all jumps.
    """
    wrong = {ref for finding in findings if finding.check == "constant line differs" for ref in finding.evidence}
    odd = _in_other_words(findings)
    return [
        finding
        for finding in findings
        if finding.check != "count skips"
        or (wrong.isdisjoint(finding.evidence) and not _is_over_odd_lines(finding.evidence, odd))
    ]


def without_unlabelled(findings: Sequence[Finding]) -> list[Finding]:
    """Remove findings on new lines that hold only numbers, in logs that lack labels such as `Validation loss:`."""
    lacking = {
        label
        for finding in findings
        if finding.check == "print count differs" and _LABELLED.search(finding.expected)
        for label in finding.runs
    }
    return [
        finding
        for finding in findings
        if finding.check != "line in no real log"
        or not lacking.issuperset(finding.runs)
        or not all(ALONE.fullmatch(ref.text) for ref in finding.evidence)
    ]


def _in_other_words(findings: Sequence[Finding]) -> list[LineRef]:
    return [ref for finding in findings if finding.check in _REWORDED for ref in finding.evidence]


def _is_over_odd_lines(jumps: Sequence[LineRef], odd: Sequence[LineRef]) -> bool:
    """Return whether there is a reworded line within every jump; `jumps` alternates lines before and after a jump."""
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
    """Return the finding, limited to the runs in which no other finding explains it; None if no run is left."""
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
    """Return whether the finding follows from other findings on `run`, which the checks in `told` made."""
    is_reworded = not _REWORDED.isdisjoint(told)
    names_few = len(run.epochs & usual) * FEW < len(usual)
    is_missing = not _LEFT_OUT.isdisjoint(told)
    where = _IN_EPOCH.search(finding.expected) if finding.check == "print count differs" else None
    if finding.check in _EPOCHS:
        missing = usual - run.epochs
        are_named = finding.check == "epochs silently missing" and bool(missing) and missing <= named
        # Real logs that name a single epoch do not count epochs: what lacks is the print that names it.
        lacks_print = len(usual) == 1 and not run.epochs and _NAMELESS in told
        return (names_few and is_reworded) or are_named or lacks_print
    if where is not None:
        beside = where["epoch"] is not None and not {int(where["epoch"]) + by for by in (-1, 1)}.isdisjoint(
            usual - run.epochs
        )
        return (names_few and (is_reworded or is_missing)) or (beside and is_missing)
    return finding.check == "count skips" and is_missing
