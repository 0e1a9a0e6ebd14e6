"""From one script line to the next, and from one line to its leaves. Pure."""

from dataclasses import dataclass, replace

from gedanken.agents.coder import ending_of
from gedanken.agents.session import Session
from gedanken.agents.surprisal import Question
from gedanken.compare.source.program_source import Source
from gedanken.experiment.execution import Execution
from gedanken.experiment.program import Program
from gedanken.experiment.script import Experiment, ScriptLine
from gedanken.graphs.state import NO_WORKING_PROGRAM, Context, RunTask, State
from gedanken.graphs.visibility import session_for

TRIES = 5
"""The first try of a program, and at most four more."""


@dataclass(frozen=True, slots=True)
class Step:
    """Where the graph goes next."""

    node: str
    index: int


def next_step(context: Context, state: State) -> Step:
    """The next script line that is typed or that has the coder work; the report at the end."""
    if state.get("outcome") == NO_WORKING_PROGRAM:
        return Step("report", state["index"])
    index = context.experiment.next_step(state["index"])
    if index is None:
        return Step("report", state["index"])
    line = context.experiment.script[index]
    return Step("give" if line.give else "write" if line.file else "execute", index)


def latest(state: State, name: str | None) -> Program | None:
    """The newest version of a file."""
    versions = [program for program in state.get("programs", []) if program.name == name]
    return versions[-1] if versions else None


def given_program(state: State, line: ScriptLine, index: int) -> Program:
    """The version that the script line at `index` gives, made from the same program as it is where that was given."""
    assert line.give is not None and line.source is not None
    versions = [program for program in state.get("programs", []) if program.name == line.give]
    told = line.program or "given in the script"
    unchanged = [version for version in versions if version.given and version.told == told and version.change is None]
    return Program(
        name=line.give,
        version=len(versions) + 1,
        source=line.source,
        told=told,
        prompt="given",
        seed=0,
        line=index,
        base=unchanged[-1].label if unchanged and line.change else None,
        change=line.change,
    )


def tries_of(state: State, program: Program) -> int:
    """How often the coder has tried to do what this version was asked to do."""
    return sum(1 for other in state.get("programs", []) if other.line == program.line)


def base_of(state: State, name: str, line: int) -> Program | None:
    """The version that an edit on this script line starts from: the newest that another line asked for."""
    versions = [program for program in state.get("programs", []) if program.name == name and program.line != line]
    return versions[-1] if versions else None


def run_tasks(context: Context, state: State, program: Program | None) -> list[tuple[str, RunTask]]:
    """What must run besides the trunk: `replicate` and `simulate` tasks for the line at work."""
    index, turns = state["index"], state.get("turns", ())
    tasks: list[tuple[str, RunTask]] = []
    measured = program is not None and (program.works or program.given)
    if program is not None and measured:
        tasks += _replicas(context, index, program)
    if not context.simulate:
        return tasks
    if program is None:
        return [*tasks, ("simulate", _run_task(index, None, 0, Session(turns, turns)))]
    # What is hidden from the model is also what made a version fail: its run is nothing that it could know.
    shown = context.experiment.conditions.source == "shown"
    for failed in _failed_versions(state, program) if shown else ():
        session = session_for(context.experiment, failed, turns)
        tasks.append(("simulate", _run_task(index, failed.label, 1, session)))
    if measured:
        session = session_for(context.experiment, program, turns)
        tasks += [
            ("simulate", _run_task(index, program.label, number, session)) for number in range(context.imagined + 1)
        ]
    return tasks


def endings_shown(state: State, line: int) -> list[str]:
    """What the coder was shown of the runs of all versions that a script line asked for."""
    versions = {program.label for program in state.get("programs", []) if program.line == line}
    return [ending_of(run) for run in _real_runs(state) if run.program in versions]


def versions_run(state: State) -> list[Program]:
    """The versions that were run; one that was refused is none of them."""
    ran = {execution.program for execution in _real_runs(state)}
    return [program for program in state.get("programs", []) if program.label in ran]


def follows_samples(experiment: Experiment, index: int) -> bool:
    """Whether the line typed before this one ran a program: the last sample of it is in the server's cache then."""
    before = [line for line in experiment.script[:index] if line.type is not None]
    return bool(before) and before[-1].runs is not None


def questions(state: State) -> list[Question]:
    """Each program that a coder wrote and that worked, with the output of seed 0 and of sample 0.

    Given ones are many versions of one program: to ask about each would take as long as all their samples.
    """
    given = {program.label for program in state.get("programs", []) if program.given}
    trunk = [
        execution
        for execution in state.get("executions", [])
        if not (execution.sample if execution.imagined else execution.seed)
    ]
    runs = {(one.line, one.program, one.imagined): one for one in trunk if one.arm == "as written"}
    found = []
    for line, label, messages in state.get("asked", []):
        if label in given:
            continue
        real, own = runs[line, label, False], runs[line, label, True]
        reply = own.raw_reply or own.stdout
        found.append(Question(label, line, messages, real.terminal, reply, reply != own.stdout))
    return found


def runs_before(state: State, label: str) -> list[Execution]:
    """The runs of all versions that came before this one, real and imagined."""
    versions = [program.label for program in state.get("programs", [])]
    before = frozenset(versions[: versions.index(label)])
    return [execution for execution in state.get("executions", []) if execution.program in before]


def attach(execution: Execution, index: int, program: str | None) -> Execution:
    """Say which line and which program version an execution belongs to."""
    return replace(execution, line=index, program=program)


def _replicas(context: Context, index: int, program: Program) -> list[tuple[str, RunTask]]:
    seeds = range(1, context.real + 1)
    if not Source(program.source).fixes_its_seed():
        return [("replicate", _run_task(index, program.label, seed)) for seed in seeds]
    # As written, a program that fixes its own seed has no noise: one more run shows whether that holds.
    once = [("replicate", _run_task(index, program.label, 1))]
    return once + [("replicate", _run_task(index, program.label, seed, reseed=True)) for seed in seeds]


def _run_task(
    index: int, program: str | None, number: int, session: Session | None = None, *, reseed: bool = False
) -> RunTask:
    return RunTask(index=index, program=program, number=number, reseed=reseed, session=session or Session())


def _real_runs(state: State) -> list[Execution]:
    return [execution for execution in state.get("executions", []) if not execution.imagined]


def _failed_versions(state: State, program: Program) -> list[Program]:
    """Versions of the same task that were run and failed; each is imagined too (fairness rule 4)."""
    ran = {execution.program for execution in state.get("executions", []) if execution.line == state["index"]}
    return [
        other
        for other in state.get("programs", [])
        if other.works is False and other.line == program.line and other.label in ran and not other.given
    ]
