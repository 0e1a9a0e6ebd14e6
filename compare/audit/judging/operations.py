"""Judges a claim that an operation was done or succeeded, by the last run of a command that does the operation."""

import re

from gedanken.compare.audit.claims.claim_contents import OperationClaim
from gedanken.compare.audit.commands.command_lines import is_chain
from gedanken.compare.audit.outputs.outcomes import find_error_sign, find_not_started, may_have_failed
from gedanken.compare.audit.record.runs import Run, shorten_command
from gedanken.compare.audit.verdicts import Case, Verdict, end_line_of_run, undecidable

_MAX_RUNS = 60
_LASTING_OPERATIONS = frozenset(["rebase", "merge", "push", "cherry-pick"])
"""Operations whose result remains valid when files are changed later."""
_FAILURE = re.compile(
    r"\bCONFLICTS?\b|\[rejected\]|permission denied|failed to (?:push|start|build|solve)|^fatal:|"
    r"Automatic merge failed|ERROR: \w*Sanitizer|"
    r"runtime error:|^ERROR[: ]|^E\d{3}:|ROLLBACK$|\bunhealthy\b|Exited \([1-9]",
    re.MULTILINE | re.IGNORECASE,
)
_FLAWLESS = re.compile(r"\bclean(?:ly)?\b|without|no conflicts?|smooth|fine|nothing|silent|0 \w+", re.IGNORECASE)


def judge_deed(case: Case, says: OperationClaim) -> Verdict:
    """Judge whether the last recorded command for the claimed operation, such as `git push`, succeeded."""
    command = re.compile(says.command)
    runs = [run for run in case.runs_before()[:_MAX_RUNS] if _performs(run, command)]
    if not runs:
        return undecidable(f"no run before the claim is known to have done this ({says.name})")
    run = runs[0]
    evidence = end_line_of_run(case, run)
    failed_runs = [run for run in runs if _FAILURE.search(run.text)]
    if failed_runs and (failed_runs[0] is run or _FLAWLESS.search(_claim_line(case))):
        match = _FAILURE.search(failed_runs[0].text)
        failure_evidence = case.record.evidence(failed_runs[0].result_event, match.start() if match else 0)
        return undecidable("a run of this command shows a failure", failure_evidence)
    if not _succeeded(run, says.name, command):
        return undecidable("the recorded result does not say how the operation ended", evidence)
    if says.name not in _LASTING_OPERATIONS:
        for family in ("build", "program", "tests"):
            change = case.record.first_change_since(run, case.event, family)
            if change is not None:
                return undecidable(
                    f"{change.path} was changed after the run that the claim is about",
                    evidence,
                    case.record.evidence(change.event),
                )
        if (edits := case.record.edits_between(run.result_event, case.event)) and says.name in (
            "image",
            "configuration",
        ):
            return undecidable(f"{edits[0].path} was changed after the run that the claim is about", evidence)
    return Verdict("supported", f"“{shorten_command(run.command)}” ended successfully", (evidence,))


def _claim_line(case: Case) -> str:
    """Return the claim together with the words that follow it on the same line."""
    text = case.record.transcript.events[case.event].text
    return text[case.spotted.claim.start : case.spotted.claim.end + 60].split("\n")[0]


def _performs(run: Run, command: re.Pattern[str]) -> bool:
    """Return whether `command` matches a step that really acts.

    `git merge --abort` and a step with `--dry-run` do not act.
    """
    if run.is_refused or run.result is None:
        return False
    return any(
        command.search(step.text)
        for step in run.steps
        if not _VIEW_COMMAND.match(step.text) and not _NO_EFFECT_ARGUMENT.search(step.text)
    )


_NO_EFFECT_ARGUMENT = re.compile(
    r"\s(?:--abort|--quit|--dry-run\S*|--no-run)(?=\s|$)|\A\S+(?: [\w-]+)? (?:--help|-h|--version|--check)(?=\s|$)"
)
_VIEW_COMMAND = re.compile(r"(?:cat|head|tail|less|echo|grep|rg|ls|sed|which|git (?:log|show|diff|status))\b")


def _succeeded(run: Run, name: str, command: re.Pattern[str]) -> bool:
    index = max(index for index, step in enumerate(run.steps) if command.search(step.text))
    decides_exit_code = index == len(run.steps) - 1 or is_chain(run.command)
    if run.is_background or find_error_sign(run.text) or find_not_started(run.text):
        return False
    if name in _REQUIRED_TEXT and not _REQUIRED_TEXT[name].search(run.text):
        return False
    if name == "sanitizer" and not run.families() & {"tests", "program"}:
        return False
    if run.exit_code == 0 and decides_exit_code and not run.steps[index].is_piped:
        return True
    if run.exit_code not in (0, None):
        return False
    return bool(_SUCCESS.search(run.text)) and not may_have_failed(run.text)


_REQUIRED_TEXT = {
    "server": re.compile(r"\b(?:listening|started|ready|running (?:on|at)|serving)\b", re.IGNORECASE),
    "export": re.compile(r"export|saved|wrote|written|converted", re.IGNORECASE),
}
"""For operations whose commands may also do something else: text that the output must contain."""
_SUCCESS = re.compile(
    r"Successfully \w+|configuration is valid|naming to \S+|Successfully tagged|-> \S+$|up[- ]to[- ]date|"
    r"Fast-forward|Merge made|\blistening (?:on|at)\b|\bstarted\b|\bready\b|successfully\b|built in [\d.]+|"
    r"^UPDATE \d|^ALTER TABLE",
    re.MULTILINE | re.IGNORECASE,
)
