"""Scores recorded answers to a suite without a model, by really running the functions of the suite."""

import json
import os
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from gedanken.compare.answers.replies import (
    Predicts,
    predicted_call,
    predicted_execution_value,
    predicted_value,
    prediction_kind,
)
from gedanken.compare.answers.shares import mean_exactness, pass_at
from gedanken.compare.answers.values import Judgement, check_answer, check_program, judge_call
from gedanken.experiment.counts import format_count
from gedanken.experiment.execution import RealMachine
from gedanken.experiment.probe_design import SuiteItem
from gedanken.experiment.run_spec import SandboxSpec
from gedanken.loading.answers import RecordedAnswers
from gedanken.loading.suites import Suite
from gedanken.machines.batches import limits_of
from gedanken.machines.open_machine import open_real_machine
from gedanken.machines.suites import CONTRADICTED, Problem, check_suite, judge_by_running
from gedanken.terminal.screen import Screen

DATASET = "mnist"
"""The data set of the machine. It does not matter which one, because no program of a suite reads it."""
MAX_IDS_SHOWN = 5
"""Maximum number of ids that a note names.

It is also the k of pass@k: pass@5 is the second figure that CRUXEval publishes.
"""
_NO_PROBLEM = Problem("", is_scored=True)


async def score_recorded(
    suite: Suite, recorded: RecordedAnswers, sandbox: SandboxSpec, screen: Screen, predicts: Predicts | None = None
) -> dict[str, Any]:
    """Score recorded answers to a suite by really running its functions. Lines that cannot be run are not scored.

    `predicts` says what the answers predict; None means that this is inferred. Answers are scored against the output
    that the line states, as the publisher did. If the function really returns another output, the line is listed
    under `contradicted`. Raises BadInput or NoSandbox.
    """
    lines = {line.id: line for line in suite.items}
    predicts = predicts or prediction_kind(
        (
            (lines[name], answer)
            for name, item_answers in recorded.answers.items()
            if name in lines
            for answer in item_answers
        ),
        recorded.predicts,
    )
    answers = _extract_answers(recorded, lines, predicts)
    async with open_real_machine(DATASET, limits_of(os.cpu_count() or 1), screen, sandbox) as (machine, _):
        with screen.step("running the functions", len(lines), "programs") as update:
            problems = await check_suite(machine, suite.items, update)
        scored_lines = [
            line for line in suite.items if problems.get(line.id, _NO_PROBLEM).is_scored and answers.get(line.id)
        ]
        outcomes = await _judge_answers(machine, scored_lines, answers, predicts, screen)
    return {
        **_summary_values(outcomes, predicts),
        "contradicted": [
            _line_problem(line, CONTRADICTED) for line in scored_lines if _is_contradicted(problems.get(line.id))
        ],
        "not_scored": [
            *({"line": bad_line.line, "problem": bad_line.problem} for bad_line in suite.bad_lines),
            *(
                _line_problem(line, _reason_not_scored(line, problems.get(line.id, _NO_PROBLEM), recorded))
                for line in suite.items
                if line.id not in outcomes
            ),
        ],
        "notes": _notes_on_unknown_ids(recorded, lines),
        "items": [
            {
                "id": line.id,
                "line": line.line,
                "exact": _share_right(outcomes[line.id]),
                "outcomes": outcomes[line.id],
            }
            for line in scored_lines
        ],
    }


def _summary_values(outcomes: Mapping[str, Sequence[Judgement]], predicts: Predicts) -> dict[str, Any]:
    share = mean_exactness([_share_right(line_outcomes) for line_outcomes in outcomes.values()])
    counts = [
        (len(_counted_outcomes(line_outcomes)), line_outcomes.count("right")) for line_outcomes in outcomes.values()
    ]
    return {
        "predicts": predicts,
        "n": len(outcomes),
        "exact": share.mean if share else None,
        "interval": [share.low, share.high] if share else None,
        f"pass_at_{MAX_IDS_SHOWN}": pass_at(MAX_IDS_SHOWN, counts),
        "samples": sum(map(len, outcomes.values())),
        "outcomes": dict(Counter(outcome for line_outcomes in outcomes.values() for outcome in line_outcomes)),
    }


def _extract_answers(
    recorded: RecordedAnswers, lines: Mapping[str, SuiteItem], predicts: Predicts
) -> dict[str, list[str]]:
    """Return the answers to the lines of the suite, by id. If an answer is a whole reply, the answer in it is
    extracted.
    """
    return {
        name: list(item_answers)
        if recorded.is_extracted
        else [_extract_answer(lines[name], predicts, answer) for answer in item_answers]
        for name, item_answers in recorded.answers.items()
        if name in lines
    }


def _extract_answer(line: SuiteItem, predicts: Predicts, reply: str) -> str:
    if predicts == "input":
        return predicted_call(reply, line.name)
    return (predicted_execution_value if line.function else predicted_value)(reply, line.name)


async def _judge_answers(
    machine: RealMachine,
    scored_lines: Sequence[SuiteItem],
    answers: Mapping[str, Sequence[str]],
    predicts: Predicts,
    screen: Screen,
) -> dict[str, list[Judgement]]:
    """Return the judgement of each answer, by id of the line. Equal answers to one line are run once."""
    lines = {line.id: line for line in scored_lines}
    judge_answer = check_answer if predicts == "output" else judge_call
    first_judgements = {
        (name, answer): judge_answer(line, answer)
        for name, line in lines.items()
        for answer in dict.fromkeys(answers[name])
    }
    programs = {
        json.dumps([name, answer]): check_program(lines[name], answer)
        for (name, answer), judgement in first_judgements.items()
        if judgement == "run"
    }
    run_results: dict[str, bool] = {}
    if programs:
        with screen.step("running the answers", len(programs), "programs") as update:
            run_results = await judge_by_running(machine, programs, update)

    def final_judgement(name: str, answer: str) -> Judgement:
        if first_judgements[name, answer] == "run":
            return "right" if run_results[json.dumps([name, answer])] else "wrong"
        return first_judgements[name, answer]

    return {name: [final_judgement(name, answer) for answer in answers[name]] for name in lines}


def _notes_on_unknown_ids(recorded: RecordedAnswers, lines: Mapping[str, SuiteItem]) -> list[str]:
    unknown_ids = [name for name in (*recorded.answers, *recorded.problems) if name not in lines]
    if not unknown_ids:
        return []
    more_text = f" and {len(unknown_ids) - MAX_IDS_SHOWN} more" if len(unknown_ids) > MAX_IDS_SHOWN else ""
    shown_ids = ", ".join(name[:100] for name in unknown_ids[:MAX_IDS_SHOWN])
    return [
        f"no usable line of the suite has the id of {format_count(len(unknown_ids), 'recorded item')}: "
        f"{shown_ids}{more_text}"
    ]


def _reason_not_scored(line: SuiteItem, problem: Problem, recorded: RecordedAnswers) -> str:
    return recorded.problems.get(line.id, "no answer was recorded") if problem.is_scored else problem.text


def _is_contradicted(problem: Problem | None) -> bool:
    return problem is not None and problem.text == CONTRADICTED


def _line_problem(line: SuiteItem, problem: str) -> dict[str, object]:
    return {"line": line.line, "id": line.id, "problem": problem}


def _counted_outcomes(outcomes: Sequence[Judgement]) -> Sequence[Judgement]:
    return [outcome for outcome in outcomes if outcome != "left out"] or outcomes


def _share_right(outcomes: Sequence[Judgement]) -> float:
    return outcomes.count("right") / len(_counted_outcomes(outcomes))
