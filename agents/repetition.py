"""Replies that go in circles: one piece over and over, as a small model falls into and never leaves."""

ROUNDS = 4
"""How often something must stand at the end of a reply, over and over, for the reply to be going in circles."""
CIRCLE_CHARACTERS = 240
"""From this length on what goes in circles is told from a short list of equal lines, and what is said again from what
only begins alike."""
STOP_CHARACTERS = 1200
"""From this length on a reply is stopped for it. Real programs print equal lines too, and end: what they print in a
short while must be heard in full, whatever it looks like."""
CHECK_EVERY = 16
"""A reply is looked at again when it has grown by one part in so many: all looks together cost its length, some
times over, and none of it is quadratic."""


def in_circles(text: str) -> bool:
    """Whether the second half of a text is one piece of it over and over, at least four times."""
    tail = text[len(text) // 2 :]
    if len(tail) < CIRCLE_CHARACTERS:
        return False
    # Of all rounds this short, the first at which half of it comes again is the only one to look at (Fine and Wilf).
    period = tail.find(tail[: len(tail) // 2], 1)
    return 0 < period <= len(tail) // ROUNDS and tail[period:] == tail[:-period]


class CircleWatch:
    """Watches a reply as it comes, and tells when it has grown long and only repeats itself."""

    def __init__(self, before: str = "") -> None:
        """Watch what comes after `before`, which was said already."""
        self._pieces = [before]
        self._length = len(before)
        self._look_at = STOP_CHARACTERS

    def __call__(self, piece: str) -> bool:
        """Whether the whole, with this piece, goes in circles and should be stopped."""
        self._pieces.append(piece)
        self._length += len(piece)
        if self._length < self._look_at:
            return False
        self._look_at = self._length + self._length // CHECK_EVERY
        self._pieces = ["".join(self._pieces)]
        return in_circles(self._pieces[0])
