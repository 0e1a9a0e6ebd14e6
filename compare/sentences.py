"""Turns findings into sentences and into plain values, and names their kinds."""

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
_EXPECTED_LAST = "{who} {observed}; {expected}."
_EXPECTED_FIRST = "{expected}; {who} {observed}."
_OBSERVED_ONLY = "{observed}."
_TWO_CLAUSES = "{expected}; {observed}."

_FORMS = {
    "time differs": _EXPECTED_LAST,
    "blank lines missing": _EXPECTED_LAST,
    "count skips": _EXPECTED_LAST,
    "numbers copied": _EXPECTED_LAST,
    "samples repeat each other": _EXPECTED_LAST,
    "numbers reused": _EXPECTED_LAST,
    "GPUs it could not use": _EXPECTED_LAST,
    "print count differs": _EXPECTED_FIRST,
    "proven line differs": _EXPECTED_FIRST,
    "constant line differs": _EXPECTED_FIRST,
    "exit status differs": _EXPECTED_FIRST,
    "fixed seed, other output": _EXPECTED_FIRST,
    "literal differs": _TWO_CLAUSES,
    "number format differs": _EXPECTED_LAST,
    "epochs silently missing": _EXPECTED_LAST,
    "primary endpoint differs": "In {who}, the {subject} {observed}; {expected}.",
    "answer cut": "The token limit cut the answer to “{subject}”, which was right up to the cut.",
    "series differs": _OBSERVED_ONLY,
    "outlier": "In {who}, the {subject} {observed}; {expected}.",
    "line in no real log": _OBSERVED_ONLY,
    "reseeding failed": _OBSERVED_ONLY,
    "seed does not hold": _OBSERVED_ONLY,
    "gpus not seen": "{observed}",
    "departs from its persona": "The imagined machine was told {expected}, but shows {observed}.",
}
"""The sentence pattern of each check. Checks that are not listed use `_EACH`."""
_COMMAND_FORMS = {
    "exit status differs": "“{subject}” {expected}, {observed}.",
    "answer differs": "{subject}: really {expected}, imagined {observed}.",
    "departs from its persona": "{subject} {observed}; {expected}.",
    "contradiction": _OBSERVED_ONLY,
    "oracle: GPU table": "“{subject}” {observed}.",
}
"""Sentence patterns that are used in place of those in `_FORMS` if a finding has a `subject`, such as a command."""

_KIND_LABELS = {
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
"""The words for each kind of finding, as they follow “the run shows”. Kinds of plug-ins are not listed."""


def kind_label(check: str) -> str:
    """Return the words for the kind of finding that a check makes. For a check of a plug-in, return the check's
    own name.
    """
    return _KIND_LABELS.get(check, check)


def kind_labels(findings: Sequence[Finding]) -> list[str]:
    """Name each kind among these findings, the most frequent first.

    If all findings of a kind have the same `which`, it is added in brackets: `lines out of order (epoch 8)`.
    """
    counts = Counter(finding.check for finding in findings)
    labels = []
    for check, _times in counts.most_common():
        which = {finding.which for finding in findings if finding.check == check}
        common_which = which.pop() if len(which) == 1 else ""
        labels.append(f"{kind_label(check)} ({common_which})" if common_which else kind_label(check))
    return labels


def format_finding(finding: Finding) -> str:
    """Write the finding as one plain sentence, followed by its caution if it has one."""
    forms = {**_FORMS, **_COMMAND_FORMS} if finding.subject else _FORMS
    expected, observed = finding.expected, finding.observed
    if finding.check == "literal differs":
        expected, observed = shorten_to_difference(expected, _observed_with_line(finding))
    text = forms.get(finding.check, _EACH).format(
        who=format_runs(finding), observed=observed, expected=expected, subject=finding.subject
    )
    return f"{text} {finding.caution}" if finding.caution else text


def shorten_to_difference(expected: str, observed: str) -> tuple[str, str]:
    """Shorten two quoted lines to the words that differ and the words next to them.

    Short lines are returned unchanged, and so are texts that do not contain exactly one quotation.
    """
    expected_quotes, observed_quotes = _QUOTED.findall(expected), _QUOTED.findall(observed)
    if (
        len(expected_quotes) != 1
        or len(observed_quotes) != 1
        or max(len(expected_quotes[0]), len(observed_quotes[0])) <= _LONG_QUOTATION
    ):
        return expected, observed
    rows = [expected_quotes[0].split(" "), observed_quotes[0].split(" ")]
    begin = _common_prefix_length(*rows)
    end = min(_common_prefix_length(rows[0][::-1], rows[1][::-1]), min(map(len, rows)) - begin)
    excerpts = [_excerpt(row, begin, len(row) - end) for row in rows]
    return expected.replace(expected_quotes[0], excerpts[0]), observed.replace(observed_quotes[0], excerpts[1])


def _observed_with_line(finding: Finding) -> str:
    """Return what the finding observed, with `the imagined log shows` replaced by `line 7 of imagined-1 shows`."""
    if len(finding.runs) != 1 or not finding.evidence or finding.evidence[0].source != finding.runs[0]:
        return finding.observed
    place = f"line {finding.evidence[0].number} of {finding.runs[0]} shows"
    return re.sub(r"^the imagined (?:log|run) shows", place, finding.observed)


def _common_prefix_length(expected_words: Sequence[str], observed_words: Sequence[str]) -> int:
    """Count the equal words at the beginning of two lines; an expected `{}` equals any text without a space."""
    pairs = zip(expected_words, observed_words, strict=False)
    return next(
        (index for index, (expected, observed) in enumerate(pairs) if not _is_same_word(expected, observed)),
        min(len(expected_words), len(observed_words)),
    )


def _is_same_word(expected: str, observed: str) -> bool:
    parts = [re.escape(part) for part in expected.split(_VALUE)]
    return (
        re.fullmatch(r"\S{1,80}?".join(parts), observed) is not None if _VALUE in expected else expected == observed
    )


def _excerpt(row: Sequence[str], begin: int, end: int) -> str:
    low, high = max(0, begin - _WORDS_AROUND), min(len(row), end + _WORDS_AROUND)
    return f"{'… ' if low else ''}{' '.join(row[low:high])}{' …' if high < len(row) else ''}"


def format_runs(finding: Finding) -> str:
    """Name the runs that the finding is about, for example `2 of 3 imagined runs`, or the label of a single run."""
    return f"{len(finding.runs)} of {finding.of} imagined runs" if finding.of else ", ".join(finding.runs)


def finding_values(finding: Finding) -> dict[str, Any]:
    """Return the finding as plain values."""
    # Programs read the keys `kind`, `claim` and `lines`: these keep their names.
    return {
        "kind": finding.check,
        "claim": format_finding(finding),
        "runs": list(finding.runs),
        "of": finding.of or None,
        "expected": finding.expected or None,
        "observed": finding.observed or None,
        "lines": [asdict(line) for line in finding.evidence],
        "explained_by": finding.explained_by,
    }
