"""The table at the end of a run: real beside imagined."""

from collections.abc import Callable, Sequence

from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table
from rich.text import Text

from compare.curves import read_curves
from experiment.execution import Cause, Execution
from experiment.finding import Finding
from gedanken.record import Record
from gedanken.screen import harmless

FINDINGS_SHOWN = 12
SAMPLES_SHOWN = 4


def print_summary(record: Record, outcome: str, console: Console) -> None:
    """Print one table for each program version that was run, the findings, and where everything is."""
    about = record.as_json()
    console.print()
    console.print(Text(f"{about['experiment']}: {outcome}", style="bold"))
    conditions = f"model {about['model']['name']}, persona {about['persona']['name']}, data: {about['dataset']}"
    console.print(Text(harmless(conditions)), soft_wrap=True)
    loose = "; ".join(about["machine"]["not_enforced"])
    held = f"could not hold {loose}" if loose else "every limit held"
    console.print(Text(harmless(f"sandbox {about['machine']['machine']}: {held}")), soft_wrap=True)
    labels = dict.fromkeys(one.program for one in record.executions if one.program)
    for label in labels:
        here = [one for one in record.executions if one.program == label]
        synthetic = " on synthetic data" if about["machine"]["dataset"]["synthetic"] else ""
        console.print(_program_table(f"{label}, run{synthetic} and imagined", here))
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
        console.print(line, soft_wrap=not console.is_terminal)
    if len(ordered) > FINDINGS_SHOWN:
        console.print(Text(f"  … and {len(ordered) - FINDINGS_SHOWN} more", style="dim"))


def _program_table(title: str, executions: Sequence[Execution]) -> Table:
    """One column for the trunk, one for all other seeds, one for each imagined sample."""
    real = [one for one in executions if not one.imagined]
    imagined = sorted((one for one in executions if one.imagined), key=lambda one: one.sample or 0)
    trunk = [one for one in real if one.seed == 0]
    seeds = [one for one in real if one.seed != 0]
    columns: list[tuple[str, str, list[Execution]]] = [("real\nseed 0", "green", trunk)]
    if seeds:
        columns.append((f"real\n{len(seeds)} seeds", "green", seeds))
    columns += [(f"imagined\nsample {one.sample}", "magenta", [one]) for one in imagined[:SAMPLES_SHOWN]]
    rest = imagined[SAMPLES_SHOWN:]
    if rest:
        columns.append((f"imagined\n{len(rest)} more", "magenta", rest))
    table = Table(title=Text(title), title_justify="left", box=SIMPLE, pad_edge=False)
    table.add_column("")
    for head, style, _runs in columns:
        table.add_column(Text(head, style=style), justify="right")
    for name, show in _ROWS.items():
        table.add_row(name, *(show(runs) for _head, _style, runs in columns))
    return table


def _endings(runs: Sequence[Execution]) -> str:
    endings = [
        f"exit {one.exit_code}" if one.cause in (Cause.FINISHED, Cause.FAILED) else _SHORT.get(one.cause, one.cause)
        for one in runs
    ]
    return "\n".join(dict.fromkeys(endings))


_SHORT = {Cause.CUT: "cut"}


def _spread(values: Sequence[float | None], digits: int) -> str:
    known = sorted(value for value in values if value is not None)
    if not known:
        return "-"
    low, high = f"{known[0]:.{digits}f}", f"{known[-1]:.{digits}f}"
    return low if low == high else f"{low}–{high}"


_ROWS: dict[str, Callable[[Sequence[Execution]], str]] = {
    "ended": _endings,
    "epochs": lambda runs: _spread(
        [len({epoch for _line, epoch in read_curves(one.stdout).epochs}) for one in runs], 0
    ),
    "first loss": lambda runs: _spread([read_curves(one.stdout).first("loss") for one in runs], 3),
    "last loss": lambda runs: _spread([read_curves(one.stdout).last("loss") for one in runs], 3),
    "last acc.": lambda runs: _spread([read_curves(one.stdout).last("accuracy") for one in runs], 3),
    "seconds": lambda runs: _spread([one.seconds for one in runs], 1),
}
