"""Detection of replies that repeat one piece of text endlessly, as small models do."""

ROUNDS = 4
"""Number of repetitions at the end of a reply from which it counts as endless repetition."""
CIRCLE_CHARACTERS = 240
"""Minimum length at which repetition differs from a short list of equal lines, and repeated text from text that only
starts alike."""
STOP_CHARACTERS = 1200
"""Minimum length at which a reply is stopped for repetition. Real programs also print equal lines, and end: what they
print in a short while must be kept in full, whatever it looks like."""
CHECK_EVERY = 16
"""A reply is checked again when it has grown by one part in so many: the total cost stays a small multiple of its
length, not quadratic."""


def in_circles(text: str) -> bool:
    """Return whether the second half of a text is one piece repeated, at least four times."""
    tail = text[len(text) // 2 :]
    if len(tail) < CIRCLE_CHARACTERS:
        return False
    # Of all periods this short, only the first at which half of the text repeats must be checked (Fine and Wilf).
    period = tail.find(tail[: len(tail) // 2], 1)
    return 0 < period <= len(tail) // ROUNDS and tail[period:] == tail[:-period]


class CircleWatch:
    """Watches a reply as it streams in, and detects when it is long and only repeats itself."""

    def __init__(self, before: str = "") -> None:
        """`before` is the text that came earlier and counts as part of the reply."""
        self._pieces = [before]
        self._length = len(before)
        self._look_at = STOP_CHARACTERS

    def __call__(self, piece: str) -> bool:
        """Add a piece; return whether the text as a whole repeats itself and should be stopped."""
        self._pieces.append(piece)
        self._length += len(piece)
        if self._length < self._look_at:
            return False
        self._look_at = self._length + self._length // CHECK_EVERY
        self._pieces = ["".join(self._pieces)]
        return in_circles(self._pieces[0])
