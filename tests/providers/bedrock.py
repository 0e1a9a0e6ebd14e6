"""Amazon Bedrock's Converse API, streamed in AWS's binary frames. Signatures are not checked."""

import binascii
import json
import struct
from dataclasses import dataclass
from typing import Any

from providers.wire import Wire


@dataclass(frozen=True, slots=True)
class Bedrock(Wire):
    model: str = "bedrock_converse:anthropic.claude-3-7-sonnet-20250219-v1:0"
    path: str = ""
    kind: str = "application/vnd.amazon.eventstream"
    done: str = "end_turn"
    cut: str = "max_tokens"
    status: int = 400

    def opening(self) -> bytes:
        return self.frame("messageStart", {"role": "assistant"})

    def piece(self, text: str) -> bytes:
        return self.frame("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": text}})

    def closing(self, reason: str) -> bytes:
        usage = {"inputTokens": 9, "outputTokens": 3, "totalTokens": 12}
        return (
            self.frame("contentBlockStop", {"contentBlockIndex": 0})
            + self.frame("messageStop", {"stopReason": reason})
            + self.frame("metadata", {"usage": usage, "metrics": {"latencyMs": 5}})
        )

    def frame(self, kind: str, data: dict[str, Any]) -> bytes:
        return _frame({":event-type": kind, ":content-type": "application/json", ":message-type": "event"}, data)

    def exception(self, kind: str, message: str) -> bytes:
        """An exception within a stream that began normally."""
        headers = {":exception-type": kind, ":content-type": "application/json", ":message-type": "exception"}
        return _frame(headers, {"message": message})

    def whole(self, text: str, reason: str) -> bytes:
        answer = {
            "output": {"message": {"role": "assistant", "content": [{"text": text}]}},
            "stopReason": reason,
            "usage": {"inputTokens": 9, "outputTokens": 3, "totalTokens": 12},
            "metrics": {"latencyMs": 5},
        }
        return json.dumps(answer).encode()

    def error(self, status: int, message: str, kind: str = "") -> bytes:
        return json.dumps({"message": message}).encode()

    def streams(self, body: dict[str, Any], path: str) -> bool:
        return path.endswith("/converse-stream")


def _frame(headers: dict[str, str], data: dict[str, Any]) -> bytes:
    """A frame of AWS's binary format: length, length of the headers, checksum, headers, content, checksum."""
    payload = json.dumps(data).encode()
    header_bytes = b"".join(
        struct.pack("!B", len(name)) + name.encode() + struct.pack("!BH", 7, len(value)) + value.encode()
        for name, value in headers.items()
    )
    prelude = struct.pack("!II", 16 + len(header_bytes) + len(payload), len(header_bytes))
    content = prelude + struct.pack("!I", binascii.crc32(prelude)) + header_bytes + payload
    return content + struct.pack("!I", binascii.crc32(content))
