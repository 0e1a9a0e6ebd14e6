"""The table at the end of a run: real beside imagined."""

from collections.abc import Callable, Sequence
from typing import Any

from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table
from rich.text import Text

from agents.surprise import Lines, ProgramSurprise
from compare.comparison import short
from compare.lines.prints import PrintRow, Shown
from compare.numbers.curves import read_curves
from experiment.execution import Cause, Execution
from experiment.finding import Finding
from gedanken.record import Record, told_counts
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
    console.print(Text(harmless(f"conditions: {_conditions(about['conditions'])}")), soft_wrap=True)
    loose = "; ".join(about["machine"]["not_enforced"])
    held = f"could not hold {loose}" if loose else "every limit held"
    console.print(Text(harmless(f"sandbox {about['machine']['machine']}: {held}")), soft_wrap=True)
    labels = dict.fromkeys(one.program for one in record.executions if one.program)
    for label in labels:
        here = [one for one in record.executions if one.program == label]
        synthetic = " on synthetic data" if about["machine"]["dataset"]["synthetic"] else ""
        console.print(_program_table(f"{label}, run{synthetic} and imagined", here))
    for row in record.prints:
        if row.in_forward and row.program in labels:
            console.print(_forward_table(row))
    _print_edits(record, console)
    _print_breaches(record, console)
    print_findings(record.findings, console)
    for line in _surprise(record.surprise):
        console.print(Text(harmless(line)), soft_wrap=True)
    console.print(Text(f"everything is in {record.folder}", style="bold"))


def _conditions(named: dict[str, Any]) -> str:
    """Such as `source shown, session running, claims gpus, no steps, temperature 1`."""
    claimed = ", ".join(named["claimed"]) if named["claims"] else "dropped"
    steps = "working steps" if named["steps"] else "no working steps"
    return (
        f"source {named['source']}, session {named['session']}, claims: {claimed or 'none'}, {steps}, "
        f"temperature {named['temperature']:g}"
    )


def _surprise(found: Sequence[ProgramSurprise] | str | None) -> list[str]:
    """One line for each program."""
    if isinstance(found, str):
        return [f"surprise: not available: {found}"]
    return [
        f"surprise a token, {it.program}: {_a_token(it.real)} at the real output, {_a_token(it.imagined)} at its own"
        for it in found or ()
    ]


def _a_token(lines: Lines | None) -> str:
    tokens = sum(line.tokens for line in lines or ())
    return f"{sum(line.nats for line in lines) / tokens:.1f} nats" if lines and tokens else "not available"


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


def _forward_table(row: PrintRow) -> Table:
    """A print that stands in `forward`: how often, and in which words, each world showed it."""
    title = f"{row.program}, line {row.line}, in forward: “{harmless(short(row.words))}”"
    table = Table(title=Text(title), title_justify="left", box=SIMPLE, pad_edge=False)
    for name in ("", "times", "printed as"):
        table.add_column(name)
    for name, style, shown in (("real", "green", row.real), ("imagined", "magenta", row.imagined)):
        wordings = "\n".join(f"{wording.text} ({wording.times} in all)" for wording in shown.wordings)
        table.add_row(Text(name, style=style), _times(shown), Text(harmless(wordings) or "-"))
    return table


def _times(shown: Shown) -> str:
    """Such as `1 in each of 8 runs`, or `0 to 40 in 3 runs`."""
    counts = sorted(shown.times.values())
    if not counts:
        return "-"
    if counts[0] == counts[-1]:
        return f"{counts[0]} in {'each of ' if len(counts) > 1 else ''}{len(counts)} run{'s' * (len(counts) > 1)}"
    return f"{counts[0]} to {counts[-1]} in {len(counts)} runs"


def _print_edits(record: Record, console: Console) -> None:
    """Print what became of each edit, and how much it changed."""
    for program in record.programs.values():
        diff = record.diff(program)
        if program.edit and diff:
            line = Text(f"edit of {program.base}, “{harmless(short(program.told))}”: ")
            line.append(program.edit, style="green" if program.edit == "worked" else "yellow")
            line.append(f" ({program.label}, {diff.size})")
            console.print(line, soft_wrap=not console.is_terminal)


def _print_breaches(record: Record, console: Console) -> None:
    breaches = record.breaches()
    if breaches:
        number = breaches.total()
        told = f"{number} time{'s' * (number > 1)}: {told_counts(breaches)}; taken off"
        line = Text(f"the imagined machine broke the rules of a terminal {told}")
        console.print(line, soft_wrap=not console.is_terminal)


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
