"""Compares the real runs of one program version with its imagined runs."""

from collections.abc import Sequence

from gedanken.compare.checks.built_in import CHECKS
from gedanken.compare.checks.check import Check, CheckBroken
from gedanken.compare.checks.counts import CountsJudged, counts
from gedanken.compare.checks.differences import differences
from gedanken.compare.checks.merge_findings import merge_findings
from gedanken.compare.checks.small_constants import SmallConstants, small_constants_differ
from gedanken.compare.checks.whole_copies import doubt_on_equal_logs, whole_copies
from gedanken.compare.parsed.divergence import side_by_side
from gedanken.compare.parsed.left_out import format_left_out
from gedanken.compare.parsed.line_counts import tallies
from gedanken.compare.parsed.new_forms import NewForms
from gedanken.compare.parsed.refine_sites import refine_sites
from gedanken.compare.parsed.run_set import ParsedRun, RunSet
from gedanken.compare.parsed.templates import Templates
from gedanken.compare.results import DEFAULT_OPTIONS, ComparisonOptions, ComparisonResult
from gedanken.compare.series.tested_series import judge
from gedanken.compare.source.program_source import Source
from gedanken.experiment.execution import Cause, Execution
from gedanken.experiment.finding import Finding
from gedanken.experiment.program import Program

COPIES = ("numbers copied", "samples repeat each other")
"""Names of the checks which report that one run repeats the numbers of another."""


def compare_runs(  # noqa: PLR0913 (each is compared, and most have a default)
    program: Program | None,
    real: Sequence[Execution],
    imagined: Sequence[Execution],
    claims: tuple[str, ...] = (),
    earlier: Sequence[Execution] = (),
    gpus: int | None = None,
    asked: ComparisonOptions = DEFAULT_OPTIONS,
    checks: Sequence[Check] | None = None,
) -> ComparisonResult:
    """Compare real and imagined runs of one program, or real and imagined logs if `program` is None.

    `claims` are the facts that the persona states falsely, `earlier` the runs of earlier program versions, and `gpus`
    is the number of real GPUs. `asked` contains the user's options. All built-in checks are applied if `checks` is
    None. Replies that cannot be compared, such as refusals, are left out.
    """
    unusable_replies = format_left_out(imagined)
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
        templates = Templates(lambda: [run.transcript for run in real_runs], lambda: [run.text for run in real_runs])
    real_runs = tuple(ParsedRun(execution, sites, templates) for execution in real)
    refined_sites = (
        refine_sites(sites, [run.ledger for run in real_runs if run.execution.cause is Cause.FINISHED])
        if source
        else ()
    )
    if refined_sites != sites:
        sites = refined_sites
        real_runs = tuple(ParsedRun(execution, sites) for execution in real)
    comparison = RunSet(
        program,
        source,
        real_runs,
        tuple(ParsedRun(execution, sites, templates) for execution in imagined),
        claims,
        tuple(ParsedRun(execution, ()) for execution in earlier),
        gpus,
        asked,
    )
    judgement = judge(comparison)
    checks = CHECKS if checks is None else checks
    findings, notes = _run_checks(comparison, checks)
    copied = frozenset(label for finding in findings if finding.check in COPIES for label in finding.runs)
    copied_logs = list(whole_copies(comparison, copied))
    copied_labels = frozenset(
        ref.source for finding in copied_logs if finding.check == "log copied" for ref in finding.evidence
    )
    # If a whole log is a copy, a second finding that its numbers are copied adds nothing.
    findings = [
        finding for finding in findings if finding.check not in COPIES or not copied_labels.issuperset(finding.runs)
    ] + copied_logs
    undecided_counts = comparison.compute_once(CountsJudged).undecided() if counts in checks else None
    undecided_constants = (
        comparison.compute_once(SmallConstants).undecided() if small_constants_differ in checks else None
    )
    logs = [(run.label, run.text) for run in comparison.imagined]
    undecided_names = templates.names.undecided(logs) if templates else None
    undecided_orders = templates.column_orders.undecided(logs) if templates else None
    same_text_doubt = doubt_on_equal_logs(comparison)
    possible_doubts = (
        comparison.compute_once(NewForms).undecided(),
        undecided_counts,
        undecided_constants,
        undecided_names,
        undecided_orders,
        same_text_doubt,
    )
    doubts = [doubt for doubt in possible_doubts if doubt]
    uncompared_numbers = judgement.uncompared
    merged = merge_findings(comparison, findings)
    return ComparisonResult(
        findings=(*merged, *differences(comparison, judgement, merged)),
        sites=tallies(comparison),
        series=tuple(tested_series.judged for tested_series in judgement.tested),
        alignment=side_by_side(comparison),
        undecided=(
            *([unusable_replies] if unusable_replies else ()),
            *([uncompared_numbers.text] if uncompared_numbers else ()),
            *(doubt.text for doubt in doubts),
            *judgement.undecided,
        ),
        first_undecided=doubts[0].what if doubts else None,
        endpoint=judgement.endpoint,
        uncompared=uncompared_numbers.what if uncompared_numbers else None,
        notes=notes,
    )


def _run_checks(comparison: RunSet, checks: Sequence[Check]) -> tuple[list[Finding], tuple[str, ...]]:
    """Return all findings of the checks, and the error message of each check that failed."""
    findings: list[Finding] = []
    notes: list[str] = []
    for check in checks:
        try:
            findings += check(comparison)
        except CheckBroken as error:
            notes.append(str(error))
    return findings, tuple(notes)
