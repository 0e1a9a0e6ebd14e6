"""Checks whether a stated number may be out of date, because the run that printed it had read a file which was
changed later.
"""

import re
from collections.abc import Sequence

from gedanken.compare.audit.commands import Step
from gedanken.compare.audit.edits import Edit, is_trivial, lasting, touches
from gedanken.compare.audit.inputs import may_read, reads
from gedanken.compare.audit.other_names import sentence_of
from gedanken.compare.audit.programs import BENCHMARKS
from gedanken.compare.audit.runs import Run, asks_a_service
from gedanken.compare.audit.says import FiguresSay, ValueSays
from gedanken.compare.audit.tenses import is_of_the_past, is_of_the_present, says_unaffected, says_what_is
from gedanken.compare.audit.verdicts import Case, Verdict, undecidable

_MOST_RUNS = 40
_MOST_EDITS = 200
_OF_GIT = re.compile(r"\bgit (?:-\S+ )*(?:diff|status)\b")
_OF_HISTORY = re.compile(r"\bgit (?:-\S+ )*(?:diff|log|rev-list|shortlog)\b.*(?:\bHEAD\b|\.\.\.?(?:\s|$))")


def of_changed_input(case: Case, verdict: Verdict) -> Verdict | None:
    """Return a new verdict if the run that printed the number may have read a file that was changed later; else None.

    The verdict accuses only if the run certainly reads the file, and the claim is about the present state.
    """
    says = case.spotted.says
    if not verdict.evidence or case.spotted.earlier or not _is_number(says):
        return None
    if verdict.status not in ("supported", "undecidable"):
        return None
    run = next((one for one in case.runs_before()[:_MOST_RUNS] if one.result == verdict.evidence[0].event), None)
    sentence = sentence_of(case)
    if run is None or sentence is None or _has_several_runs(case, verdict):
        return None
    is_bound = is_of_the_present(sentence.plain)
    if is_of_the_past(sentence.plain) and not is_bound and not says_what_is(sentence.plain):
        return None
    edits = lasting(case.record.edits_between(run.at, case.event)[:_MOST_EDITS])
    if verdict.status == "undecidable" and not any(
        one.event in {edit.event for edit in edits} for one in verdict.evidence
    ):
        return None
    sure = next((edit for edit in edits if _surely_reads(case, run, edit)), None)
    line = verdict.evidence[0]
    if sure is not None and is_bound and (stale := _stale(case, run, sure)) is not None:
        return stale
    change = sure or next((edit for edit in edits if _may_rest_on(case, run, edit)), None) or _of_code(case, run)
    if change is None or verdict.status != "supported":
        return None
    reason = f"{change.path} was changed after the run that printed this number"
    return undecidable(reason, line, case.record.evidence(change.event))


def _is_number(says: object) -> bool:
    return isinstance(says, FiguresSay) or (
        isinstance(says, ValueSays) and says.what in ("metric", "time", "size", "count", "quantity")
    )


def _has_several_runs(case: Case, verdict: Verdict) -> bool:
    """Return whether the evidence comes from several runs, perhaps from before and after a change."""
    results = {one.event for one in verdict.evidence if case.record.is_result(one.event)}
    return len(results) > 1


def _stale(case: Case, run: Run, edit: Edit) -> Verdict | None:
    record = case.record
    if (
        record.has_gap_before(case.event)
        or record.could_have_run("program", case.event, after=edit.event)
        or record.is_shuffled_since(run.at, case.event)
        or any(edit.event < other.call < case.event and _is_alike(run, other) for other in record.runs)
        or says_unaffected(case.said_since(run.at))
    ):
        return None
    event = run.result if run.result is not None else run.call
    return Verdict(
        "stale",
        f"{edit.path} was changed after the command printed this number, and the command was not run again",
        (record.evidence(event), record.evidence(edit.event)),
    )


def _of_code(case: Case, run: Run) -> Edit | None:
    """Return the first later change of code that may alter the run's output; None if a similar run followed the
    change.
    """
    steps = [step for step in run.steps if step.family != "quiet"]
    if run.only_shows or all(map(asks_a_service, steps)):
        return None
    family = next((one for one in ("build", "tests") if one in run.families()), "program")
    change = case.record.change_since(run, case.event, family)
    if change is None or any(
        change.event < other.call < case.event and _is_alike(run, other) for other in case.runs_before()[:_MOST_RUNS]
    ):
        return None
    return change


def _is_alike(run: Run, other: Run) -> bool:
    """Return whether two runs start the same program, with the same subcommand or file."""
    mine = {step.words[:2] for step in run.steps}
    return any(step.words[:2] in mine for step in other.steps)


def _surely_reads(case: Case, run: Run, edit: Edit) -> bool:
    """Return whether the output of a run certainly depends on an edit."""
    if is_trivial(edit) or not edit.path:
        return False
    if any(reads(step, run.command, edit) for step in run.steps):
        return True
    if any(step.program in BENCHMARKS for step in run.steps):
        return _is_code_of(run.steps, edit)
    if any(_OF_HISTORY.search(step.text) for step in run.steps):
        later = case.record.last_of("commit", case.event)
        return " -- " not in run.command and any(one.call > edit.event and "commit" in one.command for one in later)
    return False


def _is_code_of(steps: Sequence[Step], edit: Edit) -> bool:
    return touches(edit, [step.program for step in steps], [], "program")


def _may_rest_on(case: Case, run: Run, edit: Edit) -> bool:
    """Return whether the output of a run may depend on an edit, directly or because an earlier run read the changed
    file.
    """
    if any(may_read(step, edit) for step in run.steps):
        return True
    if any(_OF_GIT.search(step.text) or _OF_HISTORY.search(step.text) for step in run.steps):
        return not is_trivial(edit)
    earlier = [one for one in case.runs_before()[:_MOST_RUNS] if one.call < run.call]
    return any(reads(step, one.command, edit) for one in earlier for step in one.steps)
