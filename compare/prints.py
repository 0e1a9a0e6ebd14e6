"""What each print of a program says in its source, and what was printed of it in each world."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from compare.comparison import short
from compare.ledger import Entry, keep_ledger, skeleton
from compare.source import PrintSite, Source
from experiment.execution import Execution
from experiment.program import Program

WORDINGS_SHOWN = 5
FORWARD = "forward"


@dataclass(frozen=True, slots=True)
class Wording:
    """One form in which a line was shown, its values set aside."""

    text: str
    """The first line that had it."""
    times: int
    """In all runs together."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What the runs of one world showed of one print."""

    times: dict[str, int]
    """How often each run did, by the label of the run."""
    wordings: tuple[Wording, ...]
    """The most frequent ones; those near to the program's own words count for its print."""


@dataclass(frozen=True, slots=True)
class PrintRow:
    """One line that a print of the program makes. How often the code makes it is what the real runs show."""

    program: str
    words: str
    """The program's own, with `{}` for each value."""
    line: int
    """Of the source, counted from 1."""
    in_forward: bool
    real: Shown
    imagined: Shown


def print_table(program: Program, executions: Sequence[Execution]) -> tuple[PrintRow, ...]:
    """A row for each print of one version; none where its source cannot be parsed.

    Unlike the findings it counts every line, the last one of a run that was cut too.
    """
    try:
        sites = Source(program.source).print_sites()
    except SyntaxError:
        return ()
    ledgers = [(one, keep_ledger(one.stdout, sites)) for one in executions if one.program == program.label]
    real, imagined = ([(one, lines) for one, lines in ledgers if one.imagined == which] for which in (False, True))
    return tuple(
        PrintRow(
            program.label, site.words, site.line, site.function == FORWARD, _shown(site, real), _shown(site, imagined)
        )
        for site in dict.fromkeys(sites)
    )


def _shown(site: PrintSite, runs: Iterable[tuple[Execution, Sequence[Entry]]]) -> Shown:
    times: dict[str, int] = {}
    first: dict[str, str] = {}
    forms: Counter[str] = Counter()
    for execution, ledger in runs:
        lines = [entry.text for entry in ledger if entry.site == site]
        times[execution.label] = len(lines)
        for line in lines:
            form = skeleton(line)
            first.setdefault(form, short(line))
            forms[form] += 1
    wordings = tuple(Wording(first[form], count) for form, count in forms.most_common(WORDINGS_SHOWN))
    return Shown(times, wordings)
