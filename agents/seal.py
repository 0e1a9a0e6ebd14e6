"""Seals a reply: computes a hash of what was sent, with what settings, what came, and when."""

import hashlib
import json
from collections.abc import Sequence
from datetime import UTC, datetime

from gedanken.agents.messages import Message
from gedanken.experiment.execution import Seal


def seal(messages: Sequence[Message], model: str, settings: dict[str, object], reply: str) -> Seal:
    """Return the seal of a reply. Its hash is the SHA-256 of request, reply and time, written as canonical JSON."""
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    content = json.dumps(
        {
            "messages": [list(message) for message in messages],
            "model": model,
            "settings": settings,
            "reply": reply,
            "time": now,
        },
        sort_keys=True,
        ensure_ascii=False,
        separators=(",", ":"),
    )
    return Seal(hashlib.sha256(content.encode(errors="backslashreplace")).hexdigest(), model, settings, now)
