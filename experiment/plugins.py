"""Plug-ins: objects that an installed distribution adds under an entry-point group of gedanken."""

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
"""For each group, the names that no plug-in may have, because command-line options give these names another meaning.
"""
OUT_OF_DATE = "run script/bootstrap (the installation is out of date)"
_MAX_ERROR_CHARACTERS = 200
"""Maximum number of characters shown of an error message from a plug-in's code."""


class Plugin(NamedTuple):
    """One name in an entry-point group, and the distribution that adds it."""

    group: str
    name: str
    distribution: str
    version: str
    entry: EntryPoint

    @property
    def is_ours(self) -> bool:
        """True if the plug-in is part of gedanken."""
        return self.distribution == OURS

    def load(self) -> Any:
        """Import the plug-in. Raises BadInput, naming the distribution, if that fails."""
        try:
            return self.entry.load()
        except (Exception, SystemExit) as error:
            remedy = f"; {OUT_OF_DATE}" if self.is_ours else ""
            raise BadInput(f"{self} cannot be loaded: {_format_error(error)}{remedy}") from error

    @contextmanager
    def guarded(self, *allowed: type[Exception]) -> Iterator[None]:
        """Turn an exception in the plug-in's code into a BadInput that names the plug-in.

        Exceptions in `allowed`, every GedankenError, and exceptions of built-in plug-ins pass unchanged.
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
            raise self.failure_error(error) from error

    def failure_error(self, error: BaseException) -> BadInput:
        """Return the error to raise when the plug-in's code raised an exception."""
        return BadInput(f"{self} failed: {_format_error(error)}")

    def wrong_type_error(self, value: object, expected: str) -> BadInput:
        """Return the error to raise when the plug-in returned a value of the wrong type."""
        return BadInput(f"{self} returned a {type(value).__name__} where {expected} was expected")

    def __str__(self) -> str:
        """Return name, distribution and group, for example `toaster of throwaway (gedanken.machines)`."""
        return f"{self.name} of {self.distribution} ({self.group})"


def installed_plugins(group: str) -> Iterator[Plugin]:
    """Yield the plug-ins of a group, sorted by name.

    If several plug-ins have the same name, the built-in one comes first; the others are sorted by distribution.
    """
    plugins = {
        (entry.name, entry.dist.name, entry.value): Plugin(
            group, entry.name, entry.dist.name, entry.dist.version, entry
        )
        for entry in entry_points(group=group)
        if entry.dist is not None
    }
    yield from sorted(plugins.values(), key=lambda plugin: (plugin.name, not plugin.is_ours, plugin.distribution))


def plugins_by_name(group: str) -> dict[str, Plugin]:
    """Return the plug-in to use for each name in a group. Raises BadInput if the group has no built-in plug-in."""
    selected: dict[str, Plugin] = {}
    for plugin in installed_plugins(group):
        if plugin.name not in RESERVED.get(group, ()):
            selected.setdefault(plugin.name, plugin)
    if not any(plugin.is_ours for plugin in selected.values()):
        raise BadInput(f"gedanken's own plug-ins of {group} are missing: {OUT_OF_DATE}")
    return selected


def _format_error(error: BaseException) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())[:_MAX_ERROR_CHARACTERS].removesuffix(":")
