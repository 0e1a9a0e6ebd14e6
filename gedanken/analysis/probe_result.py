"""Computes the result of a probe: accuracy by operation, size and arm, and consistency of repeated questions."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from statistics import fmean
from typing import Any

from gedanken.analysis.probe_scores import item_scores
from gedanken.compare.answers.shares import Exactness, exactness
from gedanken.compare.stats.proportions import share_of
from gedanken.experiment.probe_events import AnswerKept
from gedanken.experiment.probe_item import Answer, ItemScore
from gedanken.experiment.run_log import RunLog

SAME_AS: dict[str, tuple[str, str]] = {
    "determinism": ("direct", "again"),
    "later in the session": ("session", "later"),
    "in another order": ("session", "other order"),
}
"""For each check of consistency, two arms in which the same questions are asked. The check counts equal answers,
whether they are right or wrong."""


def probe_result(log: RunLog) -> dict[str, Any]:
    """Return the complete result of a probe.

    `exact` is the share of right answers to direct questions about items in the roles `alone`, `easy` and `hard`.
    """
    scores = item_scores(log)
    direct = [score for score in scores if score.condition == "direct"]
    measured = [score for score in direct if score.item.role in ("alone", "easy", "hard")]
    return {
        "model": log.setup.model.name if log.setup and log.setup.model else None,
        "n": len(measured),
        **_exact(measured),
        "outcomes": dict(Counter(answer.outcome for score in direct for answer in score.answers)),
        "cells": [
            {"family": family, "operation": operation, "size": size, "role": role, "arm": arm, **_cell(some)}
            for (family, operation, size, role, arm), some in _cells(scores)
        ],
        "consistency": {name: _consistency(log.answers, *arms) for name, arms in SAME_AS.items()},
        "reasoning": _reasoning(direct),
        "not_scored": [
            {"item": kept.item.id, "problem": kept.problem, **_line(log, kept.item.id)}
            for kept in log.items
            if kept.problem
        ],
        "notes": list(log.notes),
        "plan": log.plan._asdict() if log.plan else None,
        "items": [_item(score) for score in scores],
    }


def _exact(scores: Sequence[ItemScore]) -> dict[str, Any]:
    found = exactness([score.exact for score in scores])
    return {"exact": found.mean if found else None, "interval": _interval(found)}


def _interval(found: Exactness | None) -> list[float] | None:
    return [found.low, found.high] if found else None


def _cells(scores: Iterable[ItemScore]) -> list[tuple[tuple[str, str, int, str, str], list[ItemScore]]]:
    cells: dict[tuple[str, str, int, str, str], list[ItemScore]] = {}
    for score in scores:
        item = score.item
        cells.setdefault((item.family, item.operation, item.size, item.role, score.condition), []).append(score)
    return sorted(cells.items())


def _cell(scores: Sequence[ItemScore]) -> dict[str, Any]:
    answers = [answer for score in scores for answer in score.answers]
    parts = [answer.parts_right for answer in answers if answer.parts_right is not None]
    return {
        "n": len(scores),
        **_exact(scores),
        "parts_right": fmean(parts) if parts else None,
        "outcomes": dict(Counter(answer.outcome for answer in answers)),
    }


def _consistency(answers: Sequence[AnswerKept], one: str, other: str) -> dict[str, Any]:
    """Return the fields of a Share: how many items got the same answer in both arms."""
    said = {
        arm: {
            answer.question.item: answer.execution.stdout.strip()
            for answer in answers
            if answer.question.arm == arm and answer.question.sample == 0 and answer.execution.is_run
        }
        for arm in (one, other)
    }
    both = said[one].keys() & said[other].keys()
    found = share_of(sum(said[one][name] == said[other][name] for name in both), len(both))
    return found._asdict()


def _reasoning(scores: Sequence[ItemScore]) -> list[dict[str, Any]]:
    """Return mean reasoning tokens and accuracy for each item size; empty if no tokens are reported."""
    by_size: dict[int, list[Answer]] = {}
    for score in scores:
        for answer in score.answers:
            if answer.reasoning_tokens is not None:
                by_size.setdefault(score.item.size, []).append(answer)
    return [
        {
            "size": size,
            "answers": len(some),
            "tokens": fmean(answer.reasoning_tokens or 0 for answer in some),
            "right": fmean(answer.outcome == "right" for answer in some),
        }
        for size, some in sorted(by_size.items())
    ]


def _line(log: RunLog, name: str) -> dict[str, int]:
    lines = log.spec.probe.suite if log.spec and log.spec.probe else ()
    return next(({"line": line.line} for line in lines if line.id == name and line.line), {})


def _item(score: ItemScore) -> dict[str, Any]:
    item = score.item
    return {
        "id": item.id,
        "operation": item.operation,
        "template": item.template,
        "size": item.size,
        "role": item.role,
        "pair": item.pair,
        "arm": score.condition,
        "exact": score.exact,
        "answers": [asdict(answer) for answer in score.answers],
    }
