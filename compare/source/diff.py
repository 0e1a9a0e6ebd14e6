"""Compares two versions of a program, and judges whether an edit that a script asked for succeeded."""

import difflib
from typing import NamedTuple

from gedanken.experiment.execution import Cause, Execution
from gedanken.experiment.program import Edit, Program


class Diff(NamedTuple):
    """The changes from one version of a program to another."""

    text: str
    """Unified diff."""
    added: int
    """Number of added lines."""
    removed: int
    """Number of removed lines."""

    @property
    def size(self) -> str:
        """The numbers of added and removed lines, for example `+3 −1 lines`."""
        return f"+{self.added} −{self.removed} lines"


def judge_edit(problems: tuple[str, ...], execution: Execution) -> Edit:
    """Classify the result of an edit.

    It worked if there are no `problems`. Otherwise, the class depends on whether the program reached its end.
    """
    if not problems:
        return "worked"
    return "did something else" if execution.cause is Cause.FINISHED else "broke the program"


def judge_repeat(repeated: Program, base: Program) -> Edit:
    """Classify an edit of `base` for which the model returned a version that already exists, `repeated`.

    If `repeated` was made by an earlier edit of `base`, the result is that of the earlier edit.
    """
    if repeated.label == base.label:
        return "changed nothing"
    same_edit = repeated.base == base.label
    return (repeated.edit if same_edit else None) or "did something else"


def diff_of(base: Program, program: Program) -> Diff:
    """Return the unified diff from one version of a program to another."""
    before, after = base.source.splitlines(), program.source.splitlines()
    lines = list(difflib.unified_diff(before, after, f"{base.label}.py", f"{program.label}.py", lineterm=""))
    body = lines[2:]
    return Diff(
        "".join(f"{line}\n" for line in lines),
        sum(line.startswith("+") for line in body),
        sum(line.startswith("-") for line in body),
    )
