"""The functions `gedanken.run`, `gedanken.arun` and `gedanken.resume`, which run an experiment and continue a run."""

import asyncio
from collections.abc import Callable, Coroutine
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from pydantic import ValidationError

from gedanken.analysis.analysis import Analysis
from gedanken.analysis.analyze import analyze
from gedanken.api.arguments import (
    ExperimentArgument,
    PersonaArgument,
    experiment_of,
    opened_model_spec,
    persona_of,
    sandbox_of,
)
from gedanken.experiment.blocking import wait_for
from gedanken.experiment.errors import BadInput, Interrupted
from gedanken.experiment.run_spec import ModelSpec, RunSpec, SandboxSpec
from gedanken.records.read_run import with_tokens
from gedanken.resuming import ResumeOptions, newest_unfinished
from gedanken.resuming import resume as go_on
from gedanken.runner import RunResult
from gedanken.runner import run as run_experiment
from gedanken.terminal.screen import Screen

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


def as_blocking(called: str, work: Callable[Parameters, Coroutine[Any, Any, Result]]) -> Callable[Parameters, Result]:
    """Return a function named `called` that runs the coroutine function `work`, and blocks until it returns."""

    @wraps(work)
    def wait(*arguments: Parameters.args, **named: Parameters.kwargs) -> Result:
        return wait_for(work(*arguments, **named))

    wait.__name__ = wait.__qualname__ = called
    return wait


async def arun(  # noqa: PLR0913 (each is an option of a run)
    experiment: ExperimentArgument = "article",
    model: "BaseChatModel | ModelSpec | str" = "embedded",
    persona: PersonaArgument | None = None,
    *,
    sandbox: SandboxSpec | str = "auto",
    real: int = 7,
    imagined: int = 3,
    simulate: bool = True,
    primary: str | None = None,
    out: str | Path | None = None,
    progress: bool = True,
) -> Analysis:
    """Have a model write a program, really run it, have the model imagine the run, and compare.

    `arun` is a coroutine function; `run` blocks until the result is there, also in a notebook.

    Args:
        experiment: the name of a packaged experiment (`article`, `mnist`, …), the path of a YAML file, or an
            `Experiment`.
        model: a name as for `--model` (`embedded`, `openai:gpt-4.1`, `scripted:FILE`), a `ModelSpec` with a base URL,
            or a chat model of LangChain.
        persona: a name, the path of a YAML file, or a `Persona`; None uses the experiment's persona.
        sandbox: `auto`, `docker`, `podman`, `bubblewrap`, or a `SandboxSpec`.
        real: number of real runs of each program version, besides the one with seed 0; each has its own seed.
        imagined: number of imagined runs of each program version at the experiment's temperature, besides sample 0
            at temperature 0.
        simulate: False if the model imagines no runs.
        primary: name of the series whose last value is the primary endpoint; None applies the rule of
            docs/comparison.md.
        out: the run folder, new or empty; None creates one under `runs/`.
        progress: True if the progress is shown on standard error.

    Returns:
        The Analysis that the report shows: `verdict` (text), `findings`, `executions` (each with `seconds`, exit code
        and output), `versions` (series and statistics of each program), `log` (the RunLog), `folder`.

    Raises:
        BadInput: an argument cannot be used.
        NoSandbox, NoModel: the sandbox or the model cannot be used, or was lost; `resume` continues the run.
        KeyboardInterrupt (from `run`), CancelledError (from `arun`): the run was interrupted; `resume` continues it.

    docs/design.md explains what makes the comparison fair.
    """
    loaded_experiment = experiment_of(experiment)
    loaded_persona = persona_of(persona or loaded_experiment.persona)
    with opened_model_spec(model) as name:
        try:
            spec = RunSpec(
                experiment=loaded_experiment,
                persona=loaded_persona,
                model=name,
                sandbox=sandbox_of(sandbox),
                real=real,
                imagined=imagined,
                simulate=simulate,
                primary=primary,
            )
        except ValidationError as error:
            first_error = error.errors()[0]
            raise BadInput(f"{'.'.join(map(str, first_error['loc']))}: {first_error['msg']}") from error
        return await _await_analysis(run_experiment(spec, screen_of(progress), Path(out) if out else None))


async def _resume(
    folder: str | Path | None = None,
    model: "BaseChatModel | None" = None,
    *,
    base_url: str | None = None,
    trusted: bool = False,
    progress: bool = True,
) -> Analysis:
    """Continue a run that was interrupted, killed, or lost its model or engine. Nothing is paid for twice.

    Args:
        folder: the run folder; None uses the newest unfinished run under `runs/` that resuming helps.
        model: the chat model object, if the run was started from Python with one.
        base_url: the address of the model's server. Give it again if it is on another machine: API keys are sent only
            to an address that the user confirms.
        trusted: True to confirm again that the run uses the sandbox `host`, which isolates nothing.
        progress: True if the progress is shown on standard error.

    Returns:
        The Analysis, as from `run`.

    Raises:
        The same errors as `run`.
    """
    screen = screen_of(progress)
    path = Path(folder) if folder else newest_unfinished(screen)
    work = go_on(path, screen, ResumeOptions(base_url, trusted))
    if model is None:
        return await _await_analysis(work)
    with opened_model_spec(model):
        return await _await_analysis(work)


async def _await_analysis(work: Coroutine[Any, Any, RunResult]) -> Analysis:
    """Wait for the run that `work` does, and return its analysis."""
    try:
        result = await work
    except Interrupted as interrupted:
        task = asyncio.current_task()
        if task is not None and task.cancelling():  # a caller who cancels the task expects CancelledError
            raise asyncio.CancelledError from interrupted
        raise
    # if the run could not be compared, comparing it again raises the error here
    return result.analysis or analyze(with_tokens(result.log))


def screen_of(progress: bool) -> Screen:
    """Return the progress display for a run from Python; it leaves signals such as Ctrl-C to the calling program."""
    screen = Screen()
    screen.console.quiet = not progress
    screen.takes_signals = False
    return screen


run = as_blocking("run", arun)
resume = as_blocking("resume", _resume)
