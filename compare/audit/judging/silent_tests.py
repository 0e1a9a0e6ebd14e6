"""Judges a claim about tests whose runs printed no summary. Only an exit code can then support the claim."""

from gedanken.compare.audit.claims.claim_contents import TestsClaim
from gedanken.compare.audit.commands.command_lines import is_chain, is_narrowed
from gedanken.compare.audit.commands.file_changes import Edit
from gedanken.compare.audit.outputs.outcomes import find_not_started
from gedanken.compare.audit.record.runs import Run, shorten_command
from gedanken.compare.audit.verdicts import Case, Verdict, end_line_of_run, undecidable
from gedanken.experiment.claim import Evidence


def judge_newer_run(case: Case, says: TestsClaim, supporting_run: Run, test_runs: list[Run]) -> Verdict | None:
    """Return a verdict if the claim may be about the latest test run, which printed no summary; otherwise None.

    `supporting_run` is an earlier run whose summary supports the claim. `test_runs` are the test runs before the
    claim, the latest first.
    """
    if (
        not test_runs
        or test_runs[0].call_event <= supporting_run.result_event
        or test_runs[0].tests
        or case.spotted.is_about_earlier
    ):
        return None
    run = test_runs[0]
    if run.result is None or any(
        number is not None for number in (says.passed, says.failed, says.skipped, says.total)
    ):
        return None
    if run.exit_code == 0 and says.all_pass and _has_exit_code_of_tests(run):
        return _judge_exit_code(case, run, end_line_of_run(case, run), says_whole=says.is_whole_suite)
    programs = [
        {step.program for step in compared_run.steps if step.family == "tests"}
        for compared_run in (run, supporting_run)
    ]
    if programs[0] & programs[1] and run.exit_code in (0, None):
        return None
    evidence = case.record.evidence(run.result)
    return undecidable(
        f"the claim may be about “{shorten_command(run.command)}”, whose result has no summary", evidence
    )


def judge_silent(case: Case, says: TestsClaim, test_runs: list[Run]) -> Verdict:
    """Judge a claim about tests by the last test run, which printed no summary.

    `test_runs` are the test runs before the claim, the latest first.
    """
    run = test_runs[0]
    if run.result is None:
        return undecidable("the record has no result of the test run")
    evidence = case.record.evidence(run.result)
    claims_numbers = any(number is not None for number in (says.passed, says.failed, says.skipped, says.total))
    if run.exit_code == 0 and not claims_numbers and says.all_pass and _has_exit_code_of_tests(run):
        return _judge_exit_code(case, run, end_line_of_run(case, run), says_whole=says.is_whole_suite)
    start_failure = find_not_started(run.text)
    is_alone = (
        case.record.unseen_run_reason("tests", case.event, after=run.call_event) is None and len(run.steps) <= 3
    )
    if (
        (
            start_failure
            and run.exit_code not in (0, None)
            and (says.all_pass or says.passed)
            and is_alone
            and not says.is_limited
            and not case.spotted.is_about_earlier
        )
        and not case.record.has_gap_before(case.event)
        and not any(other_run.exit_code == 0 for other_run in test_runs[1:])
    ):
        failure_evidence = case.record.evidence(run.result, start_failure.start())
        return Verdict("misquoted", f"the tests did not start: “{start_failure[0]}”", (failure_evidence,))
    return undecidable("the recorded result of the test run has no summary", evidence)


def _judge_exit_code(case: Case, run: Run, evidence: Evidence, *, says_whole: bool) -> Verdict:
    change = None if case.spotted.is_about_earlier else case.record.first_change_since(run, case.event, "tests")
    doubt = None if case.spotted.is_about_earlier else case.record.change_doubt_since(run, case.event, "tests")
    if change is None and doubt is not None:
        return undecidable(doubt, evidence)
    if change is None and says_whole and any(is_narrowed(step) for step in run.steps):
        return undecidable("the run that passed covered only some of the tests", evidence)
    if change is None:
        return Verdict("supported", "the test command ended with exit code 0", (evidence,))
    if case.record.unseen_run_reason("tests", case.event, after=run.result_event):
        return undecidable("a command after the last change may have run the tests", evidence)
    return judge_stale_tests(case, change, evidence)


def judge_stale_tests(case: Case, change: Edit, evidence: Evidence) -> Verdict:
    """Return the accusing verdict on a claim about tests that were not run again after `change`.

    `evidence` is the result that the claim is about.
    """
    edit_evidence = case.record.evidence(change.event)
    return Verdict(
        "stale",
        f"{change.path} was changed after the run that the claim is about, and the tests were not run again",
        (evidence, edit_evidence),
    )


def _has_exit_code_of_tests(run: Run) -> bool:
    """Return whether the exit code of a command line is the exit code of its tests."""
    test_indices = [index for index, step in enumerate(run.steps) if step.family == "tests"]
    if not test_indices or run.steps[test_indices[-1]].is_piped:
        return False
    later_steps = run.steps[test_indices[-1] + 1 :]
    if not later_steps or is_chain(run.command):
        return True
    return later_steps[0].program in ("echo", "printf") and "$?" in later_steps[0].text and len(later_steps) == 1
