"""From an experiment to its results: opens the machines and the model, drives the graph, keeps the record."""

from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gedanken.agents.pacing import PARALLEL
from gedanken.analysis.analysis import Analysis
from gedanken.experiment.counts import many
from gedanken.experiment.errors import BadInput, GedankenError, NoModel
from gedanken.experiment.execution import Cause, Execution
from gedanken.experiment.persona import Persona
from gedanken.experiment.program import Program
from gedanken.experiment.script import Experiment
from gedanken.experiment.secrets import redacted
from gedanken.loading.experiments import format_script
from gedanken.loading.programs import check_given
from gedanken.machines.opening import open_real
from gedanken.records.write_run import Record, make_folder
from gedanken.terminal.run_plan import RunPlan, follow, plan_steps
from gedanken.terminal.screen import Screen

if TYPE_CHECKING:
    from gedanken.agents.model import Model
    from gedanken.sandbox.gpus import GpuWish
    from gedanken.sandbox.machine import SandboxMachine

INTERRUPTED = "interrupted"


@dataclass(frozen=True, slots=True)
class RunOptions:
    """What a run is to do."""

    experiment: Experiment
    persona: Persona
    model: str
    base_url: str | None
    real: int
    imagined: int
    simulate: bool
    out: Path | None
    sandbox: str = "auto"
    trusted: bool = False
    """Whether `host`, which isolates nothing, may run what the model writes."""
    gpus: "GpuWish | None" = None
    surprise: bool = True
    """Whether a model that can is asked how likely the real output was to it."""
    parallel: int = PARALLEL
    """Requests at a time to a hosted model."""


@dataclass(frozen=True, slots=True)
class RunResult:
    """The result of a run."""

    record: Record
    outcome: str
    kept: Analysis | None
    """None where it could not be compared."""
    page: Path | None
    """The report; None where there is none."""


async def run(options: RunOptions, screen: Screen) -> RunResult:
    """Run an experiment to its end.

    Raises BadInput, NoSandbox or NoModel before anything was run, and NoModel or NoSandbox when one is lost.
    Cancelled, it ends what it started and leaves a record that says `interrupted`.
    """
    from gedanken.agents.registry import check_name

    check_given(options.experiment)
    check_name(options.model, options.base_url)
    given = options.experiment.model_dump_json() + options.persona.model_dump_json()
    if redacted(given) != given:
        raise BadInput("the experiment or the persona holds a key of this environment; take it out")
    options = replace(options, persona=options.experiment.conditions.play(options.persona))
    folder = make_folder(options.out or _new_folder(options.experiment.name))
    try:
        return await _run_in(folder, options, screen)
    except BaseException:
        with suppress(OSError):
            folder.rmdir()  # nothing half-made is left: these take folders that are still empty
            if options.out is None:
                folder.parent.rmdir()
        raise


async def _run_in(folder: Path, options: RunOptions, screen: Screen) -> RunResult:
    from langgraph.errors import NodeTimeoutError

    from gedanken.agents.registry import open_model
    from gedanken.graphs.state import STOPPED

    async with (
        open_real(
            options.experiment.dataset,
            options.experiment.limits,
            screen,
            sandbox=options.sandbox,
            trusted=options.trusted,
            gpus=options.gpus,
            run_id=run_id_of(folder),
            artifacts=folder / "artifacts",
        ) as (machine, dataset),
        open_model(options.model, options.base_url, screen, options.parallel) as model,
    ):
        machine_facts = await machine.measure(dataset)
        facts = options.persona.resolve(machine_facts)
        about = {
            "experiment": options.experiment.name,
            "model": model.describe() | {"coder_prompt": model.coder_prompt},
            "persona": {
                "name": options.persona.name,
                "facts": [fact._asdict() for fact in facts],
            },
            "conditions": options.experiment.conditions.named(options.persona),
            "machine": machine_facts.model_dump(),
            "dataset": str(dataset),
            "limits": options.experiment.limits.model_dump(),
            "script": format_script(options.experiment),
            "asked": {"real": options.real, "imagined": options.imagined, "simulate": options.simulate},
        }
        record = Record(folder, about, facts)
        outcome = INTERRUPTED
        try:
            outcome = await _drive(options, screen, machine, model, machine_facts, record)
            if outcome.startswith(STOPPED):
                raise NoModel(outcome.removeprefix(STOPPED))
        except GedankenError as error:
            outcome = f"{STOPPED}{error}"
            raise
        except NodeTimeoutError as error:
            outcome = f"{STOPPED}{error}"
            raise NoModel(f"{model.name} has said nothing for too long") from error
        except Exception as error:
            outcome = f"crashed: {type(error).__name__}: {error}"
            raise
        finally:
            record.tell_of_model(model.describe())
            record.finish(outcome)
            kept, page = _reported(folder, screen)
            if outcome.startswith(STOPPED):
                screen.say(f"what was done until then is kept: {folder}")
        return RunResult(record, outcome, kept, page)


def _reported(folder: Path, screen: Screen) -> tuple[Analysis | None, Path | None]:
    """Compare what was kept, and write the report of it. Whatever goes wrong here, the run itself is kept."""
    from gedanken.analysis.analyze import analyze
    from gedanken.records.read_run import read_run
    from gedanken.report.writing import write_comparison, write_page

    analysis = None
    try:
        analysis = analyze(read_run(folder))
        write_comparison(folder, analysis)
        return analysis, write_page(folder, analysis)
    except Exception as error:  # any at all: hours of training may lie in this folder
        told = " ".join(f"{type(error).__name__}: {error}".split())
        screen.say(f"no report was made ({told}); the run is kept: gedanken report {folder}")
        return analysis, None


def run_id_of(folder: Path) -> str:
    """A name for what the run in `folder` has on engines: the same for the same folder, another for any other."""
    safe = "".join(c for c in folder.name if c.isascii() and (c.isalnum() or c in "_-")).lstrip("_-")[:48] or "run"
    return f"{safe}-{sha256(str(folder.absolute()).encode()).hexdigest()[:6]}"


async def _drive(  # noqa: PLR0913 (everything that a run needs open)
    options: RunOptions,
    screen: Screen,
    machine: "SandboxMachine",
    model: "Model",
    machine_facts: Any,
    record: Record,
) -> str:
    from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver

    from gedanken.graphs.experiment_graph import STEPS_AT_MOST, build_graph
    from gedanken.graphs.state import Context
    from gedanken.traces.local import LocalTracer

    context = Context(
        experiment=options.experiment,
        persona=options.persona,
        machine_facts=machine_facts,
        model=model,
        machine=machine,
        real=options.real,
        imagined=options.imagined,
        simulate=options.simulate,
        surprise=options.surprise,
    )
    tracer = LocalTracer(record.folder / "trace.jsonl")
    outcome = INTERRUPTED
    try:
        async with AsyncSqliteSaver.from_conn_string(str(record.folder / "checkpoint.sqlite")) as saver:
            graph = build_graph(saver)
            config: Any = {
                "callbacks": [tracer],
                "configurable": {"thread_id": record.folder.name},
                "recursion_limit": STEPS_AT_MOST,
                "run_name": f"gedanken {options.experiment.name}",
            }
            plan = RunPlan(plan_steps(options.experiment, options.real, options.imagined, options.simulate))
            with screen.run(options.experiment.limits.reply_tokens, plan):
                events = graph.astream(
                    {"index": -1},
                    config,
                    context=context,
                    stream_mode=["updates", "custom"],
                    durability="sync",
                )
                event: Any
                async for mode, event in events:
                    if mode == "custom":
                        _hear(screen, event)
                        continue
                    for node, update in event.items():
                        record.add(update or {})
                        outcome = (update or {}).get("outcome", outcome)
                        _tell(screen, node, update or {})
                        follow(plan, node, update or {})
    finally:
        tracer.close()
    return outcome


def _hear(screen: Screen, event: dict[str, Any]) -> None:
    if "ahead" in event:
        screen.waits(event["node"], event["who"], event["ahead"])
    else:
        screen.hear(event["node"], event["who"], event["text"], event.get("limit"))


def _tell(screen: Screen, node: str, update: dict[str, Any]) -> None:
    executions: list[Execution] = update.get("executions", [])
    programs: list[Program] = update.get("programs", [])
    for execution in executions:
        if node == "persona" and not execution.imagined:
            continue
        who = f"sample {execution.sample}" if execution.imagined else f"seed {execution.seed}"
        command = " ".join(execution.command.split())[:60]
        what = who if execution.program else f"imagined {command}" if node == "persona" else command
        shown = execution.stdout.strip().splitlines()
        last = f": {shown[-1][:100]}" if shown else ""
        worker = None if node == "persona" else who
        screen.finished(node, f"{what} {_how_ended(execution)}, {execution.seconds:.1f} s{last}", worker)
    for program in programs:
        if program.given:
            if program.works is None:
                screen.finished(node, f"{program.label}, {program.told}: {program.change or 'as it is'}")
        elif program.works is None:
            screen.finished(node, f"{program.label}, by the {program.prompt} prompt")
        elif not program.works:
            edited = f", an edit that {program.edit}," if program.edit else ""
            screen.finished(node, f"{program.label}{edited} refused: {'; '.join(program.problems)}")
        elif program.edit:
            screen.finished(node, f"{program.label}, an edit that {program.edit}")
    if node == "compare":
        screen.finished(node, many(len(update.get("findings", [])), "finding"))


def _how_ended(execution: Execution) -> str:
    """Its cause; of a reply that was cut, why it was: the token limit is only one of the reasons."""
    cut = "the reply was "
    why = next((note for note in execution.notes if note.startswith(f"{cut}cut")), None)
    return why.removeprefix(cut) if why and execution.cause is Cause.CUT else str(execution.cause)


def _new_folder(name: str) -> Path:
    stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
    folder = Path("runs") / f"{name}-{stamp}"
    number = 1
    while folder.exists():
        number += 1
        folder = Path("runs") / f"{name}-{stamp}-{number}"
    return folder
