"""`gedanken traces`: what happened in a run, as a tree."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gedanken.cli.errors import clear_errors
from gedanken.cli.options import Json

if TYPE_CHECKING:
    from rich.console import Console

traces_app = typer.Typer(no_args_is_help=True, help="Show what happened in a run, as a tree, or hand it on.")
CODES = "Exit codes: 0 done; 2 bad input; 130 interrupted."
FOLLOW_SECONDS = 0.5

Run = Annotated[Path, typer.Argument(help="A run folder, finished or under way.")]


@traces_app.command(
    epilog="Examples:  gedanken traces show runs/mnist   |   gedanken traces show runs/mnist --follow.   " + CODES
)
def show(
    run: Run,
    follow: Annotated[bool, typer.Option("--follow", help="Go on for as long as the run does.")] = False,
    as_json: Json = False,
) -> None:
    """Print the tree of a run: its steps, its commands in both worlds, its requests; times, tokens, errors."""
    with clear_errors():
        from rich.console import Console

        from gedanken.records.trace import read_trace
        from gedanken.report.traces import as_values, total_line, tree_lines
        from gedanken.terminal.screen import print_json

        roots = read_trace(run)
        if as_json:
            print_json({"runs": [as_values(root) for root in roots]})
            return
        console = Console(highlight=False)
        if follow and console.is_terminal:
            _follow(run, console)
            return
        for line in tree_lines(roots):
            console.print(line, soft_wrap=not console.is_terminal)
        console.print(total_line(roots))


def _follow(run: Path, console: "Console") -> None:
    """Show the end of the tree anew until its root has ended."""
    from rich.console import Group
    from rich.live import Live
    from rich.text import Text

    from gedanken.records.trace import read_trace
    from gedanken.report.traces import total_line, tree_lines

    with Live(console=console, refresh_per_second=4) as live:
        while True:
            roots = read_trace(run)
            lines = list(tree_lines(roots))[-max(4, console.height - 3) :]
            live.update(Group(*lines, Text(total_line(roots))))
            if roots and all(root.end for root in roots):
                return
            time.sleep(FOLLOW_SECONDS)
