"""Runs as OpenTelemetry spans in OpenInference's terms, for Phoenix or any other collector.

Needs the extra `otlp`. What becomes of a run is what stands in its cleaned trace, and nothing else.
"""

import base64
import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from google.protobuf.json_format import MessageToDict
from openinference.semconv.trace import OpenInferenceMimeTypeValues, OpenInferenceSpanKindValues, SpanAttributes
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import SpanContext, SpanKind, Status, StatusCode, TraceFlags

from gedanken.traces.cleaning import OWN, clean
from gedanken.traces.run_tree import TracedRun, read_tree

KINDS = {
    "chain": OpenInferenceSpanKindValues.CHAIN,
    "tool": OpenInferenceSpanKindValues.TOOL,
    "llm": OpenInferenceSpanKindValues.LLM,
}
_JSON = OpenInferenceMimeTypeValues.JSON.value
_RESOURCE = Resource({"service.name": "gedanken", "openinference.project.name": "gedanken"})
_IDS = ("traceId", "spanId", "parentSpanId")


class OtlpClient:
    """Sends each run to a collector as a span, once it has ended, in a thread of its own."""

    def __init__(self, address: str) -> None:
        """Send to the collector at `address`, such as `http://127.0.0.1:6006`."""
        exporter = OTLPSpanExporter(endpoint=f"{address.rstrip('/')}/v1/traces")
        self._spans = BatchSpanProcessor(exporter)
        self._posted: dict[str, dict[str, Any]] = {}

    def create_run(self, **run: Any) -> None:
        """Keep what a run began with."""
        posted = clean(run)
        self._posted[posted["id"]] = posted

    def update_run(self, **run: Any) -> None:
        """Send the run, which has ended."""
        patch = clean({**run, "id": run["run_id"]})
        posted = self._posted.pop(patch["id"], None)
        for ended in read_tree(_lines(posted, patch)):
            self._spans.on_end(span_of(ended))

    def flush(self) -> None:
        """Wait until everything was sent, for at most ten seconds."""
        self._spans.force_flush(10_000)

    def close(self) -> None:
        """Send what is left, and end the thread."""
        self._spans.shutdown()  # type: ignore[no-untyped-call]


def span_of(run: TracedRun) -> ReadableSpan:
    """One run as a span. Its trace and its own id are those of the run, so that it is the same wherever it goes."""
    trace = _uuid(run.fields.get("trace_id")) or _uuid(run.id)
    parent = _context(trace, run.parent) if run.parent else None
    failed = Status(StatusCode.ERROR, run.error) if run.error else Status(StatusCode.OK)
    return ReadableSpan(
        name=run.name or run.run_type or "run",
        context=_context(trace, run.id),
        parent=parent,
        resource=_RESOURCE,
        attributes=_attributes(run),
        kind=SpanKind.INTERNAL,
        status=failed,
        start_time=_nanoseconds(run.start),
        end_time=_nanoseconds(run.end or run.start),
    )


def otlp_json(roots: Iterable[TracedRun]) -> dict[str, Any]:
    """All runs as OTLP's JSON, as collectors read it from a file: ids are hexadecimal there."""
    spans = [span_of(run) for root in roots for run in root.walk()]
    told: dict[str, Any] = MessageToDict(encode_spans(spans))
    for resource in told.get("resourceSpans", []):
        for scope in resource.get("scopeSpans", []):
            for span in scope.get("spans", []):
                span.update({name: base64.b64decode(span[name]).hex() for name in _IDS if name in span})
    return told


def _attributes(run: TracedRun) -> dict[str, str | int]:
    read, written = run.tokens
    settings = (run.fields.get("extra") or {}).get("invocation_params") or {}
    own = {name.removeprefix(OWN): value for name, value in run.metadata.items() if name.startswith(OWN)}
    kind = KINDS.get(run.run_type, OpenInferenceSpanKindValues.UNKNOWN)
    found: dict[str, str | int] = {SpanAttributes.OPENINFERENCE_SPAN_KIND: kind.value}
    for name, key, mime in (
        ("inputs", SpanAttributes.INPUT_VALUE, SpanAttributes.INPUT_MIME_TYPE),
        ("outputs", SpanAttributes.OUTPUT_VALUE, SpanAttributes.OUTPUT_MIME_TYPE),
    ):
        if run.fields.get(name):
            found |= {key: json.dumps(run.fields[name]), mime: _JSON}
    if run.run_type == "tool":
        found[SpanAttributes.TOOL_NAME] = run.name
    if run.run_type == "llm":
        model = run.metadata.get("ls_model_name") or settings.get("model")
        found |= {SpanAttributes.LLM_MODEL_NAME: str(model)} if model else {}
        found |= {SpanAttributes.LLM_INVOCATION_PARAMETERS: json.dumps(settings)}
        found |= {
            SpanAttributes.LLM_TOKEN_COUNT_PROMPT: read,
            SpanAttributes.LLM_TOKEN_COUNT_COMPLETION: written,
            SpanAttributes.LLM_TOKEN_COUNT_TOTAL: read + written,
        }
    if own:
        found[SpanAttributes.METADATA] = json.dumps(own)
    return found


def _lines(posted: dict[str, Any] | None, patch: dict[str, Any]) -> list[bytes]:
    told = [{"post": posted}] if posted else []
    return [json.dumps(line).encode() for line in (*told, {"patch": patch})]


def _context(trace: UUID | None, run: str) -> SpanContext:
    own = _uuid(run)
    low = own.int & ((1 << 64) - 1) if own else hash(run) & ((1 << 64) - 1)
    return SpanContext(
        trace.int if trace else low, low or 1, is_remote=False, trace_flags=TraceFlags(TraceFlags.SAMPLED)
    )


def _uuid(value: object) -> UUID | None:
    try:
        return UUID(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _nanoseconds(time: datetime | None) -> int | None:
    return round(time.timestamp() * 1e6) * 1000 if time else None
