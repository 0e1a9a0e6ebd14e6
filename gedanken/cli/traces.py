"""The commands `gedanken traces show` and `gedanken traces export`: what happened in a run, as a tree."""

import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gedanken.cli.errors import handle_errors
from gedanken.cli.help_text import examples
from gedanken.cli.options import Json
from gedanken.experiment.counts import format_count
from gedanken.experiment.secrets import shown_address

if TYPE_CHECKING:
    from rich.console import Console

    from gedanken.traces.run_tree import TracedRun

traces_app = typer.Typer(no_args_is_help=True, help="Show what happened in a run as a tree, or export the tree.")
CODES = "Exit codes: 0 done; 2 bad input; 130 interrupted."
FOLLOW_SECONDS = 0.5

Run = Annotated[Path, typer.Argument(help="A run folder; the run may still be running.")]


@traces_app.command(
    short_help="Print what happened in a run, as a tree.",
    epilog=examples(
        "gedanken traces show runs/mnist",
        "gedanken traces show runs/mnist --follow",
    )
    + CODES,
)
def show(
    run: Run,
    follow: Annotated[bool, typer.Option("--follow", help="Keep showing updates until the run ends.")] = False,
    as_json: Json = False,
) -> None:
    """Print what happened in a run as a tree: the steps, the commands on both machines, and the requests to models,
    with times, tokens and errors.
    """
    with handle_errors():
        from rich.console import Console

        from gedanken.records.trace import read_trace
        from gedanken.report.traces import as_values, total_line, tree_lines
        from gedanken.terminal.screen import print_json

        roots = read_trace(run)
        _warn_left_out_lines(run)
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


@traces_app.command(
    short_help="Export the trace of a run.",
    epilog=examples(
        "gedanken traces export runs/mnist --to spans.json",
        "gedanken traces export runs/mnist --otlp http://127.0.0.1:6006",
        "gedanken traces export runs/mnist --langsmith",
    )
    + CODES,
)
def export(
    run: Run,
    to: Annotated[
        Path | None, typer.Option(help="Write all entries of the trace to this file, as OTLP JSON.")
    ] = None,
    otlp: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            help="Send the trace to this OpenTelemetry collector, for example Phoenix: http://HOST:6006.",
        ),
    ] = None,
    langsmith: Annotated[
        bool,
        typer.Option(
            "--langsmith",
            help="Send the trace to LangSmith, to the server and account that LANGSMITH_API_KEY and related "
            "variables name.",
        ),
    ] = False,
) -> None:
    """Export the whole trace of a run to a file, a collector, or LangSmith.

    Keys and addresses are removed first. A second export sends all entries again.
    """
    with handle_errors():
        from gedanken.experiment.errors import BadInput
        from gedanken.records.trace import read_trace
        from gedanken.traces.local import cleaned

        if to is None and otlp is None and not langsmith:
            raise BadInput("name a destination: a file with --to, a collector with --otlp, or --langsmith")
        roots = cleaned(read_trace(run))
        _warn_left_out_lines(run)
        if to is not None or otlp is not None:
            _export_spans(roots, to, otlp)
        if langsmith:
            from gedanken.traces.langsmith import replay

            print(f"{format_count(replay(roots), 'trace entry', 'trace entries')} sent to LangSmith")


def _warn_left_out_lines(run: Path) -> None:
    from gedanken.records.trace import lines_left_out

    if left_out := lines_left_out(run):
        print(
            f"gedanken: left out {format_count(left_out, 'line')} of the trace file: "
            "incomplete, or not part of a trace",
            file=sys.stderr,
        )


def _export_spans(roots: "list[TracedRun]", to: Path | None, otlp: str | None) -> None:
    from gedanken.experiment.errors import BadInput

    try:
        from gedanken.traces.otlp import check_address, send
        from gedanken.traces.spans import otlp_json
    except ImportError as error:
        raise BadInput("exporting a trace needs another package: pip install 'gedanken[otlp]'") from error
    if otlp is not None:
        check_address(otlp)
    if to is not None:
        from gedanken.experiment.files import write_atomically

        write_atomically(to, json.dumps(otlp_json(roots)))
        entries = sum(1 for root in roots for _entry in root.walk())
        print(f"{format_count(entries, 'trace entry', 'trace entries')} written to {to}")
    if otlp is not None:
        print(f"{format_count(send(roots, otlp), 'trace entry', 'trace entries')} sent to {shown_address(otlp)}")


def _follow(run: Path, console: "Console") -> None:
    """Show the end of a run's trace as a tree, updated until the run has ended."""
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
