"""Turns findings into sentences, into names of their kinds, and into plain values."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from gedanken.experiment.finding import Finding

_QUOTED = re.compile("“([^”]*)”")
_VALUE = "{}"
"""Placeholder for a value in the words of a print."""
_LONG_QUOTATION = 75
_WORDS_AROUND = 1
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
    "epochs silently missing": _AGAINST,
    "primary endpoint differs": "In {who}, the {subject} {observed}; {expected}.",
    "answer cut": "The token limit cut the answer to “{subject}”, which was right up to the cut.",
    "series differs": _TOGETHER,
    "outlier": "In {who}, the {subject} {observed}; {expected}.",
    "line in no real log": _TOGETHER,
    "reseeding failed": _TOGETHER,
    "seed does not hold": _TOGETHER,
    "gpus not seen": "{observed}",
    "departs from its persona": "The imagined machine was told {expected}, but shows {observed}.",
}
"""Sentence pattern of each check; all other checks use `_EACH`."""
_OF_A_COMMAND = {
    "exit status differs": "“{subject}” {expected}, {observed}.",
    "answer differs": "{subject}: really {expected}, imagined {observed}.",
    "departs from its persona": "{subject} {observed}; {expected}.",
    "contradiction": _TOGETHER,
    "oracle: GPU table": "“{subject}” {observed}.",
}
"""Sentence patterns that replace those of `_FORMS` for a finding with a `subject`, such as a command."""

_KINDS = {
    "GPUs it could not use": "GPUs that the program could not use",
    "answer cut": "answer cut by the token limit",
    "answer differs": "another answer to a command",
    "blank lines missing": "blank lines missing",
    "constant line differs": "other numbers where all real runs agree",
    "contradiction": "impossible or contradictory statements",
    "count skips": "a count that skips numbers",
    "curve copied": "a curve copied from another run",
    "departs from its persona": "contradiction of its persona",
    "ends early": "a log that ends early",
    "epochs cut": "epochs cut off",
    "epochs declared as skipped": "epochs declared as skipped",
    "epochs silently missing": "epochs silently left out",
    "epochs too many": "too many epochs",
    "exit status differs": "another exit code",
    "fixed seed, other output": "other output despite a fixed seed",
    "gpus not seen": "GPUs that the real machine does not see",
    "line in no real log": "lines that no real log has",
    "line without a print": "lines that no print statement makes",
    "literal differs": "lines worded differently",
    "log copied": "a copy of another log",
    "number format differs": "numbers in another format",
    "numbers copied": "numbers copied from a real run",
    "numbers reused": "numbers repeated from an earlier version",
    "oracle: GPU table": "an impossible GPU table",
    "oracle: first loss": "an impossible first loss",
    "oracle: fractions": "counts and percentages that do not agree",
    "oracle: parameters": "a wrong number of parameters",
    "oracle: steps": "a wrong number of steps",
    "oracle: time": "epoch times that do not add up",
    "out of order": "lines out of order",
    "outlier": "last value far outside the real ones",
    "primary endpoint differs": "a different value of the main metric",
    "print count differs": "lines too many or missing",
    "proven line differs": "lines that contradict the source",
    "reseeding failed": "a seed that cannot be changed",
    "samples repeat each other": "the same numbers in several imagined runs",
    "seed does not hold": "real runs that differ despite a fixed seed",
    "series differs": "curves unlike the real ones",
    "time differs": "a claimed time far from the real one",
}
"""Words for each kind of finding, which fit after “the run shows”; the kinds of a plug-in are not listed."""


def kind_in_words(check: str) -> str:
    """Return the words for the kind of finding that a check makes; for a plug-in, the check's own name."""
    return _KINDS.get(check, check)


def kinds_in_words(findings: Sequence[Finding]) -> list[str]:
    """Name each kind among these findings, the most frequent first.

    If all findings of a kind have the same `which`, it follows in brackets: `lines out of order (epoch 8)`.
    """
    counted = Counter(finding.check for finding in findings)
    named = []
    for check, _times in counted.most_common():
        which = {finding.which for finding in findings if finding.check == check}
        only = which.pop() if len(which) == 1 else ""
        named.append(f"{kind_in_words(check)} ({only})" if only else kind_in_words(check))
    return named


def sentence(finding: Finding) -> str:
    """Write the finding as one plain sentence, followed by its caution if it has one."""
    forms = {**_FORMS, **_OF_A_COMMAND} if finding.subject else _FORMS
    expected, observed = finding.expected, finding.observed
    if finding.check == "literal differs":
        expected, observed = around_difference(expected, _with_place(finding))
    told = forms.get(finding.check, _EACH).format(
        who=who(finding), observed=observed, expected=expected, subject=finding.subject
    )
    return f"{told} {finding.caution}" if finding.caution else told


def around_difference(expected: str, observed: str) -> tuple[str, str]:
    """Shorten two quoted lines to the words that differ, and the words next to them.

    Short lines, and texts without exactly one quotation, stay as they are.
    """
    ours, theirs = _QUOTED.findall(expected), _QUOTED.findall(observed)
    if len(ours) != 1 or len(theirs) != 1 or max(len(ours[0]), len(theirs[0])) <= _LONG_QUOTATION:
        return expected, observed
    rows = [ours[0].split(" "), theirs[0].split(" ")]
    begin = _alike(*rows)
    end = min(_alike(rows[0][::-1], rows[1][::-1]), min(map(len, rows)) - begin)
    shown = [_part(row, begin, len(row) - end) for row in rows]
    return expected.replace(ours[0], shown[0]), observed.replace(theirs[0], shown[1])


def _with_place(finding: Finding) -> str:
    """Return what the finding observed, with `the imagined log shows` replaced by `line 7 of imagined-1 shows`."""
    if len(finding.runs) != 1 or not finding.evidence or finding.evidence[0].source != finding.runs[0]:
        return finding.observed
    place = f"line {finding.evidence[0].number} of {finding.runs[0]} shows"
    return re.sub(r"^the imagined (?:log|run) shows", place, finding.observed)


def _alike(ours: Sequence[str], theirs: Sequence[str]) -> int:
    """Count the equal words at the beginning of two lines; `{}` in `ours` equals any text without a space."""
    pairs = zip(ours, theirs, strict=False)
    return next((at for at, (our, their) in enumerate(pairs) if not _same(our, their)), min(len(ours), len(theirs)))


def _same(our: str, their: str) -> bool:
    parts = [re.escape(part) for part in our.split(_VALUE)]
    return re.fullmatch(r"\S{1,80}?".join(parts), their) is not None if _VALUE in our else our == their


def _part(row: Sequence[str], begin: int, end: int) -> str:
    low, high = max(0, begin - _WORDS_AROUND), min(len(row), end + _WORDS_AROUND)
    return f"{'… ' if low else ''}{' '.join(row[low:high])}{' …' if high < len(row) else ''}"


def who(finding: Finding) -> str:
    """Name the runs that the finding is about, for example `2 of 3 imagined runs`, or the label of a single run."""
    return f"{len(finding.runs)} of {finding.of} imagined runs" if finding.of else ", ".join(finding.runs)


def finding_values(finding: Finding) -> dict[str, Any]:
    """Return the finding as plain values."""
    # Programs read the keys `kind`, `claim` and `lines`: these keep their names.
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
