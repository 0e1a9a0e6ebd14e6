"""Decides which script line comes next in a run, and which runs it needs."""

from dataclasses import dataclass, replace

from gedanken.agents.coder import Failure, visible_ending
from gedanken.agents.surprisal import Question
from gedanken.agents.terminal import typed_message
from gedanken.compare.source.program_source import Source
from gedanken.experiment.execution import Execution
from gedanken.experiment.program import Program
from gedanken.experiment.run_log import NO_WORKING_PROGRAM
from gedanken.experiment.script import Experiment, ScriptLine
from gedanken.graphs.context import Context
from gedanken.graphs.state import FailureRef, RunTask, SessionRef, State
from gedanken.graphs.turns import NOTHING, session_of
from gedanken.graphs.visibility import session_for

MAX_TRIES = 5
"""Maximum number of tries for a program, including the first one."""

REJECTED = "a person rejected it: "
"""Prefix that marks a person's reason among the problems of a program that the person rejected."""


@dataclass(frozen=True, slots=True)
class Step:
    """The node that comes next, with the index of its script line."""

    node: str
    index: int


def next_step(context: Context, state: State) -> Step:
    """Return the node for the next script line (`write`, `give` or `execute`), or `report` after the last line."""
    if state.get("outcome") == NO_WORKING_PROGRAM:
        return Step("report", state["index"])
    index = context.experiment.next_step(state["index"])
    if index is None:
        return Step("report", state["index"])
    line = context.experiment.script[index]
    return Step("give" if line.give else "write" if line.file else "execute", index)


def programs_in(context: Context, state: State) -> list[Program]:
    """Return the program versions that exist so far, in order of creation."""
    return [context.store.programs[label] for label in state.get("programs", [])]


def executions_in(context: Context, state: State) -> list[Execution]:
    """Return the executions that have finished so far."""
    return [context.store.executions[label] for label in state.get("executions", [])]


def latest_version(context: Context, state: State, name: str | None) -> Program | None:
    """Return the newest version of the file `name`; None if there is none."""
    versions = [program for program in programs_in(context, state) if program.name == name]
    return versions[-1] if versions else None


def given_program(context: Context, state: State, line: ScriptLine, index: int) -> Program:
    """Return the program version that the script line at `index` supplies.

    The `base` of a changed program is its newest unchanged version, if there is one.
    """
    assert line.give is not None and line.source is not None
    versions = [program for program in programs_in(context, state) if program.name == line.give]
    description = line.program or "given in the script"
    unchanged = [
        version for version in versions if version.given and version.told == description and version.change is None
    ]
    return Program(
        name=line.give,
        version=len(versions) + 1,
        source=line.source,
        told=description,
        prompt="given",
        seed=0,
        line=index,
        base=unchanged[-1].label if unchanged and line.change else None,
        change=line.change,
    )


def tries_of(context: Context, state: State, program: Program) -> int:
    """Return how many versions were written for the script line of `program`, including `program` itself."""
    other_versions = [
        candidate
        for candidate in programs_in(context, state)
        if candidate.line == program.line and candidate.label != program.label
    ]
    return len(other_versions) + 1


def base_of(context: Context, state: State, name: str, line: int) -> Program | None:
    """Return the newest version of the file `name` that another script line than `line` made; None if there is
    none.
    """
    versions = [program for program in programs_in(context, state) if program.name == name and program.line != line]
    return versions[-1] if versions else None


def failure_in(context: Context, state: State) -> Failure | None:
    """Return what the coder is shown about the failure of the newest version; None if this version was accepted."""
    failure = state.get("failure")
    if failure is None:
        return None
    execution = context.store.executions.get(failure["execution"])
    output_ending = visible_ending(execution) if execution else ""
    program, problems = (
        context.store.programs[failure["program"]],
        tuple(problem.removeprefix(REJECTED) for problem in failure["problems"]),
    )
    return Failure(program, problems, output_ending, failure["refused"], failure["rejected"])


def failure_ref(program: Program, run: Execution | None, *, rejected: bool = False) -> FailureRef:
    """Return a program's failure as the state stores it.

    `run` is None if the program was refused without a run; `rejected` is True if a person rejected the program.
    """
    return {
        "program": program.label,
        "problems": list(program.problems),
        "refused": run is None,
        "rejected": rejected,
        "execution": run.label if run else "",
    }


def run_tasks(context: Context, state: State, program: Program | None) -> list[tuple[str, RunTask]]:
    """Return all runs of the current script line, except the real run with seed 0.

    Each is a pair: the node that does the run (`replicate` or `simulate`), and the task for this node.
    """
    index, turns = state["index"], list(state.get("turns", []))
    experiment = context.experiment
    tasks: list[tuple[str, RunTask]] = []
    measured = program is not None and (program.works or program.given)
    if program is not None and measured:
        tasks += _replicate_tasks(context, index, program)
    if not context.spec.simulate:
        return tasks
    if program is None:
        return [*tasks, ("simulate", _run_task(index, None, 0, {"stored": turns, "context": turns}))]
    # Without the source, the model could not know why a version failed.
    is_source_shown = experiment.conditions.source == "shown"
    for failed_version in _failed_versions(context, state, program) if is_source_shown else ():
        session = session_for(experiment, failed_version, turns, context.store)
        tasks.append(("simulate", _run_task(index, failed_version.label, 1, session)))
    if measured:
        session = session_for(experiment, program, turns, context.store)
        tasks += [
            ("simulate", _run_task(index, program.label, number, session))
            for number in range(context.spec.imagined + 1)
        ]
    return tasks


def shown_endings(context: Context, state: State, line: int) -> list[str]:
    """Return the ends of real outputs that the coder was shown for a script line."""
    versions = {program.label for program in programs_in(context, state) if program.line == line}
    return [visible_ending(run) for run in _real_runs(context, state) if run.program in versions]


def executed_versions(context: Context, state: State) -> list[Program]:
    """Return the program versions that were really run. Refused versions are not among them."""
    labels = {execution.program for execution in _real_runs(context, state)}
    return [program for program in programs_in(context, state) if program.label in labels]


def follows_samples(experiment: Experiment, index: int) -> bool:
    """Return whether the last command typed before the line `index` runs a program.

    If it does, the cache of the model's server contains a sample of this program.
    """
    typed_lines = [line for line in experiment.script[:index] if line.type is not None]
    return bool(typed_lines) and typed_lines[-1].runs is not None


def surprisal_questions(context: Context, state: State) -> list[Question]:
    """Return one question on surprisal for each working program of the coder.

    Each question holds the messages to the model, and the outputs of seed 0 and sample 0.
    """
    # Scoring the many versions of supplied programs would take as long as all samples.
    given_labels = {program.label for program in programs_in(context, state) if program.given}
    trunk = [run for run in executions_in(context, state) if not (run.sample if run.imagined else run.seed)]
    runs = {(run.line, run.program, run.imagined): run for run in trunk if run.arm == "as written"}
    found_questions = []
    for sent in state.get("sent", []):
        line, label = sent["line"], sent["program"]
        if label in given_labels:
            continue
        real_run, imagined_run = runs[line, label, False], runs[line, label, True]
        session = session_of(sent["session"], context.experiment, context.store)
        command, tells = context.experiment.script[line].type or "", context.experiment.texts_before(line)
        messages = tuple(context.imagined_machine(session, 0, line).messages(typed_message(command, tells)))
        reply = imagined_run.raw_reply or imagined_run.stdout
        found_questions.append(
            Question(label, line, messages, real_run.terminal, reply, reply != imagined_run.stdout)
        )
    return found_questions


def with_script_line(execution: Execution, index: int, program: str | None) -> Execution:
    """Return the execution with its script line and program version."""
    return replace(execution, line=index, program=program)


def _replicate_tasks(context: Context, index: int, program: Program) -> list[tuple[str, RunTask]]:
    seeds = range(1, context.spec.real + 1)
    if not Source(program.source).sets_seed():
        return [("replicate", _run_task(index, program.label, seed)) for seed in seeds]
    # As written, a program that fixes its own seed has no noise: one more run shows whether that holds.
    first_task = [("replicate", _run_task(index, program.label, 1))]
    return first_task + [("replicate", _run_task(index, program.label, seed, reseed=True)) for seed in seeds]


def _run_task(
    index: int, program: str | None, number: int, session: SessionRef = NOTHING, *, reseed: bool = False
) -> RunTask:
    return RunTask(index=index, program=program, number=number, reseed=reseed, session=session)


def _real_runs(context: Context, state: State) -> list[Execution]:
    return [execution for execution in executions_in(context, state) if not execution.imagined]


def _failed_versions(context: Context, state: State, program: Program) -> list[Program]:
    """Return the coder's versions that ran and failed at this line; see rule 4 of docs/design.md."""
    labels = {run.program for run in executions_in(context, state) if run.line == state["index"]}
    return [
        candidate
        for candidate in programs_in(context, state)
        if candidate.works is False
        and candidate.line == program.line
        and candidate.label in labels
        and not candidate.given
    ]
