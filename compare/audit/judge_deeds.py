"""Judges a claim that an operation was done or succeeded, by the last run of a command that does the operation."""

import re

from gedanken.compare.audit.commands import is_chain
from gedanken.compare.audit.outcomes import did_not_start, may_have_failed, shows_trouble
from gedanken.compare.audit.runs import Run, short
from gedanken.compare.audit.says import DeedSays
from gedanken.compare.audit.verdicts import Case, Verdict, end_of, undecidable

_MOST_RUNS = 60
_OF_HISTORY = frozenset(["rebase", "merge", "push", "cherry-pick"])
"""Operations whose result remains valid if files are changed afterwards."""
_WENT_WRONG = re.compile(
    r"\bCONFLICTS?\b|\[rejected\]|permission denied|failed to (?:push|start|build|solve)|^fatal:|"
    r"Automatic merge failed|ERROR: \w*Sanitizer|"
    r"runtime error:|^ERROR[: ]|^E\d{3}:|ROLLBACK$|\bunhealthy\b|Exited \([1-9]",
    re.MULTILINE | re.IGNORECASE,
)
_FLAWLESS = re.compile(r"\bclean(?:ly)?\b|without|no conflicts?|smooth|fine|nothing|silent|0 \w+", re.IGNORECASE)


def judge_deed(case: Case, says: DeedSays) -> Verdict:
    """Judge whether the last recorded command for the claimed operation, such as `git push`, succeeded."""
    command = re.compile(says.command)
    mine = [run for run in case.runs_before()[:_MOST_RUNS] if _does(run, command)]
    if not mine:
        return undecidable(f"no run before the claim is known to have done this ({says.name})")
    run = mine[0]
    line = end_of(case, run)
    wrong = [one for one in mine if _WENT_WRONG.search(one.text)]
    if wrong and (wrong[0] is run or _FLAWLESS.search(_said(case))):
        found = _WENT_WRONG.search(wrong[0].text)
        shown = case.record.evidence(wrong[0].at, found.start() if found else 0)
        return undecidable("a run of this command shows a failure", shown)
    if not _went_well(run, says.name, command):
        return undecidable("the recorded result does not say how the operation ended", line)
    if says.name not in _OF_HISTORY:
        for family in ("build", "program", "tests"):
            change = case.record.change_since(run, case.event, family)
            if change is not None:
                return undecidable(
                    f"{change.path} was changed after the run that the claim is about",
                    line,
                    case.record.evidence(change.event),
                )
        if (edits := case.record.edits_between(run.at, case.event)) and says.name in ("image", "configuration"):
            return undecidable(f"{edits[0].path} was changed after the run that the claim is about", line)
    return Verdict("supported", f"“{short(run.command)}” ended successfully", (line,))


def _said(case: Case) -> str:
    """Return the claim with the words that follow it in its line."""
    text = case.record.transcript.events[case.event].text
    return text[case.spotted.claim.start : case.spotted.claim.end + 60].split("\n")[0]


def _does(run: Run, command: re.Pattern[str]) -> bool:
    """Return whether `command` matches a step that really acts, unlike `git merge --abort` or a step with
    `--dry-run`.
    """
    if run.refused or run.result is None:
        return False
    return any(
        command.search(step.text)
        for step in run.steps
        if not _ONLY_SHOWS.match(step.text) and not _TAKES_BACK.search(step.text)
    )


_TAKES_BACK = re.compile(
    r"\s(?:--abort|--quit|--dry-run\S*|--no-run)(?=\s|$)|\A\S+(?: [\w-]+)? (?:--help|-h|--version|--check)(?=\s|$)"
)
"""Arguments with which a command does not do what its name says, such as `--dry-run`."""
_ONLY_SHOWS = re.compile(r"(?:cat|head|tail|less|echo|grep|rg|ls|sed|which|git (?:log|show|diff|status))\b")


def _went_well(run: Run, name: str, command: re.Pattern[str]) -> bool:
    """Return whether the run's output or exit code shows that the operation `name` succeeded."""
    at = max(at for at, step in enumerate(run.steps) if command.search(step.text))
    is_its_own = at == len(run.steps) - 1 or is_chain(run.command)
    if run.background or shows_trouble(run.text) or did_not_start(run.text):
        return False
    if name in _SHOWN and not _SHOWN[name].search(run.text):
        return False
    if name == "sanitizer" and not run.families() & {"tests", "program"}:
        return False
    if run.exit_code == 0 and is_its_own and not run.steps[at].is_piped:
        return True
    if run.exit_code not in (0, None):
        return False
    return bool(_DONE.search(run.text)) and not may_have_failed(run.text)


_SHOWN = {
    "server": re.compile(r"\b(?:listening|started|ready|running (?:on|at)|serving)\b", re.IGNORECASE),
    "export": re.compile(r"export|saved|wrote|written|converted", re.IGNORECASE),
}
"""For each operation whose commands may also do something else: text that the output must contain."""
_DONE = re.compile(
    r"Successfully \w+|configuration is valid|naming to \S+|Successfully tagged|-> \S+$|up[- ]to[- ]date|"
    r"Fast-forward|Merge made|\blistening (?:on|at)\b|\bstarted\b|\bready\b|successfully\b|built in [\d.]+|"
    r"^UPDATE \d|^ALTER TABLE",
    re.MULTILINE | re.IGNORECASE,
)
