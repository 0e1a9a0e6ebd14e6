"""A tracer that writes each run of the tree as one line of JSON, in LangSmith's terms."""

import json
from pathlib import Path
from typing import Any

from langchain_core.load.dump import default
from langchain_core.tracers.base import BaseTracer
from langchain_core.tracers.schemas import Run

from gedanken.experiment.secrets import redacted_value

MOST_CHARACTERS = 1 << 18
"""Of one text. As many tokens as a reply may have at most do not reach it; a server that keeps no limit does."""
KEPT_METADATA = ("langgraph_node", "langgraph_step", "thread_id", "ls_model_name", "ls_provider")
"""All else in the metadata may hold the user's environment, and stays out."""


class LocalTracer(BaseTracer):
    """Writes a run when it ends, so that a killed process leaves what had ended until then.

    Of a model's settings only those of sampling are written: never a header, a key or an address.
    """

    run_inline = True

    def __init__(self, path: Path) -> None:
        """Write to `path`, which is made or added to."""
        super().__init__(_schema_format="original+chat")
        self._file = path.open("a", encoding="utf-8")

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _persist_run(self, run: Run) -> None:
        """Do nothing: each run was written when it ended."""

    def _end_trace(self, run: Run) -> None:
        super()._end_trace(run)
        if not self._file.closed:
            self._file.write(json.dumps(_kept(redacted_value(_plain(_as_record(run))))) + "\n")
            self._file.flush()


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
