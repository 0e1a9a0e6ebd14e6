"""The interface of exporters, which receive the entries of a run's trace."""

from pathlib import Path
from typing import Any, Protocol, runtime_checkable


@runtime_checkable
class Exporter(Protocol):
    """A destination for the entries of one run's trace. Each entry except the root begins and ends once.

    The root begins and ends once in each process, and again after each question to a person. Its id stays the same.
    """

    def begin(self, run: dict[str, Any]) -> None:
        """Receive an entry that begins. The process may die before the entry ends."""

    def export(self, run: dict[str, Any]) -> None:
        """Receive an entry that ended: a LangSmith run as plain values of limited size, without API keys."""

    def close(self) -> None:
        """Finish, because no more entries will come."""


class OpensExporter(Protocol):
    """A function that opens an exporter. Plug-ins register it under `gedanken.exporters`; each run uses all
    registered exporters.
    """

    def __call__(self, folder: Path, /) -> Exporter:
        """Open the exporter for the run in `folder`."""
