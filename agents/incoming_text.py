"""Cleans a reply's text as it streams in: joins split characters, and removes this process's API keys."""

import re

from gedanken.experiment.secrets import REMOVED, Secrets, process_secrets

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_SURROGATE_PAIR = re.compile(r"[\ud800-\udbff][\udc00-\udfff]")
_TRAILING_HIGH_SURROGATE = re.compile(r"[\ud800-\udbff]\Z")


class IncomingText:
    """Joins and cleans the pieces of a text. An incomplete character or key is held back until the next piece."""

    def __init__(self, secrets: Secrets | None = None) -> None:
        """`secrets` holds the keys to remove; by default they are the keys of this process."""
        self._secrets = secrets or process_secrets()
        self._pending = ""
        self.keys = 0
        """Number of keys that were removed."""
        self.halves = 0
        """Number of lone surrogates that were replaced. Each is half of a UTF-16 pair without its other half."""

    def add(self, piece: str) -> str:
        """Add one more piece; return the text that can be passed on."""
        text = self._pending + piece
        pending_length = max(
            len((_TRAILING_HIGH_SURROGATE.search(text) or [""])[0]), self._secrets.pending_length(text)
        )
        split = len(text) - pending_length
        self._pending = text[split:]
        return self._clean(text[:split])

    def end(self) -> str:
        """Return the text that is still held back, because no further piece comes."""
        text, self._pending = self._pending, ""
        return self._clean(text)

    def notes(self) -> list[str]:
        """Return notes for the reader of the results: what was replaced or removed."""
        notes = ["the reply contained an API key, which was removed"] if self.keys else []
        if self.halves:
            notes.append(f"half of a character arrived without its other half, and is shown as {REPLACEMENT}")
        return notes

    def _clean(self, text: str) -> str:
        text, halves = repair_surrogates(text)
        self.halves += halves
        safe = self._secrets.redacted(text)
        self.keys += safe.count(REMOVED) - text.count(REMOVED)
        return safe


def repair_surrogates(text: str) -> tuple[str, int]:
    """Make a text encodable as UTF-8: join surrogate pairs, and replace each lone surrogate.

    Returns the new text, and the number of replaced surrogates.
    """
    if not _SURROGATE.search(text):
        return text, 0
    return _SURROGATE.subn(REPLACEMENT, _SURROGATE_PAIR.sub(_combine_pair, text))


def _combine_pair(pair: re.Match[str]) -> str:
    return pair[0].encode("utf-16-le", "surrogatepass").decode("utf-16-le")
