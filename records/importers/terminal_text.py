"""What a terminal leaves of a text: of a line that is drawn again and again, its last state."""

import re

_BACKSPACES = re.compile("\x08+")
_DRAWN_AGAIN = re.compile(r"[^\n]*\r[^\n]*")


def as_left(text: str) -> str:
    """The text with one state of each line, so that its lines are counted as an editor counts them.

    A line that is only wiped in the end keeps what stood there last: it was seen. A text that has no other ends of
    lines than `\\r` has them for ends of lines.
    """
    if "\r" not in text or "\n" not in text:
        return text
    return _DRAWN_AGAIN.sub(lambda found: _last_state(found[0]), _BACKSPACES.sub("", text))


def _last_state(line: str) -> str:
    return next((state for state in reversed(line.split("\r")) if state.strip()), "")
