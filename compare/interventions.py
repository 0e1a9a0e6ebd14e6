"""Compares real and imagined effects of program changes, for example on the last loss."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any, Literal

from gedanken.compare.parsed.run_set import ParsedRun
from gedanken.compare.stats.correlation import Tau, kendall, partial_kendall
from gedanken.compare.stats.proportions import Share, wilson_share
from gedanken.experiment.execution import Cause, Execution
from gedanken.experiment.format import format_p

CERTAIN = 0.01
"""The effect of a change in real runs counts as certain if its p-value is at most this number."""
MIN_REAL_RUNS = 5
"""Minimum number of real runs of each version. With fewer runs, no p-value can be as small as `CERTAIN`."""
UNLIKELY = 0.05


@dataclass(frozen=True, slots=True)
class Intervention:
    """One version of a program, either unchanged or with one change, together with its measured runs."""

    change: str | None
    """Name of the change; None for the unchanged program."""
    expected: float
    """The effect on the loss that a rule of thumb predicts. It is positive if the loss should become higher.

    The larger its absolute value, the larger the predicted effect in comparison with those of other changes.
    """
    neutral: bool
    """True if the change does not affect what is executed."""
    real: tuple[Execution, ...]
    imagined: tuple[Execution, ...]


@dataclass(frozen=True, slots=True)
class Outcomes:
    """The last values of one series, such as `loss`, in the real or in the imagined runs of one program version."""

    values: tuple[float | None, ...]
    """The last value of each run; None if the run is incomplete or shows no usable value.

    A loss that ends with NaN or infinity counts as infinite.
    """
    median: float | None
    """Median over the runs that have a value; None if fewer than half of all runs have one."""
    effect: float | None
    """The median minus the unchanged program's median, in units of the series.

    None for the unchanged program, if a median is unknown, or if the unchanged program's median is infinite.
    """


@dataclass(frozen=True, slots=True)
class Effect:
    """The effect of one change of the program on an outcome, in real and in imagined runs."""

    change: str
    neutral: bool
    expected: float
    """The effect on this outcome that a rule of thumb predicts; see `Intervention.expected`."""
    real: Outcomes
    imagined: Outcomes
    p: float | None
    """p-value of the difference between the real outcomes with and without the change, by a permutation test of
    the Kruskal-Wallis statistic.

    None if there are too few values or all are equal.
    """
    same_way: bool | None
    """True if the change moves the imagined outcome in the same direction as the real one, and False if it does
    not.

    None if the change is neutral, the real effect is uncertain, or there are no imagined runs.
    """

    @property
    def has_unknown_direction(self) -> bool:
        """True if the imagined effect is unknown although the real effect is certain; `same_way` is then False."""
        return self.same_way is False and self.imagined.effect is None


@dataclass(frozen=True, slots=True)
class OutcomeEffects:
    """The effects of all changes on one outcome, in real and imagined runs."""

    outcome: str
    """Name of the series whose last value is the outcome, for example `loss`."""
    real: Outcomes
    """Outcomes of the unchanged program in real runs."""
    imagined: Outcomes
    effects: tuple[Effect, ...]
    same_way: Share
    """Among the changes with a certain real effect, the share that moves the imagined outcome in the same
    direction.
    """
    thumb_same_way: Share
    """Among the changes with a certain real effect, the share whose direction the rule of thumb predicts
    correctly.
    """
    tau: Tau
    """Kendall's rank correlation between real and imagined effects, over all changes for which both are known."""
    thumb_real: Tau
    thumb_imagined: Tau
    partial: Tau
    """Partial rank correlation of the real and the imagined effects, with the rule of thumb's predictions held
    constant."""
    moves_p: float | None
    """p-value of a permutation test of ranks: do the imagined outcomes differ between the unchanged program and
    the changes that should have an effect?
    """
    still_p: float | None
    """p-value of a permutation test of ranks: do the imagined outcomes differ between the unchanged program and
    the neutral changes?

    If the samples share seeds, the p-value may be too large, but not too small.
    """
    strayed: Share
    """Among the neutral changes, the share whose imagined median lies outside the range of the unchanged program's
    imagined values.

    With three imagined runs of each version, chance alone gives about 40 %.
    """


@dataclass(frozen=True, slots=True)
class Effects:
    """The effects of all changes of one program, on its loss and its accuracy."""

    program: str
    """Label of the unchanged version."""
    loss: OutcomeEffects
    """Effects on the last loss, the primary outcome."""
    accuracy: OutcomeEffects | None
    """Effects on the last accuracy; None if the program prints no accuracy."""
    real_shown: Share
    """Among the real runs of all versions, the share that reached the end and shows a loss."""
    imagined_shown: Share
    verdict: str


def compare_effects(program: str, base: Intervention, changes: Sequence[Intervention]) -> Effects | None:
    """Compare the real effects of changes with the imagined ones.

    Return None if no real run of the unchanged program shows a loss.
    """
    names = [name for execution in base.real for name in ParsedRun(execution, ()).curves.series]
    losses = [name for name in names if name.endswith("loss")]
    accuracies = [name for name in names if name.endswith("accuracy")]
    if not losses:
        return None
    loss = _outcome_effects(losses[-1], base, changes)
    return Effects(
        program,
        loss,
        _outcome_effects(accuracies[-1], base, changes) if accuracies else None,
        _share_with_value([loss.real, *(effect.real for effect in loss.effects)]),
        _share_with_value([loss.imagined, *(effect.imagined for effect in loss.effects)]),
        format_effects_verdict(loss),
    )


def format_effects_verdict(effects: OutcomeEffects) -> str:
    """Say in a few sentences how well the imagined effects match the real ones."""
    name = f"last {effects.outcome}"
    parts = []
    if effects.same_way.trials:
        parts.append(
            f"Of {effects.same_way.trials} changes that move the real {name}, {format_share(effects.same_way)} move "
            f"the imagined one in the same direction{_format_unknown_directions(effects)}; a rule of thumb predicts "
            f"the direction of {format_share(effects.thumb_same_way)}."
        )
    else:
        parts.append(
            f"No change moves the real {name} for certain (p ≤ {CERTAIN}), so directions cannot be compared; a "
            f"comparison needs at least {MIN_REAL_RUNS} real runs per version."
        )
    parts.append(f"Kendall's tau between real and imagined effects is {format_tau(effects.tau)}.")
    if effects.partial.value is None or effects.partial.p is None:
        parts.append(
            "Beyond the rule of thumb, tau is undetermined: too few changes have both a real and an imagined effect, "
            "or these effects are all the same or exactly as the rule predicts."
        )
    else:
        conclusion = {
            (True, True): "the imagined effects follow the program, not only this rule",
            (True, False): "where the rule does not decide, the imagined effects go in the wrong direction",
        }.get(
            (effects.partial.p <= UNLIKELY, effects.partial.value > 0),
            "whether the imagined effects follow the program, not only this rule, is undetermined",
        )
        parts.append(f"Beyond the rule of thumb, tau is {format_tau(effects.partial)}: {conclusion}.")
    if effects.still_p is None:
        parts.append(f"It is undetermined whether edits that change nothing change the imagined {name}.")
    elif effects.still_p <= UNLIKELY:
        parts.append(f"Edits that change nothing change the imagined {name} ({format_p(effects.still_p)}).")
    else:
        parts.append(
            f"There is no sign that edits that change nothing change the imagined {name} "
            f"({format_p(effects.still_p)}); this does not prove that it stays the same."
        )
    return " ".join(parts)


def _format_unknown_directions(effects: OutcomeEffects) -> str:
    unknown = sum(effect.has_unknown_direction for effect in effects.effects)
    return (
        f" (the direction of {unknown} is unknown, because too few imagined runs end with a value)" if unknown else ""
    )


def format_share(share: Share) -> str:
    """Format a share by its count and interval, without its total: `12 (.39 to .78)`, not `12 of 20 (.39 to .78)`."""
    return str(share).replace(f" of {share.trials}", "")


def format_tau(tau: Tau) -> str:
    """Format a rank correlation, for example as `.41 (-.02 to .71, p = .040)`; `undetermined` if it has no value."""
    if tau.value is None or tau.p is None:
        return "undetermined"
    interval = (
        "" if tau.low is None or tau.high is None else f"{_format_decimal(tau.low)} to {_format_decimal(tau.high)}, "
    )
    return f"{_format_decimal(tau.value)} ({interval}{format_p(tau.p)})"


def _format_decimal(number: float) -> str:
    return f"{number:.2f}".replace("0.", ".", 1)


def _outcome_effects(outcome: str, base: Intervention, changes: Sequence[Intervention]) -> OutcomeEffects:
    point_count = _common_point_count(outcome, base.real)
    real, imagined = (_outcomes(outcome, runs, point_count, None) for runs in (base.real, base.imagined))
    effects = tuple(_effect(outcome, (real, imagined), change) for change in changes)
    certain_effects = [effect for effect in effects if effect.same_way is not None]
    known_effects = [
        (effect.real.effect, effect.imagined.effect, effect.expected)
        for effect in effects
        if effect.real.effect is not None and effect.imagined.effect is not None
    ]
    real_effects, imagined_effects, predicted = ([row[column] for row in known_effects] for column in range(3))
    neutral = [effect for effect in effects if effect.neutral]
    neutral_medians = [effect.imagined.median for effect in neutral if effect.imagined.median is not None]
    base_values = [value for value in imagined.values if value is not None]
    strayed = (
        sum(not min(base_values) <= value <= max(base_values) for value in neutral_medians) if base_values else 0
    )
    return OutcomeEffects(
        outcome,
        real,
        imagined,
        effects,
        wilson_share(sum(effect.same_way is True for effect in certain_effects), len(certain_effects)),
        wilson_share(
            sum(_sign(effect.expected) == _sign(effect.real.effect) for effect in certain_effects),
            len(certain_effects),
        ),
        kendall(real_effects, imagined_effects),
        kendall(real_effects, predicted),
        kendall(imagined_effects, predicted),
        partial_kendall(real_effects, imagined_effects, predicted),
        _group_difference_p(imagined, *(effect.imagined for effect in effects if not effect.neutral)),
        _group_difference_p(imagined, *(effect.imagined for effect in neutral)),
        wilson_share(strayed, len(neutral_medians) if base_values else 0),
    )


def _effect(outcome: str, base: tuple[Outcomes, Outcomes], intervention: Intervention) -> Effect:
    point_count = _common_point_count(outcome, intervention.real)
    real = _outcomes(outcome, intervention.real, point_count, base[0])
    imagined = _outcomes(outcome, intervention.imagined, point_count, base[1])
    p = _group_difference_p(base[0], real)
    is_judged = (
        bool(intervention.imagined) and not intervention.neutral
    )  # a change that was not imagined does not count as wrong
    is_certain = is_judged and p is not None and p <= CERTAIN and real.effect is not None
    return Effect(
        intervention.change or "",
        intervention.neutral,
        intervention.expected if outcome.endswith("loss") else -intervention.expected,
        real,
        imagined,
        p,
        _sign(imagined.effect) == _sign(real.effect) if is_certain else None,
    )


def _common_point_count(outcome: str, real: Sequence[Execution]) -> int | None:
    """Return how many values of the series `outcome` each real run shows; None if this number is not the same for
    all runs.
    """
    point_counts = {len(ParsedRun(run, ()).curves.series.get(outcome, ())) for run in real}
    return next(iter(point_counts)) if len(point_counts) == 1 else None


def _outcomes(outcome: str, runs: Sequence[Execution], point_count: int | None, base: Outcomes | None) -> Outcomes:
    values = tuple(_last_value(outcome, run, point_count) for run in runs)
    known_values = [value for value in values if value is not None]
    median_value = median(known_values) if known_values and 2 * len(known_values) >= len(values) else None
    effect = None
    if base is not None and median_value is not None and base.median is not None and math.isfinite(base.median):
        effect = median_value - base.median
    return Outcomes(values, median_value, effect)


def _last_value(outcome: str, run: Execution, point_count: int | None) -> float | None:
    points = ParsedRun(run, ()).curves.series.get(outcome, ())
    # A reply that was cut only after its last value is complete enough.
    is_complete = run.cause is Cause.FINISHED or (run.cause is Cause.CUT and len(points) == point_count)
    if not is_complete or not points:
        return None
    value = points[-1].value
    if math.isfinite(value):
        return value
    return math.inf if outcome.endswith("loss") else None


def _group_difference_p(*outcomes: Outcomes) -> float | None:
    """Return the p-value for a difference between groups of outcomes: a permutation test of the Kruskal-Wallis
    statistic.

    None if there are too few values or all are equal.
    """
    import numpy as np
    from scipy.stats import permutation_test, rankdata

    groups = [[value for value in outcome.values if value is not None] for outcome in outcomes]
    groups = [group for group in groups if len(group) > 1]
    all_values = [value for group in groups for value in group]
    if len(groups) < 2 or len(set(all_values)) < 2:
        return None
    ranks = np.split(rankdata(all_values), np.cumsum([len(group) for group in groups])[:-1])

    def statistic(*samples: Any, axis: int) -> Any:
        weighted_squares = [sample.shape[axis] * sample.mean(axis=axis) ** 2 for sample in samples]
        return np.asarray(sum(weighted_squares))

    result = permutation_test(
        ranks, statistic, vectorized=True, n_resamples=9999, batch=1000, alternative="greater", rng=0
    )
    return float(result.pvalue)


def _share_with_value(outcomes: Sequence[Outcomes]) -> Share:
    values = [value for outcome in outcomes for value in outcome.values]
    return wilson_share(sum(value is not None for value in values), len(values))


def _sign(effect: float | None) -> Literal[-1, 0, 1] | None:
    if effect is None:
        return None
    return 1 if effect > 0 else -1 if effect < 0 else 0
