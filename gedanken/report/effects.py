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
        console.print(_make_table(effect.program, effect.loss))
        console.print(Text(_format_rankings(effect.loss)), soft_wrap=True)
        if effect.accuracy:
            console.print(Text(_format_rankings(effect.accuracy)), soft_wrap=True)
        run_counts = f"runs that finished and show a loss: {effect.real_shown} real, {effect.imagined_shown} imagined"
        console.print(Text(run_counts), soft_wrap=True)
        console.print(Text(harmless(effect.verdict), style="bold"), soft_wrap=True)


def _make_table(program: str, effects: OutcomeEffects) -> "Table":
    from rich.table import Table
    from rich.text import Text

    title = f"last {effects.outcome} of {harmless(program)} and its changed versions: median (range), and direction"
    table = Table(title=Text(title), title_justify="left", box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for heading, style in (("", ""), ("real", "green"), ("imagined", "magenta")):
        table.add_column(Text(heading, style=style), no_wrap=True)
    table.add_row("as it is", f"  {_format_outcomes(effects.real)}", f"  {_format_outcomes(effects.imagined)}")
    for effect in effects.effects:
        is_certain = effect.same_way is not None
        mark = " ≠" if effect.same_way is False and not effect.has_unknown_direction else ""
        real_direction, imagined_direction = (
            _format_direction(side.effect) if is_certain else " " for side in (effect.real, effect.imagined)
        )
        table.add_row(
            Text(effect.change, style="dim" if effect.neutral else ""),
            f"{real_direction} {_format_outcomes(effect.real)}",
            f"{imagined_direction} {_format_outcomes(effect.imagined)}{mark}",
        )
    return table


def _format_outcomes(outcomes: Outcomes) -> str:
    """Format the median, the range, and how many runs have a value, for example `0.42 (0.4-0.45) 5 of 7`."""
    values = sorted(value for value in outcomes.values if value is not None)
    if not values:
        return f"none in {len(outcomes.values)}"
    median = "?" if outcomes.median is None else f"{outcomes.median:.3g}"
    text = f"{median} ({values[0]:.2g}-{values[-1]:.2g})"
    return text if len(values) == len(outcomes.values) else f"{text} {len(values)} of {len(outcomes.values)}"


def _format_direction(effect: float | None) -> str:
    if effect is None:
        return "?"
    return "↑" if effect > 0 else "↓" if effect < 0 else "="


def _format_rankings(stats: OutcomeEffects) -> str:
    return (
        f"last {stats.outcome}: directions that the model imagines right: {stats.same_way}; directions that a rule "
        f"of thumb guesses right: {stats.thumb_same_way}. Kendall's tau of real and imagined effects: "
        f"{format_tau(stats.tau)}; this tau with the rule of thumb removed: {format_tau(stats.partial)}; "
        f"tau of real effects and the rule of thumb: {format_tau(stats.thumb_real)}; "
        f"tau of imagined effects and the rule of thumb: {format_tau(stats.thumb_imagined)}. "
        "Edits that change nothing, but whose imagined median changed: "
        f"{stats.strayed}"
    )
