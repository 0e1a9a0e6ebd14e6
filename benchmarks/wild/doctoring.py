"""Ways to doctor a generated log, each with one fault that the benchmark checks for.

A doctoring takes a `Case` and returns the doctored log with its marks, or None if there is nothing to doctor.
"""

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial
from random import Random
from statistics import mean, stdev

from benchmarks.doctoring import form_of
from benchmarks.wild.marks import EPOCH, MarkedValue, epochs_of, marked_values, strip_marks, with_values

INVENTED = (
    "Restored best weights from the previous stage",
    "Applying exponential moving average to all parameters",
    "Resuming interrupted job after preemption notice",
)
"""Lines that no style writes."""
OTHER_WORDS = ("measured", "overall", "computed", "observed")
"""Words that no style writes."""
_WORD = re.compile(r"(?<![A-Za-z0-9_\ue000])[A-Za-z]{4,}(?![A-Za-z0-9_\ue001])")


@dataclass(frozen=True)
class Case:
    """A marked log to be doctored, with the logs that it is compared with."""

    text: str
    real: tuple[str, ...]
    """The marked real logs that the doctored log will be compared with."""
    name: str
    """The metric whose values are changed."""
    random: Random

    @cached_property
    def lines(self) -> list[str]:
        """The lines of the log, with their line ends."""
        return self.text.splitlines(keepends=True)

    @cached_property
    def common(self) -> list[int]:
        """The indices of those lines of the log whose form occurs in every real log.

        Lines without words and lines that end with a carriage return are left out.
        """
        forms = [{form_of(line) for line in strip_marks(log).splitlines()} for log in self.real]
        in_all = set.intersection(*forms)
        line_forms = [form_of(strip_marks(line)) for line in self.lines]
        return [
            index
            for index, form in enumerate(line_forms)
            if form in in_all and re.search("[A-Za-z]{2}", form) and not self.lines[index].endswith("\r")
        ]

    @cached_property
    def curve(self) -> list[MarkedValue]:
        """The values of the metric in the log to be doctored."""
        return marked_values(self.text, self.name)

    @cached_property
    def real_curves(self) -> list[list[float]]:
        """The values of the metric in each real log."""
        return [[value.value for value in marked_values(log, self.name)] for log in self.real]

    def sd(self, index: int) -> float:
        """Return the standard deviation of the metric over the real runs at one point of the curve.

        If fewer than three real runs have that point, return `sd_of_last`.
        """
        values = [curve[index] for curve in self.real_curves if index < len(curve) and math.isfinite(curve[index])]
        return stdev(values) if len(values) >= 3 else self.sd_of_last

    @cached_property
    def sd_of_last(self) -> float:
        """The standard deviation of the metric's last value over the real runs."""
        return stdev(curve[-1] for curve in self._finite_curves)

    @cached_property
    def _finite_curves(self) -> list[list[float]]:
        return [[value for value in curve if math.isfinite(value)] for curve in self.real_curves]

    @cached_property
    def worse(self) -> int:
        """The sign of a change for the worse: 1 if the real curves fall, -1 if they rise."""
        first, last = (mean(curve[index] for curve in self._finite_curves) for index in (0, -1))
        return 1 if first >= last else -1


def truncate(case: Case) -> str | None:
    """Remove the last fifth of the lines."""
    kept_count = max(1, round(0.8 * len(case.lines)))
    return "".join(case.lines[:kept_count])


def omit_form(case: Case) -> str | None:
    """Remove all lines of one form, such as `epoch # loss #`."""
    if not case.common:
        return None
    form = form_of(strip_marks(case.lines[case.random.choice(case.common)]))
    kept_lines = [line for line in case.lines if form_of(strip_marks(line)) != form]
    return "".join(kept_lines) if strip_marks("".join(kept_lines)).strip() else None


def drop_epoch(case: Case) -> str | None:
    """Remove one epoch, neither the first nor the last."""
    before, *epochs, after = epochs_of(case.text)
    if len(epochs) < 3:
        return None
    index = case.random.randrange(1, len(epochs) - 1)
    return EPOCH.join([before, *epochs[:index], *epochs[index + 1 :]]) + after


def cut_gap(case: Case) -> str | None:
    """Remove a tenth of the lines, at least two, from the middle."""
    if len(case.lines) < 8:
        return None
    removed = max(2, round(len(case.lines) / 10))
    index = case.random.randrange(len(case.lines) // 3, 2 * len(case.lines) // 3 - removed + 1)
    return "".join([*case.lines[:index], *case.lines[index + removed :]])


def reword(case: Case) -> str | None:
    """Change one word in every line of one form."""
    candidates = [index for index in case.common if _WORD.search(case.lines[index])]
    if not candidates:
        return None
    chosen = case.lines[case.random.choice(candidates)]
    form = form_of(strip_marks(chosen))
    word = case.random.choice(_WORD.findall(chosen))
    new_word = case.random.choice(OTHER_WORDS)
    pattern = re.compile(rf"(?<![A-Za-z0-9_\ue000]){word}(?![A-Za-z0-9_\ue001])")
    return "".join(
        pattern.sub(new_word, line, count=1) if form_of(strip_marks(line)) == form else line for line in case.lines
    )


def invent_line(case: Case) -> str:
    """Insert a line that the program does not print."""
    index = case.random.randrange(1, len(case.lines) + 1)
    return "".join([*case.lines[:index], case.random.choice(INVENTED) + "\n", *case.lines[index:]])


def copy_log(case: Case) -> str:
    """Return a copy of a real run's log."""
    return case.random.choice(case.real)


def copy_curve(case: Case) -> str | None:
    """Copy the metric's values from a real run; None if the metric has fewer than three values."""
    if len(case.curve) < 3:
        return None
    donor = case.random.choice(case.real_curves)
    return with_values(case.text, case.name, lambda index, value: donor[index] if index < len(donor) else value)


def make_constant(case: Case) -> str | None:
    """Give the metric its last value at every point; None if it has fewer than three values."""
    if len(case.curve) < 3:
        return None
    return with_values(case.text, case.name, lambda _index, _value: case.curve[-1].value)


def make_smooth(case: Case) -> str | None:
    """Replace the metric by an exponential curve without noise, with the same first and last values.

    The rate of the exponential is fitted to the mean of the real runs.
    """
    count = len(case.curve)
    if count < 5:
        return None
    means = [
        mean(values)
        for index in range(count)
        if (
            values := [
                curve[index] for curve in case.real_curves if index < len(curve) and math.isfinite(curve[index])
            ]
        )
    ]
    rates = [rate / 4 for rate in range(1, 60)]
    rate = min(rates, key=lambda candidate: _misfit(means, candidate))
    first, last = case.curve[0].value, case.curve[-1].value
    if not math.isfinite(first + last):
        return None
    return with_values(
        case.text, case.name, lambda index, _value: last + (first - last) * _exponential(index, count, rate)
    )


def shift_last(case: Case, by: float) -> str | None:
    """Make the metric's last value worse by `by` standard deviations of the real runs."""
    if not case.curve:
        return None
    end = len(case.curve) - 1
    return with_values(
        case.text,
        case.name,
        lambda index, value: value + case.worse * by * case.sd_of_last if index == end else value,
    )


def shift_curve(case: Case, by: float) -> str | None:
    """Make every value of the metric worse by `by` standard deviations of the real runs at the same point."""
    if not case.curve:
        return None
    return with_values(case.text, case.name, lambda index, value: value + case.worse * by * case.sd(index))


@dataclass(frozen=True, slots=True)
class Doctoring:
    """One way to doctor a log, with the shares in which its fault should be found."""

    name: str
    doctor: Callable[[Case], str | None]
    target: float | None = None
    """Share that should be found if all three logs are doctored; None if there is no target."""
    of_another: bool = False
    """Whether a metric other than the primary one is doctored."""
    one: float | None = None
    """Share that should be found if one of three logs is doctored."""


DOCTORINGS = (
    Doctoring("truncation", truncate, 0.95),
    Doctoring("omitted", omit_form, 0.95),
    Doctoring("dropped epoch", drop_epoch, 0.95),
    Doctoring("gap", cut_gap, 0.95),
    Doctoring("reworded", reword, 0.95),
    Doctoring("invented line", invent_line, 0.95),
    Doctoring("log copied", copy_log, 0.95),
    Doctoring("curve copied", copy_curve, 0.95),
    Doctoring("constant", make_constant, 0.80),
    Doctoring("smooth exponential", make_smooth, 0.90),
    Doctoring("last + 4 sd", partial(shift_last, by=4), 0.80),
    Doctoring("curve + 4 sd", partial(shift_curve, by=4), 0.95),
    Doctoring("last + 10 sd", partial(shift_last, by=10), None, one=0.90),
    Doctoring("other: last + 4 sd", partial(shift_last, by=4), of_another=True),
    Doctoring("other: curve + 4 sd", partial(shift_curve, by=4), of_another=True),
)


def _exponential(index: int, count: int, rate: float) -> float:
    """Return the value at point `index` of a curve of `count` points that falls exponentially from 1 to 0."""
    end = math.exp(-rate)
    return (math.exp(-rate * index / (count - 1)) - end) / (1 - end)


def _misfit(means: list[float], rate: float) -> float:
    first, last = means[0], means[-1]
    return sum(
        (value - last - (first - last) * _exponential(index, len(means), rate)) ** 2
        for index, value in enumerate(means)
    )
