"""Removes findings that merely follow from another finding on the same log. Used only if the program is not given."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from gedanken.compare.output.labels_above import SINGLE_NUMBER
from gedanken.compare.output.metrics import epoch_position
from gedanken.compare.parsed.run_set import ParsedRun, RunSet
from gedanken.experiment.finding import Finding, LineRef

MIN_EPOCH_SHARE_DIVISOR = 4
"""Divisor 4: if a log shows less than a quarter of the epochs that all real logs show, its lines cannot be counted
per epoch.
"""
_LABELLED = re.compile(r"“[^“”{}]*: \{\}”")
_REWORDING_CHECKS = frozenset(["literal differs", "line in no real log"])
_WHOLE_NUMBER = re.compile(r"(?<![\d.])\d{1,9}(?![\d.]*\d)")
_MISSING_EPOCH_CHECKS = frozenset(["epochs silently missing", "epochs declared as skipped"])
_EPOCH_CHECKS = ("epochs silently missing", "epochs too many")
_EPOCH_PRINT_COUNT = "print that names the epoch differs in count"
"""Name that the check `print count differs` gets if its finding is about a print that names the epoch (see
`_is_on_epoch_print`).
"""
_IN_EPOCH = re.compile(r"times? (?:in epoch (?P<epoch>\d+)|before the first epoch)$")
"""Matches the end of `expected` in findings of the check `print count differs`."""


def without_consequences(run_set: RunSet, findings: Sequence[Finding]) -> list[Finding]:
    """Remove the findings that another finding on the same log explains. Each log with findings keeps at least one.

    If a log rewords the print with the epoch, for example, its lines cannot be counted per epoch.
    """
    runs = {run.label: run for run in run_set.imagined}
    real_epochs = [run.epochs for run in run_set.finished if run.epochs]
    if run_set.program is not None or not real_epochs:
        return list(findings)
    named_findings = [
        (finding, _EPOCH_PRINT_COUNT if _is_on_epoch_print(finding) else finding.check) for finding in findings
    ]
    checks_by_run = {label: {check for finding, check in named_findings if label in finding.runs} for label in runs}
    reworded_numbers = {label: frozenset[int]() for label in runs}
    for ref in _reworded_lines(findings):
        reworded_numbers[ref.source] = reworded_numbers.get(ref.source, frozenset()).union(
            map(int, _WHOLE_NUMBER.findall(ref.text))
        )
    limited = [
        _limit_to_unexplained(finding, runs, frozenset.intersection(*real_epochs), checks_by_run, reworded_numbers)
        for finding in findings
    ]
    return [finding for finding in limited if finding is not None]


def _is_on_epoch_print(finding: Finding) -> bool:
    """Return whether the finding says that a log as a whole shows a print with the epoch too often or too rarely."""
    is_on_whole_log = finding.check == "print count differs" and not _IN_EPOCH.search(finding.expected)
    return is_on_whole_log and any(epoch_position(ref.text) is not None for ref in finding.evidence)


def without_skips(findings: Sequence[Finding]) -> list[Finding]:
    """Remove each `count skips` finding that something else explains: a wrong number beside the jump, or reworded
    lines within all jumps.
    """
    wrong_lines = {
        ref for finding in findings if finding.check == "constant line differs" for ref in finding.evidence
    }
    reworded = _reworded_lines(findings)
    return [
        finding
        for finding in findings
        if finding.check != "count skips"
        or (wrong_lines.isdisjoint(finding.evidence) and not _jumps_skip_rewordings(finding.evidence, reworded))
    ]


def without_unlabelled(findings: Sequence[Finding]) -> list[Finding]:
    """Remove findings on new lines that contain only numbers, in logs that lack the labels of these lines, such as
    `Validation loss:`.
    """
    runs_without_labels = {
        label
        for finding in findings
        if finding.check == "print count differs" and _LABELLED.search(finding.expected)
        for label in finding.runs
    }
    return [
        finding
        for finding in findings
        if finding.check != "line in no real log"
        or not runs_without_labels.issuperset(finding.runs)
        or not all(SINGLE_NUMBER.fullmatch(ref.text) for ref in finding.evidence)
    ]


def _reworded_lines(findings: Sequence[Finding]) -> list[LineRef]:
    return [ref for finding in findings if finding.check in _REWORDING_CHECKS for ref in finding.evidence]


def _jumps_skip_rewordings(jumps: Sequence[LineRef], reworded: Sequence[LineRef]) -> bool:
    """Return whether every jump has a reworded line in it.

    `jumps` contains, for each jump, the line before it and the line after it.
    """
    pairs = list(zip(jumps[::2], jumps[1::2], strict=False))
    return bool(pairs) and all(
        any(ref.source == low.source and low.number < ref.number < high.number for ref in reworded)
        for low, high in pairs
    )


def _limit_to_unexplained(
    finding: Finding,
    runs: dict[str, ParsedRun],
    common_epochs: frozenset[int],
    checks_by_run: dict[str, set[str]],
    reworded_numbers: dict[str, frozenset[int]],
) -> Finding | None:
    """Return the finding, limited to those of its runs in which no other finding explains it; None if no run
    remains.
    """
    remaining_runs = tuple(
        label
        for label in finding.runs
        if label not in runs
        or not _is_consequence(finding, runs[label], common_epochs, checks_by_run[label], reworded_numbers[label])
    )
    if remaining_runs == finding.runs:
        return finding
    evidence = tuple(
        ref for ref in finding.evidence if ref.source in remaining_runs or ref.source not in finding.runs
    )
    return replace(finding, runs=remaining_runs, evidence=evidence) if remaining_runs else None


def _is_consequence(
    finding: Finding,
    run: ParsedRun,
    common_epochs: frozenset[int],
    checks: Iterable[str],
    reworded_numbers: frozenset[int],
) -> bool:
    """Return whether the finding follows from another finding on `run`.

    `checks` are the checks that have findings on this run.
    """
    is_reworded = not _REWORDING_CHECKS.isdisjoint(checks)
    names_few = len(run.epochs & common_epochs) * MIN_EPOCH_SHARE_DIVISOR < len(common_epochs)
    is_missing = not _MISSING_EPOCH_CHECKS.isdisjoint(checks)
    epoch_match = _IN_EPOCH.search(finding.expected) if finding.check == "print count differs" else None
    if finding.check in _EPOCH_CHECKS:
        missing = common_epochs - run.epochs
        are_named = finding.check == "epochs silently missing" and bool(missing) and missing <= reworded_numbers
        # Real logs that name a single epoch do not count epochs: what lacks is the print that names it.
        lacks_print = len(common_epochs) == 1 and not run.epochs and _EPOCH_PRINT_COUNT in checks
        return (names_few and is_reworded) or are_named or lacks_print
    if epoch_match is not None:
        is_beside_missing = epoch_match["epoch"] is not None and not {
            int(epoch_match["epoch"]) + offset for offset in (-1, 1)
        }.isdisjoint(common_epochs - run.epochs)
        return (names_few and (is_reworded or is_missing)) or (is_beside_missing and is_missing)
    return finding.check == "count skips" and is_missing
