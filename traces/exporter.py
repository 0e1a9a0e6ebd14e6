"""What an exporter is: it takes the tree of what ran, run by run, as each begins and ends."""

from pathlib import Path
from typing import Any, Protocol, runtime_checkable


@runtime_checkable
class Exporter(Protocol):
    """Somewhere that the runs of one tree go.

    The root has one id for as long as the run is gone on with: it begins, and ends, once in each process that works
    on it, and each time that a person was asked. All others begin and end once.
    """

    def begin(self, run: dict[str, Any]) -> None:
        """Take one run that begins; its process may die before it ends."""

    def export(self, run: dict[str, Any]) -> None:
        """Take one run that ended: the fields of a LangSmith run as plain values, bounded, with no key in them."""

    def close(self) -> None:
        """Nothing comes any more."""


class OpensExporter(Protocol):
    """What an entry point in `gedanken.exporters` names. Every one that is installed is used in every run."""

    def __call__(self, folder: Path, /) -> Exporter:
        """Begin, for the run that is kept in `folder`."""
