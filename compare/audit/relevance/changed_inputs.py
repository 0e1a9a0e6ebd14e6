"""Checks whether a stated number may be out of date, because the run that printed it read a file that was changed
later.
"""

import re
from collections.abc import Sequence

from gedanken.compare.audit.claims.claim_contents import FiguresClaim, ValueClaim
from gedanken.compare.audit.commands.command_lines import Step
from gedanken.compare.audit.commands.file_changes import Edit, is_trivial, may_alter_output, remaining_edits
from gedanken.compare.audit.commands.inputs import may_read, reads
from gedanken.compare.audit.commands.programs import BENCHMARK_PROGRAMS
from gedanken.compare.audit.language.tenses import (
    describes_past,
    describes_present,
    has_present_verb,
    says_unaffected,
)
from gedanken.compare.audit.numbers.name_mismatches import claim_sentence
from gedanken.compare.audit.record.runs import Run, is_service_query
from gedanken.compare.audit.verdicts import Case, Verdict, undecidable

_MAX_RUNS = 40
_MAX_EDITS = 200
_GIT_STATUS = re.compile(r"\bgit (?:-\S+ )*(?:diff|status)\b")
_GIT_HISTORY = re.compile(r"\bgit (?:-\S+ )*(?:diff|log|rev-list|shortlog)\b.*(?:\bHEAD\b|\.\.\.?(?:\s|$))")


def revise_for_changed_input(case: Case, verdict: Verdict) -> Verdict | None:
    """Return a new verdict if the run that printed the number may have read a file that was changed later;
    otherwise None.

    The verdict is accusing only if the run certainly reads the file and the claim is about the present state.
    """
    says = case.spotted.content
    if not verdict.evidence or case.spotted.is_about_earlier or not _is_number(says):
        return None
    if verdict.status not in ("supported", "undecidable"):
        return None
    run = next((run for run in case.runs_before()[:_MAX_RUNS] if run.result == verdict.evidence[0].event), None)
    sentence = claim_sentence(case)
    if run is None or sentence is None or _has_several_runs(case, verdict):
        return None
    is_about_present = describes_present(sentence.plain)
    if describes_past(sentence.plain) and not is_about_present and not has_present_verb(sentence.plain):
        return None
    edits = remaining_edits(case.record.edits_between(run.result_event, case.event)[:_MAX_EDITS])
    if verdict.status == "undecidable" and not any(
        evidence.event in {edit.event for edit in edits} for evidence in verdict.evidence
    ):
        return None
    certain_edit = next((edit for edit in edits if _certainly_reads(case, run, edit)), None)
    evidence = verdict.evidence[0]
    if certain_edit is not None and is_about_present and (stale := _judge_stale(case, run, certain_edit)) is not None:
        return stale
    change = (
        certain_edit
        or next((edit for edit in edits if _may_depend_on(case, run, edit)), None)
        or _first_code_change(case, run)
    )
    if change is None or verdict.status != "supported":
        return None
    reason = f"{change.path} was changed after the run that printed this number"
    return undecidable(reason, evidence, case.record.evidence(change.event))


def _is_number(says: object) -> bool:
    return isinstance(says, FiguresClaim) or (
        isinstance(says, ValueClaim) and says.kind in ("metric", "time", "size", "count", "quantity")
    )


def _has_several_runs(case: Case, verdict: Verdict) -> bool:
    results = {evidence.event for evidence in verdict.evidence if case.record.is_result(evidence.event)}
    return len(results) > 1


def _judge_stale(case: Case, run: Run, edit: Edit) -> Verdict | None:
    record = case.record
    if (
        record.has_gap_before(case.event)
        or record.unseen_run_reason("program", case.event, after=edit.event)
        or record.has_unnamed_change(run.result_event, case.event)
        or any(
            edit.event < later_run.call_event < case.event and _is_same_command(run, later_run)
            for later_run in record.runs
        )
        or says_unaffected(case.agent_text_since(run.result_event))
    ):
        return None
    event = run.result if run.result is not None else run.call_event
    return Verdict(
        "stale",
        f"{edit.path} was changed after the command printed this number, and the command was not run again",
        (record.evidence(event), record.evidence(edit.event)),
    )


def _first_code_change(case: Case, run: Run) -> Edit | None:
    """Return the first later change of code that may alter what the run prints; None if there is none.

    Also None if a similar run followed this change.
    """
    steps = [step for step in run.steps if step.family != "quiet"]
    if run.only_shows or all(map(is_service_query, steps)):
        return None
    family = next((family for family in ("build", "tests") if family in run.families()), "program")
    change = case.record.first_change_since(run, case.event, family)
    if change is None or any(
        change.event < later_run.call_event < case.event and _is_same_command(run, later_run)
        for later_run in case.runs_before()[:_MAX_RUNS]
    ):
        return None
    return change


def _is_same_command(run: Run, other_run: Run) -> bool:
    """Return whether two runs start the same program, with the same subcommand or file."""
    commands = {step.words[:2] for step in run.steps}
    return any(step.words[:2] in commands for step in other_run.steps)


def _certainly_reads(case: Case, run: Run, edit: Edit) -> bool:
    if is_trivial(edit) or not edit.path:
        return False
    if any(reads(step, run.command, edit) for step in run.steps):
        return True
    if any(step.program in BENCHMARK_PROGRAMS for step in run.steps):
        return _may_affect_programs(run.steps, edit)
    if any(_GIT_HISTORY.search(step.text) for step in run.steps):
        commits = case.record.last_runs_of_family("commit", case.event)
        return " -- " not in run.command and any(
            commit.call_event > edit.event and "commit" in commit.command for commit in commits
        )
    return False


def _may_affect_programs(steps: Sequence[Step], edit: Edit) -> bool:
    return may_alter_output(edit, [step.program for step in steps], [], "program")


def _may_depend_on(case: Case, run: Run, edit: Edit) -> bool:
    """Return whether the output of a run may depend on an edit, directly or because an earlier run read the
    changed file.
    """
    if any(may_read(step, edit) for step in run.steps):
        return True
    if any(_GIT_STATUS.search(step.text) or _GIT_HISTORY.search(step.text) for step in run.steps):
        return not is_trivial(edit)
    earlier_runs = [
        earlier_run for earlier_run in case.runs_before()[:_MAX_RUNS] if earlier_run.call_event < run.call_event
    ]
    return any(reads(step, earlier_run.command, edit) for earlier_run in earlier_runs for step in earlier_run.steps)
