"""Finds counters that skip numbers although they advance in equal steps in all real logs."""

from collections.abc import Iterable

from gedanken.compare.output.line_names import names_in_line
from gedanken.compare.output.vocabulary import Role
from gedanken.compare.parsed.gaps import Gap, gaps
from gedanken.compare.parsed.run_set import LINES_SHOWN, ParsedRun, RunSet, shorten
from gedanken.experiment.finding import Finding


def skipped_counts(run_set: RunSet) -> Iterable[Finding]:
    """Report each imagined log in which a counter jumps, for example from step 100 to step 400."""
    gaps_by_run = run_set.compute_once(gaps)
    for run in run_set.imagined:
        jumps = gaps_by_run.get(id(run))
        if not jumps:
            continue
        first_gap = jumps[0]
        words, name = first_gap.site.words, _counter_name(run, first_gap)
        quoted = words if any(map(str.isalpha, words)) else shorten(run.lines[first_gap.after])
        yield Finding(
            "count skips",
            (run.label,),
            tuple(run.ref(line) for gap in jumps for line in (gap.before, gap.after))[:LINES_SHOWN],
            expected="all real logs count in equal steps",
            observed=f"jumps from {f'{name} ' if name else ''}{first_gap.count_before:g} "
            f"to {first_gap.count_after:g} in “{quoted}”",
            caution=run_set.caution,
        )


def _counter_name(run: ParsedRun, gap: Gap) -> str:
    """Return the name of the counter that jumps, such as `step`; empty if its line does not name it."""
    names = names_in_line(run.transcript, gap.after)
    is_counter = gap.column < len(names) and names[gap.column].role is Role.COUNTER
    return names[gap.column].name if is_counter else ""
