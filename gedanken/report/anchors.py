"""Where on the page a line is: ids that hold nothing a model said, links to findings and back from them."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from gedanken.analysis.analysis import Case, Kept
from gedanken.analysis.verdict import main_case, telling
from gedanken.compare.results import Alignment
from gedanken.experiment.execution import Execution
from gedanken.experiment.finding import Finding, LineRef, Stream
from gedanken.experiment.program import Program
from gedanken.terminal.format import cut

LINES_OF_A_FINDING = 20
"""Lines that one finding links to, at most."""
FINDINGS_SHOWN = 500
Labels = dict[tuple[str, str], int]
"""By label and stream: the number of a source."""


@dataclass(frozen=True, slots=True)
class Pointer:
    """From a finding to one of its lines."""

    source: str
    number: int
    text: str
    place: str | None
    """An id on the page; None where what it points at is not part of the report."""


@dataclass(frozen=True, slots=True)
class ShownFinding:
    """A finding and where it stands."""

    place: str
    number: int
    finding: Finding
    pointers: tuple[Pointer, ...]
    more: int
    """Lines that are not linked."""


class KeptText(NamedTuple):
    """A text in which lines are counted: a stream of an execution, or a program's source."""

    of: Execution | Program
    stream: Stream | Literal["source"]

    def lines(self) -> list[str]:
        return (self.of.source if isinstance(self.of, Program) else self.of.text(self._stream)).splitlines()

    @property
    def _stream(self) -> Stream:
        return "terminal" if self.stream == "terminal" else "stdout"


@dataclass
class Places:
    """Every place that a finding points at."""

    sources: list[KeptText]
    findings: list[ShownFinding] = field(default_factory=list)
    more: int = 0
    """Findings that are not shown."""
    pointed: dict[int, dict[int, list[ShownFinding]]] = field(default_factory=lambda: defaultdict(dict))
    """By the number of the source and of the line, from 1: what points there."""

    def __post_init__(self) -> None:
        self._numbers = {(id(source.of), source.stream): at for at, source in enumerate(self.sources)}
        self._lines: dict[int, list[str]] = {}

    def number_of(self, source: Execution | Program, stream: Stream | Literal["source"] = "source") -> int:
        """What this program, or this text of an execution, is called in ids."""
        return self._numbers[id(source), stream]

    def lines_of(self, number: int) -> list[str]:
        """The lines of a source."""
        if number not in self._lines:
            self._lines[number] = self.sources[number].lines()
        return self._lines[number]

    def id_of(self, source: int, line: int) -> str:
        """The id of a line, counted from 1."""
        return f"s{source}-{line}"


def find_places(kept: Kept) -> Places:
    """Number all sources and findings, and tie them together."""
    places = Places(_sources(kept))
    ordered = telling(kept.findings, main_case(kept.cases))
    places.more = max(0, len(ordered) - FINDINGS_SHOWN)
    by_label: Labels = {}
    for at, source in enumerate(places.sources):
        by_label.setdefault((source.of.label, source.stream), at)
    nearer = {id(case): _labels(case, places) for case in kept.cases}
    for number, finding in enumerate(ordered[:FINDINGS_SHOWN], start=1):
        homes = [nearer[id(case)] for case in kept.cases if finding in case.compared.findings]
        labels = by_label | (homes[0] if len(homes) == 1 else {})
        _tie(places, number, finding, labels)
    for case in kept.cases:
        if case.compared.alignment:
            _point_at_divergence(places, case.compared.alignment, by_label | nearer[id(case)])
    return places


def _tie(places: Places, number: int, finding: Finding, labels: Labels) -> None:
    refs = finding.lines[:LINES_OF_A_FINDING]
    pointers = tuple(_pointer(places, ref, labels) for ref in refs)
    shown = ShownFinding(f"f{number}", number, finding, pointers, len(finding.lines) - len(refs))
    places.findings.append(shown)
    for ref in refs:
        if _is_there(places, ref, labels):
            back = places.pointed[labels[ref.source, ref.counted_in]].setdefault(ref.number, [])
            if shown not in back:
                back.append(shown)


def _pointer(places: Places, ref: LineRef, labels: Labels) -> Pointer:
    is_there = _is_there(places, ref, labels)
    place = places.id_of(labels[ref.source, ref.counted_in], ref.number) if is_there else None
    return Pointer(ref.source, ref.number, cut(ref.text, 160), place)


def _is_there(places: Places, ref: LineRef, labels: Labels) -> bool:
    number = labels.get((ref.source, ref.counted_in))
    return number is not None and 0 < ref.number <= len(places.lines_of(number))


def _point_at_divergence(places: Places, alignment: Alignment, labels: Labels) -> None:
    for ref in alignment.diverges_at or ():
        if ref is not None and _is_there(places, ref, labels):
            places.pointed[labels[ref.source, ref.counted_in]].setdefault(ref.number, [])


def _texts_of(source: Execution | Program) -> list[KeptText]:
    if isinstance(source, Program):
        return [KeptText(source, "source")]
    return [KeptText(source, "stdout"), KeptText(source, "terminal")]


def _sources(kept: Kept) -> list[KeptText]:
    cases = [one for case in kept.cases for one in (*case.real, *case.imagined)]
    programs = [case.program for case in kept.cases if case.program]
    every: tuple[Execution | Program, ...] = (*kept.executions, *cases, *kept.programs, *programs)
    return [text for source in {id(one): one for one in every}.values() for text in _texts_of(source)]


def _labels(case: Case, places: Places) -> Labels:
    own: Sequence[Execution | Program] = (*case.real, *case.imagined, *([case.program] if case.program else []))
    texts = [text for one in reversed(own) for text in _texts_of(one)]
    return {(text.of.label, text.stream): places.number_of(*text) for text in texts}
