"""A tracer that hands each run of the tree on to exporters, in LangSmith's terms."""

import json
from collections.abc import Sequence
from typing import Any

from langchain_core.load.dump import default
from langchain_core.tracers.base import BaseTracer
from langchain_core.tracers.schemas import Run

from gedanken.experiment.secrets import redacted_value
from gedanken.traces.exporter import Exporter

MOST_CHARACTERS = 1 << 18
"""Of one text. As many tokens as a reply may have at most do not reach it; a server that keeps no limit does."""
KEPT_METADATA = ("langgraph_node", "langgraph_step", "thread_id", "ls_model_name", "ls_provider")
"""All else in the metadata may hold the user's environment, and stays out."""


class Tracer(BaseTracer):
    """Hands a run on when it ends.

    Of a model's settings only those of sampling are handed on: never a header, a key or an address.
    """

    run_inline = True

    def __init__(self, exporters: Sequence[Exporter]) -> None:
        """All goes to each of the exporters."""
        super().__init__(_schema_format="original+chat")
        self._exporters = tuple(exporters)

    def close(self) -> None:
        """Close the exporters."""
        for exporter in self._exporters:
            exporter.close()

    def _persist_run(self, run: Run) -> None:
        """Do nothing: each run was handed on when it ended."""

    def _end_trace(self, run: Run) -> None:
        super()._end_trace(run)
        record = _kept(redacted_value(_plain(_as_record(run))))
        for exporter in self._exporters:
            exporter.export(record)


def _as_record(run: Run) -> dict[str, Any]:
    extra = run.extra or {}
    settings = extra.get("invocation_params") or {}
    metadata = extra.get("metadata") or {}
    return {
        "id": str(run.id),
        "trace_id": str(run.trace_id),
        "parent_run_id": str(run.parent_run_id) if run.parent_run_id else None,
        "dotted_order": run.dotted_order,
        "name": run.name,
        "run_type": run.run_type,
        "start_time": run.start_time.isoformat(),
        "end_time": run.end_time.isoformat() if run.end_time else None,
        "inputs": run.inputs,
        "outputs": run.outputs,
        "error": run.error,
        "tags": run.tags,
        "extra": {
            "invocation_params": {
                key: settings[key]
                for key in ("model", "temperature", "top_p", "seed", "max_tokens", "max_completion_tokens")
                if key in settings
            },
            "metadata": {key: metadata[key] for key in KEPT_METADATA if key in metadata},
        },
    }


def _plain(record: dict[str, Any]) -> Any:
    return json.loads(json.dumps(record, default=default))


def _kept(value: Any) -> Any:
    """The value with no text in it longer than a reply can be."""
    if isinstance(value, dict):
        return {key: _kept(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_kept(inner) for inner in value]
    if isinstance(value, str) and len(value) > MOST_CHARACTERS:
        return f"{value[:MOST_CHARACTERS]} … {len(value) - MOST_CHARACTERS} characters more were not kept"
    return value
