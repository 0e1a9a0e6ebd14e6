"""Reads a user's file before it is copied to the machines."""

from pathlib import Path

from gedanken.experiment.errors import BadInput
from gedanken.experiment.files import read_text


def read_upload(path: Path, most_bytes: int) -> str:
    """Return the text in a file. Raises BadInput if the file is unreadable, is not a text file, or is larger than
    `most_bytes`.
    """
    if path.exists() and not path.is_file():
        raise BadInput(f"{path}: not a file")
    return read_text(path, path, most_bytes)
