"""The command `gedanken compare`: compares real runs with imagined ones, from run folders or any logs."""

from pathlib import Path
from typing import Annotated

import typer

from gedanken.cli.errors import handle_errors, print_message
from gedanken.cli.help_text import examples
from gedanken.cli.options import Json, MetricDefinitions, Primary, parse_metrics

CODES = "Exit codes: 0 compared, whatever was found; 2 bad input; 130 interrupted."
EPILOG = (
    examples(
        "gedanken compare runs/article-20261123-190200",
        "gedanken compare seed1.log seed2.log --imagined gpt.log --program train.py",
        "gedanken compare runs/mnist --imagined runs/mnist-4b --html both.html",
        "gedanken compare runs/mnist --imagined said.txt --json",
        "gedanken compare logs/ --imagined - --primary val_loss < said.log",
        "gedanken compare seed*.log.gz --imagined gpt.log --as 'score=final score was ([0-9.]+)'",
    )
    + CODES
)


def compare(  # noqa: PLR0913 (its options)
    real: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="REAL",
            help="A run folder; or real runs, as log files (also .gz, .xz, .zst), folders of logs, output files of a "
            "run folder, or stored executions (JSON). - reads standard input.",
        ),
    ] = None,
    imagined: Annotated[
        list[Path] | None,
        typer.Option(
            help="Imagined runs, or a run folder that contains some. All paths after this option count as imagined."
        ),
    ] = None,
    program: Annotated[Path | None, typer.Option(help="The Python program that was run.")] = None,
    primary: Primary = None,
    named: MetricDefinitions = None,
    html: Annotated[Path | None, typer.Option(help="Write the report to this HTML file.")] = None,
    as_json: Json = False,
) -> None:
    """Compare real runs with imagined ones. Both may come from one run folder, from two, or from any logs."""

    with handle_errors():
        from gedanken.analysis.inputs import compare_inputs
        from gedanken.experiment.counts import format_count
        from gedanken.report.writing import check_page, write_page_to
        from gedanken.terminal.patience import show_if_slow

        if html:
            check_page(html)
        with show_if_slow(f"comparing {format_count(len(real or []) + len(imagined or []), 'input')}"):
            analysis = compare_inputs(real or [], imagined or [], program, parse_metrics(primary, named))
        for note in analysis.notes:
            print_message(note)
        if html:
            with show_if_slow("writing the report"):
                inputs = {Path(path) for path in (*(real or []), *(imagined or []))}
                write_page_to(html, analysis, inputs.pop() if len(inputs) == 1 else None)
        if as_json:
            from gedanken.report.values import values_of
            from gedanken.terminal.screen import print_json

            print_json(values_of(analysis))
            return
        from rich.console import Console

        from gedanken.report.effects import print_effects
        from gedanken.report.summary import print_summary

        console = Console(highlight=False)
        print_summary(analysis, console, html)
        print_effects(analysis.effects, console)


def expand_imagined(arguments: list[str]) -> list[str]:
    """Rewrite the command line so that `--imagined` of `compare` accepts all paths that follow it, as in `--imagined
    a.log b.log`.
    """
    if arguments[:1] != ["compare"]:
        return arguments
    spread: list[str] = []
    is_imagined = False
    for argument in arguments:
        if argument.startswith("-") and argument != "-":
            is_imagined = argument == "--imagined" or argument.startswith("--imagined=")
            if argument != "--imagined":
                spread.append(argument)
        else:
            spread += ["--imagined", argument] if is_imagined else [argument]
    return spread
