"""Judges a claim that a named test passes or fails, by the results that test runs print beside the test's name."""

import re

from gedanken.compare.audit.commands import is_narrowed
from gedanken.compare.audit.runs import Run
from gedanken.compare.audit.says import CaseSays
from gedanken.compare.audit.verdicts import Case, Verdict, undecidable
from gedanken.experiment.claim import Evidence

_MOST_RUNS = 40
_MOST_TEXT = 500_000
_BAD = re.compile(r"\bFAIL|\*\*\*|[✗✕✘×❌]|\bnot ok\b|\bERROR\b|panicked|\bfailed\b", re.IGNORECASE)
_GOOD = re.compile(r"\bok\b|\bPASS|[✓✔√✅]|\bpassed\b", re.IGNORECASE)
_PAST = re.compile(r"\b(?:failed|was|were|had been)\b", re.IGNORECASE)


def judge_case(case: Case, says: CaseSays) -> Verdict:
    """Judge whether test runs show that the named test ended as claimed. Only the last run can show a pass; earlier
    runs can also show a failure.
    """
    runs = [run for run in case.runs_before()[:_MOST_RUNS] if "tests" in run.families() and not run.refused]
    if not runs:
        return undecidable("no run of tests before the claim names this test")
    shown = [(run, _shown(run, says.name)) for run in runs]
    if not says.good:
        return _failed(case, says, shown)
    run, marks = shown[0]
    if any(not good for good, _at in marks):
        return undecidable(
            "the last run of tests shows that this test failed",
            _line(case, run, next(at for good, at in marks if not good)),
        )
    passes = bool(run.tests) and not any(one.failed for one in run.tests)
    is_whole = passes and not any(is_narrowed(step) for step in run.steps) and _is_known(case, runs, says.name)
    if not (marks and not says.more) and not is_whole and not (not says.more and _is_left_out(runs, says.name)):
        return undecidable("the last run of tests does not show this test")
    line = _line(case, run, marks[0][1] if marks else run.tests[-1].offset)
    return _of_now(case, run, line) or Verdict("supported", f"“{line.quote.strip()[:120]}” is recorded", (line,))


def _failed(case: Case, says: CaseSays, shown: list[tuple[Run, list[tuple[bool, int]]]]) -> Verdict:
    for run, marks in shown:
        at = next((place for good, place in marks if not good), None)
        if at is not None and not says.more:
            line = _line(case, run, at)
            was = case.spotted.earlier or _PAST.search(case.spotted.claim.quote)
            changed = None if was else _of_now(case, run, line)
            return changed or Verdict("supported", f"“{line.quote.strip()[:120]}” is recorded", (line,))
        if marks and not (case.spotted.earlier or _PAST.search(case.spotted.claim.quote)):
            break
    return undecidable("no run of tests shows that this test failed")


def _of_now(case: Case, run: Run, line: Evidence) -> Verdict | None:
    """Return an undecidable verdict if a change after the run may have altered how the test ends."""
    change = case.record.change_since(run, case.event, "tests")
    if change is not None:
        return undecidable(f"{change.path} was changed after the run that the claim is about", line)
    doubt = case.record.doubt_since(run, case.event, "tests")
    return undecidable(doubt, line) if doubt is not None else None


def _shown(run: Run, name: str) -> list[tuple[bool, int]]:
    """Return (passed, position) for each line of a run that names the test and says how it ended."""
    pattern = re.compile(rf"^[^\n]*(?<!\w){re.escape(name)}(?!\w)[^\n]*$", re.MULTILINE)
    found: list[tuple[bool, int]] = []
    for line in pattern.finditer(run.text[:_MOST_TEXT]):
        rest = line[0].replace(name, " ")
        if _BAD.search(rest):
            found.append((False, line.start()))
        elif _GOOD.search(rest):
            found.append((True, line.start()))
    return found


def _is_known(case: Case, runs: list[Run], name: str) -> bool:
    """Return whether the output of a test run, or the new text of a changed file, names the test."""
    bare = name.rsplit("::", 1)[-1]
    return any(bare in run.text for run in runs) or any(
        bare in edit.new for edit in case.record.edits if edit.event < case.event
    )


_LISTED = re.compile(r"^(?:FAILED|ERROR) \S+|^\s*--- FAIL: \S+|^test \S+ \.\.\. FAILED", re.MULTILINE)


def _is_left_out(runs: list[Run], name: str) -> bool:
    """Return whether an earlier run shows the test `name`, but the last run's full list of failed tests lacks it."""
    last, bare = runs[0], name.rsplit("::", 1)[-1]
    if last.cut or len(last.tests) != 1 or not last.tests[0].failed or bare in last.text:
        return False
    programs = _tested(last)
    return len({found[0] for found in _LISTED.finditer(last.text)}) == last.tests[0].failed and any(
        _shown(run, name) and _tested(run) == programs for run in runs[1:]
    )


def _tested(run: Run) -> list[tuple[str, ...]]:
    """Return the words of each test command of a run, without options such as `-v`."""
    return [
        tuple(word for word in step.words if not re.fullmatch(r"-[vqsx]+|--?\w[\w-]*=\S+|-r\w+", word))
        for step in run.steps
        if step.family == "tests"
    ]


def _line(case: Case, run: Run, at: int) -> Evidence:
    return case.record.evidence(run.at, at)
