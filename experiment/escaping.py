"""Makes text from a model or a program safe to display."""

import re
import unicodedata

from gedanken.experiment.secrets import redacted

_HIDDEN = ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")
"""Unicode categories of characters that control a terminal or a page, or are invisible on it."""
_UNUSUAL = re.compile(r"[^\n\t -~]")


def is_hidden(character: str) -> bool:
    """Return whether a character is invisible or controls the display. Line feeds and tabs are neither."""
    return character not in "\n\t" and unicodedata.category(character) in _HIDDEN


def harmless(text: str) -> str:
    """Return the text without API keys, and with control and direction characters written as codes."""
    return _UNUSUAL.sub(_escape, redacted(text))


def _escape(match: re.Match[str]) -> str:
    character = match[0]
    return f"\\x{ord(character):02x}" if is_hidden(character) else character
