"""Plug-ins: what an installed distribution adds under one of our groups of entry points.

Built-in ones come in by the same door. Nothing of a plug-in is imported before it is asked for by name. A plug-in is
code that the user installed and trusts; what a run folder or a transcript says never names one to be loaded.
"""

from collections.abc import Iterator
from importlib.metadata import EntryPoint, entry_points
from typing import Any, NamedTuple

from gedanken.experiment.errors import BadInput

MACHINES = "gedanken.machines"
GROUPS = (MACHINES,)
OURS = "gedanken"


class Plugin(NamedTuple):
    """One name in a group, and the distribution that adds it."""

    group: str
    name: str
    distribution: str
    version: str
    entry: EntryPoint

    def load(self) -> Any:
        """Import it. Raises BadInput, naming the distribution, when that does not work."""
        try:
            return self.entry.load()
        except (Exception, SystemExit) as error:
            said = " ".join(str(error).split())[:200] or type(error).__name__
            raise BadInput(f"{self.name} of {self.distribution} ({self.group}) cannot be loaded: {said}") from error


def installed(group: str) -> Iterator[Plugin]:
    """All that is installed in a group, of a name the one that is used first: ours, then by distribution."""
    found = {
        (entry.name, entry.dist.name, entry.value): Plugin(
            group, entry.name, entry.dist.name, entry.dist.version, entry
        )
        for entry in entry_points(group=group)
        if entry.dist is not None
    }
    yield from sorted(found.values(), key=lambda each: (each.name, each.distribution != OURS, each.distribution))


def by_name(group: str) -> dict[str, Plugin]:
    """The one that is used of every name."""
    chosen: dict[str, Plugin] = {}
    for each in installed(group):
        chosen.setdefault(each.name, each)
    return chosen
