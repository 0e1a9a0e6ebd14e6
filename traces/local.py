"""The exporter that is built in: a file beside the results, a line of JSON for each run of the tree."""

import json
from pathlib import Path
from typing import Any


class LocalFile:
    """Writes a run when it ends, so that a killed process leaves what had ended until then."""

    def __init__(self, path: Path) -> None:
        """Write to `path`, which is made or added to."""
        self._file = path.open("a", encoding="utf-8")

    def export(self, run: dict[str, Any]) -> None:
        """Write one line."""
        if not self._file.closed:
            self._file.write(json.dumps(run) + "\n")
            self._file.flush()

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def open_local(folder: Path) -> LocalFile:
    """Write to `trace.jsonl` in this folder."""
    return LocalFile(folder / "trace.jsonl")
