"""Captures a command's output: keeps its head and tail, and counts the bytes of the middle."""

import codecs
import time
from collections.abc import Callable
from itertools import compress

_FLOOD_SECONDS = 0.2
_SAMPLE_BYTES = 1024


class Capture:
    """Receives a command's output from a thread that reads it. Call `text` only after this thread has ended.

    At most `cap` bytes are kept. `on_text` receives the text as it arrives; when half of `cap` is reached, it
    receives only samples.
    """

    def __init__(self, cap: int, on_text: Callable[[str], None] | None = None) -> None:
        """Keep at most `cap` bytes: half of them from the beginning of the output, half from its end."""
        self._head = _ByteBuffer(cap - cap // 2)
        self._tail = _ByteBuffer(cap // 2)
        self._on_text = on_text
        self._decoders = [codecs.getincrementaldecoder("utf-8")(errors="backslashreplace") for _ in range(2)]
        self._last_reported = 0.0
        self.printed = 0

    @property
    def dropped(self) -> int:
        """Number of bytes that were printed and not kept."""
        return self.printed - len(self._head.data) - len(self._tail.data)

    def add(self, is_stdout: bool, data: bytes) -> None:
        """Add bytes that were read from stdout, or from stderr if `is_stdout` is False."""
        self.printed += len(data)
        if self._on_text is not None:
            self._report(self._on_text, is_stdout, data)
        head_part = data[: self._head.room]
        if head_part:
            self._head.append(is_stdout, head_part)
        if len(head_part) < len(data):
            self._tail.append_last(is_stdout, data[len(head_part) :])

    def text(self, *, stdout_only: bool = False) -> str:
        r"""Return the kept text, with a line in place of the missing middle.

        Undecodable bytes are shown as `\xNN`.
        """
        head = self._head.bytes(stdout_only)
        tail = self._tail.bytes(stdout_only)
        if not self.dropped:
            return (head + tail).decode(errors="backslashreplace")
        # A character split at either edge is dropped; its few bytes are not counted.
        head_text = _without_cut_end(head).decode(errors="backslashreplace")
        tail_text = _without_cut_start(tail).decode(errors="backslashreplace")
        return f"{head_text}\n[… {self.dropped} bytes not kept …]\n{tail_text}"

    def _report(self, on_text: Callable[[str], None], is_stdout: bool, data: bytes) -> None:
        if not self._head.room:
            now = time.monotonic()
            if now - self._last_reported < _FLOOD_SECONDS:
                return
            self._last_reported = now
            data = data[-_SAMPLE_BYTES:]
        text = self._decoders[is_stdout].decode(data)
        if text:
            on_text(text)


class _ByteBuffer:
    """The bytes of both streams in order of arrival; for each byte, it is known which stream it came from."""

    def __init__(self, cap: int) -> None:
        self._cap = cap
        self.data = bytearray()
        self._from_stdout = bytearray()

    @property
    def room(self) -> int:
        return self._cap - len(self.data)

    def append(self, is_stdout: bool, data: bytes) -> None:
        self.data += data
        self._from_stdout += bytes([is_stdout]) * len(data)

    def append_last(self, is_stdout: bool, data: bytes) -> None:
        """Append bytes, and drop the oldest bytes if there are more than the limit allows."""
        self.append(is_stdout, data[-self._cap :])
        surplus = -self.room
        if surplus > 0:
            del self.data[:surplus]
            del self._from_stdout[:surplus]

    def bytes(self, stdout_only: bool) -> bytes:
        return bytes(compress(self.data, self._from_stdout)) if stdout_only else bytes(self.data)


def _without_cut_end(data: bytes) -> bytes:
    """Return the bytes without an incomplete UTF-8 character at their end."""
    for offset in range(1, min(4, len(data)) + 1):
        byte = data[-offset]
        if byte < 0x80:
            break
        if byte >= 0xC0:
            length = 2 if byte < 0xE0 else 3 if byte < 0xF0 else 4
            return data[:-offset] if offset < length else data
    return data


def _without_cut_start(data: bytes) -> bytes:
    """Return the bytes without an incomplete UTF-8 character at their start."""
    start = 0
    while start < min(3, len(data)) and 0x80 <= data[start] < 0xC0:
        start += 1
    return data[start:]
