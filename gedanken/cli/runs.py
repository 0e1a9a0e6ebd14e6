"""The command `gedanken runs`: lists the runs under runs/ with their state, and removes runs."""

from pathlib import Path
from typing import Annotated

import typer

from gedanken.cli.errors import exit_codes, handle_errors
from gedanken.cli.help_text import examples
from gedanken.cli.options import Json

runs_app = typer.Typer(
    help="List runs, with their state, cost and duration.",
    epilog=examples(
        "gedanken runs",
        "gedanken runs rm runs/article-20261128-222335",
    )
    + exit_codes(0, 2, 130),
    rich_markup_mode=None,
    invoke_without_command=True,
)


@runs_app.callback()
def runs(
    context: typer.Context,
    folder: Annotated[Path, typer.Option("--in", help="Folder that contains the run folders.")] = Path("runs"),
    as_json: Json = False,
) -> None:
    """List runs, the newest first."""
    if context.invoked_subcommand is not None:
        return
    from gedanken.listing import list_runs, print_runs
    from gedanken.terminal.screen import print_json

    with handle_errors():
        entries = list_runs(folder)
        if as_json:
            print_json({"runs": [entry._asdict() for entry in entries]})
            return
        from rich.console import Console

        print_runs(entries, Console(highlight=False))


@runs_app.command(epilog=examples("gedanken runs rm runs/article-20261128-222335") + exit_codes(0, 2, 3, 130))
def rm(run: Annotated[list[Path], typer.Argument(help="Run folders.")]) -> None:
    """Remove run folders, and the workspaces that were kept to resume them."""
    from gedanken.listing import remove_run

    with handle_errors():
        for folder in run:
            remove_run(folder)
