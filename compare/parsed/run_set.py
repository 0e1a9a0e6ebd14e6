"""Holds the input of all checks: the runs of one program, real and imagined, with their parsed outputs."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple, TypeVar

from gedanken.compare.output.log_changes import LogChanges
from gedanken.compare.output.metrics import Curves, read_curves
from gedanken.compare.output.text_lines import Lines, without_control_sequences
from gedanken.compare.output.transcript import Transcript
from gedanken.compare.parsed.invariants import Invariants
from gedanken.compare.parsed.ledger_of_lines import Ledger
from gedanken.compare.parsed.templates import Templates
from gedanken.compare.results import DEFAULT_OPTIONS, ComparisonOptions
from gedanken.compare.source.print_sites import PrintSite
from gedanken.compare.source.program_source import Source
from gedanken.compare.source.proof import proven_lines
from gedanken.experiment.execution import Cause, Execution, measured_runs
from gedanken.experiment.finding import LineRef, Stream
from gedanken.experiment.program import Program

_Result = TypeVar("_Result")

LINES_SHOWN = 5
"""A finding refers to one line of each output, and then to further lines until there are this many references."""


class _ComparedText(NamedTuple):
    """The lines of a run that are compared, and their line numbers in the output that they come from."""

    text: str
    counted_in: Stream = "stdout"
    numbers: Sequence[int] | None = None
    """Index of each line in the output `counted_in`, counted from 0.

    None if all lines of that output are compared.
    """


@dataclass(frozen=True)
class ParsedRun:
    """An execution with its parsed output."""

    execution: Execution
    sites: tuple[PrintSite, ...]
    """The print sites of the program; empty without a program.

    `refine_sites` completes them with words that all real runs print.
    """
    templates: Templates | None = None
    """The line templates of the real logs, if there is no program."""

    @property
    def label(self) -> str:
        return self.execution.label

    @cached_property
    def text(self) -> str:
        """The text that is compared.

        It ends before the incomplete last line of a run that was stopped or cut. Of a real run's standard error, only
        lines that the program certainly wrote are included.
        """
        text = without_control_sequences(self._compared_text.text)
        is_complete = self.execution.cause in (Cause.FINISHED, Cause.FAILED)
        return text if is_complete else text[: text.rfind("\n") + 1]

    @cached_property
    def _compared_text(self) -> _ComparedText:
        stdout, output = self.execution.stdout, self.execution.terminal
        # Messages of libraries on standard error differ between machines, and need not be imagined.
        logs = [site for site in self.sites if site.kind == "log" and not site.is_ambiguous]
        if self.execution.imagined or not logs or output == stdout:
            return _ComparedText(stdout)
        remaining = Counter(stdout.splitlines(keepends=True))
        kept_lines = []
        numbers = []
        for number, line in enumerate(output.splitlines(keepends=True)):
            is_stdout = remaining[line] > 0
            remaining[line] -= is_stdout
            if is_stdout or any(site.can_print(line) for site in logs):
                kept_lines.append(line)
                numbers.append(number)
        text = "".join(kept_lines)
        # If the streams are mixed within a line, the lines of the program cannot be told from others.
        is_mixed = any(remaining.values()) or len(text.splitlines()) != len(kept_lines)
        return _ComparedText(stdout) if is_mixed else _ComparedText(text, "terminal", numbers)

    @property
    def counted_in(self) -> Stream:
        """The output of the execution, stdout or terminal, from which the compared lines come."""
        return self._compared_text.counted_in

    def number(self, index: int) -> int:
        """Convert the index of a compared line to its index in the output `counted_in`.

        Both count from 0.
        """
        numbers = self._compared_text.numbers
        return index if numbers is None else numbers[index]

    @cached_property
    def transcript(self) -> Transcript:
        return self._transcript_of(self.text)

    @cached_property
    def rows_without_header(self) -> frozenset[int]:
        """The indices of the rows of a table whose columns cannot be known (see `ColumnOrders`)."""
        return self.templates.column_orders.rows_without_header(self.text) if self.templates else frozenset()

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
        """Transcripts of the compared text, of stdout and of the terminal output. Equal texts are included only once.

        An incomplete last line may be included.
        """
        others = {self.execution.stdout, self.execution.terminal} - {self.text}
        return (self.transcript, *map(self._transcript_of, others))

    def _transcript_of(self, text: str) -> Transcript:
        if self.templates is None:
            return Transcript(text)
        renamed = self.templates.names.renaming_of(text)
        return Transcript(
            text,
            True,
            self.templates.before_ids(text),
            self.templates.commas,
            LogChanges(renamed.renaming if renamed else None, self.templates.column_orders.reordering_of(text)),
        )

    @cached_property
    def forms(self) -> frozenset[str]:
        """The forms of all lines on both streams, including warnings and lines of libraries."""
        return frozenset[str]().union(*(output.forms for output in self.outputs))

    @cached_property
    def epochs(self) -> frozenset[int]:
        return frozenset(self.curves.epochs.numbers.tolist())

    def ref(self, index: int) -> LineRef:
        """Return a reference to the line with this index, counted from 0."""
        return LineRef(self.execution.label, self.number(index) + 1, self.lines[index], self.counted_in)


@dataclass(frozen=True)
class RunSet:
    """The runs that are compared, and what else the checks need."""

    program: Program | None
    source: Source | None
    real: tuple[ParsedRun, ...]
    imagined: tuple[ParsedRun, ...]
    claims: tuple[str, ...]
    earlier: tuple[ParsedRun, ...] = ()
    """Runs of earlier program versions, real and imagined."""
    gpus: int | None = None
    """Number of GPUs of the real machine; None if unknown."""
    asked: ComparisonOptions = DEFAULT_OPTIONS
    _known: dict[object, Any] = field(default_factory=dict, compare=False, repr=False)

    def compute_once(self, compute: "Callable[[RunSet], _Result]") -> "_Result":
        """Return `compute(self)`. It is computed only once: later calls with the same function return the stored
        result.
        """
        if compute not in self._known:
            self._known[compute] = compute(self)
        value: _Result = self._known[compute]
        return value

    @cached_property
    def sites(self) -> tuple[PrintSite, ...]:
        """The print sites of the program or, without a program, the templates of the real logs."""
        if self.templates is not None:
            return self.templates.sites
        return next((run.sites for run in (*self.real, *self.imagined)), ())

    @property
    def templates(self) -> Templates | None:
        """The line templates of the real logs; None if there is a program."""
        return self.real[0].templates if self.real else None

    @cached_property
    def finished(self) -> tuple[ParsedRun, ...]:
        """The real runs that reached their end."""
        return tuple(run for run in self.real if run.execution.cause is Cause.FINISHED)

    @cached_property
    def ended(self) -> tuple[ParsedRun, ...]:
        """The real runs that ended by themselves: finished or failed."""
        return tuple(run for run in self.real if run.execution.cause in (Cause.FINISHED, Cause.FAILED))

    @cached_property
    def proven(self) -> dict[PrintSite, tuple[str, ...]]:
        """For each print, the lines that the source proves equal in every run.

        A print is left out if a real run contradicts the proof.
        """
        lines = proven_lines(self.source.tree) if self.source else {}
        proven: dict[PrintSite, tuple[str, ...]] = {}
        for site in self.sites:
            texts = tuple(text for text in lines.get(site.line, ()) if site.can_print(text))
            is_shown = all(run.ledger.lines_of(site).size >= len(texts) for run in self.ended)
            real_texts = (run.lines[index].strip() for run in self.real for index in run.ledger.lines_of(site))
            if texts and is_shown and all(text in texts for text in real_texts):
                proven[site] = texts
        return proven

    @cached_property
    def invariants(self) -> Invariants:
        """The numbers that are equal in all real runs that reached their end."""
        return Invariants([run.transcript for run in self.finished])

    @property
    def caution(self) -> str:
        """A warning to follow each statement about lines; empty unless there is one real log and no program."""
        is_single_log = self.templates is not None and len(self.real) == 1
        return "One real log cannot show how much real runs differ." if is_single_log else ""

    @property
    def name(self) -> str:
        """The name by which findings call the program: its label or, without a program, `the program`."""
        return self.program.label if self.program else "the program"

    @property
    def leaves(self) -> tuple[ParsedRun, ...]:
        """The real runs that are measured: not the trunk, and only reseeded runs if there are any."""
        return _select_leaves(self.real)

    @cached_property
    def forms(self) -> frozenset[str]:
        """The forms of all lines on both streams of all real runs."""
        return frozenset[str]().union(*(run.forms for run in self.real))

    @property
    def samples(self) -> tuple[ParsedRun, ...]:
        """The imagined runs that are measured: all but the trunk."""
        return _select_leaves(self.imagined)


def _select_leaves(runs: Sequence[ParsedRun]) -> tuple[ParsedRun, ...]:
    kept_ids = set(map(id, measured_runs(run.execution for run in runs)))
    return tuple(run for run in runs if id(run.execution) in kept_ids)


def select_evidence(refs: Sequence[LineRef]) -> tuple[LineRef, ...]:
    """Return one reference for each output among `refs`, and then further ones until there are `LINES_SHOWN`."""
    first = {ref.source: ref for ref in reversed(refs)}
    firsts = tuple(ref for ref in refs if first[ref.source] is ref)
    rest = [ref for ref in refs if first[ref.source] is not ref]
    return (*firsts, *rest[: max(0, LINES_SHOWN - len(firsts))])


def share(selected: Sequence[ParsedRun], every_run: Sequence[ParsedRun]) -> str:
    """Return a text such as `1 of 4 imagined runs`."""
    return f"{len(selected)} of {len(every_run)} imagined runs"


def verb(runs: Sequence[ParsedRun], singular: str, plural: str) -> str:
    return singular if len(runs) == 1 else plural


def shorten(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= 80 else text[:77] + "…"
