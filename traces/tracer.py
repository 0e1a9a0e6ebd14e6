"""The run tree in LangSmith's own terms, handed to exporters, and to LangSmith where that is switched on."""

from collections.abc import Sequence
from typing import Any, Protocol, cast

from langchain_core.tracers.langchain import LangChainTracer
from langsmith import Client

from gedanken.traces.cleaning import clean
from gedanken.traces.exporter import Exporter


class RunClient(Protocol):
    """The part of LangSmith's client that its tracer uses."""

    def create_run(self, **run: Any) -> None:
        """Take a run that begins."""
        ...

    def update_run(self, **run: Any) -> None:
        """Take what is new of a run: how it ended."""
        ...

    def flush(self) -> None:
        """Wait until everything is on its way."""
        ...


class ExportersClient:
    """Hands each run on when it begins and when it ends, as plain values, bounded, with no key in them."""

    def __init__(self, exporters: Sequence[Exporter]) -> None:
        """All goes to each of the exporters."""
        self._exporters = tuple(exporters)
        self._open: dict[str, dict[str, Any]] = {}

    def create_run(self, **run: Any) -> None:
        """Hand on a run that begins."""
        begun = clean(run)
        self._open[begun["id"]] = begun
        for exporter in self._exporters:
            exporter.begin(begun)

    def update_run(self, **run: Any) -> None:
        """Hand on a run that ended."""
        ended = {name: value for name, value in clean({**run, "id": run["run_id"]}).items() if name != "inputs"}
        ended = {**self._open.pop(ended["id"], {}), **ended}
        for exporter in self._exporters:
            exporter.export(ended)

    def flush(self) -> None:
        """Do nothing: each run was handed on at once."""

    def close(self) -> None:
        """Close the exporters."""
        for exporter in self._exporters:
            exporter.close()


class CleaningClient:
    """Hands runs on to LangSmith's client, cleaned as they are on disk."""

    def __init__(self, client: Client) -> None:
        """Send with `client`, which must add nothing of its own: see `langsmith_tracer`."""
        self._client = client
        # Its thread ends when nobody seems to hold the client; each run of a tree usually does, and here none.
        self._held = [client] * 8

    def create_run(self, **run: Any) -> None:
        """Send a run that begins."""
        self._client.create_run(**clean(run))

    def update_run(self, **run: Any) -> None:
        """Send what is new of a run."""
        ended = clean({**run, "id": run["run_id"]})
        times = {name: run[name] for name in ("start_time", "end_time") if run.get(name) is not None}
        self._client.update_run(run_id=ended.pop("id"), **{**ended, **times})

    def flush(self) -> None:
        """Wait until everything was sent."""
        self._client.flush()


def tracer_to(client: RunClient, project: str | None = None) -> LangChainTracer:
    """A tracer whose runs go to `client`."""
    return LangChainTracer(project_name=project, client=cast("Client", client))


def langsmith_tracer() -> LangChainTracer | None:
    """A tracer to the LangSmith that the environment names; None where tracing is not switched on.

    A tracer among a run's callbacks switches the environment's own tracing off, so it must be added by hand; and the
    client would add the host's environment and the state of the user's git folder.
    """
    from langsmith.utils import get_tracer_project, tracing_is_enabled

    if not tracing_is_enabled():
        return None
    return tracer_to(CleaningClient(Client(omit_traced_runtime_info=True)), get_tracer_project())
