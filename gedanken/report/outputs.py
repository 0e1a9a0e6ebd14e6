"""Collects the lines that the side-by-side view does not show: lines in findings, outputs of commands, and
programs."""

from collections.abc import Set
from dataclasses import dataclass
from typing import NamedTuple, get_args

from gedanken.analysis.analysis import Analysis
from gedanken.compare.source.diff import Diff, diff_of
from gedanken.experiment.execution import Execution
from gedanken.experiment.finding import Stream
from gedanken.experiment.format import truncate
from gedanken.experiment.program import Program
from gedanken.report.anchors import Anchors, ShownFinding

LINES_AROUND = 2
"""Number of lines that are shown before and after a line to which a finding refers."""
MAX_PROGRAM_LINES = 600
MAX_DIFF_LINES = 400
OUTPUT_HEAD_LINES = 12
"""Number of lines shown from the beginning of an output, if its command runs no program."""


class Line(NamedTuple):
    """One line of an output, a program or a diff."""

    place: str | None
    """Id of the line on the page; None if nothing links to the line."""
    number: int
    text: str
    findings: tuple[ShownFinding, ...]
    gap: int
    """Number of lines left out before this line."""


@dataclass(frozen=True, slots=True)
class Excerpt:
    """Some lines of one output."""

    execution: Execution
    stream: Stream
    lines: tuple[Line, ...]
    after: int
    """Number of lines left out after these lines."""


@dataclass(frozen=True, slots=True)
class Listing:
    """The source of a program version, and the diff from the version that it was made from."""

    program: Program
    lines: tuple[Line, ...]
    after: int
    pointed: bool
    diff: Diff | None
    changes: tuple[Line, ...]


def excerpts(
    executions: tuple[Execution, ...], anchors: Anchors, aligned: Set[tuple[str, Stream]]
) -> tuple[Excerpt, ...]:
    """Collect the lines that findings refer to. The outputs in `aligned`, given by label and stream, are left out."""
    results = []
    for execution in executions:
        for stream in get_args(Stream):
            number = anchors.number_of(execution, stream)
            findings_by_line = anchors.pointed.get(number, {})
            if findings_by_line and (execution.label, stream) not in aligned:
                nearby_lines = {
                    nearby
                    for line in findings_by_line
                    for nearby in range(line - LINES_AROUND, line + LINES_AROUND + 1)
                }
                results.append(Excerpt(execution, stream, *_select_lines(anchors, number, nearby_lines)))
    return tuple(results)


def output_head(execution: Execution, anchors: Anchors) -> Excerpt:
    """Return the first lines of a command's output, and the lines in it that findings refer to."""
    number = anchors.number_of(execution, "terminal")
    nearby_lines = {
        nearby
        for line in anchors.pointed.get(number, {})
        for nearby in range(line - LINES_AROUND, line + LINES_AROUND + 1)
    }
    return Excerpt(
        execution, "terminal", *_select_lines(anchors, number, nearby_lines | set(range(1, OUTPUT_HEAD_LINES + 1)))
    )


def listings(analysis: Analysis, anchors: Anchors) -> tuple[Listing, ...]:
    """Return all program versions, in order."""
    programs = [source.source for source in anchors.texts if isinstance(source.source, Program)]
    by_label = {program.label: program for program in analysis.log.programs}
    results = []
    for program in programs:
        number = anchors.number_of(program)
        findings_by_line = anchors.pointed.get(number, {})
        lines, after = _select_lines(anchors, number, set(range(1, MAX_PROGRAM_LINES + 1)) | set(findings_by_line))
        base = by_label.get(program.base or "")
        diff = diff_of(base, program) if base else None
        changes = diff.text.splitlines()[2:] if diff else []
        changed_lines = tuple(
            Line(None, line_number, truncate(text), (), 0)
            for line_number, text in enumerate(changes[:MAX_DIFF_LINES], start=1)
        )
        results.append(Listing(program, lines, after, bool(findings_by_line), diff, changed_lines))
    return tuple(results)


def _select_lines(anchors: Anchors, text_number: int, wanted_lines: set[int]) -> tuple[tuple[Line, ...], int]:
    texts = anchors.lines_of(text_number)
    findings_by_line = anchors.pointed.get(text_number, {})
    selected: list[Line] = []
    last_number = 0
    for number in sorted(number for number in wanted_lines if 0 < number <= len(texts)):
        gap = number - last_number - 1
        findings = tuple(findings_by_line.get(number, ()))
        selected.append(Line(anchors.id_of(text_number, number), number, truncate(texts[number - 1]), findings, gap))
        last_number = number
    return tuple(selected), len(texts) - last_number
