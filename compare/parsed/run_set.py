"""What the checks look at: the runs of one program, real and imagined, with what was read off them."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple, TypeVar

from gedanken.compare.output.metrics import Curves, read_curves
from gedanken.compare.output.text_lines import Lines
from gedanken.compare.output.transcript import Transcript, uncoloured
from gedanken.compare.parsed.invariants import Invariants
from gedanken.compare.parsed.ledger import Ledger
from gedanken.compare.parsed.templates import Templates
from gedanken.compare.results import NOTHING_ASKED, Asked
from gedanken.compare.source.print_sites import PrintSite
from gedanken.compare.source.program_source import Source
from gedanken.compare.source.proof import proven_lines
from gedanken.experiment.execution import Cause, Execution, leaves
from gedanken.experiment.finding import LineRef, Stream
from gedanken.experiment.program import Program

_Told = TypeVar("_Told")

LINES_SHOWN = 5
"""Lines that a finding points at, at most."""


class _Read(NamedTuple):
    """The lines that are compared, with the position of each in the stored text."""

    text: str
    counted_in: Stream = "stdout"
    numbers: Sequence[int] | None = None
    """Of each line in the text that is kept, from 0; None if all of it is looked at."""


@dataclass(frozen=True)
class ParsedRun:
    """An execution with what was read off its output."""

    execution: Execution
    sites: tuple[PrintSite, ...]
    """Whatever its program can put on a terminal, narrowed by the real runs."""
    templates: Templates | None = None
    """Of the real logs, if there is no program."""

    @property
    def label(self) -> str:
        """Of its execution."""
        return self.execution.label

    @cached_property
    def text(self) -> str:
        """What the program printed, without a last line that was cut: half a line is no evidence.

        Of a real run's standard error that is what a statement of the program surely wrote: what libraries add there
        differs from one machine to the next, and nobody need imagine it.
        """
        printed = uncoloured(self._read.text)
        whole = self.execution.cause in (Cause.FINISHED, Cause.FAILED)
        return printed if whole else printed[: printed.rfind("\n") + 1]

    @cached_property
    def _read(self) -> _Read:
        stdout, output = self.execution.stdout, self.execution.terminal
        logs = [site for site in self.sites if site.by == "log" and not site.is_open]
        if self.execution.imagined or not logs or output == stdout:
            return _Read(stdout)
        left = Counter(stdout.splitlines(keepends=True))
        kept = []
        numbers = []
        for number, line in enumerate(output.splitlines(keepends=True)):
            is_out = left[line] > 0
            left[line] -= is_out
            if is_out or any(site.makes(line) for site in logs):
                kept.append(line)
                numbers.append(number)
        text = "".join(kept)
        # Where the streams are mixed within a line, nobody can tell what belongs together.
        is_mixed = any(left.values()) or len(text.splitlines()) != len(kept)
        return _Read(stdout) if is_mixed else _Read(text, "terminal", numbers)

    @property
    def counted_in(self) -> Stream:
        """The text of its execution in which its lines are numbered."""
        return self._read.counted_in

    def number(self, index: int) -> int:
        """Return the index in the stored text of the compared line with this index; both count from 0."""
        numbers = self._read.numbers
        return index if numbers is None else numbers[index]

    @cached_property
    def transcript(self) -> Transcript:
        return self._transcript_of(self.text)

    @cached_property
    def curves(self) -> Curves:
        return read_curves(self.transcript)

    @cached_property
    def ledger(self) -> Ledger:
        return Ledger(self.transcript, self.sites, self.templates)

    @property
    def lines(self) -> Lines:
        return self.transcript.lines

    @cached_property
    def outputs(self) -> tuple[Transcript, ...]:
        """All that it shows, on either stream, with a last line that was cut."""
        others = {self.execution.stdout, self.execution.terminal} - {self.text}
        return (self.transcript, *map(self._transcript_of, others))

    def _transcript_of(self, text: str) -> Transcript:
        return Transcript(text) if self.templates is None else Transcript(text, True, self.templates.before_ids)

    @cached_property
    def forms(self) -> frozenset[str]:
        """Forms of all lines that it shows, on either stream: a library's and a warning's too."""
        return frozenset[str]().union(*(output.forms for output in self.outputs))

    @cached_property
    def epochs(self) -> frozenset[int]:
        return frozenset(self.curves.epochs.numbers.tolist())

    def ref(self, index: int) -> LineRef:
        """Point at the line with this index, from 0."""
        return LineRef(self.execution.label, self.number(index) + 1, self.lines[index], self.counted_in)


@dataclass(frozen=True)
class RunSet:
    """Everything that the checks below look at."""

    program: Program | None
    source: Source | None
    real: tuple[ParsedRun, ...]
    imagined: tuple[ParsedRun, ...]
    claims: tuple[str, ...]
    earlier: tuple[ParsedRun, ...] = ()
    """Runs of earlier versions, real and imagined."""
    gpus: int | None = None
    """How many the real machine has; None if that is not known."""
    asked: Asked = NOTHING_ASKED
    _known: dict[object, Any] = field(default_factory=dict, compare=False, repr=False)

    def once(self, read: "Callable[[RunSet], _Told]") -> "_Told":
        """Return what is read off all the runs together: once, for all checks that look at it."""
        if read not in self._known:
            self._known[read] = read(self)
        known: _Told = self._known[read]
        return known

    @cached_property
    def sites(self) -> tuple[PrintSite, ...]:
        """The lines that are accounted for: of the program's own statements, or as its real logs show them."""
        if self.templates is not None:
            return self.templates.sites
        return next((run.sites for run in (*self.real, *self.imagined)), ())

    @property
    def templates(self) -> Templates | None:
        """Of the real logs, if there is no program."""
        return self.real[0].templates if self.real else None

    @cached_property
    def finished(self) -> tuple[ParsedRun, ...]:
        """Real runs that came to their end."""
        return tuple(run for run in self.real if run.execution.cause is Cause.FINISHED)

    @cached_property
    def ended(self) -> tuple[ParsedRun, ...]:
        """Real runs that ended by themselves: finished or failed."""
        return tuple(run for run in self.real if run.execution.cause in (Cause.FINISHED, Cause.FAILED))

    @cached_property
    def proven(self) -> dict[PrintSite, tuple[str, ...]]:
        """All lines of each print that is the same in every run, as the source proves and no real run contradicts."""
        lines = proven_lines(self.source.tree) if self.source else {}
        found: dict[PrintSite, tuple[str, ...]] = {}
        for site in self.sites:
            texts = tuple(text for text in lines.get(site.line, ()) if site.makes(text))
            is_shown = all(run.ledger.lines_of(site).size >= len(texts) for run in self.ended)
            seen = (run.lines[at].strip() for run in self.real for at in run.ledger.lines_of(site))
            if texts and is_shown and all(text in texts for text in seen):
                found[site] = texts
        return found

    @cached_property
    def invariants(self) -> Invariants:
        """The numbers that all real runs show alike which came to their end."""
        return Invariants([run.transcript for run in self.finished])

    @property
    def caution(self) -> str:
        """Return what a claim about lines must add where logs alone are known."""
        alone = self.templates is not None and len(self.real) == 1
        return "One real log cannot show how much real runs differ." if alone else ""

    @property
    def name(self) -> str:
        """Return what the program is called in a finding."""
        return self.program.label if self.program else "the program"

    @property
    def leaves(self) -> tuple[ParsedRun, ...]:
        """Real runs that are measured."""
        return _measured(self.real)

    @cached_property
    def forms(self) -> frozenset[str]:
        """Forms of all lines that a real run shows, on either stream."""
        return frozenset[str]().union(*(run.forms for run in self.real))

    @property
    def samples(self) -> tuple[ParsedRun, ...]:
        """Imagined runs that are measured."""
        return _measured(self.imagined)


def _measured(runs: Sequence[ParsedRun]) -> tuple[ParsedRun, ...]:
    kept = set(map(id, leaves(run.execution for run in runs)))
    return tuple(run for run in runs if id(run.execution) in kept)


def evidence(refs: Sequence[LineRef]) -> tuple[LineRef, ...]:
    """Return a line of each output that is named, and further ones until there are `LINES_SHOWN`."""
    first = {ref.source: ref for ref in reversed(refs)}
    firsts = tuple(ref for ref in refs if first[ref.source] is ref)
    rest = [ref for ref in refs if first[ref.source] is not ref]
    return (*firsts, *rest[: max(0, LINES_SHOWN - len(firsts))])


def share(some: Sequence[ParsedRun], whole: Sequence[ParsedRun]) -> str:
    """Such as `1 of 4 imagined runs`."""
    return f"{len(some)} of {len(whole)} imagined runs"


def verb(some: Sequence[ParsedRun], one: str, many: str) -> str:
    return one if len(some) == 1 else many


def short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= 80 else text[:77] + "…"
