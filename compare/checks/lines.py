"""Checks how imagined runs end, how their lines are worded, and whether a fixed seed gives equal output."""

from collections.abc import Iterable, Sequence
from operator import eq

import numpy as np

from gedanken.compare.checks.missing_epochs import lines_that_declare
from gedanken.compare.output.durations import untimed
from gedanken.compare.output.transcript import VALUE
from gedanken.compare.output.wording import HOLE
from gedanken.compare.parsed.ledger_of_lines import Entry
from gedanken.compare.parsed.new_forms import NewForms, form_of
from gedanken.compare.parsed.run_set import LINES_SHOWN, ParsedRun, RunSet, evidence, short, verb
from gedanken.compare.parsed.templates import NO_LINE
from gedanken.compare.source.print_sites import PrintSite
from gedanken.experiment.execution import Cause
from gedanken.experiment.finding import Finding, LineRef

_OWN_ENDS = (Cause.FINISHED, Cause.FAILED, Cause.OUT_OF_MEMORY)
"""Causes for which exit codes of real runs are compared; all others lie outside the program, such as a time limit."""
MOST_WORDINGS = 20
"""Maximum number of changed wordings that are reported."""
MOST_HELD_BESIDE = 2000
"""Maximum number of real lines of a print site that are searched for the best match to an imagined line."""


def exit_status(run_set: RunSet) -> Iterable[Finding]:
    """Find imagined runs that succeed where the real ones fail, or the reverse."""
    ends = [run.execution for run in run_set.real if run.execution.cause in _OWN_ENDS]
    real = {end.exit_code == 0 for end in ends if end.exit_code is not None}
    if len(real) != 1:
        return
    works = real.pop()
    other = [
        run
        for run in run_set.imagined
        if run.execution.exit_code is not None
        and (run.execution.exit_code == 0) != works
        # An imagined exit code is inferred from the output, so equal output is the best possible match.
        and run.text.strip() not in {real.execution.terminal.strip() for real in run_set.real}
    ]
    if not other:
        return
    told = ("ended with exit code 0", "failed")
    yield Finding(
        "exit status differs",
        tuple(run.label for run in other),
        tuple(run.ref(len(run.lines) - 1) for run in other if run.lines),
        expected=f"The real runs of {run_set.name} {told[not works]}",
        observed=told[works],
        of=len(run_set.imagined),
    )


def foreign_lines(run_set: RunSet) -> Iterable[Finding]:
    """Find imagined lines that no print statement makes or, without a program, whose form no real log has."""
    if not run_set.real:
        return
    if run_set.source and any(site.form is None and site.template.strip(f"{HOLE} ") == "" for site in run_set.sites):
        return  # a bare print(x) can make any line
    refs: list[LineRef] = []
    runs: list[ParsedRun] = []
    for run in run_set.imagined:
        entries = _not_told_yet(run_set, run, run.ledger.one_of_each("foreign"))
        new = run_set.once(NewForms).reported(run, entries)
        if new:
            runs.append(run)
            refs += [run.ref(entry.number - 1) for entry in new[:LINES_SHOWN]]
    if not refs:
        return
    such = f"such as “{short(refs[0].text)}”"
    if run_set.source is None:
        yield Finding(
            "line in no real log",
            tuple(run.label for run in runs),
            evidence(refs),
            observed=f"{_holders(runs, run_set.imagined)} lines of a form that no real log has, {such}",
            of=len(run_set.imagined),
            caution=run_set.caution,
        )
        return
    bare = " and no real run shows" if any(site.form is not None for site in run_set.sites) else ""
    yield Finding(
        "line without a print",
        tuple(run.label for run in runs),
        evidence(refs),
        observed=f"{verb(runs, 'shows', 'show')} lines that no print statement of {run_set.name} makes{bare}, {such}",
        of=len(run_set.imagined),
    )


def _not_told_yet(run_set: RunSet, run: ParsedRun, entries: Iterable[Entry]) -> list[Entry]:
    """Return the entries. If there is no program, leave out those of lines that declare epochs as skipped."""
    # Another check reports lines that declare epochs as skipped.
    told = frozenset(lines_that_declare(run_set, run) if run_set.program is None else ())
    return [entry for entry in entries if entry.number - 1 not in told]


def _holders(runs: Sequence[ParsedRun], imagined: Sequence[ParsedRun]) -> str:
    """Begin a sentence: `2 of 3 imagined logs hold` or, for all, `The imagined logs hold`."""
    if len(runs) < len(imagined):
        return f"{len(runs)} of {len(imagined)} imagined logs {verb(runs, 'holds', 'hold')}"
    return verb(runs, "The imagined log holds", "The imagined logs hold")


def literals(run_set: RunSet) -> Iterable[Finding]:
    """Find lines worded differently from the code, or from the real logs; the finding quotes both wordings."""
    shown: dict[tuple[str, str], list[LineRef]] = {}
    sites: dict[tuple[str, str], PrintSite] = {}
    for run in run_set.imagined:
        for entry in _not_told_yet(run_set, run, run.ledger.one_of_each("literal")):
            if entry.site is not None and run_set.once(NewForms).is_reworded(run, entry):
                key = entry.site.template, form_of(run, entry)
                sites.setdefault(key, entry.site)
                shown.setdefault(key, []).append(run.ref(entry.number - 1))
    for key, refs in list(shown.items())[:MOST_WORDINGS]:
        site = sites[key]
        really = f"The code prints “{site.words}” (line {site.line})"
        if site.line == NO_LINE:
            really = f"The real {'runs' if run_set.source else 'logs'} have “{site.words}”"
        yield Finding(
            "literal differs",
            tuple(dict.fromkeys(ref.source for ref in refs)),
            (refs[0], *where_printed(run_set, site, refs[0].text), *evidence(refs)[1:]),
            expected=really,
            observed=f"the imagined {'run' if run_set.source else 'log'} shows “{short(refs[0].text.strip())}”",
            caution=run_set.caution,
        )


def where_printed(run_set: RunSet, site: PrintSite, beside: str = "") -> list[LineRef]:
    """Return up to two references: to the source line of a print site, and to a real line of the site.

    The real line is the one that shares the most numbers with the imagined line `beside`.
    """
    label = run_set.program.label if run_set.program else "program"
    refs = [LineRef(label, site.line, site.words, "source")] if site.line != NO_LINE else []
    for run in run_set.real:
        lines = run.ledger.lines_of(site)
        made = lines[run.ledger.is_kind("site")[lines]]
        if len(made):
            numbers = VALUE.findall(beside)
            alike = [sum(map(eq, VALUE.findall(run.lines[at]), numbers)) for at in made[:MOST_HELD_BESIDE]]
            return [*refs, run.ref(int(made[np.argmax(alike)]))]
    return refs


def fixed_seed(run_set: RunSet) -> Iterable[Finding]:
    """Check the runs of a program that fixes its own seed.

    Reseeded real runs must differ. All other runs must print the same, except times (fairness rule 7 in
    docs/design.md).
    """
    if run_set.source is None or not run_set.source.fixes_its_seed():
        return
    reseeded = [run for run in run_set.real if run.execution.arm == "reseeded"]
    if len(reseeded) > 1 and len({run.text for run in reseeded if run.execution.cause is Cause.FINISHED}) < 2:
        yield Finding(
            "reseeding failed",
            evidence=tuple(run.ref(0) for run in reseeded if run.lines)[:LINES_SHOWN],
            observed=f"{run_set.name} fixes its own seed in a way that cannot be changed from outside: its "
            f"{len(reseeded)} real runs with other seeds fail or all print the same output, so its random variation "
            "is not known",
        )
    written = [
        run for run in run_set.real if run.execution.arm == "as written" and run.execution.cause is Cause.FINISHED
    ]
    if len(written) < 2:
        return
    ours = [line for line in written[0].lines if line.strip()]
    unlike = [(run, at) for run in written if (at := _differs_at(run, ours)) is not None]
    if unlike:
        yield Finding(
            "seed does not hold",
            evidence=tuple(run.ref(at) for run, at in unlike if run.lines),
            observed=f"{run_set.name} fixes its own seed, but its real runs with this seed still differ",
        )
        return
    other = [(run, at) for run in run_set.imagined if (at := _differs_at(run, ours)) is not None]
    if other:
        runs = [run for run, _at in other]
        yield Finding(
            "fixed seed, other output",
            tuple(run.label for run in runs),
            tuple(run.ref(at) for run, at in other if run.lines),
            expected=f"{run_set.name} fixes its own seed and always prints the same output",
            observed=f"{verb(runs, 'prints', 'print')} another output",
            of=len(run_set.imagined),
        )


def _differs_at(run: ParsedRun, ours: Sequence[str]) -> int | None:
    """Return the index of a run's first line that differs from `ours`, times ignored; None if nothing differs."""
    theirs = [(at, line) for at, line in enumerate(run.lines) if line.strip()]
    for (at, line), our in zip(theirs, ours, strict=False):
        if line != our and untimed(line) != untimed(our):
            return at
    if len(theirs) > len(ours):
        return theirs[len(ours)][0]
    # If only the end is missing, the last line stands for it; a run that was cut off may lack its end.
    is_short = len(theirs) < len(ours) and run.execution.cause is not Cause.CUT
    return len(run.lines) - 1 if is_short else None
