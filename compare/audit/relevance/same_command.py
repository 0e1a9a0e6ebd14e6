"""Checks whether a run executed the command that a claim names."""

import re

from gedanken.compare.audit.commands.command_lines import Step, is_wrapper, parse_steps
from gedanken.compare.audit.record.runs import Run

_ALIASES = {"py.test": "pytest", "python3": "python", "nodejs": "node", "gradlew": "gradle", "mvnw": "mvn"}


def runs_command(claimed: str, run: Run) -> bool:
    """Return whether a run executed the claimed command, even with further arguments or as a part of a longer
    command.
    """
    if _collapse_spaces(claimed) in _collapse_spaces(run.command):
        return True
    wanted_steps = [step for step in parse_steps(claimed) if step.family != "quiet"] or list(parse_steps(claimed))
    return bool(wanted_steps) and all(
        any(_covers_step(step, wanted_step) for step in run.steps) for wanted_step in wanted_steps
    )


def runs_command_or_wrapper(claimed: str, run: Run) -> bool:
    """Return whether a run executed the claimed command, or a wrapper whose output names that command."""
    if runs_command(claimed, run):
        return True
    is_bare = re.fullmatch(r"\w+", claimed) is not None and any(is_wrapper(step) for step in run.steps)
    return is_bare and re.search(rf"\b{claimed}\b", run.text[:5_000], re.IGNORECASE) is not None


def programs_of(claimed: str) -> set[str]:
    """Return the programs that a command runs. Programs such as `cat` count only if there are no others."""
    steps = parse_steps(claimed)
    return {name for step in steps if step.family != "quiet" for name in (_program_name(step), step.program)} or {
        step.program for step in steps
    }


def runs_same_program(claimed: str, run: Run) -> bool:
    """Return whether a run executed the same program as the claimed command, whatever the arguments."""
    programs = programs_of(claimed)
    if any(_program_name(step) in programs for step in run.steps):
        return True
    only_shows = all(step.family == "quiet" for step in run.steps)
    return not only_shows and any(
        len(program) > 2 and re.search(rf"(?<![\w-]){re.escape(program)}(?![\w-])", run.command)
        for program in programs
    )


def _covers_step(step: Step, wanted_step: Step) -> bool:
    if _program_name(step) != _program_name(wanted_step):
        return False
    return {_normalize_argument(word) for word in wanted_step.words[1:]} <= {
        _normalize_argument(word) for word in step.words[1:]
    } | {
        "run",
        wanted_step.program,
    }


def _normalize_argument(word: str) -> str:
    return word.strip("'\"").removeprefix("./").rstrip("/")


def _program_name(step: Step) -> str:
    return _ALIASES.get(step.program, step.program)


def _collapse_spaces(text: str) -> str:
    return " ".join(text.replace("\\\n", " ").split())
