"""Detects replies that repeat one piece of text endlessly, as small models do."""

MIN_REPETITIONS = 4
"""A reply counts as endless if it ends with at least this many repetitions of the same text."""
MIN_REPEATED_CHARACTERS = 240
"""Minimum number of characters that the repetitions fill together. Shorter text may repeat by chance."""
MIN_STOPPED_CHARACTERS = 1200
"""Minimum length in characters at which a reply is stopped for repetition.

Shorter replies are not stopped, because real programs, too, print some equal lines.
"""
CHECK_EVERY = 16
"""A reply is checked again each time it has grown by 1/16 of its length.

The cost of all checks is then proportional to the length of the reply.
"""


def is_repetitive(text: str) -> bool:
    """Return whether the second half of a text only repeats one piece of text, at least four times."""
    tail = text[len(text) // 2 :]
    if len(tail) < MIN_REPEATED_CHARACTERS:
        return False
    # Of all periods this short, only the first at which half of the text repeats must be checked (Fine and Wilf).
    period = tail.find(tail[: len(tail) // 2], 1)
    return 0 < period <= len(tail) // MIN_REPETITIONS and tail[period:] == tail[:-period]


class RepetitionWatch:
    """Watches a reply as it streams in, and detects when it is long and only repeats itself."""

    def __init__(self, before: str = "") -> None:
        """Treat `before`, the text that came earlier, as the beginning of the reply."""
        self._pieces = [before]
        self._length = len(before)
        self._next_check = MIN_STOPPED_CHARACTERS

    def __call__(self, piece: str) -> bool:
        """Add a piece; return whether the text so far repeats itself and the reply should be stopped."""
        self._pieces.append(piece)
        self._length += len(piece)
        if self._length < self._next_check:
            return False
        self._next_check = self._length + self._length // CHECK_EVERY
        self._pieces = ["".join(self._pieces)]
        return is_repetitive(self._pieces[0])
