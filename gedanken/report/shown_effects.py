"""Prepares the effects of changes on loss and accuracy, in real and in imagined runs, for display."""

import math
from dataclasses import dataclass
from typing import NamedTuple

from markupsafe import Markup

from gedanken.compare.interventions import CERTAIN, Effect, Effects, OutcomeEffects, Outcomes, format_tau
from gedanken.experiment.format import figure, probability

WIDTH, HEIGHT = 220, 34
ROOM = 1.5
"""Distance by which the scale may extend beyond the real effects to show imagined ones, as a multiple of the range of
the real effects."""


class Row(NamedTuple):
    """A row of the table: one change of the program, with its effects."""

    change: str
    neutral: bool
    real: str
    imagined: str
    values: tuple[str, str]
    """The range of the outcome's last values: first in the real, then in the imagined runs. For example `0.40 to
    0.45, 3 of 5 runs`."""
    picture: Markup
    side: str
    """Direction of the imagined effect, compared with the real one: `same`, `other`, or `none` if too few imagined
    runs have a value. Empty if the real effect is not certain."""
    certain: str


class Figure(NamedTuple):
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
    figures: tuple[Figure, ...]


def shown_effects(effects: Effects) -> tuple[ShownEffects, ...]:
    """Prepare the effects on the loss, then those on the accuracy if it is known."""
    return tuple(_shown(moves) for moves in (effects.loss, effects.accuracy) if moves)


def _shown(moves: OutcomeEffects) -> ShownEffects:
    low, high = _scale(moves)
    rows = tuple(_row(effect, low, high) for effect in moves.effects)
    return ShownEffects(moves.outcome, (_ends(moves.real), _ends(moves.imagined)), rows, tuple(_figures(moves)))


def _row(effect: Effect, low: float, high: float) -> Row:
    certain = "" if effect.p is None else f"{'yes' if effect.p <= CERTAIN else 'no'}, p {probability(effect.p)}"
    return Row(
        effect.change,
        effect.neutral,
        _signed(effect.real.effect),
        _signed(effect.imagined.effect),
        (_ends(effect.real), _ends(effect.imagined)),
        _picture(effect, low, high),
        "none" if effect.is_sideless else {None: "", True: "same", False: "other"}[effect.same_way],
        certain,
    )


def _figures(moves: OutcomeEffects) -> list[Figure]:
    name = f"last {moves.outcome}"
    same, thumb, strayed = moves.same_way, moves.thumb_same_way, moves.strayed
    return [
        Figure(
            "Same direction",
            str(same),
            f"changes that certainly affect the {name}, imagined in the same direction",
        ),
        Figure(
            "Rule of thumb",
            str(thumb),
            "the same changes, with the direction guessed by a rule of thumb instead of the model",
        ),
        Figure(
            "Kendall’s tau",
            format_tau(moves.tau),
            "rank correlation of real and imagined effects: 1 is the same order, −1 the reverse order",
        ),
        Figure(
            "Partial tau",
            format_tau(moves.partial),
            "the same correlation, with the rule of thumb's predictions removed",
        ),
        Figure("False effects", str(strayed), "edits that change nothing, but whose imagined median changed"),
    ]


def _signed(effect: float | None) -> str:
    if effect is None:
        return "?"
    return "∞" if effect == math.inf else ("+" if effect > 0 else "") + figure(effect)


def _ends(outcomes: Outcomes) -> str:
    """Format the range of an outcome, such as `0.40 to 0.45`, and how many runs show a value, if not all do."""
    known = sorted(value for value in outcomes.values if value is not None)
    if not outcomes.values:
        return "no run"
    if not known:
        return f"none in {len(outcomes.values)} runs"
    told = figure(known[0]) if known[0] == known[-1] else f"{figure(known[0])} to {figure(known[-1])}"
    return told if len(known) == len(outcomes.values) else f"{told}, {len(known)} of {len(outcomes.values)} runs"


def _scale(moves: OutcomeEffects) -> tuple[float, float]:
    """Return the lowest and the highest effect that the pictures show."""
    real, theirs = (
        [0.0, *(effect for effect in effects if effect is not None and math.isfinite(effect))]
        for effects in zip(*((each.real.effect, each.imagined.effect) for each in moves.effects), strict=True)
    )
    # real effects up to 20 times the median, and imagined ones beyond their range by at most ROOM times its width
    middle = sorted(map(abs, real))[len(real) // 2] or max(map(abs, real)) or max(map(abs, theirs)) or 1.0
    near = [run for run in real if abs(run) <= 20 * middle]
    low, high = min(near), max(near)
    reach = (high - low or middle) * ROOM
    return max(min(low, *theirs), low - reach), min(max(high, *theirs), high + reach)


def _picture(effect: Effect, low: float, high: float) -> Markup:
    """Draw the real effect above the imagined one, as lines from zero; an arrow marks values beyond the scale."""
    zero = _at(0.0, low, high)
    parts = [f'<path d="M{zero} 2V{HEIGHT - 2}" stroke="var(--quiet)" fill="none"/>']
    for name, value, y in (("real", effect.real.effect, 11), ("imagined", effect.imagined.effect, 24)):
        if value is None:
            continue
        to = _at(value, low, high)
        colour = f"var(--{name})"
        parts.append(f'<path d="M{zero} {y}H{to}" stroke="{colour}" stroke-width="3" fill="none"/>')
        parts.append(f'<path d="{_head(to, y, name, value, low, high)}" fill="{colour}"/>')
    view = f'viewBox="0 0 {WIDTH} {HEIGHT}"'
    return Markup(f'<svg class="move" {view} aria-hidden="true">{"".join(parts)}</svg>')


def _head(x: float, y: float, name: str, value: float, low: float, high: float) -> str:  # noqa: PLR0913 (what is drawn, and where)
    if value > high:
        return f"M{x} {y - 6}L{x + 8} {y}L{x} {y + 6}Z"
    if value < low:
        return f"M{x} {y - 6}L{x - 8} {y}L{x} {y + 6}Z"
    if name == "real":
        return f"M{x - 5} {y}a5 5 0 1 0 10 0a5 5 0 1 0-10 0Z"
    return f"M{x - 4.5} {y - 4.5}h9v9h-9Z"


def _at(value: float, low: float, high: float) -> float:
    inside = min(max(value, low), high)
    return round(12 + (inside - low) / (high - low or 1.0) * (WIDTH - 24), 1)
