"""Text that a model or a program made, shown instead of obeyed."""

import re
import unicodedata

from gedanken.experiment.secrets import redacted

_HIDDEN = ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")
"""Categories of characters that move a terminal or a page, or are not seen on it."""
_UNUSUAL = re.compile(r"[^\n\t -~]")


def is_hidden(character: str) -> bool:
    """Whether a character must be shown by its number: it controls, turns or breaks a line, or has no shape."""
    return character not in "\n\t" and unicodedata.category(character) in _HIDDEN


def harmless(text: str) -> str:
    """Text that a model or a program made: control and direction characters shown instead of obeyed, keys removed."""
    return _UNUSUAL.sub(_shown, redacted(text))


def _shown(unusual: re.Match[str]) -> str:
    one = unusual[0]
    return f"\\x{ord(one):02x}" if is_hidden(one) else one
