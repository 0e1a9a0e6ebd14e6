"""Makes wrong answers that look plausible."""

import re
from collections.abc import Callable, Collection
from random import Random

_DIGIT, _LETTER = re.compile(r"\d"), re.compile(r"[A-Za-z]")
_NUMBER = re.compile(r"[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")


def make_wrong(text: str, random: Random, excluded: Collection[str] = ()) -> str:
    """Change one to three digits of a text, or letters if it has no digits. If it has neither, append a 0.

    Unless a 0 was appended, the result is not one of the texts in `excluded`.
    """
    positions = [match.start() for match in _DIGIT.finditer(text)] or [
        match.start() for match in _LETTER.finditer(text)
    ]
    if not positions:
        return f"{text.rstrip()}0\n"
    while True:
        letters = list(text)
        for position in random.sample(positions, min(len(positions), random.randint(1, 3))):
            alphabet = "0123456789" if letters[position].isdigit() else "abcdefghijklmnopqrstuvwxyz"
            letters[position] = random.choice(alphabet)
        changed = "".join(letters)
        if changed != text and changed not in excluded:
            return changed


def replace_numbers(text: str, change: Callable[[str], str]) -> str:
    """Apply `change` to each number in a text, keeping the layout."""
    return _NUMBER.sub(lambda match: change(match[0]), text)
