"""Cleans traces: removes keys, addresses and the host's environment, and cuts long texts."""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

from gedanken.experiment.secrets import redacted_value

MAX_CHARACTERS = 1 << 18
"""Maximum length in characters of one text. A reply that respects its token limit is shorter."""
MAX_STATE_CHARACTERS = 2_000
"""Maximum length in characters of one text in the inputs and outputs of a graph step."""
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
"""The metadata keys that are kept, besides those that begin with `gedanken_`; other keys may contain the user's
environment.
"""
OWN_PREFIX = "gedanken_"
ATTEMPT = f"{OWN_PREFIX}attempt"
"""Metadata key: the number of the process that wrote the entry. 1 is the first process that worked on the run."""
OTLP = f"{OWN_PREFIX}otlp"
"""Metadata key: True if the process that wrote the entry also sent its trace to a collector."""
LEFT_OUT = f"{OWN_PREFIX}left_out"
"""Metadata key of the root: the number of entries that were left out because the file was full."""
WAITED = f"{OWN_PREFIX}waited"
"""Metadata key: the number of seconds that a command waited for cores before it started."""
SAMPLING = ("model", "temperature", "top_p", "seed", "max_tokens", "max_completion_tokens")
"""The request settings that are kept. Headers, keys and addresses are not kept."""
LABELS = ("programs", "executions", "goto")
"""The lists that are kept from the output of a graph step; all other lists are dropped."""
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
_TRACEBACK_START = "Traceback (most recent call last)"
_NOT_ERRORS = ("GeneratorExit(", "GraphInterrupt(")
"""Exceptions that are not errors. GeneratorExit stops a reply that is no longer needed. GraphInterrupt stops a step
that waits for a person.
"""


def clean(run: Mapping[str, Any]) -> dict[str, Any]:
    """Return an entry as plain values, without anything that must not leave this process."""
    entry = {name: run[name] for name in _FIELDS if run.get(name) is not None}
    extra = _as_dict(run.get("extra"))
    settings, metadata = _as_dict(extra.get("invocation_params")), _as_dict(extra.get("metadata"))
    sampling = {name: settings[name] for name in SAMPLING if name in settings}
    own_metadata = {
        name: value for name, value in metadata.items() if name in METADATA or name.startswith(OWN_PREFIX)
    }
    entry["extra"] = {**({"invocation_params": sampling} if sampling else {}), "metadata": own_metadata}
    is_step = run.get("run_type") == "chain"
    if is_step:
        is_root = run.get("parent_run_id") is None
        entry |= {
            name: _clean_step_values(entry[name], name, is_root) for name in ("inputs", "outputs") if name in entry
        }
    if "error" in entry:
        entry["error"] = _without_traceback(str(entry["error"]))
        if entry["error"].startswith(_NOT_ERRORS):
            del entry["error"]
    if own_metadata.get(WAITED) and isinstance(run.get("start_time"), datetime):
        entry["events"] = [_wait_event(run["start_time"], own_metadata[WAITED]), *entry.get("events", ())]
    plain = _without_home(redacted_value(json.loads(json.dumps(entry, default=_to_plain))))
    return dict(_truncate(plain, MAX_STATE_CHARACTERS if is_step else MAX_CHARACTERS))


def attempt_of(run: Mapping[str, Any]) -> int:
    """Return which process wrote an entry, counted from 1; 1 if it is not recorded."""
    number = _as_dict(_as_dict(run.get("extra")).get("metadata")).get(ATTEMPT)
    return number if isinstance(number, int) and number > 0 else 1


def _clean_step_values(values: Any, name: str, is_root: bool) -> dict[str, Any]:
    """Reduce a step's values to texts, numbers and, in outputs, the lists in LABELS."""
    plain_values = values["output"] if isinstance(values, Mapping) and set(values) == {"output"} else values
    if not isinstance(plain_values, Mapping):
        return {}
    if isinstance(goto := plain_values.get("goto"), list):
        plain_values = {**plain_values, "goto": [_as_dict(target).get("node") for target in goto]}
    facts = {
        key: value for key, value in plain_values.items() if isinstance(value, str | int | float) and value != ""
    }
    if is_root and name == "inputs":  # the options of the run
        return dict(plain_values)
    labels = (
        {key: plain_values[key] for key in LABELS if isinstance(plain_values.get(key), list)}
        if name == "outputs"
        else {}
    )
    # The root has the lengths of the lists.
    return {**facts, **({key: len(value) for key, value in labels.items()} if is_root else labels)}


def _without_traceback(error: str) -> str:
    """Return an error without its stack trace, which names files of this machine."""
    return error.partition(_TRACEBACK_START)[0].strip()


def _wait_event(start: datetime, seconds: float) -> dict[str, Any]:
    return {"name": "waits for cores", "time": start - timedelta(seconds=seconds)}


def _to_plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    from langchain_core.load.dump import default  # takes .1 s to import, unneeded where a run is only read

    return default(value)


def _as_dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


@cache
def _home_folder() -> str:
    try:
        return str(Path.home())
    except RuntimeError:  # there is none
        return ""


def _without_home(value: Any) -> Any:
    home = _home_folder()
    if isinstance(value, dict):
        return {key: _without_home(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_without_home(inner) for inner in value]
    if isinstance(value, str) and len(home) > 1:
        return value.replace(home, "~")
    return value


def _truncate(value: Any, limit: int) -> Any:
    if isinstance(value, dict):
        return {key: _truncate(inner, limit) for key, inner in value.items()}
    if isinstance(value, list):
        return [_truncate(inner, limit) for inner in value]
    if isinstance(value, str) and len(value) > limit:
        return f"{value[:limit]} … {len(value) - limit} more characters were not kept"
    return value
