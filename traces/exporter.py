"""Defines the interface of exporters. An exporter receives each entry of a run's trace twice: when the entry begins,
and when it ends.
"""

from pathlib import Path
from typing import Any, Protocol, runtime_checkable


@runtime_checkable
class Exporter(Protocol):
    """A destination for the entries of one run tree.

    All entries but the root begin and end once. The root begins and ends once in each process that works on the run,
    and once more after each question to a person. The id of the root never changes.
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
    uses all installed exporters.
    """

    def __call__(self, folder: Path, /) -> Exporter:
        """Open the exporter for the run in `folder`."""
