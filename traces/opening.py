"""Opens all installed exporters for a run. An exporter that fails is reported and left out."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

from gedanken.experiment.errors import BadInput, GedankenError
from gedanken.experiment.files import UntrustedFolder
from gedanken.experiment.plugins import EXPORTERS, Plugin, plugins_by_name
from gedanken.experiment.progress import Progress
from gedanken.traces.attempts import EarlierTrace, earlier_trace
from gedanken.traces.cleaning import ATTEMPT, OTLP
from gedanken.traces.exporter import Exporter
from gedanken.traces.langsmith import open_langsmith
from gedanken.traces.local import MOST_TRACE_BYTES, TRACE, read_local
from gedanken.traces.tracer import ExportersClient, tracer_to


@contextmanager
def traced(
    folder: Path, root_input: dict[str, Any], progress: Progress, collector: str | None = None
) -> Iterator[dict[str, Any]]:
    """Yield the LangChain config that traces the run in `folder`, in the same tree as earlier processes did.

    `root_input` becomes the input of the root entry. The trace is also sent to `collector`, the address of an
    OpenTelemetry collector, if given. Raises BadInput if the built-in exporter is not installed.
    """
    earlier_trace = _read_earlier_trace(folder, progress)
    exporters = _exporters(folder, progress)
    if collector is not None:
        from gedanken.traces.otlp import Otlp

        exporters.append(
            Otlp(collector, progress, [str(earlier_trace.root)] if earlier_trace and earlier_trace.is_sent else [])
        )
    client = ExportersClient(exporters, earlier_trace, root_input)
    try:
        metadata = {ATTEMPT: earlier_trace.attempts + 1 if earlier_trace else 1} | ({OTLP: True} if collector else {})
        yield {
            "callbacks": [tracer_to(client)],
            "metadata": metadata,
            "run_id": earlier_trace.root if earlier_trace else uuid4(),
        }
    finally:
        client.close()


def _read_earlier_trace(folder: Path, progress: Progress) -> EarlierTrace | None:
    if not (folder / TRACE).exists():
        return None
    try:
        return earlier_trace(read_local(UntrustedFolder(folder, MOST_TRACE_BYTES)))
    except BadInput as error:
        progress.say(f"the earlier trace cannot be continued, so this process starts a new one: {error}")
        return None


def _exporters(folder: Path, progress: Progress) -> list[Exporter]:
    plugins = sorted(plugins_by_name(EXPORTERS).values(), key=lambda plugin: not plugin.is_ours)
    langsmith = open_langsmith()
    return [
        *(exporter for plugin in plugins for exporter in _open_plugin(plugin, folder, progress)),
        *([langsmith] if langsmith else []),
    ]


def _open_plugin(plugin: Plugin, folder: Path, progress: Progress) -> Iterator[Exporter]:
    if plugin.is_ours:
        yield plugin.load()(folder)
        return
    try:
        open_exporter = plugin.load()
        with plugin.guarded():
            exporter = open_exporter(folder)
            if not isinstance(exporter, Exporter):
                raise plugin.wrong_type_error(exporter, "an Exporter")
    except GedankenError as error:
        progress.say(f"an exporter was left out: {error}")
        return
    yield _GuardedExporter(plugin, exporter, progress)


class _GuardedExporter:
    """Passes entries to a plug-in's exporter until the exporter fails, and reports this failure."""

    def __init__(self, plugin: Plugin, exporter: Exporter, progress: Progress) -> None:
        self._plugin, self._exporter, self._progress, self._is_working = plugin, exporter, progress, True

    def begin(self, run: dict[str, Any]) -> None:
        self._forward(lambda exporter: exporter.begin(run))

    def export(self, run: dict[str, Any]) -> None:
        self._forward(lambda exporter: exporter.export(run))

    def _forward(self, call: Callable[[Exporter], None]) -> None:
        if self._is_working:
            try:
                call(self._exporter)
            except (Exception, SystemExit) as error:
                self._fail(error)

    def close(self) -> None:
        """Close the exporter even if it failed, because it may hold resources."""
        try:
            self._exporter.close()
        except (Exception, SystemExit) as error:
            if self._is_working:
                self._fail(error)

    def _fail(self, error: BaseException) -> None:
        self._is_working = False
        self._progress.say(f"an exporter was left out: {self._plugin.failure_error(error)}")
