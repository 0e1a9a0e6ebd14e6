"""A program and its changes: does the imagined outcome move as the real one, and stand still where it should?"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any, Literal

from gedanken.compare.parsed.run_set import ParsedRun
from gedanken.compare.stats.correlation import Tau, kendall, partial_kendall
from gedanken.compare.stats.intervals import Share, share_of
from gedanken.experiment.execution import Cause, Execution

CERTAIN = 0.01
"""Below this p the real effect of a change is certain."""
FEWEST_REAL = 5
"""Real runs a side with which p can be so small."""
UNLIKELY = 0.05


@dataclass(frozen=True, slots=True)
class Intervention:
    """One version of a program, with the runs of it that are measured."""

    change: str | None
    """None for the program as it is."""
    expected: float
    """What a rule of thumb says that it does to the loss: its sign, and by its size its rank among the others."""
    neutral: bool
    """Whether it changes nothing in what runs."""
    real: tuple[Execution, ...]
    imagined: tuple[Execution, ...]


@dataclass(frozen=True, slots=True)
class Outcomes:
    """The last value of one series in every run of one program version: all real runs, or all imagined ones."""

    values: tuple[float | None, ...]
    """Infinite for a loss that is no number: it diverged. None for a run that shows none, or not its end: one that
    fails, or is cut before it shows as many as every real run does."""
    median: float | None
    """None where fewer than half of the runs show one."""
    effect: float | None
    """The median less that of the program as it is, in the units of the series. Signs and ranks would be the same in
    any other unit, as both medians of all changes would go through the same scale."""


@dataclass(frozen=True, slots=True)
class Effect:
    """What one change does to the outcome in both worlds."""

    change: str
    neutral: bool
    expected: float
    """By a rule of thumb, of this outcome."""
    real: Outcomes
    imagined: Outcomes
    p: float | None
    """Whether the real outcome moves: ranks, exact permutation test, two-sided; None with too few runs."""
    same_way: bool | None
    """Whether the imagined outcome moves to the same side; None where the real effect is not certain, where nothing
    was imagined, and for an edit that changes nothing, whatever chance makes of it."""

    @property
    def is_sideless(self) -> bool:
        """Whether too few imagined runs show an outcome for it to move to any side; `same_way` is false then."""
        return self.same_way is False and self.imagined.effect is None


@dataclass(frozen=True, slots=True)
class OutcomeEffects:
    """How one outcome moves in both worlds."""

    outcome: str
    """Such as `loss`: its last value is meant."""
    real: Outcomes
    """Of the program as it is."""
    imagined: Outcomes
    effects: tuple[Effect, ...]
    same_way: Share
    """Of the changes whose real effect is certain, those with which the imagined outcome moves to the same side."""
    thumb_same_way: Share
    """Of the same changes, those of which the rule of thumb tells the side."""
    tau: Tau
    """Between real and imagined effects, over all changes that have both."""
    thumb_real: Tau
    thumb_imagined: Tau
    partial: Tau
    """Between real and imagined effects, given the rule of thumb."""
    moves_p: float | None
    """Whether the imagined outcome differs between versions that differ in what runs; ranks, permutation test."""
    still_p: float | None
    """The same between the program as it is and the edits that change nothing. Versions share their sampling seeds,
    which can only make them more alike: p errs on the large side."""
    strayed: Share
    """Of the edits that change nothing, those whose imagined median lies outside all that the program as it is shows.
    With three samples of each, chance alone does that to two of five."""


@dataclass(frozen=True, slots=True)
class Effects:
    """What the changes of one program come to."""

    program: str
    """Label of the version as it is."""
    loss: OutcomeEffects
    """The primary outcome."""
    accuracy: OutcomeEffects | None
    """None where the program prints none."""
    real_shown: Share
    """Of all real runs, those that come to their end and show a loss."""
    imagined_shown: Share
    verdict: str


def weigh_effects(program: str, base: Intervention, changes: Sequence[Intervention]) -> Effects | None:
    """Hold real effects against imagined ones; None where the program as it is really shows no loss."""
    names = [name for run in base.real for name in ParsedRun(run, ()).curves.series]
    losses = [name for name in names if name.endswith("loss")]
    accuracies = [name for name in names if name.endswith("accuracy")]
    if not losses:
        return None
    loss = _moves(losses[-1], base, changes)
    return Effects(
        program,
        loss,
        _moves(accuracies[-1], base, changes) if accuracies else None,
        _shown([loss.real, *(effect.real for effect in loss.effects)]),
        _shown([loss.imagined, *(effect.imagined for effect in loss.effects)]),
        verdict_on(loss),
    )


def verdict_on(moves: OutcomeEffects) -> str:
    """What the changes show, in plain sentences."""
    name = f"last {moves.outcome}"
    parts = []
    if moves.same_way.trials:
        parts.append(
            f"Of {moves.same_way.trials} changes that really move the {name}, the imagined one moves to the same "
            f"side in {format_share(moves.same_way)}{_sideless(moves)}; a rule of thumb knows the side of "
            f"{format_share(moves.thumb_same_way)}."
        )
    else:
        parts.append(
            f"No change moves the real {name} for certain (p ≤ {CERTAIN}): signs are undetermined; with fewer than "
            f"{FEWEST_REAL} real runs a side they always are."
        )
    parts.append(f"Kendall's tau between real and imagined effects is {format_tau(moves.tau)}.")
    if moves.partial.value is None or moves.partial.p is None:
        parts.append(
            "Given the rule of thumb it is undetermined: too few changes show both, or one side never moves."
        )
    else:
        beyond = {
            (True, True): "it follows the program further than the rule of thumb goes",
            (True, False): "what the rule of thumb leaves open it gets the wrong way round",
        }.get(
            (moves.partial.p <= UNLIKELY, moves.partial.value > 0),
            "whether it follows the program any further than the rule of thumb goes is undetermined",
        )
        parts.append(f"Given the rule of thumb it is {format_tau(moves.partial)}: {beyond}.")
    if moves.still_p is None:
        parts.append("Whether it stands still where nothing changes is undetermined.")
    elif moves.still_p <= UNLIKELY:
        parts.append(f"It does not stand still where nothing changes ({_told_p(moves.still_p)}).")
    else:
        parts.append(
            f"No sign that it moves where nothing changes ({_told_p(moves.still_p)}), which does not prove that it "
            "stands still."
        )
    return " ".join(parts)


def _sideless(moves: OutcomeEffects) -> str:
    count = sum(effect.is_sideless for effect in moves.effects)
    return f", and to none in {count}, where too few runs end with one" if count else ""


def format_share(share: Share) -> str:
    """Such as `7 (.39 to .86)`."""
    return str(share).replace(f" of {share.trials}", "")


def format_tau(tau: Tau) -> str:
    """Such as `.41 (-.02 to .71, p .04)`."""
    if tau.value is None or tau.p is None:
        return "undetermined"
    interval = "" if tau.low is None or tau.high is None else f"{_short(tau.low)} to {_short(tau.high)}, "
    return f"{_short(tau.value)} ({interval}{_told_p(tau.p)})"


def _told_p(p: float) -> str:
    return "p < .001" if p < 0.001 else f"p {_short(p, 3 if p < 0.1 else 2)}"


def _short(number: float, digits: int = 2) -> str:
    return f"{number:.{digits}f}".replace("0.", ".", 1)


def _moves(outcome: str, base: Intervention, changes: Sequence[Intervention]) -> OutcomeEffects:
    enough = _shown_by_all(outcome, base.real)
    real, imagined = (_outcomes(outcome, runs, enough, None) for runs in (base.real, base.imagined))
    effects = tuple(_effect(outcome, (real, imagined), change) for change in changes)
    certain = [effect for effect in effects if effect.same_way is not None]
    both = [
        (effect.real.effect, effect.imagined.effect, effect.expected)
        for effect in effects
        if effect.real.effect is not None and effect.imagined.effect is not None
    ]
    ours, theirs, thumb = ([row[at] for row in both] for at in range(3))
    neutral = [effect for effect in effects if effect.neutral]
    known = [effect.imagined.median for effect in neutral if effect.imagined.median is not None]
    within = [value for value in imagined.values if value is not None]
    strayed = sum(not min(within) <= value <= max(within) for value in known) if within else 0
    return OutcomeEffects(
        outcome,
        real,
        imagined,
        effects,
        share_of(sum(effect.same_way is True for effect in certain), len(certain)),
        share_of(sum(_sign(effect.expected) == _sign(effect.real.effect) for effect in certain), len(certain)),
        kendall(ours, theirs),
        kendall(ours, thumb),
        kendall(theirs, thumb),
        partial_kendall(ours, theirs, thumb),
        _differ(imagined, *(effect.imagined for effect in effects if not effect.neutral)),
        _differ(imagined, *(effect.imagined for effect in neutral)),
        share_of(strayed, len(known) if within else 0),
    )


def _effect(outcome: str, base: tuple[Outcomes, Outcomes], tried: Intervention) -> Effect:
    enough = _shown_by_all(outcome, tried.real)
    real = _outcomes(outcome, tried.real, enough, base[0])
    imagined = _outcomes(outcome, tried.imagined, enough, base[1])
    p = _differ(base[0], real)
    judged = bool(tried.imagined) and not tried.neutral  # one that nobody imagined was not got wrong
    certain = judged and p is not None and p <= CERTAIN and real.effect is not None
    return Effect(
        tried.change or "",
        tried.neutral,
        tried.expected if outcome.endswith("loss") else -tried.expected,
        real,
        imagined,
        p,
        _sign(imagined.effect) == _sign(real.effect) if certain else None,
    )


def _shown_by_all(outcome: str, real: Sequence[Execution]) -> int | None:
    """How many values every real run shows; None where they show some more, some less."""
    counts = {len(ParsedRun(run, ()).curves.series.get(outcome, ())) for run in real}
    return next(iter(counts)) if len(counts) == 1 else None


def _outcomes(outcome: str, runs: Sequence[Execution], enough: int | None, base: Outcomes | None) -> Outcomes:
    values = tuple(_last(outcome, run, enough) for run in runs)
    known = [value for value in values if value is not None]
    middle = median(known) if known and 2 * len(known) >= len(values) else None
    effect = None
    if base is not None and middle is not None and base.median is not None and math.isfinite(base.median):
        effect = middle - base.median
    return Outcomes(values, middle, effect)


def _last(outcome: str, run: Execution, enough: int | None) -> float | None:
    points = ParsedRun(run, ()).curves.series.get(outcome, ())
    # A reply that was cut while it went on about what it had shown whole.
    whole = run.cause is Cause.FINISHED or (run.cause is Cause.CUT and len(points) == enough)
    if not whole or not points:
        return None
    value = points[-1].value
    if math.isfinite(value):
        return value
    return math.inf if outcome.endswith("loss") else None


def _differ(*outcomes: Outcomes) -> float | None:
    """p of the Kruskal-Wallis statistic of ranks by permutation: exact where ways are few, else 9,999 of them.

    None where fewer than two groups have two values each, or all values are the same.
    """
    import numpy as np
    from scipy.stats import permutation_test, rankdata

    groups = [[value for value in outcome.values if value is not None] for outcome in outcomes]
    groups = [group for group in groups if len(group) > 1]
    together = [value for group in groups for value in group]
    if len(groups) < 2 or len(set(together)) < 2:
        return None
    ranks = np.split(rankdata(together), np.cumsum([len(group) for group in groups])[:-1])

    def statistic(*samples: Any, axis: int) -> Any:
        apart = [sample.shape[axis] * sample.mean(axis=axis) ** 2 for sample in samples]
        return np.asarray(sum(apart))

    found = permutation_test(
        ranks, statistic, vectorized=True, n_resamples=9999, batch=1000, alternative="greater", rng=0
    )
    return float(found.pvalue)


def _shown(outcomes: Sequence[Outcomes]) -> Share:
    values = [value for outcome in outcomes for value in outcome.values]
    return share_of(sum(value is not None for value in values), len(values))


def _sign(effect: float | None) -> Literal[-1, 0, 1] | None:
    if effect is None:
        return None
    return 1 if effect > 0 else -1 if effect < 0 else 0
