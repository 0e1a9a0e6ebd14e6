"""Reading the files that a user names."""

from importlib.resources.abc import Traversable
from pathlib import Path

from experiment.errors import BadInput

MOST_BYTES = 1 << 20
"""Of a file that a person writes: a script, a program, an experiment."""


def read_text(path: Path | Traversable, what: object, most_bytes: int = MOST_BYTES) -> str:
    """The text of a file in UTF-8. Raises BadInput, in which the file is called `what`."""
    try:
        return read_bytes(path, what, most_bytes).decode()
    except UnicodeDecodeError as error:
        raise BadInput(f"{what}: not a text file") from error


def read_bytes(path: Path | Traversable, what: object, most_bytes: int = MOST_BYTES) -> bytes:
    """What a file holds. Raises BadInput, in which the file is called `what`."""
    try:
        with path.open("rb") as file:
            content = file.read(most_bytes + 1)
    except OSError as error:
        raise BadInput(f"{what}: {error.strerror}") from error
    if len(content) > most_bytes:
        raise BadInput(f"{what}: larger than {most_bytes} bytes")
    return content
