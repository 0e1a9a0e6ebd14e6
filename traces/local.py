"""The exporter that is built in: a file beside the results, in LangSmith's own post and patch lines."""

import json
from pathlib import Path
from typing import Any

TRACE = "trace.jsonl"
_KNOWN = ("inputs", "name", "tags")
"""Stand in the line of a run that began, and are not said again."""


class LocalFile:
    """Writes a line when a run begins (`post`) and one when it ends (`patch`): a killed process leaves what had begun
    until then.
    """

    def __init__(self, path: Path) -> None:
        """Write to `path`, which is made or added to."""
        self._file = path.open("a", encoding="utf-8")

    def begin(self, run: dict[str, Any]) -> None:
        """Write the line of a run that begins."""
        self._write("post", run)

    def export(self, run: dict[str, Any]) -> None:
        """Write the line of a run that ended."""
        self._write("patch", {name: value for name, value in run.items() if name not in _KNOWN})

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _write(self, kind: str, run: dict[str, Any]) -> None:
        if not self._file.closed:
            self._file.write(json.dumps({kind: run}) + "\n")
            self._file.flush()


def open_local(folder: Path) -> LocalFile:
    """Write to `trace.jsonl` in this folder."""
    return LocalFile(folder / TRACE)
