"""Versions of a program, written by the coder or supplied with the experiment."""

import hashlib
from dataclasses import dataclass
from typing import Literal

Edit = Literal["worked", "changed nothing", "broke the program", "did something else"]
"""The result of an edit. `changed nothing`: at most comments and layout changed. `broke the program`: the program no
longer runs to its end. `did something else`: the program runs, but without the requested edit.
"""


@dataclass(frozen=True, slots=True)
class Program:
    """One version of a program file. Every version is stored, including those that failed."""

    name: str
    """File name in the working directory."""
    version: int
    source: str
    told: str
    """The instruction that the coder was given. For a supplied program, the file or package that it comes from."""
    prompt: str
    """The kind of prompt that the coder received: `tell`, `checklist`, `edit` or `repair`; `person` if a person
    edited the program; `given` if it was supplied."""
    seed: int
    """Sampling seed of the request to the coder."""
    line: int = 0
    """Index, counted from 0, of the script line that asked for the program."""
    works: bool | None = None
    """True if the program does its task; None until it has been executed."""
    problems: tuple[str, ...] = ()
    base: str | None = None
    """Label of the version from which this one was made by an edit, a repair or a change; None if there is none."""
    edit: Edit | None = None
    """Result of the edit that made this version; None if no edit made it, or if the edit has not been judged yet."""
    change: str | None = None
    """Name of the change that was made to a supplied program, for example `learning rate x10`; None for no change."""

    @property
    def label(self) -> str:
        """The file name without `.py` and the version, for example `train-v2`."""
        return f"{self.name.rsplit('.', 1)[0]}-v{self.version}"

    @property
    def given(self) -> bool:
        """True if the program was supplied by the user. It has no task, so it is measured even if it fails."""
        return self.prompt == "given"

    @property
    def sha256(self) -> str:
        """Hash of the source in UTF-8."""
        return hashlib.sha256(self.source.encode()).hexdigest()
