"""Computes the result of a probe: accuracy by operation, size and arm, and consistency of repeated questions."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from statistics import fmean
from typing import Any

from gedanken.analysis.probe_scores import item_scores
from gedanken.compare.answers.shares import Exactness, mean_exactness
from gedanken.compare.stats.proportions import wilson_share
from gedanken.experiment.probe_events import AnswerKept
from gedanken.experiment.probe_item import Answer, ItemScore
from gedanken.experiment.run_log import RunLog

SAME_AS: dict[str, tuple[str, str]] = {
    "determinism": ("direct", "again"),
    "later in the session": ("session", "later"),
    "in another order": ("session", "other order"),
}
"""For each check of consistency, the two arms in which the same questions are asked.

The check counts how often both answers are equal, whether they are right or wrong.
"""


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
        **_exact_values(measured),
        "outcomes": dict(Counter(answer.outcome for score in direct for answer in score.answers)),
        "cells": [
            {
                "family": family,
                "operation": operation,
                "size": size,
                "role": role,
                "arm": arm,
                **_cell_values(cell_scores),
            }
            for (family, operation, size, role, arm), cell_scores in _group_by_cell(scores)
        ],
        "consistency": {name: _consistency(log.answers, *arms) for name, arms in SAME_AS.items()},
        "reasoning": _reasoning_by_size(direct),
        "not_scored": [
            {"item": kept_item.item.id, "problem": kept_item.problem, **_suite_line(log, kept_item.item.id)}
            for kept_item in log.items
            if kept_item.problem
        ],
        "notes": list(log.notes),
        "plan": log.plan._asdict() if log.plan else None,
        "items": [_item_values(score) for score in scores],
    }


def _exact_values(scores: Sequence[ItemScore]) -> dict[str, Any]:
    share = mean_exactness([score.exact for score in scores])
    return {"exact": share.mean if share else None, "interval": _interval(share)}


def _interval(share: Exactness | None) -> list[float] | None:
    return [share.low, share.high] if share else None


def _group_by_cell(scores: Iterable[ItemScore]) -> list[tuple[tuple[str, str, int, str, str], list[ItemScore]]]:
    cells: dict[tuple[str, str, int, str, str], list[ItemScore]] = {}
    for score in scores:
        item = score.item
        cells.setdefault((item.family, item.operation, item.size, item.role, score.condition), []).append(score)
    return sorted(cells.items())


def _cell_values(scores: Sequence[ItemScore]) -> dict[str, Any]:
    answers = [answer for score in scores for answer in score.answers]
    parts = [answer.parts_right for answer in answers if answer.parts_right is not None]
    return {
        "n": len(scores),
        **_exact_values(scores),
        "parts_right": fmean(parts) if parts else None,
        "outcomes": dict(Counter(answer.outcome for answer in answers)),
    }


def _consistency(answers: Sequence[AnswerKept], first_arm: str, second_arm: str) -> dict[str, Any]:
    """Return the fields of a Share: how many items got the same answer in both arms."""
    answer_texts = {
        arm: {
            answer.question.item: answer.execution.stdout.strip()
            for answer in answers
            if answer.question.arm == arm and answer.question.sample == 0 and answer.execution.is_run
        }
        for arm in (first_arm, second_arm)
    }
    items_in_both = answer_texts[first_arm].keys() & answer_texts[second_arm].keys()
    share = wilson_share(
        sum(answer_texts[first_arm][name] == answer_texts[second_arm][name] for name in items_in_both),
        len(items_in_both),
    )
    return share._asdict()


def _reasoning_by_size(scores: Sequence[ItemScore]) -> list[dict[str, Any]]:
    """For each item size, return the mean number of reasoning tokens and the accuracy. Empty if no tokens are
    reported.
    """
    by_size: dict[int, list[Answer]] = {}
    for score in scores:
        for answer in score.answers:
            if answer.reasoning_tokens is not None:
                by_size.setdefault(score.item.size, []).append(answer)
    return [
        {
            "size": size,
            "answers": len(size_answers),
            "tokens": fmean(answer.reasoning_tokens or 0 for answer in size_answers),
            "right": fmean(answer.outcome == "right" for answer in size_answers),
        }
        for size, size_answers in sorted(by_size.items())
    ]


def _suite_line(log: RunLog, item_id: str) -> dict[str, int]:
    lines = log.spec.probe.suite if log.spec and log.spec.probe else ()
    return next(({"line": line.line} for line in lines if line.id == item_id and line.line), {})


def _item_values(score: ItemScore) -> dict[str, Any]:
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
