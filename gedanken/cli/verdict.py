"""The command `gedanken verdict`: judges from the stored answers of probes whether models compute, imitate or take
shortcuts.
"""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gedanken.cli.errors import clear_errors, say
from gedanken.cli.help_text import examples
from gedanken.cli.options import Json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console
    from rich.table import Table

    from gedanken.compare.verdict.results import OperationVerdict, Verdict

EPILOG = (
    examples(
        "gedanken verdict runs/probe-20261129-101112",
        "gedanken verdict runs/probe-4b runs/probe-70b --html both.html",
        "gedanken verdict runs/probe-4b --arm steps --json",
    )
    + "Exit codes: 0 judged, even if a verdict is undetermined; 2 bad input; 130 interrupted."
)


def verdict(
    runs: Annotated[
        list[Path], typer.Argument(help="Run folders of gedanken probe; several are shown side by side.")
    ],
    arm: Annotated[
        str,
        typer.Option(
            help="The condition (arm) whose answers are judged: direct, again, forced, session, later, 'other order' "
            "or steps (docs/probes.md)."
        ),
    ] = "direct",
    html: Annotated[Path | None, typer.Option(help="Write the report to this HTML file.")] = None,
    as_json: Json = False,
) -> None:
    """Judge, for each operation, whether a model computes, imitates or takes shortcuts, and up to which size."""
    with clear_errors():
        from gedanken.analysis.probe_verdict import verdict_of
        from gedanken.experiment.escaping import harmless
        from gedanken.experiment.suggested import to_type
        from gedanken.records.read_run import read_run
        from gedanken.report.writing import check_page, write_probe_page
        from gedanken.terminal.patience import patient
        from gedanken.terminal.screen import print_json

        if html:
            check_page(html)
        with patient(f"judging {len(runs)} runs" if len(runs) > 1 else f"judging {runs[0]}"):
            logs = [read_run(run) for run in runs]
            judged = [verdict_of(log, arm) for log in logs]
        for run, log in zip(runs, logs, strict=True):
            if not log.is_over:
                told = f"{run} has not ended, so only the answers that it has so far are judged; to continue it: "
                say(f"{told}{to_type('gedanken resume', run)}")
            if html:
                write_probe_page(html, list(zip(logs, judged, strict=True)))
        if as_json:
            each = [{"folder": str(run), **one.as_json()} for run, one in zip(runs, judged, strict=True)]
            print_json({"verdicts": each})
            return
        from rich.console import Console

        print_verdicts(told_apart(runs, judged), Console(highlight=False))
        if html:
            print(harmless(str(html)))


def told_apart(runs: "Sequence[Path]", judged: "Sequence[Verdict]") -> "list[Verdict]":
    """Return the verdicts. If several are on the same model, each has its run folder added to the model's name."""
    names = [one.model for one in judged]
    return [
        replace(one, model=f"{one.model} ({run})") if names.count(one.model) > 1 else one
        for run, one in zip(runs, judged, strict=True)
    ]


def print_verdicts(judged: "Sequence[Verdict]", console: "Console") -> None:
    """Print a table with one line for each operation and one column for each model, and then the verdicts."""
    from rich.text import Text

    from gedanken.compare.verdict import sentences
    from gedanken.experiment.escaping import harmless

    console.print(_table(judged))
    if numbers := next(filter(None, map(sentences.of_numbers, judged)), ""):
        where = "the lines below name this rule for all operations together, and --html names it for each operation"
        console.print(Text(f"{numbers}; {where}.", style="dim"), soft_wrap=True)
    for one in judged:
        unanswered = ", ".join(f"{times} {what}" for what, times in one.unanswered.items())
        about = f"{one.model}: {one.items} items, {one.answers} answers{f' ({unanswered})' if unanswered else ''}"
        console.print(Text(harmless(about), style="dim"), soft_wrap=True)
        console.print(Text(harmless(f"{one.model}: {sentences.of_all(one)}"), style="bold"), soft_wrap=True)


def _table(judged: "Sequence[Verdict]") -> "Table":
    from rich.box import SIMPLE
    from rich.table import Table
    from rich.text import Text

    from gedanken.experiment.escaping import harmless

    table = Table(box=SIMPLE, pad_edge=False)
    table.add_column("operation", no_wrap=True)
    for one in judged:
        table.add_column(Text(harmless(one.model[-60:])))
    operations = dict.fromkeys((own.family, own.operation) for one in judged for own in one.operations)
    for family, operation in operations:
        cells = [Text(harmless(operation))]
        for one in judged:
            own = next((own for own in one.operations if (own.family, own.operation) == (family, operation)), None)
            cells.append(Text(_cell(own) if own else "not asked"))
        table.add_row(*cells)
    return table


def _cell(own: "OperationVerdict") -> str:
    """Format a cell: likeliest hypothesis, probability and horizon, for example `computes 0.97; n 23 (16 to 32)`."""
    from gedanken.compare.verdict import sentences

    if not own.support:
        return own.name
    likeliest = own.support.best
    # the verdict can name something else, such as `undetermined`
    told = f"{own.name}; " if own.name != likeliest else ""
    told += f"{likeliest} {own.posterior[likeliest]:.2f}"
    if own.curves:
        low, high = own.curves[0].interval
        other = sentences.other_horizon(own)
        told += f"; n {own.curves[0].horizon} ({low} to {high}){f', or {other}' if other else ''}"
    return told
