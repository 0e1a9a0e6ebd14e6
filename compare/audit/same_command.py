"""Checks whether a run executed the command that a claim names."""

import re

from gedanken.compare.audit.commands import Step, steps_of, wraps
from gedanken.compare.audit.runs import Run

_ALIASES = {"py.test": "pytest", "python3": "python", "nodejs": "node", "gradlew": "gradle", "mvnw": "mvn"}


def is_run(claimed: str, run: Run) -> bool:
    """Return whether a run executed the claimed command, perhaps with further arguments or within a longer
    command.
    """
    if _squeezed(claimed) in _squeezed(run.command):
        return True
    wanted = [step for step in steps_of(claimed) if step.family != "quiet"] or list(steps_of(claimed))
    return bool(wanted) and all(any(_covers(step, wish) for step in run.steps) for wish in wanted)


def is_of_suite(claimed: str, run: Run) -> bool:
    """Return whether a run executed the claimed command, or a wrapper whose output names that command."""
    if is_run(claimed, run):
        return True
    is_bare = re.fullmatch(r"\w+", claimed) is not None and any(wraps(step) for step in run.steps)
    return is_bare and re.search(rf"\b{claimed}\b", run.text[:5_000], re.IGNORECASE) is not None


def programs_of(claimed: str) -> set[str]:
    """Return the programs that a command runs. Programs such as `cat` count only if there are no others."""
    steps = steps_of(claimed)
    return {name for step in steps if step.family != "quiet" for name in (_name(step), step.program)} or {
        step.program for step in steps
    }


def is_like(claimed: str, run: Run) -> bool:
    """Return whether a run executed the same program as the claimed command, whatever the arguments."""
    programs = programs_of(claimed)
    if any(_name(step) in programs for step in run.steps):
        return True
    only_shows = all(step.family == "quiet" for step in run.steps)
    return not only_shows and any(
        len(program) > 2 and re.search(rf"(?<![\w-]){re.escape(program)}(?![\w-])", run.command)
        for program in programs
    )


def _covers(step: Step, wish: Step) -> bool:
    if _name(step) != _name(wish):
        return False
    return {_argument(word) for word in wish.words[1:]} <= {_argument(word) for word in step.words[1:]} | {
        "run",
        wish.program,
    }


def _argument(word: str) -> str:
    return word.strip("'\"").removeprefix("./").rstrip("/")


def _name(step: Step) -> str:
    return _ALIASES.get(step.program, step.program)


def _squeezed(text: str) -> str:
    return " ".join(text.replace("\\\n", " ").split())
