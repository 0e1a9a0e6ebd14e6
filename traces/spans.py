"""Converts traces to OpenTelemetry spans, with the attribute names of OpenInference and of the GenAI conventions."""

import base64
import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

from google.protobuf.json_format import MessageToDict
from openinference.semconv.trace import (
    MessageAttributes,
    OpenInferenceMimeTypeValues,
    OpenInferenceSpanKindValues,
    SpanAttributes,
)
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import Event, ReadableSpan
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import SpanContext, SpanKind, Status, StatusCode, TraceFlags

from gedanken.experiment.version import __version__
from gedanken.traces.cleaning import OWN_PREFIX
from gedanken.traces.run_tree import TracedRun

KINDS = {
    "chain": OpenInferenceSpanKindValues.CHAIN,
    "tool": OpenInferenceSpanKindValues.TOOL,
    "llm": OpenInferenceSpanKindValues.LLM,
}
OPERATIONS = {"tool": "execute_tool", "llm": "chat"}
"""Operation names of the GenAI conventions, by the type of the entry."""
OPEN = "gedanken.open"
"""Attribute of a span whose entry had not ended when it was exported. The span then ends at the last known time."""
_ROLES = {"human": "user", "ai": "assistant", "AIMessageChunk": "assistant"}
_SCOPE = InstrumentationScope("gedanken", __version__)
_RESOURCE = Resource({"service.name": "gedanken", "openinference.project.name": "gedanken"})
_IDS = ("traceId", "spanId", "parentSpanId")
_SPAN_ID_BITS = (1 << 64) - 1

Attributes = dict[str, str | int | bool]


# OpenInference's own instrumentation listens to every chain of the process, and sends state and metadata uncleaned.
def span_of(run: TracedRun, last: datetime | None = None) -> ReadableSpan:
    """Convert one entry of the cleaned trace to a span. The span's ids are computed from the entry's ids.

    `last` is used as the end time of an entry that has none.
    """
    root = run.fields.get("trace_id")
    trace = _id_number(root if isinstance(root, str) else run.id)
    end = run.end or last or run.start
    return ReadableSpan(
        name=run.name or run.run_type or "run",
        context=_context(trace, run.id),
        parent=_context(trace, run.parent) if run.parent else None,
        resource=_RESOURCE,
        instrumentation_scope=_SCOPE,
        attributes=_attributes(run),
        events=[
            Event(name, timestamp=_nanoseconds(time)) for name, time in run.events if name not in ("start", "end")
        ],
        kind=SpanKind.INTERNAL,
        status=_status(run),
        start_time=_nanoseconds(run.start or end),
        end_time=_nanoseconds(end),
    )


def spans_of(roots: Iterable[TracedRun]) -> Iterator[ReadableSpan]:
    """Convert all entries of a trace to spans."""
    runs = [run for root in roots for run in root.walk()]
    last = max((time for run in runs for time in run.times), default=None)
    return (span_of(run, last) for run in runs)


def otlp_json(roots: Iterable[TracedRun]) -> dict[str, Any]:
    """Convert all entries to the OTLP JSON that collectors read from a file."""
    message: dict[str, Any] = MessageToDict(encode_spans(list(spans_of(roots))), use_integers_for_enums=True)
    for resource in message.get("resourceSpans", []):
        for scope in resource.get("scopeSpans", []):
            for span in scope.get("spans", []):
                # That format has hexadecimal ids.
                span.update({name: base64.b64decode(span[name]).hex() for name in _IDS if name in span})
    return message


def _status(run: TracedRun) -> Status:
    if run.error:
        return Status(StatusCode.ERROR, run.error)
    return Status(StatusCode.OK if run.end else StatusCode.UNSET)


def _attributes(run: TracedRun) -> Attributes:
    kind = KINDS.get(run.run_type, OpenInferenceSpanKindValues.UNKNOWN)
    attributes: Attributes = {SpanAttributes.OPENINFERENCE_SPAN_KIND: kind.value}
    if run.run_type in OPERATIONS:
        attributes["gen_ai.operation.name"] = OPERATIONS[run.run_type]
    for name, key, mime in (
        ("inputs", SpanAttributes.INPUT_VALUE, SpanAttributes.INPUT_MIME_TYPE),
        ("outputs", SpanAttributes.OUTPUT_VALUE, SpanAttributes.OUTPUT_MIME_TYPE),
    ):
        if run.fields.get(name):
            attributes |= {key: json.dumps(run.fields[name]), mime: OpenInferenceMimeTypeValues.JSON.value}
    if run.run_type == "tool":
        attributes |= {SpanAttributes.TOOL_NAME: run.name, "gen_ai.tool.name": run.name}
    if run.run_type == "llm":
        attributes |= _request_attributes(run)
    own_metadata = {
        name.removeprefix(OWN_PREFIX): value for name, value in run.metadata.items() if name.startswith(OWN_PREFIX)
    }
    if own_metadata:
        attributes[SpanAttributes.METADATA] = json.dumps(own_metadata)
    if run.end is None:
        attributes[OPEN] = True
    return attributes


def _request_attributes(run: TracedRun) -> Attributes:
    attributes: Attributes = {SpanAttributes.LLM_INVOCATION_PARAMETERS: json.dumps(run.sampling)}
    if model := run.metadata.get("ls_model_name") or run.sampling.get("model"):
        attributes |= {SpanAttributes.LLM_MODEL_NAME: str(model), "gen_ai.request.model": str(model)}
    read, written = run.tokens
    if read or written:
        attributes |= {
            SpanAttributes.LLM_TOKEN_COUNT_PROMPT: read,
            SpanAttributes.LLM_TOKEN_COUNT_COMPLETION: written,
            SpanAttributes.LLM_TOKEN_COUNT_TOTAL: read + written,
            "gen_ai.usage.input_tokens": read,
            "gen_ai.usage.output_tokens": written,
        }
    for key, messages in (
        (SpanAttributes.LLM_INPUT_MESSAGES, run.messages),
        (SpanAttributes.LLM_OUTPUT_MESSAGES, run.replies),
    ):
        for number, (role, text) in enumerate(messages):
            attributes[f"{key}.{number}.{MessageAttributes.MESSAGE_ROLE}"] = _ROLES.get(role, role)
            attributes[f"{key}.{number}.{MessageAttributes.MESSAGE_CONTENT}"] = text
    return attributes


def _context(trace: int, run: str) -> SpanContext:
    return SpanContext(
        trace, _id_number(run) & _SPAN_ID_BITS or 1, is_remote=False, trace_flags=TraceFlags(TraceFlags.SAMPLED)
    )


def _id_number(name: str) -> int:
    """Return an id as a number of 128 bits. An id that is not a UUID is hashed."""
    try:
        return UUID(name).int
    except ValueError:
        return int(sha256(name.encode(errors="replace")).hexdigest()[:32], 16)


def _nanoseconds(time: datetime | None) -> int | None:
    return round(time.timestamp() * 1e6) * 1000 if time else None
