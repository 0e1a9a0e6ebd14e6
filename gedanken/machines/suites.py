"""Runs the functions of a suite on the real machine, to check the suite's outputs and to judge answers."""

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from gedanken.compare.answers.values import (
    CheckProgram,
    can_be_answered,
    check_program,
    combine_checks,
    judge_value,
    parse_check_results,
)
from gedanken.experiment.execution import RealMachine
from gedanken.experiment.probe_design import SuiteItem
from gedanken.machines.batches import OnProgress, ProgramResult, run_batches
from gedanken.probes.schedule import suite_item

JUDGE_SECONDS = 10.0
"""Time limit in seconds for checking one answer. CRUXEval itself allows 3 seconds, on a machine that does nothing
else.
"""
ANSWERS_PER_PROGRAM = 20
"""Number of answers that one program checks."""
PROGRAMS_PER_BATCH = 25
"""Number of programs in one batch. Each of them checks up to `ANSWERS_PER_PROGRAM` answers."""
CONTRADICTED = "in a real run, its function returned something else than the stated output"
_NEEDS_NETWORK = "its function did not return the stated value; it may need the network, which is not available"
_NETWORK_IMPORT = re.compile(
    r"\b(?:import|from)\b[^\n#]*\b(?:socket|urllib|requests|httpx|aiohttp|http|ftplib|smtplib)\b|__import__|\bimportlib\b"
)
"""Matches an import of a module that needs the network.

The name of the module without `import` does not match, because it may be a variable.
"""
_NOT_AN_EXPRESSION = "its output is not a Python expression, so no answer can equal it"
_EQUALS_NOTHING = "no answer can be right, because its output does not equal itself, like NaN or a new object"
_NO_VALUE = "its function ends Python instead of returning a value"


class Problem(NamedTuple):
    """What is wrong with one line of a suite."""

    text: str
    is_scored: bool = False
    """True if recorded answers to the line can still be scored against the output that the line states."""


async def check_suite(
    machine: RealMachine, suite: Sequence[SuiteItem], on_progress: OnProgress = lambda _done: None
) -> dict[str, Problem]:
    """Run the functions of a suite, and return what is wrong with its lines, by id of the line.

    A line is right if its function returns the value that the line states. `on_progress` is called with the number of
    functions that have ended.
    """
    problems = {line.id: Problem(_NOT_AN_EXPRESSION) for line in suite if not can_be_answered(line)}
    runnable = [line for line in suite if line.id not in problems]
    results = await run_batches(machine, {line.id: suite_item(line).program for line in runnable}, on_progress)
    not_run_problems = {
        line.id: Problem(results[line.id].problem)
        for line in runnable
        if results[line.id].end not in ("finished", "failed")
    }
    undecided = [
        line
        for line in runnable
        if line.id not in not_run_problems and not _is_printed_as_stated(line, results[line.id])
    ]
    return problems | not_run_problems | await _decide_by_running(machine, undecided, results)


async def _decide_by_running(
    machine: RealMachine, undecided: Sequence[SuiteItem], results: Mapping[str, ProgramResult]
) -> dict[str, Problem]:
    """Return the problems of lines for which only Python can decide whether the returned value equals the stated
    one.
    """
    programs = {line.id: check_program(line, line.call) for line in undecided}
    checked = await run_batches(machine, {name: program.text for name, program in programs.items()})
    unequal = [line for line in undecided if programs[line.id].token not in checked[line.id].stdout]
    failed_problems = {
        line.id: Problem(results[line.id].problem, is_scored=line not in unequal)
        for line in undecided
        if results[line.id].problem
    }
    unequal = [line for line in unequal if line.id not in failed_problems]
    self_programs = {line.id: check_program(line, line.output) for line in unequal}
    self_checked = await run_batches(machine, {name: program.text for name, program in self_programs.items()})
    return failed_problems | {
        line.id: _unequal_problem(
            line,
            checked[line.id],
            self_checked[line.id],
            self_programs[line.id].token in self_checked[line.id].stdout,
        )
        for line in unequal
    }


def _unequal_problem(
    line: SuiteItem, checked: ProgramResult, self_checked: ProgramResult, equals_itself: bool
) -> Problem:
    # `checked` is the comparison of both values, `self_checked` that of the stated value with itself. A value such as
    # NaN does not equal itself, so no answer can be right.
    if checked.end == "finished":
        return Problem(_NO_VALUE)
    if equals_itself and _NETWORK_IMPORT.search(line.code):
        return Problem(_NEEDS_NETWORK)
    if equals_itself:
        return Problem(CONTRADICTED, is_scored=True)
    reason = self_checked.problem.removeprefix("it fails: ")
    if reason.startswith("AssertionError"):
        return Problem(_EQUALS_NOTHING)
    return Problem(f"no answer can be right, because its output cannot be evaluated: {reason}")


async def judge_by_running(
    machine: RealMachine, programs: Mapping[str, CheckProgram], on_progress: OnProgress = lambda _done: None
) -> dict[str, bool]:
    """Return for each answer, by its key, whether it is right.

    `programs` maps the key of each answer to the program that checks it. `on_progress` is called with the number of
    checked answers.
    """
    # many checks in one program, each in its own forked process, take a tenth of the time of separate programs
    checks = list(programs.values())
    groups = [checks[start : start + ANSWERS_PER_PROGRAM] for start in range(0, len(checks), ANSWERS_PER_PROGRAM)]
    texts = {str(number): combine_checks(group) for number, group in enumerate(groups)}
    results = await run_batches(
        machine,
        texts,
        lambda group_count: on_progress(min(len(checks), group_count * ANSWERS_PER_PROGRAM)),
        at_once=PROGRAMS_PER_BATCH,
    )
    verdicts = {
        sign: holds for number in texts for sign, holds in parse_check_results(results[number].stdout).items()
    }
    # a check that did not end in its group is run alone
    single_programs = {name: program.text for name, program in programs.items() if program.token not in verdicts}
    results = await run_batches(machine, single_programs, seconds=JUDGE_SECONDS)
    return {
        name: program.token in results[name].stdout if name in single_programs else verdicts[program.token]
        for name, program in programs.items()
    }


def _is_printed_as_stated(line: SuiteItem, result: ProgramResult) -> bool:
    """Return whether the last printed line equals the stated output when both are read as Python literals."""
    last_line = (result.stdout.splitlines() or [""])[-1]
    return not result.problem and judge_value(line.output, last_line) == "right"
