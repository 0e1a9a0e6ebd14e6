"""Reduces a text to what a terminal shows in the end: a line that is overwritten several times, such as a progress
bar, keeps only its last state."""

import re

_BACKSPACES = re.compile("\x08+")
_DRAWN_AGAIN = re.compile(r"[^\n]*\r[^\n]*")


def as_left(text: str) -> str:
    """Reduce each line to its last state. Line numbers stay the same, because only line feeds end a line, as in an
    editor.

    A line that is cleared at the end keeps its last visible content. A text without line feeds stays as it is, even
    if it has carriage returns.
    """
    if "\r" not in text or "\n" not in text:
        return text
    return _DRAWN_AGAIN.sub(lambda found: _last_state(found[0]), _BACKSPACES.sub("", text))


def _last_state(line: str) -> str:
    return next((state for state in reversed(line.split("\r")) if state.strip()), "")
