"""Every exporter that is installed, opened for a run; one that does not work is said, and left out."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from gedanken.experiment.errors import GedankenError
from gedanken.experiment.plugins import EXPORTERS, Plugin, by_name
from gedanken.experiment.progress import Progress
from gedanken.traces.exporter import Exporter
from gedanken.traces.tracer import ExportersClient


def open_exporters(folder: Path, progress: Progress) -> ExportersClient:
    """Export the run that is kept in `folder`. Raises BadInput where what is built in is not installed."""
    plugins = sorted(by_name(EXPORTERS).values(), key=lambda each: not each.is_ours)
    return ExportersClient([each for plugin in plugins for each in _opened(plugin, folder, progress)])


def _opened(plugin: Plugin, folder: Path, progress: Progress) -> Iterator[Exporter]:
    if plugin.is_ours:
        yield plugin.load()(folder)
        return
    try:
        opens = plugin.load()
        with plugin.guarded():
            exporter = opens(folder)
            if not isinstance(exporter, Exporter):
                raise plugin.wrong(exporter, "Exporter")
    except GedankenError as error:
        progress.say(f"an exporter was left out: {error}")
        return
    yield _Guarded(plugin, exporter, progress)


class _Guarded:
    """An exporter of a plug-in: the first time that it fails is said, and it is asked nothing more."""

    def __init__(self, plugin: Plugin, exporter: Exporter, progress: Progress) -> None:
        """All goes to `exporter` until it fails."""
        self._plugin, self._exporter, self._progress, self._works = plugin, exporter, progress, True

    def begin(self, run: dict[str, Any]) -> None:
        """Hand on a run that begins."""
        self._hand_on(lambda exporter: exporter.begin(run))

    def export(self, run: dict[str, Any]) -> None:
        """Hand on a run that ended."""
        self._hand_on(lambda exporter: exporter.export(run))

    def _hand_on(self, call: Callable[[Exporter], None]) -> None:
        if self._works:
            try:
                call(self._exporter)
            except (Exception, SystemExit) as error:
                self._fail(error)

    def close(self) -> None:
        """Say that nothing comes any more, even where it failed: it may hold something open."""
        try:
            self._exporter.close()
        except (Exception, SystemExit) as error:
            if self._works:
                self._fail(error)

    def _fail(self, error: BaseException) -> None:
        self._works = False
        self._progress.say(f"an exporter was left out: {self._plugin.failed(error)}")
