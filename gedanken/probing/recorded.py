"""Recorded answers to a suite, scored without a model."""

import json
import os
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from gedanken.compare.answers.shares import exactness
from gedanken.compare.answers.values import (
    Judgement,
    Predicts,
    call_said,
    check_program,
    judge,
    judge_call,
    predicted_by,
    value_said,
)
from gedanken.experiment.execution import RealMachine
from gedanken.experiment.probe_design import SuiteItem
from gedanken.experiment.run_spec import SandboxSpec
from gedanken.loading.suites import Recorded, Suite
from gedanken.machines.batches import limits_of
from gedanken.machines.opening import open_real
from gedanken.machines.suites import WRONG, check_suite, judged
from gedanken.terminal.screen import Screen

DATASET = "mnist"
"""A placeholder: no program of a suite reads the data set."""


async def score_recorded(suite: Suite, recorded: Recorded, sandbox: SandboxSpec, screen: Screen) -> dict[str, Any]:
    """Score recorded answers to a suite by really running its functions; lines whose function cannot be run are not
    scored.

    If the suite states another output than its function returns, answers are scored by the stated output, as the
    suite's publisher did, and a note says so. Raises BadInput or NoSandbox.
    """
    predicts = predicted_by([answer for some in recorded.answers.values() for answer in some])
    said = _said(recorded, predicts)
    async with open_real(DATASET, limits_of(os.cpu_count() or 1), screen, sandbox) as (machine, _):
        with screen.step("running the functions of the suite", len(suite.items), "programs") as update:
            problems = await check_suite(machine, suite.items, update)
        asked = [line for line in suite.items if problems[line.id] in ("", WRONG) and said.get(line.id)]
        outcomes = await _outcomes(machine, asked, said, predicts)
    items = [
        {"id": line.id, "line": line.line, "exact": _share(outcomes[line.id]), "outcomes": outcomes[line.id]}
        for line in asked
    ]
    found = exactness([_share(some) for some in outcomes.values()])
    return {
        "predicts": predicts,
        "n": len(items),
        "exact": found.mean if found else None,
        "interval": [found.low, found.high] if found else None,
        "samples": sum(map(len, outcomes.values())),
        "outcomes": dict(Counter(one for some in outcomes.values() for one in some)),
        "contradicted": [_told(line, WRONG) for line in asked if problems[line.id]],
        "not_scored": [
            *({"line": bad.line, "problem": bad.problem} for bad in suite.bad),
            *(
                _told(line, problems[line.id] if problems[line.id] not in ("", WRONG) else "no answer was recorded")
                for line in suite.items
                if line.id not in outcomes
            ),
        ],
        "items": items,
    }


def _said(recorded: Recorded, predicts: Predicts) -> dict[str, list[str]]:
    """Return the answers in all replies, by id."""
    found_in = str if recorded.is_cut else value_said if predicts == "output" else call_said
    return {name: [found_in(answer) for answer in some] for name, some in recorded.answers.items()}


async def _outcomes(
    machine: RealMachine, asked: Sequence[SuiteItem], said: Mapping[str, Sequence[str]], predicts: Predicts
) -> dict[str, list[Judgement]]:
    """Return the judgement of each answer; answers that have to be run are run once each."""
    lines = {line.id: line for line in asked}
    first: dict[tuple[str, str], Judgement] = {
        (name, answer): judge(line.output, answer, line.input)
        if predicts == "output"
        else judge_call(line.output, answer)
        for name, line in lines.items()
        for answer in dict.fromkeys(said[name])
    }
    programs = {
        json.dumps([name, answer]): check_program(lines[name].code, lines[name].output, answer)
        for (name, answer), judgement in first.items()
        if judgement == "run"
    }
    ran = await judged(machine, programs)

    def outcome(name: str, answer: str) -> Judgement:
        if first[name, answer] == "run":
            return "right" if ran[json.dumps([name, answer])] else "wrong"
        return first[name, answer]

    return {name: [outcome(name, answer) for answer in said[name]] for name in lines}


def _told(line: SuiteItem, problem: str) -> dict[str, object]:
    return {"line": line.line, "id": line.id, "problem": problem}


def _share(outcomes: Sequence[Judgement]) -> float:
    return sum(outcome == "right" for outcome in outcomes) / len(outcomes)
