"""Holds the contents of a verdict as plain values."""

from dataclasses import asdict, dataclass
from typing import Any, Literal

Way = Literal["computes", "imitates", "shortcut"]
WAYS: tuple[Way, ...] = ("computes", "imitates", "shortcut")
Hypothesis = Literal["computes", "imitates", "shortcut", "mixture", "other"]
HYPOTHESES: tuple[Hypothesis, ...] = (*WAYS, "mixture", "other")
Name = Literal["computes", "imitates", "shortcut", "mixture", "undetermined"]
"""The names that a verdict can give. `computes` means “behaves like a model that computes”. If the hypothesis `other`
is the likeliest, the name is `undetermined`.
"""


@dataclass(frozen=True, slots=True)
class Interval:
    """A 95 % interval."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Curve:
    """One shape of curve, fitted to the exactness at each size."""

    shape: Literal["logistic", "Weibull"]
    horizon: str
    """The size at which exactness falls to one half, as text: a number, or `> 256` or `< 4` if it lies outside the
    sizes that were asked.
    """
    at: float
    """The horizon as a number, even if it lies outside the sizes that were asked."""
    size: float | None
    """The horizon as a number; None if it lies outside the sizes that were asked."""
    interval: tuple[str, str]
    """A 95 % interval of the horizon; both ends are written like `horizon`. It contains the likelihood interval and,
    if there is one, the bootstrap interval.
    """
    steepness: float
    shown: tuple[tuple[float, float], ...]
    """Points (size, exactness) on the curve."""


@dataclass(frozen=True, slots=True)
class SizeResult:
    """The result for one kind of operation at one size."""

    size: int
    items: float
    exact: float | None
    """Share of right answers to the hard items; None if there are no hard items."""
    interval: Interval | None
    posterior: dict[Hypothesis, float]
    """Posterior probabilities from the answers at this size alone, with equal priors."""


@dataclass(frozen=True, slots=True)
class Support:
    """The strength of the evidence for the likeliest hypothesis, `best`, as log10 of Bayes factors."""

    best: Hypothesis
    against: dict[Hypothesis, float]
    """For each other hypothesis, log10 of the Bayes factor of `best` against it."""
    least: float
    """The smallest value in `against`."""
    least_of_priors: float
    """The smallest log10 Bayes factor of `best` under any of the alternative priors (`ALTERNATIVE_PRIORS` in
    `bayes.py`).
    """
    least_left_out: float | None
    """The smallest log10 Bayes factor of `best` when one template is left out, or, for all operations together, one
    family. None if there is only one template or family.
    """
    left_out: str | None
    """The template or family whose removal gives `least_left_out`."""


@dataclass(frozen=True, slots=True)
class OperationVerdict:
    """The verdict on one kind of operation."""

    family: str
    operation: str
    name: Name
    why: str
    """Reason why no way of answering is named; empty if a way is named."""
    posterior: dict[Hypothesis, float]
    interval: dict[Hypothesis, Interval]
    """95 % bootstrap interval of each posterior probability. Empty if no intervals were requested, or if there are no
    answers to judge.
    """
    support: Support | None
    """The strength of the evidence; None if there is no usable answer, or if the items come from a user's suite."""
    sizes: tuple[SizeResult, ...]
    curves: tuple[Curve, ...]
    templates: int
    items: int


@dataclass(frozen=True, slots=True)
class Separation:
    """How well one family of probes tells two ways of answering apart."""

    family: str
    pair: tuple[Way, Way]
    by_design: float
    """The log10 Bayes factor that is expected for the true way against the other way. It is computed with either way
    as the true one; this is the smaller value.
    """
    observed: float
    """The log10 Bayes factor of `pair[0]` against `pair[1]`, computed from the answers that the model gave."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The verdict on the answers of one model under one condition."""

    model: str
    condition: str
    name: Name
    why: str
    posterior: dict[Hypothesis, float]
    interval: dict[Hypothesis, Interval]
    support: Support | None
    """The strength of the evidence; None if there is nothing to judge."""
    operations: tuple[OperationVerdict, ...]
    separations: tuple[Separation, ...]
    items: int
    answers: int
    unanswered: dict[str, int]
    """Number of unusable answers of each kind, such as `refused`. They count neither for nor against a way of
    answering."""
    not_understood: tuple[str, ...]
    """Pairs that were left out because their comprehension check failed."""
    parameters: str
    """The version of the parameters, and the kinds of player that they were fitted to."""

    def as_json(self) -> dict[str, Any]:
        """Return the verdict as plain values."""
        return asdict(self)
