"""Predicts outputs from the programs and outputs that a player has read: by nearest neighbours and by n-grams."""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from random import Random

import numpy as np
from numpy.typing import NDArray

from gedanken.agents.players.bank import Bank, Entry

Features = Callable[[str], Counter[str]]
NEIGHBOURS = 12
_WORD = re.compile(r"\w+|[^\w\s]")
_ORDERS = (64, 32, 16, 8, 4, 2, 0)
_END = "\x04"
_LONGEST = 120
"""Maximum length of a predicted output in characters."""


def pieces(text: str) -> Counter[str]:
    """Return the sequences of five characters that occur in a text, each with the count 1."""
    return Counter({text[at : at + 5] for at in range(len(text) - 4)})


def words(text: str) -> Counter[str]:
    """Count the words, numbers and other characters of a text."""
    return Counter(_WORD.findall(text))


def neighbours(bank: Bank, asked: Entry, features: Features) -> list[Entry]:
    """Return the entries of `bank.read` most similar to `asked`, nearest first, at most NEIGHBOURS.

    Similarity is the cosine of the features, weighted by their rarity.
    """
    return nearest_to(_shown(asked), bank, features)


def nearest_to(text: str, bank: Bank, features: Features) -> list[Entry]:
    """Return the entries most similar to a text that contains a program, such as a question; see `neighbours`."""
    known = bank.memo.get(features)
    if known is None:
        known = bank.memo[features] = _Index(bank.read, features)
    assert isinstance(known, _Index)
    return known.nearest(text)


def _shown(entry: Entry) -> str:
    """Return the item's program, without its text `told`."""
    # A player that only looks for similar programs ignores what it is told.
    return entry.item.program


class _Index:
    def __init__(self, entries: Sequence[Entry], features: Features) -> None:
        from scipy.sparse import csr_array

        self._entries, self._features = entries, features
        counted = [features(_shown(entry)) for entry in entries]
        spread = Counter(name for one in counted for name in one)
        self._columns = {name: at for at, name in enumerate(spread)}
        self._weights = np.array([np.log(1 + len(entries) / times) for times in spread.values()])
        self._rows = csr_array(np.stack([self._vector(one) for one in counted]))
        self._found: dict[str, list[Entry]] = {}

    def nearest(self, text: str) -> list[Entry]:
        if text not in self._found:
            similar = self._rows @ self._vector(self._features(text))
            self._found[text] = [self._entries[at] for at in np.argsort(-similar, kind="stable")[:NEIGHBOURS]]
        return self._found[text]

    def _vector(self, counted: Counter[str]) -> NDArray[np.float32]:
        vector = np.zeros(len(self._columns), np.float32)
        for name, times in counted.items():
            if name in self._columns:
                vector[self._columns[name]] = times * self._weights[self._columns[name]]
        length = float(np.linalg.norm(vector))
        return vector / length if length else vector


class Grams:
    """A character-level n-gram model, trained on programs with their outputs."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self._next: dict[str, Counter[str]] = defaultdict(Counter)
        for entry in entries:
            before = _prompt(entry)
            text = before + entry.truth + _END
            for at in range(len(before), len(text)):
                for order in _ORDERS:
                    self._next[text[at - order : at]][text[at]] += 1

    @classmethod
    def of(cls, bank: Bank) -> "Grams":
        """Return the model that is trained on `bank.read`, and that all players share."""
        if Grams not in bank.memo:
            bank.memo[Grams] = cls(bank.read)
        grams = bank.memo[Grams]
        assert isinstance(grams, Grams)
        return grams

    def output(self, asked: Entry, random: Random) -> str:
        """Predict the output of the program of `asked`."""
        text = _prompt(asked)
        start = len(text)
        while len(text) < start + _LONGEST:
            follows = next(self._next[key] for order in _ORDERS if (key := text[len(text) - order :]) in self._next)
            letter = random.choices(list(follows), list(follows.values()))[0]
            if letter == _END:
                break
            text += letter
        return text[start:]


def _prompt(entry: Entry) -> str:
    """Return the text after which the output is predicted: the last line of the program, then its first lines."""
    lines = entry.item.program.strip().splitlines()
    # The first lines come last: their constants matter most.
    return "\n".join([lines[-1], *lines[:3]]) + "\n> "
