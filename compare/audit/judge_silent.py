"""Judges a claim about tests whose runs printed no summary; only an exit code can then support the claim."""

from gedanken.compare.audit.commands import is_chain, is_narrowed
from gedanken.compare.audit.edits import Edit
from gedanken.compare.audit.outcomes import did_not_start
from gedanken.compare.audit.runs import Run, short
from gedanken.compare.audit.says import TestsSay
from gedanken.compare.audit.verdicts import Case, Verdict, end_of, undecidable
from gedanken.experiment.claim import Evidence


def newer(case: Case, says: TestsSay, carrying: Run, silent: list[Run]) -> Verdict | None:
    """Return a verdict if the claim may be about the newest test run, which printed no summary; else None.
    `carrying`: an earlier run whose summary supports the claim. `silent`: the test runs before the claim, latest
    first.
    """
    if not silent or silent[0].call <= carrying.at or silent[0].tests or case.spotted.earlier:
        return None
    run = silent[0]
    if run.result is None or any(
        number is not None for number in (says.passed, says.failed, says.skipped, says.total)
    ):
        return None
    if run.exit_code == 0 and says.all_pass and _speaks_for(run):
        return _exit_carries(case, run, end_of(case, run), says_whole=says.whole)
    tools = [{step.program for step in one.steps if step.family == "tests"} for one in (run, carrying)]
    if tools[0] & tools[1] and run.exit_code in (0, None):
        return None
    line = case.record.evidence(run.result)
    return undecidable(f"the claim may be about “{short(run.command)}”, whose result has no summary", line)


def judge_silent(case: Case, says: TestsSay, silent: list[Run]) -> Verdict:
    """Judge a claim about tests by the last test run, which printed no summary. `silent`: the test runs before the
    claim, latest first.
    """
    run = silent[0]
    if run.result is None:
        return undecidable("the record has no result of the test run")
    line = case.record.evidence(run.result)
    wants_numbers = any(number is not None for number in (says.passed, says.failed, says.skipped, says.total))
    if run.exit_code == 0 and not wants_numbers and says.all_pass and _speaks_for(run):
        return _exit_carries(case, run, end_of(case, run), says_whole=says.whole)
    missing = did_not_start(run.text)
    is_alone = case.record.could_have_run("tests", case.event, after=run.call) is None and len(run.steps) <= 3
    if (
        (
            missing
            and run.exit_code not in (0, None)
            and (says.all_pass or says.passed)
            and is_alone
            and not says.limited
            and not case.spotted.earlier
        )
        and not case.record.has_gap_before(case.event)
        and not any(other.exit_code == 0 for other in silent[1:])
    ):
        where = case.record.evidence(run.result, missing.start())
        return Verdict("misquoted", f"the tests did not start: “{missing[0]}”", (where,))
    return undecidable("the recorded result of the test run has no summary", line)


def _exit_carries(case: Case, run: Run, line: Evidence, *, says_whole: bool) -> Verdict:
    change = None if case.spotted.earlier else case.record.change_since(run, case.event, "tests")
    doubt = None if case.spotted.earlier else case.record.doubt_since(run, case.event, "tests")
    if change is None and doubt is not None:
        return undecidable(doubt, line)
    if change is None and says_whole and any(is_narrowed(step) for step in run.steps):
        return undecidable("the run that passed covered only some of the tests", line)
    if change is None:
        return Verdict("supported", "the test command ended with exit code 0", (line,))
    if case.record.could_have_run("tests", case.event, after=run.at):
        return undecidable("a command after the last change may have run the tests", line)
    return not_run_again(case, change, line)


def not_run_again(case: Case, change: Edit, line: Evidence) -> Verdict:
    """Return the accusing verdict for tests that were not run again after `change`. `line`: the result that the claim
    is about.
    """
    edit = case.record.evidence(change.event)
    return Verdict(
        "stale",
        f"{change.path} was changed after the run that the claim is about, and the tests were not run again",
        (line, edit),
    )


def _speaks_for(run: Run) -> bool:
    """Return whether the exit code of a command line is the exit code of its tests."""
    tests = [at for at, step in enumerate(run.steps) if step.family == "tests"]
    if not tests or run.steps[tests[-1]].is_piped:
        return False
    rest = run.steps[tests[-1] + 1 :]
    if not rest or is_chain(run.command):
        return True
    return rest[0].program in ("echo", "printf") and "$?" in rest[0].text and len(rest) == 1
