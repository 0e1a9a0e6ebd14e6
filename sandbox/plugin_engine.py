"""Wraps the engine of a plug-in, so that any exception in its code becomes a NoSandbox."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from gedanken.experiment.errors import GedankenError, NoSandbox
from gedanken.experiment.plugins import Plugin
from gedanken.sandbox.engine import Engine, EngineLost, Job, Order


@dataclass(frozen=True, slots=True)
class PluginEngine:
    """A plug-in's engine whose methods raise no exceptions but GedankenError and EngineLost."""

    plugin: Plugin
    engine: Engine

    @property
    def name(self) -> str:
        """Name of the plug-in's engine."""
        with self._guarded():
            return self.engine.name

    @property
    def asks_for_gpus(self) -> bool:
        """True if the plug-in's engine says that GPUs are requested."""
        with self._guarded():
            return self.engine.asks_for_gpus

    @property
    def contents(self) -> str:
        """The image or environment that programs run in."""
        with self._guarded():
            return self.engine.contents

    def start(self, order: Order) -> Job:
        """Start a command; see Engine.start."""
        with self._guarded():
            return self.engine.start(order)

    def find(self, order: Order) -> Job | None:
        """Return the job that an earlier gedanken process left; see Engine.find."""
        with self._guarded():
            return self.engine.find(order)

    def clear(self, session: Path) -> None:
        """Remove the containers and processes that a session's commands left; see Engine.clear."""
        with self._guarded():
            self.engine.clear(session)

    def not_enforced(self) -> tuple[str, ...]:
        """List what the plug-in's engine cannot enforce here."""
        with self._guarded():
            return tuple(self.engine.not_enforced())

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        try:
            yield
        except (GedankenError, EngineLost):
            raise
        except (Exception, SystemExit) as error:
            raise NoSandbox(str(self.plugin.failure_error(error))) from error
