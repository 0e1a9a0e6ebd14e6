"""What a run cost in tokens, read off the trace of the calls to its model."""

import json
from typing import Any

from gedanken.experiment.errors import BadInput
from gedanken.experiment.files import Inside
from gedanken.experiment.run_log import Tokens

TRACE = "trace.jsonl"
MOST_TRACE_BYTES = 1 << 27
_COUNTED = ("input_tokens", "output_tokens")


def tokens_of(inside: Inside) -> Tokens | None:
    """The tokens that all replies report; None where there is no trace that can be read, or none reports any."""
    try:
        written = inside.read(TRACE, MOST_TRACE_BYTES)
    except BadInput:
        return None
    calls = [usage for line in written.splitlines() if b'"chat_model"' in line for usage in _usages(line)]
    if not calls:
        return None
    return Tokens(sum(read for read, _said in calls), sum(said for _read, said in calls), len(calls))


def _usages(line: bytes) -> list[tuple[int, int]]:
    """Of one call to a model: tokens in, tokens out. None of a line that is cut, or of another step of the run."""
    try:
        record = json.loads(line)
        if record["run_type"] != "chat_model":
            return []
        said = [one for some in record["outputs"]["generations"] for one in some]
        usages: list[Any] = [one["message"]["kwargs"].get("usage_metadata") for one in said]
        return [(_count(usage, _COUNTED[0]), _count(usage, _COUNTED[1])) for usage in usages if usage]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return []


def _count(usage: dict[str, Any], name: str) -> int:
    number = usage[name]
    if type(number) is not int or number < 0:
        raise ValueError(f"{name}: not a count")
    return number
