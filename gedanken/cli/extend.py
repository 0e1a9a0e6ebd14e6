"""The command `gedanken extend`: adds real and imagined runs of the programs to a stored run."""

from typing import Annotated

import typer

from gedanken.cli.errors import exit_codes, handle_errors
from gedanken.cli.execute_run import execute_and_show
from gedanken.cli.help_text import examples
from gedanken.cli.options import BaseUrl, BudgetText, Json, RunFolder, TraceOtlp, Trust, parse_budget_option

EPILOG = examples("gedanken extend runs/article-20261128-222335 --imagined 10") + exit_codes()


def extend(  # noqa: PLR0913 (each is an option of the command)
    run: RunFolder,
    real: Annotated[
        int | None, typer.Option(min=0, max=1000, help="Total number of real runs (seeds) after the extension.")
    ] = None,
    imagined: Annotated[
        int | None, typer.Option(min=0, max=1000, help="Total number of imagined runs (samples) after the extension.")
    ] = None,
    base_url: BaseUrl = None,
    trust: Trust = False,
    trace_otlp: TraceOtlp = None,
    budget: BudgetText = None,
    as_json: Json = False,
) -> None:
    """Add real and imagined runs to a run. Only the new ones are run; the report says that they were added later."""
    from gedanken.resuming import ResumeOptions
    from gedanken.resuming import extend as go_on
    from gedanken.terminal.screen import Screen

    with handle_errors():
        execute_and_show(
            go_on(
                run, real, imagined, Screen(), ResumeOptions(base_url, trust, trace_otlp, parse_budget_option(budget))
            ),
            as_json,
        )
