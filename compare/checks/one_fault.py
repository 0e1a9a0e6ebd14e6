"""One fault, one finding: what several brought logs show alike is told once, with all of them named."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from gedanken.compare.parsed.run_set import RunSet, evidence
from gedanken.experiment.counts import many
from gedanken.experiment.finding import Finding

EXAMPLES = 3
"""Runs of which it is said what they show, at most."""
_TOGETHER = {
    "print count differs": "do not",
    "log copied": "are copies",
    "curve copied": "are copies",
    "numbers copied": "are copies",
}
"""What several runs do that each have a finding of a check; `differ` for any other."""


def one_fault(run_set: RunSet, findings: Sequence[Finding]) -> list[Finding]:
    """The findings on brought logs, those that have one cause made one; with a program each is left as it is.

    One cause have the same print in several logs, and several prints that are shown too often or too seldom in the
    same logs.
    """
    if run_set.program is not None:
        return list(findings)
    merged = [_of_runs(run_set, group) for group in _grouped(findings, by_runs=False)]
    return [_of_prints(group) for group in _grouped(merged, by_runs=True)]


def _grouped(findings: Iterable[Finding], *, by_runs: bool) -> Iterable[list[Finding]]:
    groups: dict[object, list[Finding]] = {}
    for at, one in enumerate(findings):
        key: object = at
        if by_runs and one.check == "print count differs":
            key = (one.check, one.runs)
        elif not by_runs and one.of == 0 and one.runs:
            # In whichever epoch a print is lacking, it is one print.
            key = (one.check, one.subject, one.expected.partition("”")[0])
        groups.setdefault(key, []).append(one)
    return groups.values()


def _of_runs(run_set: RunSet, group: Sequence[Finding]) -> Finding:
    first = group[0]
    runs = tuple(dict.fromkeys(label for one in group for label in one.runs))
    if len(group) == 1:
        return first
    refs = evidence([ref for one in group for ref in one.evidence])
    if first.check == "literal differs":
        told = f"{first.observed}, and others {many(len(group) - 1, 'other wording')}"
        return replace(first, runs=runs, evidence=refs, observed=told)
    if len(runs) == 1:
        told = f"{first.observed}, and the like {many(len(group) - 1, 'more time')}"
        return replace(first, evidence=refs, observed=told)
    shown = dict.fromkeys(one.observed for one in group)
    examples = [next(one for one in group if one.observed == observed) for observed in list(shown)[:EXAMPLES]]
    told = "; ".join(f"{one.runs[0]} {one.observed}" for one in examples)
    return replace(
        first,
        runs=runs,
        evidence=refs,
        observed=f"{_TOGETHER.get(first.check, 'differ')}: {told}",
        of=len(run_set.imagined),
    )


def _of_prints(group: Sequence[Finding]) -> Finding:
    first = group[0]
    if len(group) == 1:
        return first
    others = [one.expected.partition("“")[2].partition("”")[0] for one in group[1:]]
    names = ", ".join(f"“{name}”" for name in others[:EXAMPLES])
    more = f" and {len(others) - EXAMPLES} more" if len(others) > EXAMPLES else ""
    return replace(
        first,
        evidence=evidence([ref for one in group for ref in one.evidence]),
        observed=f"{first.observed}; so it is with {names}{more}",
    )
