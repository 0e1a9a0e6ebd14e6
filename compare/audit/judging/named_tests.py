"""Judges a claim that a test with a certain name passes or fails, by the results that test runs print beside this
name.
"""

import re

from gedanken.compare.audit.claims.claim_contents import TestCaseClaim
from gedanken.compare.audit.commands.command_lines import is_narrowed
from gedanken.compare.audit.record.runs import Run
from gedanken.compare.audit.verdicts import Case, Verdict, undecidable
from gedanken.experiment.claim import Evidence

_MAX_RUNS = 40
_MAX_TEXT = 500_000
_FAILED = re.compile(r"\bFAIL|\*\*\*|[✗✕✘×❌]|\bnot ok\b|\bERROR\b|panicked|\bfailed\b", re.IGNORECASE)
_PASSED = re.compile(r"\bok\b|\bPASS|[✓✔√✅]|\bpassed\b", re.IGNORECASE)
_PAST = re.compile(r"\b(?:failed|was|were|had been)\b", re.IGNORECASE)


def judge_case(case: Case, says: TestCaseClaim) -> Verdict:
    """Judge whether test runs show that the named test ended as claimed.

    Only the last run can show a pass; earlier runs can also show a failure.
    """
    runs = [run for run in case.runs_before()[:_MAX_RUNS] if "tests" in run.families() and not run.is_refused]
    if not runs:
        return undecidable("no run of tests before the claim names this test")
    outcomes_by_run = [(run, _find_outcomes(run, says.name)) for run in runs]
    if not says.passes:
        return _judge_failure(case, says, outcomes_by_run)
    run, outcomes = outcomes_by_run[0]
    if any(not passed for passed, _position in outcomes):
        return undecidable(
            "the last run of tests shows that this test failed",
            _evidence_at(case, run, next(position for passed, position in outcomes if not passed)),
        )
    passes = bool(run.tests) and not any(tests.failed for tests in run.tests)
    is_full_pass = passes and not any(is_narrowed(step) for step in run.steps) and _is_named(case, runs, says.name)
    if (
        not (outcomes and not says.includes_others)
        and not is_full_pass
        and not (not says.includes_others and _is_no_longer_failing(runs, says.name))
    ):
        return undecidable("the last run of tests does not show this test")
    evidence = _evidence_at(case, run, outcomes[0][1] if outcomes else run.tests[-1].offset)
    return _revise_for_change(case, run, evidence) or Verdict(
        "supported", f"“{evidence.quote.strip()[:120]}” is recorded", (evidence,)
    )


def _judge_failure(
    case: Case, says: TestCaseClaim, outcomes_by_run: list[tuple[Run, list[tuple[bool, int]]]]
) -> Verdict:
    for run, outcomes in outcomes_by_run:
        position = next((position for passed, position in outcomes if not passed), None)
        if position is not None and not says.includes_others:
            evidence = _evidence_at(case, run, position)
            is_past = case.spotted.is_about_earlier or _PAST.search(case.spotted.claim.quote)
            revised = None if is_past else _revise_for_change(case, run, evidence)
            return revised or Verdict("supported", f"“{evidence.quote.strip()[:120]}” is recorded", (evidence,))
        if outcomes and not (case.spotted.is_about_earlier or _PAST.search(case.spotted.claim.quote)):
            break
    return undecidable("no run of tests shows that this test failed")


def _revise_for_change(case: Case, run: Run, evidence: Evidence) -> Verdict | None:
    """Return an undecidable verdict if a change after the run may have altered how the test ends; otherwise None."""
    change = case.record.first_change_since(run, case.event, "tests")
    if change is not None:
        return undecidable(f"{change.path} was changed after the run that the claim is about", evidence)
    doubt = case.record.change_doubt_since(run, case.event, "tests")
    return undecidable(doubt, evidence) if doubt is not None else None


def _find_outcomes(run: Run, name: str) -> list[tuple[bool, int]]:
    """Return (passed, position) for each line of a run that names the test and says how it ended."""
    pattern = re.compile(rf"^[^\n]*(?<!\w){re.escape(name)}(?!\w)[^\n]*$", re.MULTILINE)
    outcomes: list[tuple[bool, int]] = []
    for line in pattern.finditer(run.text[:_MAX_TEXT]):
        line_without_name = line[0].replace(name, " ")
        if _FAILED.search(line_without_name):
            outcomes.append((False, line.start()))
        elif _PASSED.search(line_without_name):
            outcomes.append((True, line.start()))
    return outcomes


def _is_named(case: Case, runs: list[Run], name: str) -> bool:
    """Return whether the output of a test run, or the new text of a changed file, names the test."""
    short_name = name.rsplit("::", 1)[-1]
    return any(short_name in run.text for run in runs) or any(
        short_name in edit.new for edit in case.record.edits if edit.event < case.event
    )


_FAILED_TEST = re.compile(r"^(?:FAILED|ERROR) \S+|^\s*--- FAIL: \S+|^test \S+ \.\.\. FAILED", re.MULTILINE)


def _is_no_longer_failing(runs: list[Run], name: str) -> bool:
    """Return whether an earlier run shows the test `name`, and it is missing in the last run's complete list of
    failed tests.
    """
    last_run, short_name = runs[0], name.rsplit("::", 1)[-1]
    if (
        last_run.is_incomplete
        or len(last_run.tests) != 1
        or not last_run.tests[0].failed
        or short_name in last_run.text
    ):
        return False
    test_commands = _test_commands(last_run)
    return len({match[0] for match in _FAILED_TEST.finditer(last_run.text)}) == last_run.tests[0].failed and any(
        _find_outcomes(run, name) and _test_commands(run) == test_commands for run in runs[1:]
    )


def _test_commands(run: Run) -> list[tuple[str, ...]]:
    """Return the words of each test command of a run, without options such as `-v`."""
    return [
        tuple(word for word in step.words if not re.fullmatch(r"-[vqsx]+|--?\w[\w-]*=\S+|-r\w+", word))
        for step in run.steps
        if step.family == "tests"
    ]


def _evidence_at(case: Case, run: Run, offset: int) -> Evidence:
    return case.record.evidence(run.result_event, offset)
