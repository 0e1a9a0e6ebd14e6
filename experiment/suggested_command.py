"""Writes the commands that messages suggest to the user."""

import shlex
from pathlib import Path


def suggested_command(command: str, path: Path) -> str:
    """Return a command line that applies `command` to a file or folder, quoted for the shell."""
    name = str(path)
    return f"{command} {shlex.quote(f'./{name}' if name.startswith('-') else name)}"  # else it would be an option
