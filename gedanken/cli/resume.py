"""The commands `gedanken resume`, `approve`, `extend` and `fork`, which continue existing runs."""

import asyncio
from collections.abc import Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gedanken.cli.errors import clear_errors, exit_codes
from gedanken.cli.options import BaseUrl, BudgetText, Json, TraceOtlp, Trust, budget_of

if TYPE_CHECKING:
    from gedanken.runner import RunResult

RESUME_EPILOG = "Example:  gedanken resume runs/article-20261128-222335.   " + exit_codes()
APPROVE_EPILOG = (
    "Examples:  gedanken approve runs/mnist-20261128-222335   |   "
    "gedanken approve runs/mnist-20261128-222335 --yes   |   "
    'gedanken approve runs/mnist-20261128-222335 --reject "no files outside the home folder".   ' + exit_codes()
)
EXTEND_EPILOG = "Example:  gedanken extend runs/article-20261128-222335 --imagined 10.   " + exit_codes()
FORK_EPILOG = (
    "Examples:  gedanken fork runs/article-20261128-222335 --at 7 --script mine.yaml   |   "
    "gedanken fork runs/article-20261128-222335 --at 3 --persona matched   |   "
    "gedanken fork runs/article-20261128-222335 --at 3 --model ollama:llama3.   " + exit_codes()
)
RunFolder = Annotated[Path, typer.Argument(help="A run folder.", exists=True, file_okay=False)]


def resume(  # noqa: PLR0913 (each is an option of the command)
    run: Annotated[Path | None, typer.Argument(help="A run folder; by default the newest unfinished one.")] = None,
    base_url: BaseUrl = None,
    trust: Trust = False,
    trace_otlp: TraceOtlp = None,
    budget: BudgetText = None,
    as_json: Json = False,
) -> None:
    """Continue a run that was killed, interrupted, or lost its model or engine. Nothing is paid for twice."""
    from gedanken.resuming import Again, newest_unfinished
    from gedanken.resuming import resume as go_on
    from gedanken.terminal.screen import Screen

    with clear_errors():
        finish(
            go_on(run or newest_unfinished(), Screen(), Again(base_url, trust, trace_otlp, budget_of(budget))),
            as_json,
        )


def approve(  # noqa: PLR0913 (each is an option of the command)
    run: RunFolder,
    yes: Annotated[bool, typer.Option("--yes", help="Let the program run as it is.")] = False,
    edit: Annotated[
        Path | None, typer.Option(help="File with a program that is run instead.", exists=True, dir_okay=False)
    ] = None,
    reject: Annotated[
        str | None,
        typer.Option(metavar="REASON", help="Do not run the program; the coder is told this reason and tries again."),
    ] = None,
    base_url: BaseUrl = None,
    trust: Trust = False,
    trace_otlp: TraceOtlp = None,
    budget: BudgetText = None,
    as_json: Json = False,
) -> None:
    """Decide whether the waiting program of a run may run, and continue; without an option, show the program and
    ask.
    """
    from gedanken.experiment.approval import read_decision
    from gedanken.experiment.errors import BadInput
    from gedanken.experiment.files import read_text
    from gedanken.resuming import Again, resume
    from gedanken.resuming import approve as go_on
    from gedanken.terminal.screen import Screen

    with clear_errors():
        if yes + (edit is not None) + (reject is not None) > 1:
            raise BadInput("--yes, --edit and --reject cannot be combined: choose one")
        if reject is not None and not reject.strip():
            raise BadInput("--reject needs a reason, which the coder is told before it tries again")
        again = Again(base_url, trust, trace_otlp, budget_of(budget))
        if edit is not None:
            answer = read_decision({"decision": "edit", "source": read_text(edit, f"--edit {edit}")})
        elif reject is not None:
            answer = read_decision({"decision": "reject", "reason": reject})
        elif yes:
            answer = read_decision({"decision": "approve"})
        else:
            finish(resume(run, Screen(), again), as_json)
        finish(go_on(run, answer, Screen(), again), as_json)


def extend(  # noqa: PLR0913 (each is an option of the command)
    run: RunFolder,
    real: Annotated[
        int | None, typer.Option(min=0, max=1000, help="Total number of real seeds after the extension.")
    ] = None,
    imagined: Annotated[
        int | None, typer.Option(min=0, max=1000, help="Total number of imagined samples after the extension.")
    ] = None,
    base_url: BaseUrl = None,
    trust: Trust = False,
    trace_otlp: TraceOtlp = None,
    budget: BudgetText = None,
    as_json: Json = False,
) -> None:
    """Give a run more seeds and samples. Only the new ones are run, and the report says that they were added
    later.
    """
    from gedanken.resuming import Again
    from gedanken.resuming import extend as go_on
    from gedanken.terminal.screen import Screen

    with clear_errors():
        finish(go_on(run, real, imagined, Screen(), Again(base_url, trust, trace_otlp, budget_of(budget))), as_json)


def fork(  # noqa: PLR0913 (each is an option of the command)
    run: RunFolder,
    at: Annotated[int, typer.Option(min=1, help="Script line, counted from 1, from which on the changes apply.")],
    script: Annotated[
        str | None, typer.Option(help="A packaged experiment or a YAML file, whose script is used from that line on.")
    ] = None,
    persona: Annotated[
        str | None, typer.Option(help="A packaged persona or a YAML file, which is played from that line on.")
    ] = None,
    model: Annotated[
        str | None, typer.Option(help="The model that is used from that line on, as in `gedanken run --model`.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Run folder; by default a new one under runs/.")] = None,
    base_url: BaseUrl = None,
    trust: Trust = False,
    trace_otlp: TraceOtlp = None,
    budget: BudgetText = None,
    as_json: Json = False,
) -> None:
    """Start a new run that equals another run up to a line of its script, and then continues differently."""
    from gedanken.experiment.errors import BadInput
    from gedanken.forking import Changes
    from gedanken.forking import fork as go_on
    from gedanken.loading.experiments import load_experiment, load_persona
    from gedanken.resuming import Again
    from gedanken.terminal.screen import Screen

    with clear_errors():
        if script is None and persona is None and model is None:
            raise BadInput("name what changes from that line on: --script, --persona or --model")
        changes = Changes(
            load_experiment(script) if script is not None else None,
            load_persona(persona) if persona is not None else None,
            model,
        )
        again = Again(base_url, trust, trace_otlp, budget_of(budget))
        finish(go_on(run, at, changes, Screen(), again, out), as_json)


def finish(running: "Coroutine[Any, Any, RunResult]", as_json: bool) -> None:
    """Execute a run, print its result, and exit with its exit code."""
    from gedanken.cli.shown import exit_code_of, show

    ran = asyncio.run(running)
    show(ran, as_json)
    raise typer.Exit(exit_code_of(ran))
