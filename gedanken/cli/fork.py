"""The command `gedanken fork`: starts a new run that equals another run up to a line of its script."""

from pathlib import Path
from typing import Annotated

import typer

from gedanken.cli.errors import exit_codes, handle_errors
from gedanken.cli.execute_run import execute_and_show
from gedanken.cli.help_text import examples
from gedanken.cli.options import BaseUrl, BudgetText, Json, RunFolder, TraceOtlp, Trust, parse_budget_option

EPILOG = (
    examples(
        "gedanken fork runs/article-20261128-222335 --at 7 --script mine.yaml",
        "gedanken fork runs/article-20261128-222335 --at 3 --persona matched",
        "gedanken fork runs/article-20261128-222335 --at 3 --model ollama:llama3",
    )
    + exit_codes()
)


def fork(  # noqa: PLR0913 (each is an option of the command)
    run: RunFolder,
    at: Annotated[int, typer.Option(min=1, help="First script line (counted from 1) to which the changes apply.")],
    script: Annotated[
        str | None, typer.Option(help="A packaged experiment or a YAML file; its script is used from line --at on.")
    ] = None,
    persona: Annotated[
        str | None, typer.Option(help="A packaged persona or a YAML file; it is used from line --at on.")
    ] = None,
    model: Annotated[
        str | None, typer.Option(help="The model that is used from line --at on, as in `gedanken run --model`.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Run folder; by default a new one under runs/.")] = None,
    base_url: BaseUrl = None,
    trust: Trust = False,
    trace_otlp: TraceOtlp = None,
    budget: BudgetText = None,
    as_json: Json = False,
) -> None:
    """Start a new run that equals another run up to a line of its script, and continues differently from there."""
    from gedanken.experiment.errors import BadInput
    from gedanken.forking import Changes
    from gedanken.forking import fork as go_on
    from gedanken.loading.experiments_and_personas import load_experiment, load_persona
    from gedanken.resuming import ResumeOptions
    from gedanken.terminal.screen import Screen

    with handle_errors():
        if script is None and persona is None and model is None:
            raise BadInput(f"say what changes from line {at} on: give --script, --persona or --model")
        changes = Changes(
            load_experiment(script) if script is not None else None,
            load_persona(persona) if persona is not None else None,
            model,
        )
        options = ResumeOptions(base_url, trust, trace_otlp, parse_budget_option(budget))
        execute_and_show(go_on(run, at, changes, Screen(), options, out), as_json)
