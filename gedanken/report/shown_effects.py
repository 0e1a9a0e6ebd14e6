"""Prepares the effects of changes on loss and accuracy, in real and in imagined runs, for display."""

import math
from dataclasses import dataclass
from typing import NamedTuple

from markupsafe import Markup

from gedanken.compare.interventions import CERTAIN, Effect, Effects, OutcomeEffects, Outcomes, format_tau
from gedanken.experiment.format import format_number, format_probability

WIDTH, HEIGHT = 220, 34
SCALE_MARGIN = 1.5
"""How far the scale may extend beyond the real effects in order to show imagined ones. The unit is the range of the
real effects.
"""


class Row(NamedTuple):
    """A row of the table: one change of the program, with its effects."""

    change: str
    neutral: bool
    real: str
    imagined: str
    values: tuple[str, str]
    """The range of the last values in the real and in the imagined runs, for example `0.40 to 0.45, 3 of 5 runs`."""
    picture: Markup
    side: str
    """Direction of the imagined effect, compared with the real one: `same`, `other`, or `none` if too few imagined
    runs have a value. Empty if the real effect is not certain."""
    certain: str


class Statistic(NamedTuple):
    """A number with its interval, and what it means."""

    name: str
    value: str
    words: str


@dataclass(frozen=True, slots=True)
class ShownEffects:
    """The effects on one outcome (the loss or the accuracy), prepared for display."""

    outcome: str
    base: tuple[str, str]
    rows: tuple[Row, ...]
    figures: tuple[Statistic, ...]


def shown_effects(effects: Effects) -> tuple[ShownEffects, ...]:
    """Prepare the effects on the loss, then those on the accuracy if it is known."""
    return tuple(_prepare_outcome(outcome) for outcome in (effects.loss, effects.accuracy) if outcome)


def _prepare_outcome(outcome: OutcomeEffects) -> ShownEffects:
    low, high = _effect_scale(outcome)
    rows = tuple(_make_row(effect, low, high) for effect in outcome.effects)
    return ShownEffects(
        outcome.outcome,
        (_format_range(outcome.real), _format_range(outcome.imagined)),
        rows,
        tuple(_figures(outcome)),
    )


def _make_row(effect: Effect, low: float, high: float) -> Row:
    certain = (
        "" if effect.p is None else f"{'yes' if effect.p <= CERTAIN else 'no'}, p {format_probability(effect.p)}"
    )
    return Row(
        effect.change,
        effect.neutral,
        _format_effect(effect.real.effect),
        _format_effect(effect.imagined.effect),
        (_format_range(effect.real), _format_range(effect.imagined)),
        _draw_effects(effect, low, high),
        "none" if effect.has_unknown_direction else {None: "", True: "same", False: "other"}[effect.same_way],
        certain,
    )


def _figures(outcome: OutcomeEffects) -> list[Statistic]:
    name = f"last {outcome.outcome}"
    same, thumb, strayed = outcome.same_way, outcome.thumb_same_way, outcome.strayed
    return [
        Statistic(
            "Same direction",
            str(same),
            f"changes that certainly affect the {name}, imagined in the same direction",
        ),
        Statistic(
            "Rule of thumb",
            str(thumb),
            "the same changes, with the direction guessed by a rule of thumb instead of the model",
        ),
        Statistic(
            "Kendall’s tau",
            format_tau(outcome.tau),
            "rank correlation of real and imagined effects: 1 is the same order, −1 the reverse order",
        ),
        Statistic(
            "Partial tau",
            format_tau(outcome.partial),
            "the same correlation, with the rule of thumb's predictions removed",
        ),
        Statistic("False effects", str(strayed), "edits that change nothing, but whose imagined median changed"),
    ]


def _format_effect(effect: float | None) -> str:
    if effect is None:
        return "?"
    return "∞" if effect == math.inf else ("+" if effect > 0 else "") + format_number(effect)


def _format_range(outcomes: Outcomes) -> str:
    """Format the range of an outcome, such as `0.40 to 0.45`. If not all runs have a value, also say how many have
    one.
    """
    values = sorted(value for value in outcomes.values if value is not None)
    if not outcomes.values:
        return "no run"
    if not values:
        return f"none in {len(outcomes.values)} runs"
    text = (
        format_number(values[0])
        if values[0] == values[-1]
        else f"{format_number(values[0])} to {format_number(values[-1])}"
    )
    return text if len(values) == len(outcomes.values) else f"{text}, {len(values)} of {len(outcomes.values)} runs"


def _effect_scale(outcome: OutcomeEffects) -> tuple[float, float]:
    real, imagined = (
        [0.0, *(effect for effect in effects if effect is not None and math.isfinite(effect))]
        for effects in zip(*((effect.real.effect, effect.imagined.effect) for effect in outcome.effects), strict=True)
    )
    # Real effects up to 20 times the median, and imagined ones beyond their range by at most `SCALE_MARGIN` times its
    # width, are shown at their place.
    median = sorted(map(abs, real))[len(real) // 2] or max(map(abs, real)) or max(map(abs, imagined)) or 1.0
    typical = [effect for effect in real if abs(effect) <= 20 * median]
    low, high = min(typical), max(typical)
    margin = (high - low or median) * SCALE_MARGIN
    return max(min(low, *imagined), low - margin), min(max(high, *imagined), high + margin)


def _draw_effects(effect: Effect, low: float, high: float) -> Markup:
    """Draw the real effect above the imagined one, as lines from zero; an arrow marks values beyond the scale."""
    zero = _x_position(0.0, low, high)
    parts = [f'<path d="M{zero} 2V{HEIGHT - 2}" stroke="var(--quiet)" fill="none"/>']
    for name, value, y in (("real", effect.real.effect, 11), ("imagined", effect.imagined.effect, 24)):
        if value is None:
            continue
        end = _x_position(value, low, high)
        colour = f"var(--{name})"
        parts.append(f'<path d="M{zero} {y}H{end}" stroke="{colour}" stroke-width="3" fill="none"/>')
        parts.append(f'<path d="{_marker_path(end, y, name, value, low, high)}" fill="{colour}"/>')
    view = f'viewBox="0 0 {WIDTH} {HEIGHT}"'
    return Markup(f'<svg class="move" {view} aria-hidden="true">{"".join(parts)}</svg>')


def _marker_path(x: float, y: float, name: str, value: float, low: float, high: float) -> str:  # noqa: PLR0913 (what is drawn, and where)
    if value > high:
        return f"M{x} {y - 6}L{x + 8} {y}L{x} {y + 6}Z"
    if value < low:
        return f"M{x} {y - 6}L{x - 8} {y}L{x} {y + 6}Z"
    if name == "real":
        return f"M{x - 5} {y}a5 5 0 1 0 10 0a5 5 0 1 0-10 0Z"
    return f"M{x - 4.5} {y - 4.5}h9v9h-9Z"


def _x_position(value: float, low: float, high: float) -> float:
    clipped = min(max(value, low), high)
    return round(12 + (clipped - low) / (high - low or 1.0) * (WIDTH - 24), 1)
