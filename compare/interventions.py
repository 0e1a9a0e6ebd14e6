"""A program and variants of it: does the imagined outcome change if the real one does, and stay the same if the real
one does?
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any, Literal

from gedanken.compare.parsed.run_set import ParsedRun
from gedanken.compare.stats.correlation import Tau, kendall, partial_kendall
from gedanken.compare.stats.proportions import Share, share_of
from gedanken.experiment.execution import Cause, Execution

CERTAIN = 0.01
"""The real effect of a change counts as certain if its p-value is below this number."""
FEWEST_REAL = 5
"""Minimum number of real runs per version for a p-value to be that small."""
UNLIKELY = 0.05


@dataclass(frozen=True, slots=True)
class Intervention:
    """One version of a program, with its measured runs."""

    change: str | None
    """None for the unchanged program."""
    expected: float
    """Expected effect on the loss by a rule of thumb: the sign is the direction, the absolute value ranks it among
    the others."""
    neutral: bool
    """True if the change does not affect what is executed."""
    real: tuple[Execution, ...]
    imagined: tuple[Execution, ...]


@dataclass(frozen=True, slots=True)
class Outcomes:
    """The last value of one series in each run of one program version, either all real runs or all imagined ones."""

    values: tuple[float | None, ...]
    """Infinite for a loss that diverged to NaN. None if a run shows no value or is incomplete: it failed, or was cut
    before it showed as many values as every real run does."""
    median: float | None
    """None if fewer than half of the runs show a value."""
    effect: float | None
    """The median minus that of the unchanged program, in the units of the series. Signs and ranks would be the same
    in any other unit, because all medians are converted in the same way."""


@dataclass(frozen=True, slots=True)
class Effect:
    """The effect of one change of the program on an outcome, in real and in imagined runs."""

    change: str
    neutral: bool
    expected: float
    """Expected effect on this outcome by a rule of thumb."""
    real: Outcomes
    imagined: Outcomes
    p: float | None
    """p-value for a change of the real outcome: rank statistic, exact permutation test, two-sided; None with too few
    runs."""
    same_way: bool | None
    """True if the imagined outcome moves in the same direction as the real one; None if the real effect is not
    certain, if nothing was imagined, or for an edit that changes nothing (any effect is then chance)."""

    @property
    def is_sideless(self) -> bool:
        """True if too few imagined runs show an outcome to say whether the change raised or lowered it; `same_way` is
        then False.
        """
        return self.same_way is False and self.imagined.effect is None


@dataclass(frozen=True, slots=True)
class OutcomeEffects:
    """The movement of one outcome in real and imagined runs."""

    outcome: str
    """For example `loss`, meaning its last value."""
    real: Outcomes
    """Real outcomes of the unchanged program."""
    imagined: Outcomes
    effects: tuple[Effect, ...]
    same_way: Share
    """Among changes whose real effect is certain, those whose imagined outcome moves in the same direction."""
    thumb_same_way: Share
    """Among the same changes, those whose direction the rule of thumb predicts correctly."""
    tau: Tau
    """Rank correlation of real and imagined effects, over all changes that have both."""
    thumb_real: Tau
    thumb_imagined: Tau
    partial: Tau
    """Rank correlation of real and imagined effects, given the rule of thumb."""
    moves_p: float | None
    """p-value for a difference of the imagined outcome between versions that execute different things; ranks,
    permutation test."""
    still_p: float | None
    """p-value for a difference of the imagined outcome between the unchanged program and the edits that change
    nothing. Versions share their sampling seeds, which can only make them more alike, so p is rather too large.
    """
    strayed: Share
    """Among edits that change nothing, those whose imagined median lies outside the whole range of the unchanged
    program. With three samples of each, that happens to two of five by chance alone."""


@dataclass(frozen=True, slots=True)
class Effects:
    """All effects of the changes of one program."""

    program: str
    """Label of the unchanged version."""
    loss: OutcomeEffects
    """The primary outcome."""
    accuracy: OutcomeEffects | None
    """None if the program prints no accuracy."""
    real_shown: Share
    """Among all real runs, those that run to their end and show a loss."""
    imagined_shown: Share
    verdict: str


def weigh_effects(program: str, base: Intervention, changes: Sequence[Intervention]) -> Effects | None:
    """Compare the real effects of changes with the imagined ones; None if real runs of the unchanged program show no
    loss.
    """
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
    """State in plain sentences what the changes show."""
    name = f"last {moves.outcome}"
    parts = []
    if moves.same_way.trials:
        parts.append(
            f"Of {moves.same_way.trials} changes that move the real {name}, {format_share(moves.same_way)} move the "
            f"imagined one in the same direction{_sideless(moves)}; a rule of thumb predicts the direction of "
            f"{format_share(moves.thumb_same_way)}."
        )
    else:
        parts.append(
            f"No change moves the real {name} for certain (p ≤ {CERTAIN}), so directions cannot be compared; with "
            f"fewer than {FEWEST_REAL} real runs per version they never can."
        )
    parts.append(f"Kendall's tau between real and imagined effects is {format_tau(moves.tau)}.")
    if moves.partial.value is None or moves.partial.p is None:
        parts.append(
            "Given the rule of thumb, tau is undetermined: too few changes have both effects, or one of the two "
            "never changes."
        )
    else:
        beyond = {
            (True, True): "imagination follows the program beyond what the rule of thumb predicts",
            (True, False): "beyond what the rule of thumb predicts, imagination moves in the wrong direction",
        }.get(
            (moves.partial.p <= UNLIKELY, moves.partial.value > 0),
            "whether imagination follows the program beyond what the rule of thumb predicts is undetermined",
        )
        parts.append(f"Given the rule of thumb, tau is {format_tau(moves.partial)}: {beyond}.")
    if moves.still_p is None:
        parts.append(f"Whether the imagined {name} stays the same under edits that change nothing is undetermined.")
    elif moves.still_p <= UNLIKELY:
        parts.append(f"The imagined {name} changes under edits that change nothing ({_told_p(moves.still_p)}).")
    else:
        parts.append(
            f"There is no sign that edits that change nothing change the imagined {name} "
            f"({_told_p(moves.still_p)}); this does not prove that it stays the same."
        )
    return " ".join(parts)


def _sideless(moves: OutcomeEffects) -> str:
    count = sum(effect.is_sideless for effect in moves.effects)
    return f" (of {count}, too few imagined runs end with a value to tell)" if count else ""


def format_share(share: Share) -> str:
    """Format a share, for example `7 (.39 to .86)`."""
    return str(share).replace(f" of {share.trials}", "")


def format_tau(tau: Tau) -> str:
    """Format a tau, for example `.41 (-.02 to .71, p .04)`."""
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
    judged = bool(tried.imagined) and not tried.neutral  # a change that was not imagined does not count as wrong
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
    """Return how many values every real run shows; None if the numbers differ."""
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
    # The reply was cut after it had already shown everything.
    whole = run.cause is Cause.FINISHED or (run.cause is Cause.CUT and len(points) == enough)
    if not whole or not points:
        return None
    value = points[-1].value
    if math.isfinite(value):
        return value
    return math.inf if outcome.endswith("loss") else None


def _differ(*outcomes: Outcomes) -> float | None:
    """Compute p of the Kruskal-Wallis statistic by permutation: exact if there are few permutations, else 9,999
    random ones.

    None if fewer than two groups have two values each, or all values are the same.
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
