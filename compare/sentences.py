"""Findings as sentences, and as plain values."""

from dataclasses import asdict
from typing import Any

from gedanken.experiment.finding import Finding

_EACH = "{who} {observed}."
_AGAINST = "{who} {observed}; {expected}."
_EXPECTED_FIRST = "{expected}; {who} {observed}."
_TOGETHER = "{observed}."
_TWO_CLAUSES = "{expected}; {observed}."

_FORMS = {
    "time differs": _AGAINST,
    "blank lines missing": _AGAINST,
    "count skips": _AGAINST,
    "numbers copied": _AGAINST,
    "samples repeat each other": _AGAINST,
    "numbers reused": _AGAINST,
    "GPUs it could not use": _AGAINST,
    "print count differs": _EXPECTED_FIRST,
    "proven line differs": _EXPECTED_FIRST,
    "constant line differs": _EXPECTED_FIRST,
    "exit status differs": _EXPECTED_FIRST,
    "fixed seed, other output": _EXPECTED_FIRST,
    "literal differs": _TWO_CLAUSES,
    "number format differs": "{observed}; {expected}.",
    "primary endpoint differs": "In {who}, the {subject} {observed}; {expected}.",
    "answer cut": "The token limit cut the answer to “{subject}”, which was right as far as it went.",
    "series differs": _TOGETHER,
    "outlier": "In {who}, the {subject} {observed}; {expected}.",
    "line in no real log": _TOGETHER,
    "reseeding failed": _TOGETHER,
    "seed does not hold": _TOGETHER,
    "gpus not seen": "{observed}",
    "departs from its persona": "It was told {expected}, and shows {observed}.",
}
"""Sentence pattern of each check; a check without one states what each run shows."""
_OF_A_COMMAND = {
    "exit status differs": "“{subject}” {expected}, {observed}.",
    "answer differs": "{subject}: really {expected}, imagined {observed}.",
    "departs from its persona": "{subject} {observed}; {expected}.",
    "contradiction": _TOGETHER,
    "oracle: GPU table": "“{subject}” {observed}.",
}
"""Sentence patterns used if the subject is a command."""


def sentence(finding: Finding) -> str:
    """Write the finding as one plain sentence."""
    forms = {**_FORMS, **_OF_A_COMMAND} if finding.subject else _FORMS
    told = forms.get(finding.check, _EACH).format(
        who=who(finding), observed=finding.observed, expected=finding.expected, subject=finding.subject
    )
    return f"{told} {finding.caution}" if finding.caution else told


def who(finding: Finding) -> str:
    """Name the runs that the finding is about, for example `2 of 3 imagined runs`, or the label of a single one."""
    return f"{len(finding.runs)} of {finding.of} imagined runs" if finding.of else ", ".join(finding.runs)


def finding_values(finding: Finding) -> dict[str, Any]:
    """Return the finding as plain values; the keys `kind`, `claim` and `lines` are kept for compatibility."""
    return {
        "kind": finding.check,
        "claim": sentence(finding),
        "runs": list(finding.runs),
        "of": finding.of or None,
        "expected": finding.expected or None,
        "observed": finding.observed or None,
        "lines": [asdict(line) for line in finding.evidence],
        "explained_by": finding.explained_by,
    }
