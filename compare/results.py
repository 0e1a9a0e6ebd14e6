"""The result of a comparison: tallies of lines, tested series, the alignment, the findings."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from gedanken.experiment.finding import Finding, LineRef, Stream


class LineKind(StrEnum):
    """How much the lines of one print may differ between two runs of the same program."""

    DETERMINISTIC = "deterministic"
    """The source proves that every run prints the same."""
    PROBABLY = "probably deterministic"
    """Equal in all real runs, but not proven."""
    STOCHASTIC = "stochastic"
    ENVIRONMENT = "environment"
    """Contains a time, a version or a device."""


@dataclass(frozen=True, slots=True)
class SiteTally:
    """Line counts of one print site (or of one template inferred from real logs), in real and imagined runs."""

    words: str
    """The literal words, with `{}` for each value."""
    line: int | None
    """Line number in the source, counted from 1; None if no program was given."""
    kind: LineKind
    expected: tuple[int, int] | None
    """Smallest and largest number of its lines in a real run, by its code or as observed; None if unknown."""
    real: tuple[int, ...]
    """Number of lines in each real run."""
    imagined: tuple[int, ...]
    """Number of lines in each imagined run."""
    exact: int
    """Number of lines in all imagined runs together that the site can print, each in the right place."""
    reworded: int
    out_of_order: int
    missing: int
    """Number of imagined runs that show the line less often than every real run."""
    too_many: int
    """Number of imagined runs that show the line more often than every real run."""


Mark = Literal["alike", "reworded", "missing", "invented", "aside"]


@dataclass(frozen=True, slots=True)
class Block:
    """Lines of two outputs that correspond; in a paired block, both sides have the same number of lines."""

    mark: Mark
    """`alike`: the same words, paired line by line; values may differ. `reworded`: paired, with other words.
    `missing`: only in the real output; `invented`: only in the imagined output. `aside`: not compared, for example
    what libraries write to standard error."""
    real: tuple[int, int]
    """Index of the first line and of the line after the last one, counted from 0."""
    imagined: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Alignment:
    """One real and one imagined output, aligned side by side."""

    real: str
    """Label of the real execution."""
    imagined: str
    blocks: tuple[Block, ...]
    """The blocks in order; together they contain every line of both outputs."""
    diverges_at: tuple[LineRef | None, LineRef | None] | None
    """The first pair of lines, real and imagined, that differ in more than numbers that also differ among
    real runs."""
    real_counted_in: Stream = "stdout"
    """The text of the real execution that the indices refer to; for the imagined one it is `stdout`."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """The series whose last value is the primary endpoint, and why it was chosen."""

    name: str
    reason: str
    chosen_by: Literal["rule", "user"]


@dataclass(frozen=True, slots=True)
class Asked:
    """Options of a comparison, in addition to the runs."""

    primary: str | None = None
    """Name of the series that should be the primary endpoint."""
    named: tuple[tuple[str, str], ...] = ()
    """(name, regular expression) of user-defined metrics: group 1, or the whole match, is the number."""


NOTHING_ASKED = Asked()


@dataclass(frozen=True, slots=True)
class Doubt:
    """A question about lines that could not be decided."""

    what: str
    """For example `whether “saved” is missing only by chance`."""
    why: str

    @property
    def text(self) -> str:
        """The question, and the reason as a sentence of its own."""
        return f"{self.what[:1].upper()}{self.what[1:]}. {self.why[:1].upper()}{self.why[1:]}."


@dataclass(frozen=True, slots=True)
class SeriesResult:
    """The test of one series of numbers: one value of one print site, at each point of the real and imagined runs."""

    name: str
    """For example `loss (train.py:41)`."""
    role: Literal["primary", "secondary"]
    axis: str
    """The quantity that the points are counted by, for example `epoch` or `times printed`."""
    points: tuple[float, ...]
    real: tuple[tuple[float | None, ...], ...]
    """For each measured real run, a value at each point, possibly nan or inf; None if the run shows none."""
    imagined: tuple[tuple[float | None, ...], ...]
    n_real: int
    n_imagined: int
    p: float | None
    """Permutation test: energy distance for the primary endpoint, otherwise the distance in standard deviations
    within the groups; None if it could not be tested."""
    why_no_p: str | None
    p_adjusted: float | None
    """Adjusted by Westfall and Young's method over its family; for the primary endpoint, p itself."""
    crps: float | None
    """Fair CRPS, averaged over points and imagined runs, in units of the series."""
    spread_ratio: float | None
    """Standard deviation of the imagined runs over that of the real ones, pooled over points."""
    spread_interval: tuple[float, float] | None
    """95 % bootstrap interval."""
    difference: float | None
    """Mean of the imagined runs minus that of the real ones, at the last point that both have."""
    difference_interval: tuple[float, float] | None
    """Welch's 95 % interval."""
    ranks: tuple[int, ...]
    """Number of real runs below each imagined one, at the last point that both have."""


@dataclass(frozen=True, slots=True)
class ComparisonResult:
    """The result of comparing the runs of one program."""

    findings: tuple[Finding, ...]
    sites: tuple[SiteTally, ...] = ()
    series: tuple[SeriesResult, ...] = ()
    """The primary endpoint first, if there is one."""
    alignment: Alignment | None = None
    """Alignment of the first real and the first imagined run; None if either is missing."""
    undecided: tuple[str, ...] = ()
    """Questions that could not be decided, each with the reason, and with what would be needed to decide it."""
    endpoint: Endpoint | None = None
    """None if no real run shows a metric, or none with the requested name."""
    unjudged: str | None = None
    """The undecided questions about lines, in a few words; None if there are none. If there are any, no report may
    say that nothing was found.
    """
    notes: tuple[str, ...] = ()
    """Checks that could not be applied, and why."""
