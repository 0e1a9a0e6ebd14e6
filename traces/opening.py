"""Opens all installed exporters for a run; reports and leaves out those that fail."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

from gedanken.experiment.errors import BadInput, GedankenError
from gedanken.experiment.files import Inside
from gedanken.experiment.plugins import EXPORTERS, Plugin, by_name
from gedanken.experiment.progress import Progress
from gedanken.traces.attempts import Left, left_of
from gedanken.traces.cleaning import ATTEMPT, OTLP
from gedanken.traces.exporter import Exporter
from gedanken.traces.langsmith import open_langsmith
from gedanken.traces.local import MOST_TRACE_BYTES, TRACE, read_local
from gedanken.traces.tracer import ExportersClient, tracer_to


@contextmanager
def traced(
    folder: Path, asked: dict[str, Any], progress: Progress, collector: str | None = None
) -> Iterator[dict[str, Any]]:
    """Yield the LangChain config that traces the run in `folder`, in one tree with earlier processes.

    `asked` becomes the root's input; `collector` is an OpenTelemetry collector that also gets the trace. Raises
    BadInput if the built-in exporter is not installed.
    """
    left = _left(folder, progress)
    exporters = _exporters(folder, progress)
    if collector is not None:
        from gedanken.traces.otlp import Otlp

        exporters.append(Otlp(collector, progress, [str(left.root)] if left and left.is_sent else []))
    client = ExportersClient(exporters, left, asked)
    try:
        metadata = {ATTEMPT: left.attempts + 1 if left else 1} | ({OTLP: True} if collector else {})
        yield {"callbacks": [tracer_to(client)], "metadata": metadata, "run_id": left.root if left else uuid4()}
    finally:
        client.close()


def _left(folder: Path, progress: Progress) -> Left | None:
    if not (folder / TRACE).exists():
        return None
    try:
        return left_of(read_local(Inside(folder, MOST_TRACE_BYTES)))
    except BadInput as error:
        progress.say(f"the earlier trace cannot be continued, so this process starts a new one: {error}")
        return None


def _exporters(folder: Path, progress: Progress) -> list[Exporter]:
    plugins = sorted(by_name(EXPORTERS).values(), key=lambda each: not each.is_ours)
    langsmith = open_langsmith()
    return [
        *(each for plugin in plugins for each in _opened(plugin, folder, progress)),
        *([langsmith] if langsmith else []),
    ]


def _opened(plugin: Plugin, folder: Path, progress: Progress) -> Iterator[Exporter]:
    if plugin.is_ours:
        yield plugin.load()(folder)
        return
    try:
        opens = plugin.load()
        with plugin.guarded():
            exporter = opens(folder)
            if not isinstance(exporter, Exporter):
                raise plugin.wrong(exporter, "an Exporter")
    except GedankenError as error:
        progress.say(f"an exporter was left out: {error}")
        return
    yield _Guarded(plugin, exporter, progress)


class _Guarded:
    """Passes entries to a plug-in's exporter until the exporter fails, and reports this failure."""

    def __init__(self, plugin: Plugin, exporter: Exporter, progress: Progress) -> None:
        """Pass all entries to `exporter` until it fails."""
        self._plugin, self._exporter, self._progress, self._works = plugin, exporter, progress, True

    def begin(self, run: dict[str, Any]) -> None:
        """Pass on an entry that begins."""
        self._hand_on(lambda exporter: exporter.begin(run))

    def export(self, run: dict[str, Any]) -> None:
        """Pass on an entry that ended."""
        self._hand_on(lambda exporter: exporter.export(run))

    def _hand_on(self, call: Callable[[Exporter], None]) -> None:
        if self._works:
            try:
                call(self._exporter)
            except (Exception, SystemExit) as error:
                self._fail(error)

    def close(self) -> None:
        """Close the exporter even if it failed, because it may hold resources."""
        try:
            self._exporter.close()
        except (Exception, SystemExit) as error:
            if self._works:
                self._fail(error)

    def _fail(self, error: BaseException) -> None:
        self._works = False
        self._progress.say(f"an exporter was left out: {self._plugin.failed(error)}")
