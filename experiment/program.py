"""Versions of a program, written by the coder or supplied with the experiment."""

import hashlib
from dataclasses import dataclass
from typing import Literal

Edit = Literal["worked", "changed nothing", "broke the program", "did something else"]
"""The result of an edit. `broke the program`: it no longer runs to its end."""


@dataclass(frozen=True, slots=True)
class Program:
    """One version of a file. Every version is kept, also those that failed."""

    name: str
    """File name in the working directory."""
    version: int
    source: str
    told: str
    """The instruction that the coder was given; for a supplied program, where it comes from."""
    prompt: str
    """The prompt wording that the coder received: `tell`, `checklist`, `edit` or `repair`; `given` if no coder was
    asked."""
    seed: int
    """Sampling seed of the request to the coder."""
    line: int = 0
    """Index of the script line that asked for it."""
    works: bool | None = None
    """None until it has been executed."""
    problems: tuple[str, ...] = ()
    base: str | None = None
    """Label of the version that it was made from, by an edit, a repair or a change."""
    edit: Edit | None = None
    """Result of the edit that made it; None if it was not made by an edit, or if the edit has not been judged yet."""
    change: str | None = None
    """Name of the change that was applied to a supplied program; None if it was used unchanged."""

    @property
    def label(self) -> str:
        """For example `train-v2`."""
        return f"{self.name.rsplit('.', 1)[0]}-v{self.version}"

    @property
    def given(self) -> bool:
        """True if the program was supplied with the experiment. It has no task to fulfil, so it is measured however
        it ends.
        """
        return self.prompt == "given"

    @property
    def sha256(self) -> str:
        """Hash of the source in UTF-8."""
        return hashlib.sha256(self.source.encode()).hexdigest()
