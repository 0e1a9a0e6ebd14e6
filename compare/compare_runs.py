"""Findings on one program version: its real runs compared with its imagined ones."""

from collections.abc import Sequence

from gedanken.compare.checks.built_in import CHECKS
from gedanken.compare.checks.check import Check, CheckBroken
from gedanken.compare.checks.counts import CountsJudged, counts
from gedanken.compare.checks.differences import differences
from gedanken.compare.checks.one_fault import one_fault
from gedanken.compare.checks.small_constants import SmallConstants, small_constants_differ
from gedanken.compare.checks.whole_copies import whole_copies
from gedanken.compare.parsed.divergence import side_by_side
from gedanken.compare.parsed.left_out import left_out
from gedanken.compare.parsed.new_forms import NewForms
from gedanken.compare.parsed.refine_sites import refine_sites
from gedanken.compare.parsed.run_set import ParsedRun, RunSet
from gedanken.compare.parsed.tallies import tallies
from gedanken.compare.parsed.templates import Templates
from gedanken.compare.results import NOTHING_ASKED, Asked, ComparisonResult
from gedanken.compare.series.tested_series import judge
from gedanken.compare.source.program_source import Source
from gedanken.experiment.execution import Cause, Execution
from gedanken.experiment.finding import Finding
from gedanken.experiment.program import Program

COPIES = ("numbers copied", "samples repeat each other")
"""Checks that report that one run repeats another."""


def compare_runs(  # noqa: PLR0913 (each is compared, and most have a default)
    program: Program | None,
    real: Sequence[Execution],
    imagined: Sequence[Execution],
    claims: tuple[str, ...] = (),
    earlier: Sequence[Execution] = (),
    gpus: int | None = None,
    asked: Asked = NOTHING_ASKED,
    checks: Sequence[Check] | None = None,
) -> ComparisonResult:
    """Compare the runs of one program, or logs without a program, and return everything that was found.

    `claims` are the facts that the persona claims falsely on purpose; `earlier` are the runs of previous versions;
    `gpus` is the real machine's number of GPUs, if known; `checks` are the checks to apply, by default all built-in
    ones. Replies that are not imagined runs are left out, and the result says so.
    """
    lost = left_out(imagined)
    imagined, earlier = ([run for run in runs if run.is_run] for runs in (imagined, earlier))
    source = None
    if program is not None:
        try:
            source = Source(program.source)
        except SyntaxError:
            source = None
    sites = source.terminal_sites() if source else ()
    templates = None
    if program is None:
        templates = Templates(lambda: [run.transcript for run in ours], lambda: [run.text for run in ours])
    ours = tuple(ParsedRun(execution, sites, templates) for execution in real)
    narrow = (
        refine_sites(sites, [run.ledger for run in ours if run.execution.cause is Cause.FINISHED]) if source else ()
    )
    if narrow != sites:
        sites = narrow
        ours = tuple(ParsedRun(execution, sites) for execution in real)
    comparison = RunSet(
        program,
        source,
        ours,
        tuple(ParsedRun(execution, sites, templates) for execution in imagined),
        claims,
        tuple(ParsedRun(execution, ()) for execution in earlier),
        gpus,
        asked,
    )
    judgement = judge(comparison)
    checks = CHECKS if checks is None else checks
    found, notes = _found(comparison, checks)
    copied = frozenset(label for finding in found if finding.check in COPIES for label in finding.runs)
    whole = list(whole_copies(comparison, copied))
    same = frozenset(ref.source for finding in whole if finding.check == "log copied" for ref in finding.evidence)
    # That their numbers are the same follows from that.
    found = [finding for finding in found if finding.check not in COPIES or not same.issuperset(finding.runs)] + whole
    chance = comparison.once(CountsJudged).undecided() if counts in checks else None
    small = comparison.once(SmallConstants).undecided() if small_constants_differ in checks else None
    doubtful = [told for told in (comparison.once(NewForms).undecided(), chance, small) if told]
    merged = one_fault(comparison, found)
    return ComparisonResult(
        findings=(*merged, *differences(comparison, judgement, merged)),
        sites=tallies(comparison),
        series=tuple(tested_series.judged for tested_series in judgement.tested),
        alignment=side_by_side(comparison),
        undecided=(*([lost] if lost else ()), *(doubt.text for doubt in doubtful), *judgement.undecided),
        unjudged=doubtful[0].what if doubtful else None,
        endpoint=judgement.endpoint,
        notes=notes,
    )


def _found(comparison: RunSet, checks: Sequence[Check]) -> tuple[list[Finding], tuple[str, ...]]:
    """Return all findings of the checks, and a note for each check that failed."""
    found: list[Finding] = []
    notes: list[str] = []
    for check in checks:
        try:
            found += check(comparison)
        except CheckBroken as error:
            notes.append(str(error))
    return found, tuple(notes)
