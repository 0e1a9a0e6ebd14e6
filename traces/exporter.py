"""Defines the interface of exporters, which receive a run's trace entry by entry: once when an entry begins, once
when it ends.
"""

from pathlib import Path
from typing import Any, Protocol, runtime_checkable


@runtime_checkable
class Exporter(Protocol):
    """A destination for the entries of one run tree.

    The root keeps its id when the run is resumed: it begins and ends once in each process that works on it, and once
    for each question to a person. All other entries begin and end once.
    """

    def begin(self, run: dict[str, Any]) -> None:
        """Receive an entry that begins; the process may die before the entry ends."""

    def export(self, run: dict[str, Any]) -> None:
        """Receive an entry that ended: the fields of a LangSmith run as plain values, of limited size and without API
        keys."""

    def close(self) -> None:
        """Finish: there are no more entries."""


class OpensExporter(Protocol):
    """A function that opens an exporter. A plug-in registers it as an entry point in `gedanken.exporters`; every run
    uses all that are installed.
    """

    def __call__(self, folder: Path, /) -> Exporter:
        """Open the exporter for the run in `folder`."""
