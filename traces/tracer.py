"""Adapts LangSmith's tracer so that exporters receive its entries after they were cleaned."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, cast

from langchain_core.tracers.langchain import LangChainTracer

from gedanken.traces.attempts import EarlierTrace
from gedanken.traces.cleaning import clean
from gedanken.traces.exporter import Exporter

if TYPE_CHECKING:
    from langchain_core.tracers.schemas import Run
    from langsmith import Client


class ExportersClient:
    """Takes the place of LangSmith's client. It cleans each entry, and passes it to the exporters when it begins and
    when it ends.
    """

    def __init__(
        self,
        exporters: Sequence[Exporter],
        earlier_trace: EarlierTrace | None = None,
        root_input: dict[str, Any] | None = None,
    ) -> None:
        """`earlier_trace` is the tree that is continued; `root_input` becomes the input of the root entry."""
        self._exporters = tuple(exporters)
        self._open_entries: dict[str, dict[str, Any]] = {}
        self._root_input = root_input
        self._starts = {str(earlier_trace.root): earlier_trace.start} if earlier_trace else {}
        for run in earlier_trace.closed_entries if earlier_trace else ():
            self._export(run)

    def create_run(self, **run: Any) -> None:
        """Pass on an entry that begins."""
        if self._root_input and run.get("parent_run_id") is None:
            run = {**run, "inputs": self._root_input}
        entry = clean(run)
        if "parent_run_id" not in entry:
            self._starts[entry["id"]] = run["start_time"]
        self._open_entries[entry["id"]] = entry
        for exporter in self._exporters:
            exporter.begin(entry)

    def update_run(self, **run: Any) -> None:
        """Pass on an entry that ended."""
        fields = {name: value for name, value in clean({**run, "id": run["run_id"]}).items() if name != "inputs"}
        self._export({**self._open_entries.pop(fields["id"], {}), **fields})

    def start_of(self, root: str) -> datetime | None:
        """Return the start time of the root with the id `root`, if it has begun."""
        return self._starts.get(root)

    def flush(self) -> None:
        """Do nothing: each entry is passed on at once."""

    def close(self) -> None:
        for exporter in self._exporters:
            exporter.close()

    def _export(self, run: dict[str, Any]) -> None:
        for exporter in self._exporters:
            exporter.export(run)


class _Tracer(LangChainTracer):
    """LangSmith's tracer, for a root that may have begun in another process, or before a question to a person."""

    def _start_trace(self, run: "Run") -> None:
        # The client knows it, because LangChain copies tracers through their constructor.
        if start := cast("ExportersClient", self.client).start_of(str(run.id)):
            run.start_time = start
        super()._start_trace(run)


def tracer_to(client: ExportersClient) -> LangChainTracer:
    """Return a tracer whose entries go to `client`. If this tracer is used, LangChain adds none of its own."""
    return _Tracer(client=cast("Client", client))
