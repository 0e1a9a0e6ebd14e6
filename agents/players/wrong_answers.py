"""Makes wrong answers that look plausible."""

import re
from collections.abc import Callable, Collection
from random import Random

_DIGIT, _LETTER = re.compile(r"\d"), re.compile(r"[A-Za-z]")
_NUMBER = re.compile(r"[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")


def spoiled(text: str, random: Random, never: Collection[str] = ()) -> str:
    """Change one to three digits of a text, or letters if it has no digits; if it has neither, append a 0.

    The result is none of the texts in `never`, unless a 0 was appended.
    """
    places = [found.start() for found in _DIGIT.finditer(text)] or [found.start() for found in _LETTER.finditer(text)]
    if not places:
        return f"{text.rstrip()}0\n"
    while True:
        letters = list(text)
        for place in random.sample(places, min(len(places), random.randint(1, 3))):
            alphabet = "0123456789" if letters[place].isdigit() else "abcdefghijklmnopqrstuvwxyz"
            letters[place] = random.choice(alphabet)
        wrong = "".join(letters)
        if wrong != text and wrong not in never:
            return wrong


def with_numbers(text: str, change: Callable[[str], str]) -> str:
    """Apply `change` to each number in a text, keeping the layout."""
    return _NUMBER.sub(lambda found: change(found[0]), text)
