"""Prints, on the terminal, the effects of changes to a supplied program."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from gedanken.compare.interventions import Effects, OutcomeEffects, Outcomes, format_tau
from gedanken.experiment.escaping import harmless

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table


def print_effects(effects: Sequence[Effects], console: "Console") -> None:
    """Print each change with its effect in real and in imagined runs, then the overall result."""
    from rich.text import Text

    for effect in effects:
        console.print(_table(effect.program, effect.loss))
        console.print(Text(_rankings(effect.loss)), soft_wrap=True)
        if effect.accuracy:
            console.print(Text(_rankings(effect.accuracy)), soft_wrap=True)
        shown = f"runs that finished and show a loss: {effect.real_shown} real, {effect.imagined_shown} imagined"
        console.print(Text(shown), soft_wrap=True)
        console.print(Text(harmless(effect.verdict), style="bold"), soft_wrap=True)


def _table(program: str, moves: OutcomeEffects) -> "Table":
    from rich.table import Table
    from rich.text import Text

    title = f"last {moves.outcome} of {harmless(program)} and its changed versions: median (range), and direction"
    table = Table(title=Text(title), title_justify="left", box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for head, style in (("", ""), ("real", "green"), ("imagined", "magenta")):
        table.add_column(Text(head, style=style), no_wrap=True)
    table.add_row("as it is", f"  {_values(moves.real)}", f"  {_values(moves.imagined)}")
    for effect in moves.effects:
        certain = effect.same_way is not None
        wrong = " ≠" if effect.same_way is False and not effect.is_sideless else ""
        ours, theirs = (_side(side.effect) if certain else " " for side in (effect.real, effect.imagined))
        table.add_row(
            Text(effect.change, style="dim" if effect.neutral else ""),
            f"{ours} {_values(effect.real)}",
            f"{theirs} {_values(effect.imagined)}{wrong}",
        )
    return table


def _values(outcomes: Outcomes) -> str:
    """Format the values of an outcome: median, range, and how many runs have a value, as in `0.42 (0.4-0.45) 5 of
    7`."""
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
        f"last {moves.outcome}: directions that the model imagines right: {moves.same_way}; directions that a rule "
        f"of thumb guesses right: {moves.thumb_same_way}. Kendall's tau of real and imagined effects: "
        f"{format_tau(moves.tau)}; this tau with the rule of thumb removed: {format_tau(moves.partial)}; tau of real "
        f"effects and the rule of thumb: {format_tau(moves.thumb_real)}; tau of imagined effects and the rule of "
        f"thumb: {format_tau(moves.thumb_imagined)}. Edits that change nothing, but whose imagined median changed: "
        f"{moves.strayed}"
    )
