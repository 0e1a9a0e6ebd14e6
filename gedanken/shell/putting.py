"""A file of the user's that is put on the machines."""

import os
import stat
from pathlib import Path

from experiment.errors import BadInput


def text_of(path: Path, most_bytes: int) -> str:
    """The text in a file. Raises BadInput for what is no text file, and for one that is larger than that."""
    try:
        # A named pipe that nobody writes to would keep the shell waiting, deaf to every signal.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise BadInput(f"{path}: not a file")
            with open(descriptor, "rb", closefd=False) as file:
                content = file.read(most_bytes + 1)
        finally:
            os.close(descriptor)
        text = content.decode()
    except OSError as error:
        raise BadInput(f"{path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise BadInput(f"{path}: not a text file") from error
    if len(content) > most_bytes:
        raise BadInput(f"{path}: larger than {most_bytes} bytes")
    return text
