"""What the checks look at: the runs of one program, real and imagined, with what was read off them."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from compare.lines.ledger import Entry, keep_ledger
from compare.lines.print_sites import PrintSite
from compare.lines.transcript import skeleton
from compare.numbers.curves import Curves, read_curves
from compare.programs.source import Source
from experiment.execution import Cause, Execution
from experiment.finding import LineRef
from experiment.program import Program

LINES_SHOWN = 5
"""Lines that a finding points at, at most."""


@dataclass(frozen=True)
class Observed:
    """An execution with what was read off its output."""

    execution: Execution
    sites: tuple[PrintSite, ...]
    """Whatever its program can put on a terminal."""

    @cached_property
    def text(self) -> str:
        """What was printed, without a last line that was cut: half a line is no evidence."""
        printed = self.execution.stdout
        whole = self.execution.cause in (Cause.FINISHED, Cause.FAILED)
        return printed if whole else printed[: printed.rfind("\n") + 1]

    @cached_property
    def curves(self) -> Curves:
        return read_curves(self.text)

    @cached_property
    def ledger(self) -> tuple[Entry, ...]:
        return keep_ledger(self.text, self.sites)

    @cached_property
    def lines(self) -> list[str]:
        return self.text.splitlines()

    @property
    def epochs(self) -> frozenset[int]:
        return frozenset(epoch for _line, epoch in self.curves.epochs)

    def ref(self, index: int) -> LineRef:
        """Point at the line with this index, from 0."""
        return LineRef(self.execution.label, index + 1, self.lines[index])


@dataclass(frozen=True)
class Comparison:
    """Everything that the checks below look at."""

    program: Program | None
    source: Source | None
    real: tuple[Observed, ...]
    imagined: tuple[Observed, ...]
    claims: tuple[str, ...]
    earlier: tuple[Observed, ...] = ()
    """Runs of earlier versions, real and imagined."""
    gpus: int | None = None
    """How many the real machine has; None where that is not known."""

    @property
    def name(self) -> str:
        """What the program is called in a finding."""
        return self.program.label if self.program else "the program"

    @property
    def leaves(self) -> tuple[Observed, ...]:
        """Real runs that are measured. Seed 0 chose the program, so it is in no test (fairness rule 5)."""
        reseeded = tuple(run for run in self.real if run.execution.arm == "reseeded")
        return reseeded or tuple(run for run in self.real if run.execution.seed != 0)

    @cached_property
    def forms(self) -> frozenset[str]:
        """Forms of all lines that a real run shows, on either stream: a library's and a warning's too."""
        shown = (run.execution.stdout + "\n" + run.execution.output for run in self.real)
        return frozenset(skeleton(line) for text in shown for line in text.splitlines())

    @property
    def samples(self) -> tuple[Observed, ...]:
        """Imagined runs that are measured; sample 0 is the trunk."""
        return tuple(run for run in self.imagined if run.execution.sample != 0)


def share(some: Sequence[Observed], whole: Sequence[Observed]) -> str:
    """Such as `1 of 4 imagined runs`."""
    return f"{len(some)} of {len(whole)} imagined runs"


def verb(some: Sequence[Observed], one: str, many: str) -> str:
    return one if len(some) == 1 else many


def short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= 80 else text[:77] + "…"
