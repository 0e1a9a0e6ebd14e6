"""Results of recorded test runs, and claimed numbers that are sums over several of these runs."""

from typing import NamedTuple

from gedanken.compare.audit.claims.claim_contents import TestsClaim
from gedanken.compare.audit.commands.command_lines import Step, parse_steps
from gedanken.compare.audit.outputs.test_summaries import TestSummary
from gedanken.compare.audit.record.runs import Run
from gedanken.compare.audit.verdicts import Case, Verdict, undecidable


class Result(NamedTuple):
    """A test summary, with the number of the event that contains it and the run that printed it (None if unknown)."""

    tests: TestSummary
    event: int
    run: Run | None


def judge_sum(case: Case, says: TestsClaim, results: list[Result]) -> Verdict | None:
    """Return a verdict if the claimed number of passed tests is the sum over several summaries, or the number of
    cases that a result lists; otherwise None.
    """
    if says.passed is None or says.failed:
        return None
    by_event: dict[int, list[Result]] = {}
    last_event: dict[tuple[str, ...], int] = {}
    for result in results:
        if (
            last_event.setdefault(significant_words(result.run.command) if result.run else (), result.event)
            == result.event
        ):
            by_event.setdefault(result.event, []).append(result)
    total = 0
    for index, (event, event_results) in enumerate(by_event.items()):
        event_passed = sum(result.tests.passed or 0 for result in event_results)
        total += event_passed
        failed = any(result.tests.failed for result in event_results)
        evidence = case.record.evidence(event, event_results[0].tests.offset, len(event_results[0].tests.text))
        skipped = sum(result.tests.skipped for result in event_results)
        if says.skipped and says.skipped != skipped:
            break
        if not failed and (says.passed == event_passed or (index and index < 6 and says.passed == total)):
            return _revise_if_changed(
                case,
                event_results[0],
                Verdict("supported", f"{says.passed} is the sum of several results", (evidence,)),
            )
        if failed:
            break
    for run in case.runs_before()[:30]:
        passed, failed_cases = run.cases
        if run.result is not None and passed == says.passed and (not failed_cases or not says.all_pass):
            listed_verdict = Verdict(
                "supported", f"a result lists {passed} cases that passed", (case.record.evidence(run.result),)
            )
            return _revise_if_changed(case, run, listed_verdict)
    return None


def _revise_if_changed(case: Case, source: Result | Run, verdict: Verdict) -> Verdict:
    run = source.run if isinstance(source, Result) else source
    if run is None or case.spotted.is_about_earlier:
        return verdict
    doubt = case.record.change_doubt_since(run, case.event, "tests")
    if case.record.first_change_since(run, case.event, "tests") is None:
        return verdict if doubt is None else undecidable(doubt, *verdict.evidence)
    return undecidable("files were changed after the results that the claim may be about", *verdict.evidence)


def partial_sums(case: Case) -> set[int]:
    """Return all sums of passed tests, or of all tests, over some of the latest test summaries."""
    sums = {0}
    last_runs: dict[tuple[str, ...], Run] = {}
    # of several runs of a command, only the last counts
    for run in case.runs_before()[:12]:
        if last_runs.setdefault(significant_words(run.command), run) is not run:
            continue
        for tests in run.tests[:12]:
            total = (tests.passed or 0) + tests.failed + tests.skipped
            sums |= {
                partial_sum + count
                for partial_sum in sums
                for count in (tests.passed or 0, total)
                if len(sums) < 5_000
            }
    return sums


def significant_words(command: str) -> tuple[str, ...]:
    """Return the words of the steps that decide what a command tests: each `cd`, and all steps that are not
    `quiet`.
    """
    return tuple(
        _step_text(step) for step in parse_steps(command) if step.family != "quiet" or step.program in ("cd", "pushd")
    )


def _step_text(step: Step) -> str:
    return " ".join(step.words)
