"""One comparison of the benchmark: real runs of a style beside other runs of that style, doctored or not."""

import re
from dataclasses import asdict, dataclass
from functools import cache
from random import Random
from typing import Any

from benchmarks.wild.comparing import Summary, compare
from benchmarks.wild.doctoring import DOCTORINGS, Case
from benchmarks.wild.halves import HALVES
from benchmarks.wild.style import Style

STYLES = {style.name: style for styles in HALVES.values() for style in styles}
_DOCTORINGS = {doctoring.name: doctoring for doctoring in DOCTORINGS}
_SPLIT = re.compile(r"(?:train|val|validation|valid|test|dev|eval|cv|rank ?\d+)[\s_]", re.IGNORECASE)
FIRST_SEEDS = {"alarms 7:3": 0, "alarms 5:1": 100_000, "power": 200_000}


@dataclass(frozen=True, slots=True)
class Trial:
    """The specification of one comparison.

    Two comparisons of the same kind never share runs, unless they differ only in the doctoring.
    """

    what: str
    """The kind of comparison, a key of `FIRST_SEEDS`."""
    style: str
    number: int
    real: int
    imagined: int
    doctoring: str | None = None
    doctored: int = 0
    """Number of imagined logs that are doctored."""

    @property
    def key(self) -> str:
        """A key under which the result is stored."""
        return repr(tuple(asdict(self).values()))

    def run(self) -> dict[str, Any] | None:
        """Make the comparison; return the result as plain values for JSON, or None if there is nothing to doctor."""
        logs = self.drawn()
        real, imagined = logs[: self.real], list(logs[self.real :])
        metric = None
        if self.doctoring is not None:
            random = Random(f"{self.doctoring} {self.style} {self.number}")
            metric = self._metric(random)
            if metric is None:
                return None
            for index in range(self.doctored):
                text = _DOCTORINGS[self.doctoring].doctor(Case(imagined[index], real, metric, random))
                if text is None or text == imagined[index]:
                    return None
                imagined[index] = text
        summary = compare(real, imagined)
        style = STYLES[self.style]
        return {
            **asdict(self),
            "key": self.key,
            "metric": metric,
            "before": self._before() if self.doctoring else (),
            "kinds": summary.kinds,
            "findings": summary.findings,
            "undecided": summary.undecided,
            "primary": summary.primary,
            "named": _is_named(summary, style),
            "unnamed": [
                name
                for name in style.metrics
                if not any(_is_same_name(series_name, name) for series_name in summary.names)
            ],
        }

    def _metric(self, random: Random) -> str | None:
        """Return the metric to be doctored: the primary one, or a random other one if the doctoring is for others.

        None if there is no other metric.
        """
        assert self.doctoring is not None
        style = STYLES[self.style]
        if _DOCTORINGS[self.doctoring].of_another:
            others = [name for name in style.metrics if name not in style.primary]
            return random.choice(others) if others else None
        # Where a practitioner might write either of two, it is the one that the comparison takes.
        endpoint = undoctored(self.what, self.style, self.number, self.real, self.imagined).primary or ""
        accepted = [name for name in style.metrics if name in style.primary]
        return next((name for name in accepted if _is_same_name(endpoint, name)), style.primary[0])

    def drawn(self) -> tuple[str, ...]:
        """Return the marked logs of the generated runs, the real ones first."""
        count = self.real + self.imagined
        first = FIRST_SEEDS[self.what] + self.number * count
        return tuple(STYLES[self.style].make(seed) for seed in range(first, first + count))

    def _before(self) -> tuple[str, ...]:
        return undoctored(self.what, self.style, self.number, self.real, self.imagined).kinds


@cache
def undoctored(what: str, style: str, number: int, real: int, imagined: int) -> Summary:
    """Return the result of the same comparison without doctoring."""
    logs = Trial(what, style, number, real, imagined).drawn()
    return compare(logs[:real], logs[real:])


def _is_named(summary: Summary, style: Style) -> bool:
    if not style.primary or summary.primary is None:
        return not style.primary and summary.primary is None
    return any(_is_same_name(summary.primary, name) for name in style.primary)


def _is_same_name(series_name: str, name: str) -> bool:
    """Return whether a series is called `name`, possibly after a split or a rank, such as `val` or `rank 0`."""
    return _normalize_name(name) in (
        _normalize_name(series_name),
        _normalize_name(_SPLIT.sub("", series_name, count=1)),
    )


def _normalize_name(name: str) -> str:
    return "".join(
        letter for letter in name.lower().replace("validation", "val") if letter.isalnum() or letter in "@()"
    )
