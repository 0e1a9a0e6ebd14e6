"""Merges findings if the program is not given: a fault in several logs is reported once, with all their names."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from gedanken.compare.checks.consequences import without_consequences, without_skips, without_unlabelled
from gedanken.compare.checks.missing_epochs import SILENTLY_SUFFIX
from gedanken.compare.parsed.run_set import RunSet, select_evidence
from gedanken.experiment.counts import format_count
from gedanken.experiment.finding import Finding

EXAMPLES = 3
"""Maximum number of runs, or of prints, that are quoted in a merged finding."""
_COPIES = ("numbers copied", "curve copied")
_EXPECTED_MAY_DIFFER = (*_COPIES, "epochs silently missing")
"""Checks whose findings count as the same fault even if their `expected` texts differ."""
_BY_PRINT = ("print count differs", "literal differs")
"""Checks each of whose findings is about a single print. `expected` quotes the words of that print."""
_SHOWS = "the imagined log shows "
_VERBS = {
    "print count differs": "do not",
    "epochs silently missing": f"leave out epochs{SILENTLY_SUFFIX}",
    "number format differs": "print a number in another format",
    "log copied": "are copies",
    "curve copied": "are copies",
    "numbers copied": "are copies",
}
"""What a merged finding says that the runs do, as in `2 of 3 imagined runs are copies`. Checks that are not listed
use `differ`.
"""


def merge_findings(run_set: RunSet, findings: Sequence[Finding]) -> list[Finding]:
    """Remove findings that follow from others, then merge findings that probably have one cause.

    Three kinds are merged: the same fault in several logs; wrong line counts of several prints in the same logs; and
    faults of different prints in different logs. If the program is given, all findings are returned unchanged.
    """
    if run_set.program is not None:
        return list(findings)
    findings = without_unlabelled(without_skips(without_consequences(run_set, findings)))
    merged = [_merge_same_print(run_set, group) for group in _group_findings(findings, by_runs=False)]
    merged = [_merge_same_runs(group) for group in _group_findings(merged, by_runs=True)]
    return [_merge_across_logs(run_set, group) for group in _group_across_logs(merged)]


def _group_findings(findings: Iterable[Finding], *, by_runs: bool) -> Iterable[list[Finding]]:
    groups: dict[object, list[Finding]] = {}
    for index, finding in enumerate(findings):
        key: object = index
        if by_runs and finding.check == "print count differs":
            key = (finding.check, finding.runs)
        elif not by_runs and finding.of == 0 and finding.runs:
            # `expected` may also name an epoch or a probability, which need not be equal for findings to be merged.
            expected = "" if finding.check in _EXPECTED_MAY_DIFFER else finding.expected.partition("”")[0]
            key = (_COPIES if finding.check in _COPIES else finding.check, finding.subject, expected)
        groups.setdefault(key, []).append(finding)
    return groups.values()


def _merge_same_print(run_set: RunSet, group: Sequence[Finding]) -> Finding:
    first = group[0]
    runs = tuple(dict.fromkeys(label for finding in group for label in finding.runs))
    if len(group) == 1:
        return first
    first = replace(first, which=first.which if len({finding.which for finding in group}) == 1 else "")
    refs = select_evidence([ref for finding in group for ref in finding.evidence])
    if first.check == "literal differs":
        merged_text = f"{first.observed} (and {format_count(len(group) - 1, 'other wording')})"
        return replace(first, runs=runs, evidence=refs, observed=merged_text)
    if len(runs) == 1:
        merged_text = f"{first.observed} (and {format_count(len(group) - 1, 'more finding')} of this kind)"
        return replace(first, evidence=refs, observed=merged_text)
    texts = dict.fromkeys(finding.observed for finding in group)
    examples = [
        next(finding for finding in group if finding.observed == observed) for observed in list(texts)[:EXAMPLES]
    ]
    merged_text = "; ".join(
        f"{example.runs[0]} {example.observed.removesuffix(SILENTLY_SUFFIX)}" for example in examples
    )
    return replace(
        first,
        runs=runs,
        evidence=refs,
        observed=f"{_VERBS.get(first.check, 'differ')}: {merged_text}",
        of=len(run_set.imagined),
    )


def _merge_same_runs(group: Sequence[Finding]) -> Finding:
    first = group[0]
    if len(group) == 1:
        return first
    other_prints = [finding.expected.partition("“")[2].partition("”")[0] for finding in group[1:]]
    names = ", ".join(f"“{name}”" for name in other_prints[:EXAMPLES])
    suffix = f" and {len(other_prints) - EXAMPLES} more" if len(other_prints) > EXAMPLES else ""
    return replace(
        first,
        evidence=select_evidence([ref for finding in group for ref in finding.evidence]),
        observed=f"{first.observed}; the same holds for {names}{suffix}",
    )


def _group_across_logs(findings: Iterable[Finding]) -> Iterable[list[Finding]]:
    """Group findings of the same check if it is in `_BY_PRINT`, so that no log occurs twice in a group.

    All other findings form groups of one.
    """
    groups: list[list[Finding]] = []
    for finding in findings:
        for group in groups if finding.check in _BY_PRINT else ():
            labels = {label for grouped in group for label in grouped.runs}
            if group[0].check == finding.check and labels.isdisjoint(finding.runs):
                group.append(finding)
                break
        else:
            groups.append([finding])
    return groups


def _merge_across_logs(run_set: RunSet, group: Sequence[Finding]) -> Finding:
    first = group[0]
    if len(group) == 1:
        return first
    examples = group[:EXAMPLES]
    # `Real runs print “a” 2 times` and `Real runs print “b” 3 times` have their words up to the quotation in common.
    common_start = first.expected.partition("“")[0]
    expected = ", ".join([first.expected, *(finding.expected.removeprefix(common_start) for finding in examples[1:])])
    if first.check == "literal differs":
        wordings = ", ".join(finding.observed.removeprefix(_SHOWS) for finding in examples)
        observed = f"the imagined logs show {wordings}"
    else:
        observed = f"do not: {'; '.join(map(_quote_print, examples))}"
    suffix = f", and {format_count(len(group) - len(examples), 'other print')}" if len(group) > len(examples) else ""
    return replace(
        first,
        runs=tuple(dict.fromkeys(label for finding in group for label in finding.runs)),
        evidence=select_evidence([ref for finding in group for ref in finding.evidence]),
        expected=expected,
        observed=f"{observed}{suffix}",
        of=len(run_set.imagined),
    )


def _quote_print(finding: Finding) -> str:
    """Replace `it` by the words of the print: `shows it 3 times` becomes `shows “loss {}” 3 times`."""
    words = finding.expected.partition("“")[2].partition("”")[0]
    subject = f"{finding.runs[0]} " if finding.of == 0 else ""
    return subject + finding.observed.removeprefix("do not: ").replace("shows it ", f"shows “{words}” ")
