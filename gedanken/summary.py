"""The table at the end of a run: real beside imagined."""

from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from compare.curves import read_curves
from experiment.execution import Cause, Execution
from experiment.finding import Finding
from gedanken.record import Record
from gedanken.screen import harmless

FINDINGS_SHOWN = 12


def print_summary(record: Record, outcome: str, console: Console) -> None:
    """Print one table for each program version that was run, the findings, and where everything is."""
    about = record.as_json()
    console.print()
    console.print(Text(f"{about['experiment']}: {outcome}", style="bold"))
    conditions = f"model {about['model']['name']}, persona {about['persona']['name']}, {about['dataset']}"
    console.print(Text(harmless(conditions)))
    labels = dict.fromkeys(one.program for one in record.executions if one.program)
    for label in labels:
        here = [one for one in record.executions if one.program == label]
        console.print(_program_table(label, here))
    print_findings(record.findings, console)
    console.print(Text(f"everything is in {record.folder}", style="bold"))


def print_findings(findings: Sequence[Finding], console: Console) -> None:
    """Print the findings, those that a claim explains last and marked."""
    if not findings:
        console.print("no findings")
        return
    console.print(Text(f"{len(findings)} findings", style="bold"))
    ordered = sorted(findings, key=lambda finding: finding.explained_by is not None)
    for finding in ordered[:FINDINGS_SHOWN]:
        line = Text("  ")
        line.append(finding.kind, style="dim" if finding.explained_by else "yellow")
        line.append(f": {harmless(finding.claim)}")
        if finding.explained_by:
            line.append(f" (claim: {finding.explained_by})", style="dim")
        console.print(line)
    if len(ordered) > FINDINGS_SHOWN:
        console.print(Text(f"  … and {len(ordered) - FINDINGS_SHOWN} more", style="dim"))


def _program_table(label: str | None, executions: Sequence[Execution]) -> Table:
    table = Table(title=escape(f"{label}: really run, and imagined"), title_justify="left")
    for name in ("", "run", "ended", "epochs", "first loss", "last loss", "last accuracy", "seconds"):
        table.add_column(name, justify="left" if name in ("", "run", "ended") else "right")
    for one in sorted(executions, key=lambda one: (one.imagined, one.arm, one.seed or 0, one.sample or 0)):
        curves = read_curves(one.stdout)
        who = f"sample {one.sample}" if one.imagined else f"seed {one.seed}"
        table.add_row(
            Text("imagined" if one.imagined else "real", style="magenta" if one.imagined else "green"),
            who + ("" if one.arm == "as written" else " (reseeded)"),
            str(one.cause) if one.cause is not Cause.FAILED else f"exit code {one.exit_code}",
            str(len({epoch for _line, epoch in curves.epochs})),
            _number(curves.first("loss")),
            _number(curves.last("loss")),
            _number(curves.last("accuracy")),
            f"{one.seconds:.1f}",
        )
    return table


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.4f}"
