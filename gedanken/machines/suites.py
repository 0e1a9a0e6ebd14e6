"""Running suites of functions on the real machine: checking what a suite states, and judging answers to it."""

from collections.abc import Mapping, Sequence

from gedanken.compare.answers.values import CheckProgram, check_program, judge
from gedanken.experiment.execution import RealMachine
from gedanken.experiment.probe_design import SuiteItem
from gedanken.machines.batches import Ran, Told, run_batches
from gedanken.probes.schedule import suite_item

WRONG = "the output that it gives is not what its function returns"


async def check_suite(
    machine: RealMachine, suite: Sequence[SuiteItem], told: Told = lambda _done: None
) -> dict[str, str]:
    """Return what is wrong with each line of a suite, by the line's id; empty if its function really returns the
    stated value.
    """
    ran = await run_batches(machine, {line.id: suite_item(line).program for line in suite}, told)
    problems = {line.id: ran[line.id].why for line in suite}
    unsure = {
        line.id: check_program(line.code, line.output, f"f({line.input})")
        for line in suite
        if not problems[line.id] and not _says_so(line, ran[line.id])
    }
    for name, right in (await judged(machine, unsure)).items():
        problems[name] = "" if right else WRONG
    return problems


async def judged(machine: RealMachine, programs: Mapping[str, CheckProgram]) -> dict[str, bool]:
    """Return whether each answer is right. Its program asserts the answer, and is run to see if that holds."""
    ran = await run_batches(machine, {name: program.text for name, program in programs.items()})
    return {name: ran[name].stdout.endswith(program.sign) for name, program in programs.items()}


def _says_so(line: SuiteItem, ran: Ran) -> bool:
    """Return whether the last printed line equals, as a literal, the output that the suite states."""
    last = (ran.stdout.splitlines() or [""])[-1]
    return judge(line.output, last, "\0") == "right"
