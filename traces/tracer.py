"""The run tree in LangSmith's own terms, cleaned, and handed to exporters."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, cast

from langchain_core.tracers.langchain import LangChainTracer

from gedanken.traces.attempts import Left
from gedanken.traces.cleaning import clean
from gedanken.traces.exporter import Exporter

if TYPE_CHECKING:
    from langchain_core.tracers.schemas import Run
    from langsmith import Client


class ExportersClient:
    """What LangSmith's tracer takes for its client: hands each run on when it begins and when it ends, as plain
    values, bounded, with no key in them.
    """

    def __init__(
        self, exporters: Sequence[Exporter], left: Left | None = None, asked: dict[str, Any] | None = None
    ) -> None:
        """All goes to each of the exporters. `left` is gone on with; `asked` is what the root was given."""
        self._exporters = tuple(exporters)
        self._open: dict[str, dict[str, Any]] = {}
        self._asked = asked
        self._starts = {str(left.root): left.start} if left else {}
        for run in left.closed if left else ():
            self._export(run)

    def create_run(self, **run: Any) -> None:
        """Hand on a run that begins."""
        if self._asked and run.get("parent_run_id") is None:
            run = {**run, "inputs": self._asked}
        begun = clean(run)
        if "parent_run_id" not in begun:
            self._starts[begun["id"]] = run["start_time"]
        self._open[begun["id"]] = begun
        for exporter in self._exporters:
            exporter.begin(begun)

    def update_run(self, **run: Any) -> None:
        """Hand on a run that ended."""
        ended = {name: value for name, value in clean({**run, "id": run["run_id"]}).items() if name != "inputs"}
        self._export({**self._open.pop(ended["id"], {}), **ended})

    def start_of(self, root: str) -> datetime | None:
        """When a root began that is gone on with, by this process or another."""
        return self._starts.get(root)

    def flush(self) -> None:
        """Do nothing: each run was handed on at once."""

    def close(self) -> None:
        """Close the exporters."""
        for exporter in self._exporters:
            exporter.close()

    def _export(self, run: dict[str, Any]) -> None:
        for exporter in self._exporters:
            exporter.export(run)


class _Tracer(LangChainTracer):
    """The tracer of LangSmith, whose root may be one that was begun before: by another process, or until a person
    was asked.

    LangChain copies tracers through their constructor, so what it needs is kept by its client.
    """

    def _start_trace(self, run: "Run") -> None:
        if start := cast("ExportersClient", self.client).start_of(str(run.id)):
            run.start_time = start
        super()._start_trace(run)


def tracer_to(client: ExportersClient) -> LangChainTracer:
    """A tracer whose runs go to `client`. With it among a run's callbacks the environment's own tracing is off."""
    return _Tracer(client=cast("Client", client))
