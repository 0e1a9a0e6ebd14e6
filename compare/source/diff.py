"""Edits that a program was told to undergo: what became of each, and what it changed."""

import difflib
from typing import NamedTuple

from gedanken.experiment.execution import Cause, Execution
from gedanken.experiment.program import Edit, Program


class Diff(NamedTuple):
    """What a version changed of the one it was made from."""

    text: str
    """A unified diff."""
    added: int
    """Lines."""
    removed: int
    """Lines."""

    @property
    def size(self) -> str:
        """Such as `+3 −1 lines`."""
        return f"+{self.added} −{self.removed} lines"


def judge_edit(problems: tuple[str, ...], execution: Execution) -> Edit:
    """What became of an edit whose program was run. One that does not come to its end is broken."""
    if not problems:
        return "worked"
    return "did something else" if execution.cause is Cause.FINISHED else "broke the program"


def judge_repeat(repeated: Program, base: Program) -> Edit:
    """What became of an edit whose reply was an earlier version once more."""
    if repeated.label == base.label:
        return "changed nothing"
    same_edit = repeated.base == base.label
    return (repeated.edit if same_edit else None) or "did something else"


def diff_of(base: Program, program: Program) -> Diff:
    """The unified diff from one version of a program to another."""
    before, after = base.source.splitlines(), program.source.splitlines()
    lines = list(difflib.unified_diff(before, after, f"{base.label}.py", f"{program.label}.py", lineterm=""))
    body = lines[2:]
    return Diff(
        "".join(f"{line}\n" for line in lines),
        sum(line.startswith("+") for line in body),
        sum(line.startswith("-") for line in body),
    )
