"""What a verdict says, as plain values."""

from dataclasses import asdict, dataclass
from typing import Any, Literal

Way = Literal["computes", "imitates", "shortcut"]
WAYS: tuple[Way, ...] = ("computes", "imitates", "shortcut")
Hypothesis = Literal["computes", "imitates", "shortcut", "mixture", "other"]
HYPOTHESES: tuple[Hypothesis, ...] = (*WAYS, "mixture", "other")
Name = Literal["computes", "imitates", "shortcut", "mixture", "undetermined"]
"""`computes` is short for: behaves as one that computes. `other` is no name: what fits nothing is undetermined."""


@dataclass(frozen=True, slots=True)
class Interval:
    """At 95 %."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Curve:
    """One shape of a horizon curve, fitted."""

    shape: Literal["logistic", "Weibull"]
    horizon: str
    """The size at which exactness falls to one half: a number, `> 256` or `< 4`."""
    at: float
    """The same as a number, where the curve goes on beyond the sizes that were asked."""
    size: float | None
    """The same; None if it lies outside of them."""
    interval: tuple[str, str]
    """Percentiles of the bootstrap, 95 %, written likewise."""
    steepness: float
    shown: tuple[tuple[float, float], ...]
    """Size and exactness along the curve."""


@dataclass(frozen=True, slots=True)
class SizeResult:
    """One kind of operation at one size."""

    size: int
    items: float
    exact: float | None
    """The share of right answers to the items that only carrying out the work gets right."""
    interval: Interval | None
    posterior: dict[Hypothesis, float]
    """Of these answers alone; all hypotheses equally likely before."""


@dataclass(frozen=True, slots=True)
class Support:
    """The evidence for the likeliest hypothesis, in powers of ten."""

    best: Hypothesis
    against: dict[Hypothesis, float]
    """The logarithm to base 10 of its Bayes factor against each other one."""
    least: float
    """The smallest of them."""
    least_of_priors: float
    """The smallest under any of the priors that are tried."""
    least_left_out: float | None
    """The smallest with any one template (of all operations: any one family) left out; None with one only."""
    left_out: str | None
    """What is left out then."""


@dataclass(frozen=True, slots=True)
class OperationVerdict:
    """One kind of operation."""

    family: str
    operation: str
    name: Name
    why: str
    """Why there is no name; empty if there is one."""
    posterior: dict[Hypothesis, float]
    interval: dict[Hypothesis, Interval]
    """Of the posterior, by the bootstrap; empty if it was not asked for."""
    support: Support | None
    """None if nothing was answered."""
    sizes: tuple[SizeResult, ...]
    curves: tuple[Curve, ...]
    templates: int
    items: int


@dataclass(frozen=True, slots=True)
class Separation:
    """How well one family tells two ways apart."""

    family: str
    pair: tuple[Way, Way]
    by_design: float
    """The expected weight of evidence for the right one of the two, in powers of ten; the smaller of both."""
    observed: float
    """Of the answers that were given, for the first of the two."""


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
    """None if there is nothing to judge."""
    operations: tuple[OperationVerdict, ...]
    separations: tuple[Separation, ...]
    items: int
    answers: int
    unanswered: dict[str, int]
    """Answers that are none, by what they are: they speak for nothing."""
    not_understood: tuple[str, ...]
    """Pairs that were left out, as the check of comprehension failed."""
    parameters: str
    """The version of the parameters, and the kinds of player that they were fitted on."""

    def as_json(self) -> dict[str, Any]:
        """Return the verdict as plain values."""
        return asdict(self)
