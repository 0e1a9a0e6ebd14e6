"""Checks how imagined runs end, how their lines are worded, and whether a fixed seed gives equal output."""

from collections.abc import Iterable, Sequence
from operator import eq

import numpy as np

from gedanken.compare.checks.missing_epochs import lines_declaring_skips
from gedanken.compare.output.durations import mask_durations
from gedanken.compare.output.transcript import VALUE
from gedanken.compare.output.wording import HOLE
from gedanken.compare.parsed.ledger_of_lines import Entry
from gedanken.compare.parsed.new_forms import NewForms, form_of
from gedanken.compare.parsed.run_set import LINES_SHOWN, ParsedRun, RunSet, select_evidence, shorten, verb
from gedanken.compare.parsed.templates import NO_LINE
from gedanken.compare.source.print_sites import PrintSite
from gedanken.experiment.execution import Cause
from gedanken.experiment.finding import Finding, LineRef

_OWN_ENDS = (Cause.FINISHED, Cause.FAILED, Cause.OUT_OF_MEMORY)
"""The exit code of a real run is compared only if the run ended for one of these causes.

All other causes, such as a time limit, come from outside the program.
"""
MOST_WORDINGS = 20
"""Maximum number of changed wordings that are reported."""
MAX_LINES_SEARCHED = 2000
"""Maximum number of real lines of a print site that are searched for the one that best matches an imagined line."""


def exit_status(run_set: RunSet) -> Iterable[Finding]:
    """Find imagined runs that succeed although the real runs fail, or that fail although the real runs succeed."""
    executions = [run.execution for run in run_set.real if run.execution.cause in _OWN_ENDS]
    real_outcomes = {execution.exit_code == 0 for execution in executions if execution.exit_code is not None}
    if len(real_outcomes) != 1:
        return
    real_succeed = real_outcomes.pop()
    differing_runs = [
        run
        for run in run_set.imagined
        if run.execution.exit_code is not None
        and (run.execution.exit_code == 0) != real_succeed
        # An imagined exit code is inferred from the output, so equal output is the best possible match.
        and run.text.strip() not in {real_run.execution.terminal.strip() for real_run in run_set.real}
    ]
    if not differing_runs:
        return
    phrases = ("ended with exit code 0", "failed")
    yield Finding(
        "exit status differs",
        tuple(run.label for run in differing_runs),
        tuple(run.ref(len(run.lines) - 1) for run in differing_runs if run.lines),
        expected=f"The real runs of {run_set.name} {phrases[not real_succeed]}",
        observed=phrases[real_succeed],
        of=len(run_set.imagined),
    )


def foreign_lines(run_set: RunSet) -> Iterable[Finding]:
    """Find imagined lines that the program cannot print: no print statement makes them.

    If the program is not given, find imagined lines with a form that no real log has.
    """
    if not run_set.real:
        return
    if run_set.source and any(site.form is None and site.template.strip(f"{HOLE} ") == "" for site in run_set.sites):
        return  # a bare print(x) can make any line
    refs: list[LineRef] = []
    runs: list[ParsedRun] = []
    for run in run_set.imagined:
        entries = _without_declaring_lines(run_set, run, run.ledger.first_of_each_form("foreign"))
        new_entries = run_set.compute_once(NewForms).reported_entries(run, entries)
        if new_entries:
            runs.append(run)
            refs += [run.ref(entry.number - 1) for entry in new_entries[:LINES_SHOWN]]
    if not refs:
        return
    example = f"such as “{shorten(refs[0].text)}”"
    if run_set.source is None:
        yield Finding(
            "line in no real log",
            tuple(run.label for run in runs),
            select_evidence(refs),
            observed=f"{_format_holders(runs, run_set.imagined)} lines of a form that no real log has, {example}",
            of=len(run_set.imagined),
            caution=run_set.caution,
        )
        return
    or_real_run = " and no real run shows" if any(site.form is not None for site in run_set.sites) else ""
    yield Finding(
        "line without a print",
        tuple(run.label for run in runs),
        select_evidence(refs),
        observed=f"{verb(runs, 'shows', 'show')} lines that no print statement of {run_set.name} makes{or_real_run}, "
        f"{example}",
        of=len(run_set.imagined),
    )


def _without_declaring_lines(run_set: RunSet, run: ParsedRun, entries: Iterable[Entry]) -> list[Entry]:
    """Leave out the entries of lines which say that epochs are skipped. If the program is given, return all
    entries.
    """
    # Another check reports lines that declare epochs as skipped.
    declaring_lines = frozenset(lines_declaring_skips(run_set, run) if run_set.program is None else ())
    return [entry for entry in entries if entry.number - 1 not in declaring_lines]


def _format_holders(runs: Sequence[ParsedRun], imagined: Sequence[ParsedRun]) -> str:
    """Return the beginning of a sentence: `2 of 3 imagined logs hold` or, if all do, `The imagined logs hold`."""
    if len(runs) < len(imagined):
        return f"{len(runs)} of {len(imagined)} imagined logs {verb(runs, 'holds', 'hold')}"
    return verb(runs, "The imagined log holds", "The imagined logs hold")


def reworded_lines(run_set: RunSet) -> Iterable[Finding]:
    """Find imagined lines whose words differ from those in the code or in the real logs. Each finding quotes both
    wordings.
    """
    refs_by_wording: dict[tuple[str, str], list[LineRef]] = {}
    site_by_wording: dict[tuple[str, str], PrintSite] = {}
    for run in run_set.imagined:
        for entry in _without_declaring_lines(run_set, run, run.ledger.first_of_each_form("literal")):
            if entry.site is not None and run_set.compute_once(NewForms).is_reworded(run, entry):
                key = entry.site.template, form_of(run, entry)
                site_by_wording.setdefault(key, entry.site)
                refs_by_wording.setdefault(key, []).append(run.ref(entry.number - 1))
    for key, refs in list(refs_by_wording.items())[:MOST_WORDINGS]:
        site = site_by_wording[key]
        expected = f"The code prints “{site.words}” (line {site.line})"
        if site.line == NO_LINE:
            expected = f"The real {'runs' if run_set.source else 'logs'} have “{site.words}”"
        yield Finding(
            "literal differs",
            tuple(dict.fromkeys(ref.source for ref in refs)),
            (refs[0], *references_to_print(run_set, site, refs[0].text), *select_evidence(refs)[1:]),
            expected=expected,
            observed=f"the imagined {'run' if run_set.source else 'log'} shows “{shorten(refs[0].text.strip())}”",
            caution=run_set.caution,
        )


def references_to_print(run_set: RunSet, site: PrintSite, imagined_line: str = "") -> list[LineRef]:
    """Return a reference to the source line of a print site, and one to a real line that the site printed.

    One or both may be missing. If there are several real lines, the one that shares the most numbers with
    `imagined_line` is chosen.
    """
    label = run_set.program.label if run_set.program else "program"
    refs = [LineRef(label, site.line, site.words, "source")] if site.line != NO_LINE else []
    for run in run_set.real:
        lines = run.ledger.lines_of(site)
        exact_lines = lines[run.ledger.is_kind("site")[lines]]
        if len(exact_lines):
            numbers = VALUE.findall(imagined_line)
            shared_counts = [
                sum(map(eq, VALUE.findall(run.lines[index]), numbers)) for index in exact_lines[:MAX_LINES_SEARCHED]
            ]
            return [*refs, run.ref(int(exact_lines[np.argmax(shared_counts)]))]
    return refs


def fixed_seed(run_set: RunSet) -> Iterable[Finding]:
    """Check the runs of a program that fixes its own seed.

    Reseeded real runs must differ. All other runs must print the same, apart from times (fairness rule 7 in
    docs/design.md).
    """
    if run_set.source is None or not run_set.source.sets_seed():
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
    as_written = [
        run for run in run_set.real if run.execution.arm == "as written" and run.execution.cause is Cause.FINISHED
    ]
    if len(as_written) < 2:
        return
    real_lines = [line for line in as_written[0].lines if line.strip()]
    differing_real = [(run, index) for run in as_written if (index := _first_difference(run, real_lines)) is not None]
    if differing_real:
        yield Finding(
            "seed does not hold",
            evidence=tuple(run.ref(index) for run, index in differing_real if run.lines),
            observed=f"{run_set.name} fixes its own seed, but its real runs with this seed still differ",
        )
        return
    differing_imagined = [
        (run, index) for run in run_set.imagined if (index := _first_difference(run, real_lines)) is not None
    ]
    if differing_imagined:
        runs = [run for run, _index in differing_imagined]
        yield Finding(
            "fixed seed, other output",
            tuple(run.label for run in runs),
            tuple(run.ref(index) for run, index in differing_imagined if run.lines),
            expected=f"{run_set.name} fixes its own seed and always prints the same output",
            observed=f"{verb(runs, 'prints', 'print')} another output",
            of=len(run_set.imagined),
        )


def _first_difference(run: ParsedRun, expected_lines: Sequence[str]) -> int | None:
    """Return the index of the first line that differs from `expected_lines`; None if nothing differs.

    Times are ignored.
    """
    shown_lines = [(index, line) for index, line in enumerate(run.lines) if line.strip()]
    for (index, line), expected in zip(shown_lines, expected_lines, strict=False):
        if line != expected and mask_durations(line) != mask_durations(expected):
            return index
    if len(shown_lines) > len(expected_lines):
        return shown_lines[len(expected_lines)][0]
    # If only the end is missing, the last line stands for it; a run that was cut off may lack its end.
    is_short = len(shown_lines) < len(expected_lines) and run.execution.cause is not Cause.CUT
    return len(run.lines) - 1 if is_short else None
