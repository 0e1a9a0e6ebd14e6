"""The result of a comparison: an account of the lines, the series judged, the alignment, the findings."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from gedanken.experiment.finding import Finding, LineRef, Stream


class LineKind(StrEnum):
    """How far the lines of one print may differ between two runs of the same program."""

    DETERMINISTIC = "deterministic"
    """The source proves that every run prints the same."""
    PROBABLY = "probably deterministic"
    """Equal in all real runs, and not proven."""
    STOCHASTIC = "stochastic"
    ENVIRONMENT = "environment"
    """Holds a time, a version or a device."""


@dataclass(frozen=True, slots=True)
class SiteTally:
    """What became of one print, or of one template read off the real logs, in the two worlds."""

    words: str
    """With `{}` for each value."""
    line: int | None
    """Of the source, counted from 1; None where no program was given."""
    kind: LineKind
    expected: tuple[int, int] | None
    """Fewest and most lines that a real run makes of it, by its code or as the real runs did; None if unknown."""
    real: tuple[int, ...]
    """Lines in each real run."""
    imagined: tuple[int, ...]
    """Lines in each imagined run."""
    exact: int
    """Lines of all imagined runs together that it can make, each in its place."""
    reworded: int
    out_of_order: int
    missing: int
    """Imagined runs that show it less often than any real run."""
    too_many: int
    """Imagined runs that show it more often than any real run."""


Mark = Literal["alike", "reworded", "missing", "invented", "aside"]


@dataclass(frozen=True, slots=True)
class Block:
    """Lines of two outputs that correspond: the same number of both sides where they are paired."""

    mark: Mark
    """`alike`: the same words, one to one; values may differ. `reworded`: paired, in other words. `missing`: only
    the real output has them; `invented`: only the imagined one. `aside`: nothing is said of them, such as what
    libraries write to standard error."""
    real: tuple[int, int]
    """From, up to: indices of lines, from 0."""
    imagined: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Alignment:
    """One real and one imagined output, compared side by side."""

    real: str
    """Label of the execution."""
    imagined: str
    blocks: tuple[Block, ...]
    """In order; together they hold every line of both."""
    diverges_at: tuple[LineRef | None, LineRef | None] | None
    """The first two lines, real and imagined, that differ in more than numbers that differ among real runs too."""
    real_counted_in: Stream = "stdout"
    """The text of the real execution that the indices are of; of the imagined one it is `stdout`."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """The series whose last value is the primary endpoint, and how it came to be that."""

    name: str
    reason: str
    chosen_by: Literal["rule", "user"]


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody asks of a comparison, beside the runs."""

    primary: str | None = None
    """Name of the series that is to be the primary endpoint."""
    named: tuple[tuple[str, str], ...] = ()
    """(name, regular expression) of metrics that nothing recognises: its group 1, or all of it, is the number."""


NOTHING_ASKED = Asked()


@dataclass(frozen=True, slots=True)
class Doubt:
    """What could not be decided of lines."""

    what: str
    """Such as `whether “saved” may be missing`."""
    why: str

    @property
    def text(self) -> str:
        """Both, as a sentence."""
        return f"{self.what[:1].upper()}{self.what[1:]}: {self.why}."


@dataclass(frozen=True, slots=True)
class SeriesResult:
    """One series of numbers, real beside imagined: one hole of one print, along its points."""

    name: str
    """Such as `loss (line 41)`."""
    role: Literal["primary", "secondary"]
    axis: str
    """What the points are counted by, such as `epoch`, or `times printed`."""
    points: tuple[float, ...]
    real: tuple[tuple[float | None, ...], ...]
    """For each real run that is measured, a value at each point, nan and inf too; None where it shows none."""
    imagined: tuple[tuple[float | None, ...], ...]
    n_real: int
    n_imagined: int
    p: float | None
    """Permutation test: of the primary endpoint by energy distance, else by distance in standard deviations within
    the groups; None where it could not be tested."""
    why_no_p: str | None
    p_adjusted: float | None
    """Westfall and Young's, over its family; of the primary endpoint, p itself."""
    crps: float | None
    """Fair CRPS, the mean over points and imagined runs, in units of the series."""
    spread_ratio: float | None
    """Standard deviation of the imagined runs over that of the real ones, pooled over points."""
    spread_interval: tuple[float, float] | None
    """Bootstrap, 95 %."""
    difference: float | None
    """Mean of the imagined runs less that of the real ones, at the last point both have."""
    difference_interval: tuple[float, float] | None
    """Welch's, 95 %."""
    ranks: tuple[int, ...]
    """How many real runs lie below each imagined one, at the last point both have."""


@dataclass(frozen=True, slots=True)
class ComparisonResult:
    """The result of comparing the runs of one program."""

    findings: tuple[Finding, ...]
    sites: tuple[SiteTally, ...] = ()
    series: tuple[SeriesResult, ...] = ()
    """The primary endpoint first, where there is one."""
    alignment: Alignment | None = None
    """Of the first real and the first imagined run; None where either is lacking."""
    undecided: tuple[str, ...] = ()
    """What could not be decided, with the reason, and what would be needed."""
    endpoint: Endpoint | None = None
    """None where no real run shows a metric, or none of the name that was asked for."""
    unjudged: str | None = None
    """Of that, what could not be judged of lines, in a few words: where it is so, nobody may say that nothing was
    found."""
    notes: tuple[str, ...] = ()
    """Which checks could not look, and why."""
