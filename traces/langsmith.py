"""Sends traces to LangSmith with its own client, without the host's environment."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from langsmith import Client

from gedanken.experiment.errors import BadInput
from gedanken.experiment.secrets import redacted
from gedanken.traces.run_tree import TracedRun

RUNS_AT_ONCE = 64

_TIMES = ("start_time", "end_time")
_UPDATED = ("run_type", "parent_run_id", "dotted_order", "trace_id", "outputs", "error", "events", "tags", "extra")


class LangSmith:
    """Passes entries to LangSmith's client, which sends them in its own thread."""

    def __init__(self, client: Client, project: str | None) -> None:
        self._client, self._project = client, project
        # The client's thread ends unless enough objects refer to the client. Entries usually do; here none does.
        self._references = [client] * 8
        self._roots: set[str] = set()

    def begin(self, run: dict[str, Any]) -> None:
        """Send an entry that begins. Skip a root that was already sent."""
        if run["id"] in self._roots:
            return
        if "parent_run_id" not in run:
            self._roots.add(run["id"])
        self._client.create_run(**{**run, "session_name": self._project})

    def export(self, run: dict[str, Any]) -> None:
        """Send the fields of an entry that may have changed since it began."""
        update: dict[str, Any] = {name: run[name] for name in _UPDATED if name in run}
        update |= {name: datetime.fromisoformat(run[name]) for name in _TIMES if name in run}
        self._client.update_run(run_id=run["id"], session_name=self._project, **update)

    def close(self) -> None:
        """Wait until everything has been sent."""
        self._client.flush()


def replay(roots: Iterable[TracedRun]) -> int:
    """Send a whole trace to the LangSmith project that the environment names; return the number of entries.

    Raises BadInput if LangSmith is not configured or does not accept the trace.
    """
    from langsmith.utils import LangSmithError, get_env_var, get_tracer_project

    if not (get_env_var("API_KEY") or get_env_var("ENDPOINT")):
        raise BadInput("LangSmith is not configured: set LANGSMITH_API_KEY, or LANGSMITH_ENDPOINT")
    failures: list[Exception] = []
    client, project = langsmith_client(failures.append), get_tracer_project()
    posts = [{**run.fields, "session_name": project} for root in roots for run in root.walk()]
    try:
        for start in range(0, len(posts), RUNS_AT_ONCE):
            client.batch_ingest_runs(create=posts[start : start + RUNS_AT_ONCE])
    except (LangSmithError, ValueError, TypeError) as error:
        failures.append(error)
    if failures:
        raise BadInput(f"LangSmith did not accept the trace: {redacted(str(failures[0]))[:300]}")
    return len(posts)


def open_langsmith() -> LangSmith | None:
    """Open the LangSmith exporter; None if the environment variables do not switch tracing on."""
    from langsmith.utils import get_tracer_project, tracing_is_enabled

    return LangSmith(langsmith_client(), get_tracer_project()) if tracing_is_enabled() else None


def langsmith_client(on_error: Callable[[Exception], None] | None = None) -> Client:
    """Create a client for the LangSmith server that the environment names.

    It adds no facts about the host or the user's git folder. `on_error` receives errors in sending.
    """
    return Client(omit_traced_runtime_info=True, tracing_error_callback=on_error)
