"""A version of a program that the coder wrote, or that was given."""

import hashlib
from dataclasses import dataclass
from typing import Literal

Edit = Literal["worked", "changed nothing", "broke the program", "did something else"]
"""What became of an edit. A program is broken where it does not come to its end."""


@dataclass(frozen=True, slots=True)
class Program:
    """One version of a file; every version is kept, the failed ones too."""

    name: str
    """File name in the working directory."""
    version: int
    source: str
    told: str
    """What the coder was asked; of a program that was given, where it comes from."""
    prompt: str
    """Which wording the coder got: `tell`, `checklist`, `edit` or `repair`; `given` where no coder was asked."""
    seed: int
    """Sampling seed of the coder's request."""
    line: int = 0
    """Index of the script line that asked for it."""
    works: bool | None = None
    """None until it has been executed."""
    problems: tuple[str, ...] = ()
    base: str | None = None
    """Label of the version that it was made from, by an edit, a repair or a change."""
    edit: Edit | None = None
    """What became of the edit that made it; None where none did, or until it is judged."""
    change: str | None = None
    """Name of the change that was made of a given program; None where it was given as it is."""

    @property
    def label(self) -> str:
        """Such as `train-v2`."""
        return f"{self.name.rsplit('.', 1)[0]}-v{self.version}"

    @property
    def given(self) -> bool:
        """Whether it was placed as it is: nothing was asked of it, so it is measured however it ends."""
        return self.prompt == "given"

    @property
    def sha256(self) -> str:
        """Of the source, UTF-8."""
        return hashlib.sha256(self.source.encode()).hexdigest()
