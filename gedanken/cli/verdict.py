"""The command `gedanken verdict`: judges from the stored answers of probes whether models compute, imitate or take
shortcuts.
"""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gedanken.cli.errors import handle_errors, print_message
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
    with handle_errors():
        from gedanken.analysis.probe_verdict import verdict_of
        from gedanken.experiment.escaping import harmless
        from gedanken.experiment.suggested_command import suggested_command
        from gedanken.records.read_run import read_run
        from gedanken.report.writing import check_page, write_probe_page
        from gedanken.terminal.patience import show_if_slow
        from gedanken.terminal.screen import print_json

        if html:
            check_page(html)
        with show_if_slow(f"judging {len(runs)} runs" if len(runs) > 1 else f"judging {runs[0]}"):
            logs = [read_run(run) for run in runs]
            verdicts = [verdict_of(log, arm) for log in logs]
        for run, log in zip(runs, logs, strict=True):
            if not log.is_over:
                notice = f"{run} has not ended, so only the answers that it has so far are judged; to continue it: "
                print_message(f"{notice}{suggested_command('gedanken resume', run)}")
            if html:
                write_probe_page(html, list(zip(logs, verdicts, strict=True)))
        if as_json:
            values = [{"folder": str(run), **verdict.as_json()} for run, verdict in zip(runs, verdicts, strict=True)]
            print_json({"verdicts": values})
            return
        from rich.console import Console

        print_verdicts(with_distinct_names(runs, verdicts), Console(highlight=False))
        if html:
            print(harmless(str(html)))


def with_distinct_names(runs: "Sequence[Path]", verdicts: "Sequence[Verdict]") -> "list[Verdict]":
    """Return the verdicts. If several are about the same model, the run folder is added to its name in each."""
    names = [verdict.model for verdict in verdicts]
    return [
        replace(verdict, model=f"{verdict.model} ({run})") if names.count(verdict.model) > 1 else verdict
        for run, verdict in zip(runs, verdicts, strict=True)
    ]


def print_verdicts(verdicts: "Sequence[Verdict]", console: "Console") -> None:
    """Print a table with one line for each operation and one column for each model, and then the verdicts."""
    from rich.text import Text

    from gedanken.compare.verdict import sentences
    from gedanken.experiment.escaping import harmless

    console.print(_make_table(verdicts))
    if numbers := next(filter(None, map(sentences.explain_probabilities, verdicts)), ""):
        explanation = (
            "the lines below name this rule for all operations together, and --html names it for each operation"
        )
        console.print(Text(f"{numbers}; {explanation}.", style="dim"), soft_wrap=True)
    for verdict in verdicts:
        failures = ", ".join(f"{count} {reason}" for reason, count in verdict.unanswered.items())
        line = (
            f"{verdict.model}: {verdict.items} items, {verdict.answers} answers{f' ({failures})' if failures else ''}"
        )
        console.print(Text(harmless(line), style="dim"), soft_wrap=True)
        console.print(
            Text(harmless(f"{verdict.model}: {sentences.describe_verdict(verdict)}"), style="bold"),
            soft_wrap=True,
        )


def _make_table(verdicts: "Sequence[Verdict]") -> "Table":
    from rich.box import SIMPLE
    from rich.table import Table
    from rich.text import Text

    from gedanken.experiment.escaping import harmless

    table = Table(box=SIMPLE, pad_edge=False)
    table.add_column("operation", no_wrap=True)
    for verdict in verdicts:
        table.add_column(Text(harmless(verdict.model[-60:])))
    operations = dict.fromkeys(
        (operation_verdict.family, operation_verdict.operation)
        for verdict in verdicts
        for operation_verdict in verdict.operations
    )
    for family, operation in operations:
        cells = [Text(harmless(operation))]
        for verdict in verdicts:
            operation_verdict = next(
                (
                    operation_verdict
                    for operation_verdict in verdict.operations
                    if (operation_verdict.family, operation_verdict.operation) == (family, operation)
                ),
                None,
            )
            cells.append(Text(_format_cell(operation_verdict) if operation_verdict else "not asked"))
        table.add_row(*cells)
    return table


def _format_cell(verdict: "OperationVerdict") -> str:
    """Format the likeliest hypothesis, its probability and the horizon, for example `computes 0.97; n 23 (16 to
    32)`."""
    from gedanken.compare.verdict import sentences

    if not verdict.support:
        return verdict.name
    likeliest = verdict.support.best
    # the verdict can name something else, such as `undetermined`
    text = f"{verdict.name}; " if verdict.name != likeliest else ""
    text += f"{likeliest} {verdict.posterior[likeliest]:.2f}"
    if verdict.curves:
        low, high = verdict.curves[0].interval
        second_horizon = sentences.other_horizon(verdict)
        text += (
            f"; n {verdict.curves[0].horizon} ({low} to {high}){f', or {second_horizon}' if second_horizon else ''}"
        )
    return text
