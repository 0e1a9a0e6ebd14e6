"""The command `gedanken resume`: continues a run that stopped early."""

from pathlib import Path
from typing import Annotated

import typer

from gedanken.cli.errors import exit_codes, handle_errors
from gedanken.cli.execute_run import execute_and_show
from gedanken.cli.help_text import examples
from gedanken.cli.options import BaseUrl, BudgetText, Json, TraceOtlp, Trust, parse_budget_option

EPILOG = examples("gedanken resume runs/article-20261128-222335") + exit_codes()


def resume(  # noqa: PLR0913 (each is an option of the command)
    run: Annotated[
        Path | None, typer.Argument(help="A run folder; by default the newest unfinished one that resuming helps.")
    ] = None,
    base_url: BaseUrl = None,
    trust: Trust = False,
    trace_otlp: TraceOtlp = None,
    budget: BudgetText = None,
    as_json: Json = False,
) -> None:
    """Continue a run that was killed, interrupted, or lost its model or engine. Nothing is paid for twice."""
    from gedanken.resuming import ResumeOptions, newest_unfinished
    from gedanken.resuming import resume as go_on
    from gedanken.terminal.screen import Screen

    with handle_errors():
        screen, options = Screen(), ResumeOptions(base_url, trust, trace_otlp, parse_budget_option(budget))
        execute_and_show(go_on(run or newest_unfinished(screen, options.budget), screen, options), as_json)
