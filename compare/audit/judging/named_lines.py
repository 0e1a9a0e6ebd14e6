"""Finds the output lines that have the number of a claim beside its name."""

import re
from collections.abc import Iterator
from functools import partial
from itertools import islice
from typing import NamedTuple

from gedanken.compare.audit.claims.claim_contents import ValueClaim
from gedanken.compare.audit.numbers.number_names import SPLIT_WORDS
from gedanken.compare.audit.record.runs import Run
from gedanken.compare.audit.relevance.same_command import runs_command
from gedanken.compare.audit.verdicts import Case

_MAX_RUNS = 40

_MAX_LINES = 4_000

_MAX_TEXT = 2_000_000
"""Maximum number of characters of an output that are searched for names."""

_NUMBER = re.compile(
    r"(?<![\w.])-?(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][-+]?\d+)?(?=\s?%|[^\w.]|\.(?!\d)|$|s\b|ms\b|[KMG]i?B?\b)"
)

_ALIASES = {
    "accuracy": r"acc(?:uracy)?|correct|genauigkeit|准确率",
    "acc": r"acc(?:uracy)?",
    "genauigkeit": r"acc(?:uracy)?|genauigkeit",
    "précision": r"acc(?:uracy)?|prec",
    "exactitude": r"acc(?:uracy)?",
    "exactitud": r"acc(?:uracy)?",
    "precisión": r"acc(?:uracy)?|prec",
    "准确率": r"acc(?:uracy)?|准确率",
    "精度": r"acc(?:uracy)?|precision|精度",
    "loss": r"loss",
    "verlust": r"loss",
    "perte": r"loss",
    "pérdida": r"loss",
    "损失": r"loss|损失",
    "f1": r"f1",
    "f1 score": r"f1",
    "f1-score": r"f1",
    **dict.fromkeys(
        (
            "coverage",
            "cover",
            "decken",
            "abdeckung",
            "testabdeckung",
            "couverture",
            "cobertura",
            "覆盖率",
            "カバレッジ",
        ),
        r"cov(?:erage|ered)?|TOTAL|All files|% ?Stmts",
    ),
    "testgenauigkeit": r"acc(?:uracy)?|genauigkeit",
    "acurácia": r"acc(?:uracy)?",
    "正解率": r"acc(?:uracy)?|正解率",
    "r²": r"r2|r²|r\^2",
    "r2": r"r2|r²|r\^2",
    "perplexity": r"perplexity|ppl",
    "roc auc": r"auc",
    "roc-auc": r"auc",
    "auroc": r"auroc|auc",
}

_QUALIFIER = re.compile(
    r"\b(?:final|best|mean|average|avg|overall|total|macro|weighted|last|lowest|highest|held-out|line|branch|"
    r"statement|code)\b"
)


class Line(NamedTuple):
    """A line of an output that contains the name of the claim's subject."""

    run: Run
    text: str
    offset: int
    numbers: tuple[str, ...]
    values: tuple[float, ...]
    positions: tuple[int, ...]


def find_named_lines(case: Case, says: ValueClaim, *, after_claim: bool = False) -> Iterator[Line]:
    """Yield the lines that name the claim's subject, beginning with those of the latest run.

    If `after_claim` is True, yield only the lines of the first run after the claim.
    """
    words = name_pattern(says)
    if says.kind in ("count", "size") and case.spotted.claim.path:
        base = re.escape(case.spotted.claim.path.rsplit("/", 1)[-1])
        words = rf"{words}|(?<![\w-]){base}(?!\w)" if words else rf"(?<![\w-]){base}(?!\w)"
    if words is None:
        return
    pattern = re.compile(words, re.IGNORECASE)
    for run in (
        case.runs_after()[:1]
        if after_claim
        else case.runs_before()[: _MAX_RUNS if says.kind != "time" else _MAX_RUNS // 3]
    ):
        if run.result is None or (case.spotted.command and not runs_command(case.spotted.command, run)):
            continue
        if len(run.text) < _MAX_TEXT:
            yield from case.record.cached((words, run.call_event), partial(_lines_with_name, run, pattern))


def _lines_with_name(run: Run, pattern: re.Pattern[str]) -> tuple[Line, ...]:
    lines = []
    for match in islice(pattern.finditer(run.text), _MAX_LINES):
        start = run.text.rfind("\n", 0, match.start()) + 1
        end = run.text.find("\n", match.end())
        text = run.text[start : end if end >= 0 else len(run.text)][:1_000]
        if number_matches := list(_NUMBER.finditer(text)):
            numbers, positions = (
                tuple(number_match[0] for number_match in number_matches),
                tuple(number_match.start() for number_match in number_matches),
            )
            lines.append(Line(run, text, start, numbers, tuple(map(float, numbers)), positions))
    return tuple(lines)


def name_pattern(says: ValueClaim) -> str | None:
    match says.kind:
        case "metric":
            name = SPLIT_WORDS.sub("", _QUALIFIER.sub("", says.name)).strip()
            return (
                rf"(?<![A-Za-z])(?:[a-z]+_)?(?:{_ALIASES.get(name, re.escape(name))})(?![a-z]{{3}})" if name else None
            )
        case "count":
            return rf"\b{re.escape(says.name.rstrip('s'))}(?:s|es)?\b"
        case "version":
            return rf"(?<![\w-]){re.escape(says.name)}(?![a-z])"
        case "time":
            return r"\d ?m?s\b|real|time|elapsed|seconds?|duration"
    return None
