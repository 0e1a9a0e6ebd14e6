"""Gives each line on the page an id that contains no text of a model, and links findings with lines."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from gedanken.analysis.analysis import Analysis, VersionAnalysis
from gedanken.analysis.verdict import rank_findings
from gedanken.compare.results import Alignment
from gedanken.experiment.execution import Execution
from gedanken.experiment.finding import Finding, LineRef, Stream
from gedanken.experiment.format import truncate
from gedanken.experiment.program import Program

MAX_LINES_PER_FINDING = 20
"""Maximum number of lines that one finding links to."""
MAX_FINDINGS = 500
TextNumbers = dict[tuple[str, str], int]
"""For each text on the page, its number: its index in `Anchors.texts`. The key is the label of the execution or
program, and the stream.
"""


@dataclass(frozen=True, slots=True)
class Pointer:
    """A link from a finding to one of its lines."""

    source: str
    number: int
    text: str
    place: str | None
    """Id of the line on the page; None if the line is not on the page."""


@dataclass(frozen=True, slots=True)
class ShownFinding:
    """A finding and its place on the page."""

    place: str
    number: int
    finding: Finding
    pointers: tuple[Pointer, ...]
    more: int
    """Number of further lines of the finding, which are not linked."""


class PageText(NamedTuple):
    """A text whose lines have ids on the page: an output stream of an execution, or the source of a program."""

    source: Execution | Program
    stream: Stream | Literal["source"]

    def lines(self) -> list[str]:
        return (
            self.source.source if isinstance(self.source, Program) else self.source.text(self._stream)
        ).splitlines()

    @property
    def _stream(self) -> Stream:
        return "terminal" if self.stream == "terminal" else "stdout"


@dataclass
class Anchors:
    """The texts and findings on the page, and the lines that findings refer to."""

    texts: list[PageText]
    findings: list[ShownFinding] = field(default_factory=list)
    more: int = 0
    """Number of findings that are left out because there are too many."""
    pointed: dict[int, dict[int, list[ShownFinding]]] = field(default_factory=lambda: defaultdict(dict))
    """The findings that refer to a line. The keys are the number of the text and then the line number, counted from
    1."""

    def __post_init__(self) -> None:
        self._numbers = {(id(source.source), source.stream): index for index, source in enumerate(self.texts)}
        self._lines: dict[int, list[str]] = {}

    def number_of(self, source: Execution | Program, stream: Stream | Literal["source"] = "source") -> int:
        """Return the number of a program's source or of an execution's stream. The ids of its lines contain this
        number."""
        return self._numbers[id(source), stream]

    def lines_of(self, number: int) -> list[str]:
        """Return the lines of the text with this number."""
        if number not in self._lines:
            self._lines[number] = self.texts[number].lines()
        return self._lines[number]

    def id_of(self, source: int, line: int) -> str:
        """Return the id of the line `line` (counted from 1) in the text with the number `source`."""
        return f"s{source}-{line}"


def find_anchors(analysis: Analysis) -> Anchors:
    """Number all texts and findings, and link each finding with its lines."""
    anchors = Anchors(_collect_texts(analysis))
    ordered = rank_findings(analysis.findings, analysis.main_version)
    anchors.more = max(0, len(ordered) - MAX_FINDINGS)
    by_label: TextNumbers = {}
    for index, source in enumerate(anchors.texts):
        by_label.setdefault((source.source.label, source.stream), index)
    own_labels = {id(version): _text_numbers_of(version, anchors) for version in analysis.versions}
    for number, finding in enumerate(ordered[:MAX_FINDINGS], start=1):
        owners = [own_labels[id(version)] for version in analysis.versions if finding in version.compared.findings]
        labels = by_label | (owners[0] if len(owners) == 1 else {})
        _link_finding(anchors, number, finding, labels)
    for version in analysis.versions:
        if version.compared.alignment:
            _add_divergence_lines(anchors, version.compared.alignment, by_label | own_labels[id(version)])
    return anchors


def _link_finding(anchors: Anchors, number: int, finding: Finding, labels: TextNumbers) -> None:
    refs = finding.evidence[:MAX_LINES_PER_FINDING]
    pointers = tuple(_pointer(anchors, ref, labels) for ref in refs)
    shown_finding = ShownFinding(f"f{number}", number, finding, pointers, len(finding.evidence) - len(refs))
    anchors.findings.append(shown_finding)
    for ref in refs:
        if _is_on_page(anchors, ref, labels):
            line_findings = anchors.pointed[labels[ref.source, ref.counted_in]].setdefault(ref.number, [])
            if shown_finding not in line_findings:
                line_findings.append(shown_finding)


def _pointer(anchors: Anchors, ref: LineRef, labels: TextNumbers) -> Pointer:
    on_page = _is_on_page(anchors, ref, labels)
    line_id = anchors.id_of(labels[ref.source, ref.counted_in], ref.number) if on_page else None
    return Pointer(ref.source, ref.number, truncate(ref.text, 160), line_id)


def _is_on_page(anchors: Anchors, ref: LineRef, labels: TextNumbers) -> bool:
    number = labels.get((ref.source, ref.counted_in))
    return number is not None and 0 < ref.number <= len(anchors.lines_of(number))


def _add_divergence_lines(anchors: Anchors, alignment: Alignment, labels: TextNumbers) -> None:
    for ref in alignment.diverges_at or ():
        if ref is not None and _is_on_page(anchors, ref, labels):
            anchors.pointed[labels[ref.source, ref.counted_in]].setdefault(ref.number, [])


def _texts_of(source: Execution | Program) -> list[PageText]:
    if isinstance(source, Program):
        return [PageText(source, "source")]
    return [PageText(source, "stdout"), PageText(source, "terminal")]


def _collect_texts(analysis: Analysis) -> list[PageText]:
    executions = [run for version in analysis.versions for run in (*version.real, *version.imagined)]
    programs = [version.program for version in analysis.versions if version.program]
    sources: tuple[Execution | Program, ...] = (
        *analysis.log.executions,
        *executions,
        *analysis.log.programs,
        *programs,
    )
    return [text for source in {id(source): source for source in sources}.values() for text in _texts_of(source)]


def _text_numbers_of(version: VersionAnalysis, anchors: Anchors) -> TextNumbers:
    sources: Sequence[Execution | Program] = (
        *version.real,
        *version.imagined,
        *([version.program] if version.program else []),
    )
    texts = [text for source in reversed(sources) for text in _texts_of(source)]
    return {(text.source.label, text.stream): anchors.number_of(*text) for text in texts}
