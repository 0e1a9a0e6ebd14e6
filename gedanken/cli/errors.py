"""Handles the errors of all commands: prints one line on standard error, and sets the exit code."""

import errno
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import typer

EXIT_CODES = {
    0: "done",
    1: "the experiment ended without a working program",
    2: "bad input",
    3: "no sandbox",
    4: "no model, or the connection to it was lost (finished work is kept)",
    5: "the report of a run could not be made (the run is kept)",
    6: "a program waits for approval",
    7: "the budget of a run is used up (the run is kept)",
    130: "interrupted",
}
EXIT_NO_REPORT = 5
"""Exit code of `run` if the run is complete and stored, but its report could not be made."""
_CACHE_ADVICE = "set GEDANKEN_CACHE to another folder"
_SPACE_ADVICE = "; free some space"
_REMEDIES = {
    errno.ENOSPC: f"{_SPACE_ADVICE}, or {_CACHE_ADVICE}",
    errno.EDQUOT: f"{_SPACE_ADVICE}, or {_CACHE_ADVICE}",
    errno.EROFS: f"; if that is the cache, {_CACHE_ADVICE}",
    errno.EACCES: f"; if that is the cache, {_CACHE_ADVICE}",
}


def exit_codes(*codes: int) -> str:
    """Return a sentence for the help of a command with these exit codes (default: all) and their meanings."""
    meanings = (f"{code} {EXIT_CODES[code]}" for code in codes or EXIT_CODES)
    return f"Exit codes: {'; '.join(meanings)}."


@contextmanager
def handle_errors() -> Iterator[None]:
    """Turn an error that a user can act on into one line on standard error, and exit with its exit code. SIGTERM
    interrupts the command, as Ctrl-C does."""
    from gedanken.experiment.errors import GedankenError

    # Ctrl-C is ignored in a script that runs in the background, for example; SIGTERM must still interrupt it
    is_ignored = signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    interrupt = signal.default_int_handler if is_ignored else lambda *_: signal.raise_signal(signal.SIGINT)
    signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    except GedankenError as error:
        fail(str(error), error.exit_code)
    except OSError as error:  # standard output is closed, or a disk is full
        fail(f"cannot read or write: {error}{_remedy(error)}", 2)
    except KeyboardInterrupt:
        fail("interrupted", 130)


def _remedy(error: OSError) -> str:
    """Return what the user can do about the error, to append to its message; often empty."""
    from gedanken.experiment.errors import GedankenError
    from gedanken.experiment.user_folders import cache_folder

    remedy = _REMEDIES.get(error.errno or 0, "")
    if not isinstance(error.filename, str):
        return remedy
    # another cache folder helps only if the error may concern the cache
    try:
        if Path(error.filename).absolute().is_relative_to(cache_folder()):
            return remedy
    except GedankenError:
        return remedy
    return _SPACE_ADVICE if error.errno in (errno.ENOSPC, errno.EDQUOT) else ""


def fail(message: str, exit_code: int) -> NoReturn:
    """Print the message as one line on standard error, and exit with the code."""
    print_message(message)
    raise typer.Exit(exit_code)


def print_message(message: str) -> None:
    """Print the message as one line on standard error."""
    from gedanken.experiment.escaping import harmless

    print(f"gedanken: {harmless(' '.join(message.split()))}", file=sys.stderr)
