"""Runs the functions of a suite on the real machine, to check the suite's outputs and to judge answers."""

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from gedanken.compare.answers.values import (
    CheckProgram,
    can_be_answered,
    check_program,
    checks_in_one,
    checks_told,
    judge_value,
)
from gedanken.experiment.execution import RealMachine
from gedanken.experiment.probe_design import SuiteItem
from gedanken.machines.batches import Ran, Told, run_batches
from gedanken.probes.schedule import suite_item

JUDGE_SECONDS = 10.0
"""Time limit in seconds for checking one answer. CRUXEval's own limit is 3 seconds, on a machine that does nothing
else.
"""
TOGETHER = 20
"""Number of answers that one program checks."""
PARTS = 25
"""Number of programs in one batch, each of which checks up to TOGETHER answers."""
CONTRADICTED = "in a real run, its function returned something else than the stated output"
_OFFLINE = "its function did not return the stated value; it may need the network, which is not available"
_NETWORK = re.compile(
    r"\b(?:import|from)\b[^\n#]*\b(?:socket|urllib|requests|httpx|aiohttp|http|ftplib|smtplib)\b|__import__|\bimportlib\b"
)
"""Matches an import of a module that needs the network. The name alone may be a variable."""
_NO_EXPRESSION = "its output is not a Python expression, so no answer can equal it"
_UNEQUAL = "no answer can be right, because its output does not equal itself, like NaN or a new object"
_NO_VALUE = "its function ends Python instead of returning a value"


class Problem(NamedTuple):
    """What is wrong with one line of a suite."""

    text: str
    is_scored: bool = False
    """True if recorded answers to the line can still be scored, by the output that the line states."""


async def check_suite(
    machine: RealMachine, suite: Sequence[SuiteItem], told: Told = lambda _done: None
) -> dict[str, Problem]:
    """Run the functions of a suite, and return the problems by id of the line. There is no problem if a function
    returns the stated value. `told` is called with the number of functions that have ended."""
    problems = {line.id: Problem(_NO_EXPRESSION) for line in suite if not can_be_answered(line)}
    rest = [line for line in suite if line.id not in problems]
    ran = await run_batches(machine, {line.id: suite_item(line).program for line in rest}, told)
    ended = {line.id: Problem(ran[line.id].why) for line in rest if ran[line.id].end not in ("finished", "failed")}
    unsure = [line for line in rest if line.id not in ended and not _says_so(line, ran[line.id])]
    return problems | ended | await _settled(machine, unsure, ran)


async def _settled(machine: RealMachine, unsure: Sequence[SuiteItem], ran: Mapping[str, Ran]) -> dict[str, Problem]:
    """Return the problems of lines for which only Python can decide whether returned and stated value are equal."""
    returned = {line.id: check_program(line, line.call) for line in unsure}
    checked = await run_batches(machine, {name: program.text for name, program in returned.items()})
    others = [line for line in unsure if returned[line.id].sign not in checked[line.id].stdout]
    failed = {line.id: Problem(ran[line.id].why, is_scored=line not in others) for line in unsure if ran[line.id].why}
    others = [line for line in others if line.id not in failed]
    equal = {line.id: check_program(line, line.output) for line in others}
    itself = await run_batches(machine, {name: program.text for name, program in equal.items()})
    return failed | {
        line.id: _problem(line, checked[line.id], itself[line.id], equal[line.id].sign in itself[line.id].stdout)
        for line in others
    }


def _problem(line: SuiteItem, checked: Ran, itself: Ran, equals_itself: bool) -> Problem:
    """Return why a function did not return the stated value."""
    # `checked` compared both values; `itself` compared the stated one with itself, and a value such as NaN does not
    # equal itself, so no answer can be right
    if checked.end == "finished":
        return Problem(_NO_VALUE)
    if equals_itself and _NETWORK.search(line.code):
        return Problem(_OFFLINE)
    if equals_itself:
        return Problem(CONTRADICTED, is_scored=True)
    why = itself.why.removeprefix("it fails: ")
    if why.startswith("AssertionError"):
        return Problem(_UNEQUAL)
    return Problem(f"no answer can be right, because its output cannot be evaluated: {why}")


async def judged(
    machine: RealMachine, programs: Mapping[str, CheckProgram], told: Told = lambda _done: None
) -> dict[str, bool]:
    """Return whether each answer is right. `programs` maps the key of each answer to the program that checks it.
    `told` is called with the number of checked answers."""
    # many checks in one program, each in its own forked process, take a tenth of the time of separate programs
    checks = list(programs.values())
    parts = [checks[at : at + TOGETHER] for at in range(0, len(checks), TOGETHER)]
    texts = {str(number): checks_in_one(part) for number, part in enumerate(parts)}
    ran = await run_batches(machine, texts, lambda done: told(min(len(checks), done * TOGETHER)), at_once=PARTS)
    found = {sign: holds for number in texts for sign, holds in checks_told(ran[number].stdout).items()}
    # whose check did not end there
    alone = {name: program.text for name, program in programs.items() if program.sign not in found}
    ran = await run_batches(machine, alone, seconds=JUDGE_SECONDS)
    return {
        name: program.sign in ran[name].stdout if name in alone else found[program.sign]
        for name, program in programs.items()
    }


def _says_so(line: SuiteItem, ran: Ran) -> bool:
    """Return whether the last line that the program printed equals the stated output, both read as literals."""
    last = (ran.stdout.splitlines() or [""])[-1]
    return not ran.why and judge_value(line.output, last) == "right"
