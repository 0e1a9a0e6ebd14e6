"""Plug-ins: what an installed distribution adds under one of our groups of entry points.

Built-in ones come in by the same door. Nothing of a plug-in is imported before it is asked for. A plug-in is code
that the user installed and trusts; what a run folder or a transcript says never names one to be loaded.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import EntryPoint, entry_points
from typing import Any, NamedTuple

from gedanken.experiment.errors import BadInput, GedankenError

MACHINES = "gedanken.machines"
CHECKS = "gedanken.checks"
IMPORTERS = "gedanken.importers"
MODELS = "gedanken.models"
EXPORTERS = "gedanken.exporters"
PROBES = "gedanken.probes"
GROUPS = (MACHINES, MODELS, CHECKS, PROBES, EXPORTERS, IMPORTERS)
OURS = "gedanken"
RESERVED = {MACHINES: ("auto",)}
"""Names that mean something else where a plug-in is asked for by name."""
OUT_OF_DATE = "run script/bootstrap (the installation is out of date)"
_MOST = 200
"""Characters of what somebody else's code says went wrong."""


class Plugin(NamedTuple):
    """One name in a group, and the distribution that adds it."""

    group: str
    name: str
    distribution: str
    version: str
    entry: EntryPoint

    @property
    def is_ours(self) -> bool:
        """Whether it is built in."""
        return self.distribution == OURS

    def load(self) -> Any:
        """Import it. Raises BadInput, naming the distribution, when that does not work."""
        try:
            return self.entry.load()
        except (Exception, SystemExit) as error:
            remedy = f"; {OUT_OF_DATE}" if self.is_ours else ""
            raise BadInput(f"{self} cannot be loaded: {_said(error)}{remedy}") from error

    @contextmanager
    def guarded(self, *allowed: type[Exception]) -> Iterator[None]:
        """Turn whatever the code of somebody else raises into BadInput that names it, but for what is `allowed`.

        Errors in gedanken itself are not wrapped.
        """
        try:
            yield
        except allowed:
            raise
        except GedankenError:
            raise
        except (Exception, SystemExit) as error:
            if self.is_ours:
                raise
            raise self.failed(error) from error

    def failed(self, error: BaseException) -> BadInput:
        """That its code raised this."""
        return BadInput(f"{self} failed: {_said(error)}")

    def wrong(self, got: object, wanted: str) -> BadInput:
        """That it gave something else than what its kind gives."""
        return BadInput(f"{self} returned a {type(got).__name__} where {wanted} was expected")

    def __str__(self) -> str:
        """Such as `toaster of throwaway (gedanken.machines)`."""
        return f"{self.name} of {self.distribution} ({self.group})"


def installed(group: str) -> Iterator[Plugin]:
    """The installed plug-ins of a group, by name; of equal names first the built-in one, then by distribution."""
    found = {
        (entry.name, entry.dist.name, entry.value): Plugin(
            group, entry.name, entry.dist.name, entry.dist.version, entry
        )
        for entry in entry_points(group=group)
        if entry.dist is not None
    }
    yield from sorted(found.values(), key=lambda each: (each.name, not each.is_ours, each.distribution))


def by_name(group: str) -> dict[str, Plugin]:
    """The one that is used of every name. Raises BadInput where not even the built-in ones are installed."""
    chosen: dict[str, Plugin] = {}
    for each in installed(group):
        if each.name not in RESERVED.get(group, ()):
            chosen.setdefault(each.name, each)
    if not any(each.is_ours for each in chosen.values()):
        raise BadInput(f"gedanken's own plug-ins of {group} are missing: {OUT_OF_DATE}")
    return chosen


def _said(error: BaseException) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())[:_MOST].removesuffix(":")
