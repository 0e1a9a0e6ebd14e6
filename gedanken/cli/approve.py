"""The command `gedanken approve`: decides whether the program that a run is waiting for may run, and continues the
run.
"""

from pathlib import Path
from typing import Annotated

import typer

from gedanken.cli.errors import exit_codes, handle_errors
from gedanken.cli.execute_run import execute_and_show
from gedanken.cli.help_text import examples
from gedanken.cli.options import BaseUrl, BudgetText, Json, RunFolder, TraceOtlp, Trust, parse_budget_option

EPILOG = (
    examples(
        "gedanken approve runs/mnist-20261128-222335",
        "gedanken approve runs/mnist-20261128-222335 --yes",
        'gedanken approve runs/mnist-20261128-222335 --reject "no files outside the home folder"',
    )
    + exit_codes()
)


def approve(  # noqa: PLR0913 (each is an option of the command)
    run: RunFolder,
    yes: Annotated[bool, typer.Option("--yes", help="Let the program run as it is.")] = False,
    edit: Annotated[
        Path | None, typer.Option(help="File with a program to run instead.", exists=True, dir_okay=False)
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
    """Approve, replace or reject the waiting program of a run, and continue the run. Without --yes, --edit or
    --reject, show the program and ask.
    """
    from gedanken.experiment.approval import read_decision
    from gedanken.experiment.errors import BadInput
    from gedanken.experiment.files import read_text
    from gedanken.resuming import ResumeOptions
    from gedanken.resuming import approve as go_on
    from gedanken.terminal.screen import Screen

    with handle_errors():
        if yes + (edit is not None) + (reject is not None) > 1:
            raise BadInput("--yes, --edit and --reject cannot be combined: choose one")
        if reject is not None and not reject.strip():
            raise BadInput("--reject needs a reason: the coder is told the reason, and tries again")
        options = ResumeOptions(base_url, trust, trace_otlp, parse_budget_option(budget))
        decision: dict[str, str] | None = None
        if edit is not None:
            decision = {"decision": "edit", "source": read_text(edit, f"--edit {edit}")}
        elif reject is not None:
            decision = {"decision": "reject", "reason": reject}
        elif yes:
            decision = {"decision": "approve"}
        parsed_decision = read_decision(decision) if decision else None
        execute_and_show(go_on(run, parsed_decision, Screen(), options), as_json)
