"""A file of the user's that is put on the machines."""

from pathlib import Path

from gedanken.experiment.errors import BadInput
from gedanken.experiment.files import read_text


def text_of(path: Path, most_bytes: int) -> str:
    """The text in a file. Raises BadInput for what is no text file, and for one that is larger than that."""
    if path.exists() and not path.is_file():
        raise BadInput(f"{path}: not a file")
    return read_text(path, path, most_bytes)
