"""Recorded answers to a suite, scored without a model."""

import os
from collections import Counter
from collections.abc import Mapping
from typing import Any

from gedanken.compare.answers.shares import exactness
from gedanken.compare.answers.values import CheckProgram, Judgement, check_program, judge, value_said
from gedanken.experiment.run_spec import SandboxSpec
from gedanken.loading.suites import Suite
from gedanken.machines.batches import limits_of
from gedanken.machines.opening import open_real
from gedanken.machines.suites import check_suite, judged
from gedanken.terminal.screen import Screen

DATASET = "mnist"
"""Which nobody looks at."""


async def score_recorded(
    suite: Suite, answers: Mapping[str, tuple[str, ...]], sandbox: SandboxSpec, screen: Screen
) -> dict[str, Any]:
    """Score answers to a suite; its functions are really run, and what they do not return is not scored.

    Raises BadInput or NoSandbox.
    """
    async with open_real(DATASET, limits_of(os.cpu_count() or 1), screen, sandbox) as (machine, _):
        with screen.step("running the functions", len(suite.items), "programs") as update:
            problems = await check_suite(machine, suite.items, update)
        asked = [line for line in suite.items if not problems[line.id] and answers.get(line.id)]
        said = {line.id: [value_said(answer) for answer in answers[line.id]] for line in asked}
        first = {
            (line.id, answer): judge(line.output, answer, line.input)
            for line in asked
            for answer in dict.fromkeys(said[line.id])
        }
        lines = {line.id: line for line in asked}
        programs: dict[str, CheckProgram] = {}
        for (name, answer), judgement in first.items():
            if judgement == "run":
                programs[f"{name} {answer}"] = check_program(lines[name].code, lines[name].output, answer)
        ran = await judged(machine, programs)

    def outcome(name: str, answer: str) -> Judgement:
        judgement = first[name, answer]
        if judgement == "run":
            return "right" if ran[f"{name} {answer}"] else "wrong"
        return judgement

    outcomes = {line.id: [outcome(line.id, answer) for answer in said[line.id]] for line in asked}
    items = [
        {"id": line.id, "line": line.line, "exact": _share(outcomes[line.id]), "outcomes": outcomes[line.id]}
        for line in asked
    ]
    found = exactness([_share(some) for some in outcomes.values()])
    unanswered = [line for line in suite.items if not problems[line.id] and not answers.get(line.id)]
    return {
        "n": len(items),
        "exact": found.mean if found else None,
        "interval": [found.low, found.high] if found else None,
        "samples": sum(map(len, outcomes.values())),
        "outcomes": dict(Counter(one for some in outcomes.values() for one in some)),
        "not_scored": [
            *({"line": bad.line, "problem": bad.problem} for bad in suite.bad),
            *(
                {"line": line.line, "id": line.id, "problem": problems[line.id]}
                for line in suite.items
                if problems[line.id]
            ),
            *({"line": line.line, "id": line.id, "problem": "no answer was recorded"} for line in unanswered),
        ],
        "items": items,
    }


def _share(outcomes: list[Judgement]) -> float:
    return sum(outcome == "right" for outcome in outcomes) / len(outcomes)
