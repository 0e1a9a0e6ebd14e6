"""Scores recorded answers to a suite without a model, by really running the functions of the suite."""

import json
import os
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from gedanken.compare.answers.replies import Predicts, call_said, predicted_by, value_executed, value_said
from gedanken.compare.answers.shares import exactness, pass_at
from gedanken.compare.answers.values import Judgement, check_program, judge, judge_call
from gedanken.experiment.counts import many
from gedanken.experiment.execution import RealMachine
from gedanken.experiment.probe_design import SuiteItem
from gedanken.experiment.run_spec import SandboxSpec
from gedanken.loading.answers import Recorded
from gedanken.loading.suites import Suite
from gedanken.machines.batches import limits_of
from gedanken.machines.opening import open_real
from gedanken.machines.suites import CONTRADICTED, Problem, check_suite, judged
from gedanken.terminal.screen import Screen

DATASET = "mnist"
"""A placeholder: no program of a suite reads the data set."""
FEW = 5
"""Number of ids that a note names; also the k of pass@5, the second figure that CRUXEval publishes."""
_FINE = Problem("", is_scored=True)


async def score_recorded(
    suite: Suite, recorded: Recorded, sandbox: SandboxSpec, screen: Screen, predicts: Predicts | None = None
) -> dict[str, Any]:
    """Score recorded answers to a suite by really running its functions; lines that cannot be run are not scored.

    `predicts` says what the answers predict; None infers it. Answers are scored by the line's stated output, as the
    publisher did. If the function returns another output, the line is listed under `contradicted`. Raises BadInput or
    NoSandbox.
    """
    lines = {line.id: line for line in suite.items}
    predicts = predicts or predicted_by(
        ((lines[name], answer) for name, some in recorded.answers.items() if name in lines for answer in some),
        recorded.predicts,
    )
    said = _said(recorded, lines, predicts)
    async with open_real(DATASET, limits_of(os.cpu_count() or 1), screen, sandbox) as (machine, _):
        with screen.step("running the functions", len(lines), "programs") as update:
            problems = await check_suite(machine, suite.items, update)
        asked = [line for line in suite.items if problems.get(line.id, _FINE).is_scored and said.get(line.id)]
        outcomes = await _outcomes(machine, asked, said, predicts, screen)
    return {
        **_figures(outcomes, predicts),
        "contradicted": [_told(line, CONTRADICTED) for line in asked if _is_contradicted(problems.get(line.id))],
        "not_scored": [
            *({"line": bad.line, "problem": bad.problem} for bad in suite.bad),
            *(
                _told(line, _why_not(line, problems.get(line.id, _FINE), recorded))
                for line in suite.items
                if line.id not in outcomes
            ),
        ],
        "notes": _notes(recorded, lines),
        "items": [
            {"id": line.id, "line": line.line, "exact": _share(outcomes[line.id]), "outcomes": outcomes[line.id]}
            for line in asked
        ],
    }


def _figures(outcomes: Mapping[str, Sequence[Judgement]], predicts: Predicts) -> dict[str, Any]:
    found = exactness([_share(some) for some in outcomes.values()])
    counts = [(len(_counted(some)), some.count("right")) for some in outcomes.values()]
    return {
        "predicts": predicts,
        "n": len(outcomes),
        "exact": found.mean if found else None,
        "interval": [found.low, found.high] if found else None,
        f"pass_at_{FEW}": pass_at(FEW, counts),
        "samples": sum(map(len, outcomes.values())),
        "outcomes": dict(Counter(one for some in outcomes.values() for one in some)),
    }


def _said(recorded: Recorded, lines: Mapping[str, SuiteItem], predicts: Predicts) -> dict[str, list[str]]:
    """Return the answers to the lines of the suite, by id, extracted from whole replies if necessary."""
    return {
        name: list(some) if recorded.is_extracted else [_found_in(lines[name], predicts, answer) for answer in some]
        for name, some in recorded.answers.items()
        if name in lines
    }


def _found_in(line: SuiteItem, predicts: Predicts, reply: str) -> str:
    if predicts == "input":
        return call_said(reply, line.name)
    return (value_executed if line.function else value_said)(reply, line.name)


async def _outcomes(
    machine: RealMachine,
    asked: Sequence[SuiteItem],
    said: Mapping[str, Sequence[str]],
    predicts: Predicts,
    screen: Screen,
) -> dict[str, list[Judgement]]:
    """Return the judgement of each answer, by id of the line; equal answers to one line are run once."""
    lines = {line.id: line for line in asked}
    judge_one = judge if predicts == "output" else judge_call
    first = {
        (name, answer): judge_one(line, answer)
        for name, line in lines.items()
        for answer in dict.fromkeys(said[name])
    }
    programs = {
        json.dumps([name, answer]): check_program(lines[name], answer)
        for (name, answer), judgement in first.items()
        if judgement == "run"
    }
    ran: dict[str, bool] = {}
    if programs:
        with screen.step("running the answers", len(programs), "programs") as update:
            ran = await judged(machine, programs, update)

    def outcome(name: str, answer: str) -> Judgement:
        if first[name, answer] == "run":
            return "right" if ran[json.dumps([name, answer])] else "wrong"
        return first[name, answer]

    return {name: [outcome(name, answer) for answer in said[name]] for name in lines}


def _notes(recorded: Recorded, lines: Mapping[str, SuiteItem]) -> list[str]:
    """Return a note on the recorded answers that belong to no line of the suite; empty if there are none."""
    unknown = [name for name in (*recorded.answers, *recorded.problems) if name not in lines]
    if not unknown:
        return []
    more = f" and {len(unknown) - FEW} more" if len(unknown) > FEW else ""
    named = ", ".join(name[:100] for name in unknown[:FEW])
    return [f"no usable line of the suite has the id of {many(len(unknown), 'recorded item')}: {named}{more}"]


def _why_not(line: SuiteItem, problem: Problem, recorded: Recorded) -> str:
    return recorded.problems.get(line.id, "no answer was recorded") if problem.is_scored else problem.text


def _is_contradicted(problem: Problem | None) -> bool:
    return problem is not None and problem.text == CONTRADICTED


def _told(line: SuiteItem, problem: str) -> dict[str, object]:
    return {"line": line.line, "id": line.id, "problem": problem}


def _counted(outcomes: Sequence[Judgement]) -> Sequence[Judgement]:
    return [outcome for outcome in outcomes if outcome != "left out"] or outcomes


def _share(outcomes: Sequence[Judgement]) -> float:
    return outcomes.count("right") / len(_counted(outcomes))
