"""Tells numbers that count tests from numbers that belong to a name, such as `Task 3`."""

import re

from gedanken.compare.audit.language.message_parts import Sentence

_LABELS = frozenset(
    [
        "phase",
        "step",
        "task",
        "stage",
        "ticket",
        "issue",
        "chapter",
        "level",
        "part",
        "milestone",
        "round",
        "sprint",
        "option",
        "batch",
        "section",
        "pr",
        "case",
        "slice",
        "fix",
        "bug",
        "tier",
        "wave",
        "day",
        "python",
        "node",
        "vue",
        "react",
        "version",
        "release",
        "test",
        "group",
        "module",
        "job",
        "iteration",
        "day",
        "question",
        "problem",
        "exercise",
        "item",
        "no",
        "number",
    ]
)

_NO_LABELS = frozenset(
    [
        "all",
        "the",
        "these",
        "those",
        "of",
        "with",
        "and",
        "both",
        "now",
        "total",
        "tests",
        "passed",
        "result",
        "results",
        "got",
        "currently",
        "exactly",
        "finally",
        "so",
        "then",
        "our",
        "my",
        "only",
        "still",
        "also",
        "yes",
        "great",
        "good",
        "perfect",
        "excellent",
        "done",
        "nice",
        "success",
        "verified",
        "fixed",
        "suite",
        "summary",
        "status",
        "pass",
        "ran",
        "shows",
        "reports",
        "alle",
        "die",
        "tous",
        "les",
        "las",
        "los",
        "todas",
        "todos",
        "comme",
        "total",
    ]
)


def labels_tests(sentence: Sentence, match: re.Match[str]) -> bool:
    """Return whether a number before `tests` is part of a name instead of a count, as in `Task 3 tests pass`."""
    if not match.groupdict().get("n"):
        return False
    position = match.start("n")
    if match["n"][0].isupper() and position:
        return True
    before = re.search(r"([\w.+#-]+) $", sentence.plain[max(0, position - 30) : position])
    if before is None or not match["n"][0].isdigit():
        return False
    word = before[1]
    return word.lower() in _LABELS or (word[0].isupper() and word.lower() not in _NO_LABELS)
