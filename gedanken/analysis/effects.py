"""What the changes of a given program came to: gathered from a run, and shown."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from gedanken.compare.interventions import Effects, Intervention, OutcomeEffects, Outcomes, format_tau, weigh_effects
from gedanken.experiment.escaping import harmless
from gedanken.experiment.execution import Execution, leaves
from gedanken.experiment.program import Program
from gedanken.probes.interventions import CHANGES

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

MOST_RUNS = 1000
"""Of a version in a world, as many as a run can be asked for; a folder that somebody brings may hold any number."""


def effects_in(programs: Iterable[Program], executions: Sequence[Execution]) -> tuple[Effects, ...]:
    """The effects of the changes of each given program that was changed and has runs in both worlds.

    Where a change was made twice, its newest version counts. Of a change that was not run, nothing is known.
    """
    programs = tuple(programs)
    found = []
    for base in programs:
        changes = {
            program.change: program
            for program in programs
            if program.base == base.label and program.change in CHANGES
        }
        tried = [_tried(one, executions) for one in (base, *changes.values())]
        if changes and tried[0].real and tried[0].imagined:
            found.append(weigh_effects(base.label, tried[0], tried[1:]))
    return tuple(one for one in found if one is not None)


def print_effects(effects: Sequence[Effects], console: "Console") -> None:
    """Print each change with what it does in both worlds, and what all of them come to."""
    from rich.text import Text

    for effect in effects:
        console.print(_table(effect.program, effect.loss))
        console.print(Text(_rankings(effect.loss)), soft_wrap=True)
        if effect.accuracy:
            console.print(Text(_rankings(effect.accuracy)), soft_wrap=True)
        shown = f"runs that end and show a loss: {effect.real_shown} real, {effect.imagined_shown} imagined"
        console.print(Text(shown), soft_wrap=True)
        console.print(Text(harmless(effect.verdict), style="bold"), soft_wrap=True)


def _tried(program: Program, executions: Sequence[Execution]) -> Intervention:
    here = leaves(execution for execution in executions if execution.program == program.label)
    change = CHANGES.get(program.change or "")
    return Intervention(
        program.change,
        change.expected if change else 0,
        change is None or change.neutral,
        tuple(run for run in here if not run.imagined)[:MOST_RUNS],
        tuple(run for run in here if run.imagined)[:MOST_RUNS],
    )


def _table(program: str, moves: OutcomeEffects) -> "Table":
    from rich.table import Table
    from rich.text import Text

    title = f"last {moves.outcome} of {harmless(program)} and of its changes: the median, and where it goes"
    table = Table(title=Text(title), title_justify="left", box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for head, style in (("", ""), ("real", "green"), ("imagined", "magenta")):
        table.add_column(Text(head, style=style), no_wrap=True)
    table.add_row("as it is", f"  {_values(moves.real)}", f"  {_values(moves.imagined)}")
    for effect in moves.effects:
        certain = effect.same_way is not None
        wrong = " ≠" if effect.same_way is False and not effect.is_sideless else ""
        ours, theirs = (_side(one.effect) if certain else " " for one in (effect.real, effect.imagined))
        table.add_row(
            Text(effect.change, style="dim" if effect.neutral else ""),
            f"{ours} {_values(effect.real)}",
            f"{theirs} {_values(effect.imagined)}{wrong}",
        )
    return table


def _values(outcomes: Outcomes) -> str:
    """Such as `0.42 (0.40-0.45)`, with how many show one where not all do."""
    known = sorted(value for value in outcomes.values if value is not None)
    if not known:
        return f"none in {len(outcomes.values)}"
    middle = "?" if outcomes.median is None else f"{outcomes.median:.3g}"
    told = f"{middle} ({known[0]:.2g}-{known[-1]:.2g})"
    return told if len(known) == len(outcomes.values) else f"{told} {len(known)} of {len(outcomes.values)}"


def _side(effect: float | None) -> str:
    if effect is None:
        return "?"
    return "↑" if effect > 0 else "↓" if effect < 0 else "="


def _rankings(moves: OutcomeEffects) -> str:
    return (
        f"last {moves.outcome}: same side {moves.same_way}, by a rule of thumb {moves.thumb_same_way}; "
        f"tau {format_tau(moves.tau)}, given the rule of thumb {format_tau(moves.partial)}; of the rule of thumb "
        "with "
        f"the real {format_tau(moves.thumb_real)}, with the imagined {format_tau(moves.thumb_imagined)}; "
        f"edits that change nothing strayed: {moves.strayed}"
    )
