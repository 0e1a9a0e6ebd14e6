"""Errors a user can act on. Each carries the exit code that the command line documents."""

import shlex
from pathlib import Path

from gedanken.experiment.secrets import redacted


class GedankenError(Exception):
    """Base of every error that is shown to the user as one line, without a traceback."""

    exit_code = 1

    def __init__(self, message: str) -> None:
        """The message is shown, and stands in results: no key of this process is in it."""
        super().__init__(redacted(message))


class BadInput(GedankenError):
    """What the user gave cannot be used: an unknown key, a missing file, an impossible value."""

    exit_code = 2


class NotKept(BadInput):
    """What must come from a ledger is not in it."""


class NoSandbox(GedankenError):
    """No real machine can be had; the message says what to install or start."""

    exit_code = 3


class NoModel(GedankenError):
    """The language model cannot be reached or loaded; the message says what to set."""

    exit_code = 4


class BudgetSpent(NoModel):
    """A run has used what it was allowed to use."""

    exit_code = 7

    def __init__(self, spent: str, folder: Path) -> None:
        """`spent` says what is used up, `folder` is that of the run."""
        super().__init__(
            f"the budget is used up ({spent}); what was done is kept; to go on with more in all: "
            f"gedanken resume {shlex.quote(str(folder))} --budget …"
        )


class Interrupted(GedankenError):
    """A person had a run end before its end."""

    exit_code = 130

    def __init__(self, folder: Path) -> None:
        """`folder` is that of the run."""
        super().__init__(f"interrupted; to go on: gedanken resume {shlex.quote(str(folder))}")


class AwaitsApproval(GedankenError):
    """A program waits for a person to say whether it may run, and no person is there."""

    exit_code = 6

    def __init__(self, label: str, folder: Path) -> None:
        """`label` is the program's, `folder` that of the run."""
        super().__init__(
            f"{label} waits for approval; to look at it, and to say whether it may run: "
            f"gedanken approve {shlex.quote(str(folder))}"
        )
