"""Wrong answers that look like right ones."""

import re
from collections.abc import Callable, Collection
from random import Random

_DIGIT, _LETTER = re.compile(r"\d"), re.compile(r"[A-Za-z]")
_NUMBER = re.compile(r"[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")


def spoiled(text: str, random: Random, never: Collection[str] = ()) -> str:
    """The text with one to three of its digits, or letters where it has none, changed; none of `never`."""
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
    """Each number of the text changed, in the same layout."""
    return _NUMBER.sub(lambda found: change(found[0]), text)
