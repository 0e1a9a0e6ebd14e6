"""What of a run may be written down or sent away: no key, no address, nothing of the host's environment."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from langchain_core.load.dump import default

from gedanken.experiment.secrets import redacted_value

MOST_CHARACTERS = 1 << 18
"""Of one text. As many tokens as a reply may have at most do not reach it; a server that keeps no limit does."""
MOST_STATE_CHARACTERS = 2_000
"""Of one text in what a step of the graph was given or returned: labels and small facts."""
METADATA = frozenset(
    {
        "langgraph_node",
        "langgraph_step",
        "thread_id",
        "ls_model_name",
        "ls_model_type",
        "ls_provider",
        "ls_temperature",
        "ls_max_tokens",
        "usage_metadata",
    }
)
"""All else in the metadata may hold the user's environment, and stays out; besides, what begins with `gedanken_`."""
OWN = "gedanken_"
SAMPLING = ("model", "temperature", "top_p", "seed", "max_tokens", "max_completion_tokens")
"""Of a request's settings: never a header, a key or an address."""
_FIELDS = (
    "id",
    "trace_id",
    "parent_run_id",
    "dotted_order",
    "name",
    "run_type",
    "start_time",
    "end_time",
    "inputs",
    "outputs",
    "error",
    "events",
    "tags",
    "session_name",
)


def clean(run: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a run that may leave this process, as plain values; those that are None are left out."""
    kept = {name: run[name] for name in _FIELDS if run.get(name) is not None}
    extra = run.get("extra") or {}
    settings, metadata = extra.get("invocation_params") or {}, extra.get("metadata") or {}
    sampling = {name: settings[name] for name in SAMPLING if name in settings}
    own = {name: value for name, value in metadata.items() if name in METADATA or name.startswith(OWN)}
    kept["extra"] = {**({"invocation_params": sampling} if sampling else {}), "metadata": own}
    most = MOST_STATE_CHARACTERS if run.get("run_type") == "chain" else MOST_CHARACTERS
    return dict(_capped(redacted_value(json.loads(json.dumps(kept, default=_plain))), most))


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    return default(value)


def _capped(value: Any, most: int) -> Any:
    """The value with no text in it longer than `most` characters."""
    if isinstance(value, dict):
        return {key: _capped(inner, most) for key, inner in value.items()}
    if isinstance(value, list):
        return [_capped(inner, most) for inner in value]
    if isinstance(value, str) and len(value) > most:
        return f"{value[:most]} … {len(value) - most} characters more were not kept"
    return value
