"""The run tree in LangSmith's own terms: each run posted when it begins and patched when it ends."""

import json
import threading
from pathlib import Path
from typing import Any, Protocol, cast

from langchain_core.tracers.langchain import LangChainTracer
from langsmith import Client

from gedanken.traces.cleaning import clean


class RunClient(Protocol):
    """What a run tree hands its runs to: the part of LangSmith's client that a tracer uses."""

    def create_run(self, **run: Any) -> None:
        """Take a run that begins."""
        ...

    def update_run(self, **run: Any) -> None:
        """Take what is new of a run."""
        ...

    def flush(self) -> None:
        """Wait until everything is on its way."""
        ...


class FileClient:
    """Writes each run into a file, one line when it begins (`post`) and one when it ends (`patch`).

    A killed process leaves what had begun until then.
    """

    def __init__(self, path: Path) -> None:
        """Add to the file at `path`, which is made where there is none."""
        self._file = path.open("a", encoding="utf-8")
        self._lock = threading.Lock()

    def create_run(self, **run: Any) -> None:
        """Write a run that begins."""
        self._write("post", clean(run))

    def update_run(self, **run: Any) -> None:
        """Write what is new of a run: how it ended."""
        patch = clean({**run, "id": run["run_id"]})
        self._write("patch", {key: value for key, value in patch.items() if key not in ("inputs", "name")})

    def flush(self) -> None:
        """Do nothing: each line was flushed as it was written."""

    def close(self) -> None:
        """Close the file; what comes after it is left out."""
        with self._lock:
            self._file.close()

    def _write(self, kind: str, run: dict[str, Any]) -> None:
        line = json.dumps({kind: run}) + "\n"
        with self._lock:
            if not self._file.closed:
                self._file.write(line)
                self._file.flush()


class CleaningClient:
    """Hands runs on to LangSmith's client, cleaned as they are on disk."""

    def __init__(self, client: Client) -> None:
        """Send with `client`, which must add nothing of its own: see `open_langsmith`."""
        self._client = client

    def create_run(self, **run: Any) -> None:
        """Send a run that begins."""
        self._client.create_run(**clean(run))

    def update_run(self, **run: Any) -> None:
        """Send what is new of a run."""
        patch = clean({**run, "id": run["run_id"]})
        times = {name: run[name] for name in ("start_time", "end_time") if run.get(name) is not None}
        self._client.update_run(run_id=patch.pop("id"), **{**patch, **times})

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
