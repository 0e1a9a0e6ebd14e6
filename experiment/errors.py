"""Errors that the user can act on. Each carries the exit code that the command line documents."""

from pathlib import Path

from gedanken.experiment.secrets import redacted
from gedanken.experiment.suggested_command import suggested_command


class GedankenError(Exception):
    """Base class of every error that is shown to the user as one line, without a traceback."""

    exit_code = 1

    def __init__(self, message: str) -> None:
        """Store the message, with API keys removed."""
        super().__init__(redacted(message))


class BadInput(GedankenError):
    """The user's input cannot be used: an unknown key, a missing file, an impossible value."""

    exit_code = 2


class NotStored(BadInput):
    """A run's ledger lacks the entry of an executed command or a sent request."""


class NoSandbox(GedankenError):
    """No real machine is available; the message says what to install or start."""

    exit_code = 3


class NoModel(GedankenError):
    """The language model cannot be reached or loaded; the message says what to set."""

    exit_code = 4


class RequestRefused(NoModel):
    """The model's server refused a request that the run cannot go on without. A resumed run does not send it
    again.
    """

    SAID = "this request is not sent again, so resuming the run does not help"

    def __init__(self, reason: str, line: int | None = None) -> None:
        """`reason` is the server's error; `line` is the script line, counted from 1, or None for a boot command."""
        fork = f"use `gedanken fork RUN --at {line} --model …` (another model from that line on), or " if line else ""
        super().__init__(f"{reason}; {self.SAID}; {fork}start a new run")


class BudgetSpent(NoModel):
    """A run has used up its budget."""

    exit_code = 7
    SAID = "the budget is used up"

    def __init__(self, spent: str, folder: Path) -> None:
        """`spent` says which limit is used up; `folder` is the run's folder."""
        super().__init__(
            f"{self.SAID} ({spent}); finished work is kept; to continue with a larger budget: "
            f"{suggested_command('gedanken resume', folder)} --budget …"
        )


class Interrupted(GedankenError):
    """A person interrupted a run."""

    exit_code = 130

    def __init__(self, folder: Path | None = None) -> None:
        """`folder` is the run's folder; None if there is nothing to continue."""
        continuation = f"; to continue: {suggested_command('gedanken resume', folder)}" if folder else ""
        super().__init__(f"interrupted{continuation}")


class AwaitsApproval(GedankenError):
    """A program needs a person's approval before it may run, and no person is present."""

    exit_code = 6

    def __init__(self, label: str, folder: Path) -> None:
        """`label` is the program's label, `folder` the run's folder."""
        super().__init__(
            f"{label} waits for approval; to look at it, and to say whether it may run: "
            f"{suggested_command('gedanken approve', folder)}"
        )
