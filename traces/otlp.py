"""Sends traces to an OpenTelemetry collector over OTLP/HTTP. Needs the package extra `otlp`."""

import logging
from collections.abc import Iterable
from socket import create_connection
from threading import Lock, Thread
from typing import Any
from urllib.parse import urlsplit

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExportResult

from gedanken.experiment.errors import BadInput
from gedanken.experiment.progress import Progress
from gedanken.experiment.secrets import learn_address, redacted, shown_address
from gedanken.traces.run_tree import TracedRun, run_of
from gedanken.traces.spans import span_of, spans_of

PATH = "/v1/traces"
SECONDS = 10
"""Time limit in seconds for one request to the collector."""
CONNECT_SECONDS = 2
"""Time limit in seconds for the first contact with the collector."""
SPANS_PER_REQUEST = 64
"""Maximum number of spans per request. A span may take half a megabyte, and collectors refuse large requests."""
_LOG = "opentelemetry"


class Otlp:
    """Sends each entry as a span when it has ended, from a separate thread."""

    def __init__(self, address: str, progress: Progress, sent: Iterable[str] = ()) -> None:
        """Send entries to the collector at `address`, except a root whose id is in `sent`."""
        self._failure_handler = _FirstFailure(address, progress)
        logging.getLogger(_LOG).addHandler(self._failure_handler)
        Thread(target=self._failure_handler.look, daemon=True).start()
        self._spans = BatchSpanProcessor(
            _exporter(address), max_export_batch_size=SPANS_PER_REQUEST, schedule_delay_millis=1000
        )
        self._sent = set(sent)  # a span cannot be withdrawn
        self._root: dict[str, Any] | None = None

    def begin(self, run: dict[str, Any]) -> None:
        """Do nothing: a span is sent when it has ended."""

    def export(self, run: dict[str, Any]) -> None:
        """Send an entry that has ended. The root is sent only by `close`."""
        if "parent_run_id" not in run:  # the root begins again after a question to a person
            self._root = run
        else:
            self._spans.on_end(span_of(run_of(run)))

    def close(self) -> None:
        """Send all remaining entries and the root, and end the thread."""
        if self._root and self._root["id"] not in self._sent:
            self._spans.on_end(span_of(run_of(self._root)))
        self._spans.shutdown()  # type: ignore[no-untyped-call]
        logging.getLogger(_LOG).removeHandler(self._failure_handler)


class _FirstFailure(logging.Handler):
    """Reports only the first failure of the collector. The run goes on without the collector."""

    def __init__(self, address: str, progress: Progress) -> None:
        super().__init__(logging.WARNING)
        self._address, self._progress, self._is_reported = shown_address(address), progress, False
        self._parts, self._lock = urlsplit(address), Lock()

    def look(self) -> None:
        """Try once to connect to the collector, and report if that fails."""
        port = self._parts.port or (443 if self._parts.scheme == "https" else 80)
        try:
            create_connection((self._parts.hostname or "", port), CONNECT_SECONDS).close()
        except OSError as error:
            self._report_once(f"the collector at {self._address} cannot be reached: {error.strerror or error}")

    def emit(self, record: logging.LogRecord) -> None:
        message = " ".join(redacted(record.getMessage()).split())[:300]
        self._report_once(f"the collector at {self._address} did not accept the whole trace: {message}")

    def _report_once(self, message: str) -> None:
        with self._lock:
            if not self._is_reported:
                self._is_reported = True
                self._progress.say(message)


def check_address(address: str) -> None:
    """Raise BadInput unless an address is HTTP or HTTPS and has a host. Keys in the address are treated as secret
    from now on.
    """
    learn_address(address)
    try:
        parts = urlsplit(address)
        is_usable = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        is_usable = False
    if not is_usable:
        raise BadInput(f"{shown_address(address)}: is not a collector's address; an example is http://127.0.0.1:6006")


def send(roots: Iterable[TracedRun], address: str) -> int:
    """Send a whole trace to the collector at `address`; return the number of entries.

    Raises BadInput if the collector does not accept it.
    """
    exporter, spans = _exporter(address), list(spans_of(roots))
    null_handler = logging.NullHandler()
    logging.getLogger(_LOG).addHandler(null_handler)
    try:
        for start in range(0, len(spans), SPANS_PER_REQUEST):
            if exporter.export(spans[start : start + SPANS_PER_REQUEST]) is not SpanExportResult.SUCCESS:
                raise BadInput(f"the collector at {shown_address(address)} did not accept the trace")
    finally:
        exporter.shutdown()  # type: ignore[no-untyped-call]
        logging.getLogger(_LOG).removeHandler(null_handler)
    return len(spans)


def _exporter(address: str) -> OTLPSpanExporter:
    parts = urlsplit(address)
    path = parts.path.rstrip("/")
    path = path if path.endswith(PATH) else f"{path}{PATH}"
    return OTLPSpanExporter(endpoint=parts._replace(path=path).geturl(), timeout=SECONDS)
