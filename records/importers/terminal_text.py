"""Reduces a text to what a terminal shows in the end, such as a progress bar's last state."""

import re

_BACKSPACES = re.compile("\x08+")
_REDRAWN_LINE = re.compile(r"[^\n]*\r[^\n]*")


def final_screen_text(text: str) -> str:
    """Reduce each line to its last visible state. Line numbers stay the same.

    A text without line feeds stays as it is.
    """
    if "\r" not in text or "\n" not in text:
        return text
    return _REDRAWN_LINE.sub(lambda match: _last_state(match[0]), _BACKSPACES.sub("", text))


def _last_state(line: str) -> str:
    return next((state for state in reversed(line.split("\r")) if state.strip()), "")
