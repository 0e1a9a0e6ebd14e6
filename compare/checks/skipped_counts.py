"""Finds counters that skip numbers, although they advance in equal steps in all real logs."""

from collections.abc import Iterable

from gedanken.compare.output.line_names import names_in_line
from gedanken.compare.output.vocabulary import Role
from gedanken.compare.parsed.gaps import Gap, gaps
from gedanken.compare.parsed.run_set import LINES_SHOWN, ParsedRun, RunSet, short
from gedanken.experiment.finding import Finding


def skipped_counts(run_set: RunSet) -> Iterable[Finding]:
    """Report the jumps of a counter in each imagined log."""
    found = run_set.once(gaps)
    for run in run_set.imagined:
        jumps = found.get(id(run))
        if not jumps:
            continue
        first = jumps[0]
        words, name = first.site.words, _name(run, first)
        shown = words if any(map(str.isalpha, words)) else short(run.lines[first.after])
        yield Finding(
            "count skips",
            (run.label,),
            tuple(run.ref(at) for gap in jumps for at in (gap.before, gap.after))[:LINES_SHOWN],
            expected="all real logs count in equal steps",
            observed=f"jumps from {f'{name} ' if name else ''}{first.low:g} to {first.high:g} in “{shown}”",
            caution=run_set.caution,
        )


def _name(run: ParsedRun, gap: Gap) -> str:
    """Return the name of the counter that jumps, such as `step`; empty if its line names none."""
    named = names_in_line(run.transcript, gap.after)
    counts = gap.column < len(named) and named[gap.column].role is Role.COUNTER
    return named[gap.column].name if counts else ""
