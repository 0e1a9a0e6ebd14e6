"""Defines the result of a comparison: numbers of printed lines, tested series, the alignment, the findings."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from gedanken.experiment.finding import Finding, LineRef, Stream


class LineKind(StrEnum):
    """How much the lines of one print may differ between two runs of the same program."""

    DETERMINISTIC = "deterministic"
    """The source proves that every run prints the same lines."""
    PROBABLY = "probably deterministic"
    """The lines are equal in all real runs, but the source does not prove that they always are."""
    STOCHASTIC = "stochastic"
    ENVIRONMENT = "environment"
    """The lines contain a time, a version or a device."""


@dataclass(frozen=True, slots=True)
class SiteTally:
    """How many lines of one print the real and the imagined runs show. If there is no source, the print is
    replaced by a template that was inferred from real logs.
    """

    words: str
    """The literal words of the line, with `{}` for each value."""
    line: int | None
    """Line number in the source, counted from 1; None if no program was given."""
    kind: LineKind
    expected: tuple[int, int] | None
    """Smallest and largest number of lines in a run, as observed in finished real runs or proven by the source;
    None if unknown.
    """
    real: tuple[int, ...]
    """Number of lines in each real run."""
    imagined: tuple[int, ...]
    """Number of lines in each imagined run."""
    exact: int
    """Number of lines, in all imagined runs together, that have the right words and are in the right order."""
    reworded: int
    out_of_order: int
    missing: int
    """Number of imagined runs that show the line less often than `expected`."""
    too_many: int
    """Number of imagined runs that show the line more often than `expected`."""


Mark = Literal["alike", "reworded", "missing", "invented", "aside"]


@dataclass(frozen=True, slots=True)
class Block:
    """Lines of two outputs that correspond to each other. In paired blocks (`alike`, `reworded`), both sides have
    the same number of lines.
    """

    mark: Mark
    """`alike`: same words, paired line by line. `reworded`: paired, other words. `missing`: only in the real output.
    `invented`: only in the imagined output. `aside`: not compared.
    """
    real: tuple[int, int]
    """Indices, counted from 0, of the block's first real line and of the line after its last real line."""
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
    """The first real and the first imagined line that differ in their words, or in a number that never varies;
    None if there is no difference.

    If one output has ended before, its line is None.
    """
    real_counted_in: Stream = "stdout"
    """The output of the real execution to which the line indices in `blocks` refer. For the imagined execution, it
    is always `stdout`.
    """


@dataclass(frozen=True, slots=True)
class Endpoint:
    """The series whose last value is the primary endpoint, and why it was chosen."""

    name: str
    reason: str
    chosen_by: Literal["rule", "user"]


@dataclass(frozen=True, slots=True)
class ComparisonOptions:
    """Options of a comparison, in addition to the runs."""

    primary: str | None = None
    """Name of the series that should be the primary endpoint."""
    named_metrics: tuple[tuple[str, str], ...] = ()
    """Metrics that the user defines, as (name, regular expression). The number is group 1 of the match; without
    groups in the expression, it is the whole match.
    """


DEFAULT_OPTIONS = ComparisonOptions()


@dataclass(frozen=True, slots=True)
class Doubt:
    """A question about lines of the output that the checks could not decide."""

    what: str
    """The question, for example `whether “saved” is missing only by chance`."""
    reason: str

    @property
    def text(self) -> str:
        """The question and the reason, each as a sentence of its own."""
        return f"{self.what[:1].upper()}{self.what[1:]}. {self.reason[:1].upper()}{self.reason[1:]}."


@dataclass(frozen=True, slots=True)
class SeriesResult:
    """The test of one series: the values of one number of one print in every run, at points such as epochs."""

    name: str
    """Name of the series, for example `loss (train.py:41)`."""
    role: Literal["primary", "secondary"]
    axis: str
    """The quantity by which the points are numbered, for example `epoch` or `times printed`."""
    points: tuple[float, ...]
    real: tuple[tuple[float | None, ...], ...]
    """For each measured real run, its value at each point, which may be nan or inf; None where the run shows no
    value.
    """
    imagined: tuple[tuple[float | None, ...], ...]
    n_real: int
    n_imagined: int
    p: float | None
    """p-value of a permutation test; None if the series could not be tested.

    The statistic is the energy distance for the primary endpoint. For other series, it is the distance between the
    mean curves in standard deviations.
    """
    why_no_p: str | None
    p_adjusted: float | None
    """p-value, adjusted by Westfall and Young's method for all series that are tested together. The primary
    endpoint is tested by itself, so that its value is `p`.
    """
    crps: float | None
    """Fair continuous ranked probability score, averaged over points and imagined runs, in units of the series."""
    spread_ratio: float | None
    """Standard deviation of the imagined runs divided by that of the real ones, both pooled over points."""
    spread_interval: tuple[float, float] | None
    """95 % bootstrap interval of `spread_ratio`."""
    difference: float | None
    """Mean of the imagined runs minus mean of the real ones, at the last point that all tested runs have."""
    difference_interval: tuple[float, float] | None
    """Welch's 95 % interval of `difference`."""
    ranks: tuple[int, ...]
    """For each imagined run, the number of real runs with a lower value at the last point that all tested runs
    have.
    """


@dataclass(frozen=True, slots=True)
class ComparisonResult:
    """The result of comparing the runs of one program."""

    findings: tuple[Finding, ...]
    sites: tuple[SiteTally, ...] = ()
    series: tuple[SeriesResult, ...] = ()
    """The results of all series; the primary endpoint comes first, if there is one."""
    alignment: Alignment | None = None
    """The aligned outputs of one real and one imagined run: seed 0 and sample 0 or, if one of them is missing, the
    first run of its kind. None if there is no real or no imagined run.
    """
    undecided: tuple[str, ...] = ()
    """Questions that could not be decided. Each one says why, and what would be needed."""
    endpoint: Endpoint | None = None
    """The primary endpoint; None if no metric, or not the requested metric, was found in enough real runs."""
    first_undecided: str | None = None
    """The first undecided question about lines, in a few words. If there is one, no report may say that nothing
    was found.
    """
    uncompared: str | None = None
    """The reason why no measured number could be compared, although the real runs show some. If there is one, no
    report may say that nothing was found.
    """
    notes: tuple[str, ...] = ()
    """For each check that failed, a text that says why."""
