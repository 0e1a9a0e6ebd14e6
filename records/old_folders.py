"""What run folders of earlier versions write otherwise, read as today's."""

from typing import Any

from gedanken.experiment.execution import Origin


def origin_of(entry: dict[str, Any]) -> object:
    """Where an execution comes from, as its entry says; entries of old number what was imagined as samples."""
    return entry.get("origin", Origin.REAL if entry.get("sample") is None else Origin.IMAGINED)


def reply_key(entry: dict[str, Any]) -> str:
    """The key that names the reply of a model; earlier folders keep it where a real run keeps its terminal."""
    return "raw_reply" if entry.get("raw_reply") else "terminal"
