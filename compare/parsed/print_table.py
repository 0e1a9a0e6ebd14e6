"""Lists each print of a program with its words in the source and its lines in real and imagined runs."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gedanken.compare.parsed.run_set import ParsedRun, shorten
from gedanken.compare.source.print_sites import PrintSite
from gedanken.compare.source.program_source import Source
from gedanken.experiment.execution import Execution
from gedanken.experiment.program import Program

WORDINGS_SHOWN = 5
FORWARD = "forward"


@dataclass(frozen=True, slots=True)
class Wording:
    """One wording of a printed line. Lines that differ only in their values have the same wording."""

    text: str
    """The first line with this wording."""
    times: int
    """Number of lines with this wording in all runs together."""


@dataclass(frozen=True, slots=True)
class PrintedLines:
    """What one print of the program printed in all real runs, or in all imagined ones."""

    times: dict[str, int]
    """Number of lines in each run, by the run's label; an incomplete last line does not count."""
    reworded: int
    """Number of the print's lines whose words differ from the program's own words, in all runs together."""
    wordings: tuple[Wording, ...]
    """The most frequent wordings of the print's lines, including reworded ones."""


@dataclass(frozen=True, slots=True)
class PrintRow:
    """A print of the program, and how often each run shows its line."""

    program: str
    words: str
    """The program's own words, with `{}` for each value."""
    line: int
    """Line number in the source, counted from 1."""
    in_forward: bool
    real: PrintedLines
    imagined: PrintedLines


def print_table(program: Program, runs: Sequence[Execution]) -> tuple[PrintRow, ...]:
    """Return a row for each print of one program version, in source order.

    Empty if the source cannot be parsed.
    """
    try:
        source = Source(program.source)
    except SyntaxError:
        return ()
    return rows_for(program.label, source, runs)


def rows_for(program: str, source: Source, executions: Sequence[Execution]) -> tuple[PrintRow, ...]:
    """Return a row for each print of a program, in the order of the source."""
    sites = source.terminal_sites()
    runs = [ParsedRun(execution, sites) for execution in executions]
    real, imagined = ([run for run in runs if run.execution.imagined == is_imagined] for is_imagined in (False, True))
    return tuple(
        PrintRow(
            program,
            site.words,
            site.line,
            site.function == FORWARD,
            _summarize_lines(site, real),
            _summarize_lines(site, imagined),
        )
        for site in source.print_sites()
    )


def _summarize_lines(site: PrintSite, runs: Sequence[ParsedRun]) -> PrintedLines:
    line_counts: dict[str, int] = {}
    first_lines: dict[str, str] = {}
    forms: Counter[str] = Counter()
    reworded = 0
    for run in runs:
        lines = run.ledger.lines_of(site)
        line_counts[run.execution.label] = len(lines)
        reworded += int(np.count_nonzero(run.ledger.is_kind("literal")[lines]))
        form_indices, first_positions, counts = np.unique(
            run.transcript.form_of[lines], return_index=True, return_counts=True
        )
        for position in np.argsort(first_positions):
            form = run.transcript.forms[form_indices[position]]
            first_lines.setdefault(form, shorten(run.lines[lines[first_positions[position]]]))
            forms[form] += int(counts[position])
    wordings = tuple(Wording(first_lines[form], count) for form, count in forms.most_common(WORDINGS_SHOWN))
    return PrintedLines(line_counts, reworded, wordings)
