"""Predicts outputs from the programs and outputs that a player has read: by nearest neighbours and by n-grams."""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from random import Random

import numpy as np
from numpy.typing import NDArray

from gedanken.agents.players.bank import Bank, Entry

Features = Callable[[str], Counter[str]]
MAX_NEIGHBOURS = 12
_WORD = re.compile(r"\w+|[^\w\s]")
_ORDERS = (64, 32, 16, 8, 4, 2, 0)
_END = "\x04"
_MAX_OUTPUT_CHARACTERS = 120


def five_grams(text: str) -> Counter[str]:
    """Return the sequences of five characters that occur in a text. Each has the count 1, however often it occurs."""
    return Counter({text[start : start + 5] for start in range(len(text) - 4)})


def word_counts(text: str) -> Counter[str]:
    """Count the words, numbers and other characters of a text."""
    return Counter(_WORD.findall(text))


def neighbours(bank: Bank, entry: Entry, features: Features) -> list[Entry]:
    """Return the entries of `bank.known_entries` that are most similar to `entry`, nearest first, at most
    `MAX_NEIGHBOURS`.

    Similarity is the cosine of the two entries' features, where rare features have more weight.
    """
    return nearest_to(_program(entry), bank, features)


def nearest_to(text: str, bank: Bank, features: Features) -> list[Entry]:
    """Return the entries most similar to a text that contains a program, such as a question; see `neighbours`."""
    index = bank.memo.get(features)
    if index is None:
        index = bank.memo[features] = _Index(bank.known_entries, features)
    assert isinstance(index, _Index)
    return index.nearest(text)


def _program(entry: Entry) -> str:
    """Return the item's program alone, without its text `told`."""
    # A player that only looks for similar programs ignores what it is told.
    return entry.item.program


class _Index:
    def __init__(self, entries: Sequence[Entry], features: Features) -> None:
        from scipy.sparse import csr_array

        self._entries, self._features = entries, features
        entry_features = [features(_program(entry)) for entry in entries]
        entry_counts = Counter(name for counts in entry_features for name in counts)
        self._columns = {name: column for column, name in enumerate(entry_counts)}
        self._weights = np.array([np.log(1 + len(entries) / count) for count in entry_counts.values()])
        self._rows = csr_array(np.stack([self._vector(counts) for counts in entry_features]))
        self._nearest_by_text: dict[str, list[Entry]] = {}

    def nearest(self, text: str) -> list[Entry]:
        if text not in self._nearest_by_text:
            similarities = self._rows @ self._vector(self._features(text))
            self._nearest_by_text[text] = [
                self._entries[index] for index in np.argsort(-similarities, kind="stable")[:MAX_NEIGHBOURS]
            ]
        return self._nearest_by_text[text]

    def _vector(self, counts: Counter[str]) -> NDArray[np.float32]:
        vector = np.zeros(len(self._columns), np.float32)
        for name, count in counts.items():
            if name in self._columns:
                vector[self._columns[name]] = count * self._weights[self._columns[name]]
        length = float(np.linalg.norm(vector))
        return vector / length if length else vector


class NGramModel:
    """A character-level n-gram model, trained on programs with their outputs."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self._next_counts: dict[str, Counter[str]] = defaultdict(Counter)
        for entry in entries:
            prompt = _prompt(entry)
            text = prompt + entry.truth + _END
            for index in range(len(prompt), len(text)):
                for order in _ORDERS:
                    self._next_counts[text[index - order : index]][text[index]] += 1

    @classmethod
    def of(cls, bank: Bank) -> "NGramModel":
        """Return the model that is trained on `bank.known_entries`. All players share it."""
        if NGramModel not in bank.memo:
            bank.memo[NGramModel] = cls(bank.known_entries)
        grams = bank.memo[NGramModel]
        assert isinstance(grams, NGramModel)
        return grams

    def output(self, entry: Entry, random: Random) -> str:
        """Predict the output of the program of `entry`."""
        text = _prompt(entry)
        start = len(text)
        while len(text) < start + _MAX_OUTPUT_CHARACTERS:
            next_counts = next(
                self._next_counts[key] for order in _ORDERS if (key := text[len(text) - order :]) in self._next_counts
            )
            character = random.choices(list(next_counts), list(next_counts.values()))[0]
            if character == _END:
                break
            text += character
        return text[start:]


def _prompt(entry: Entry) -> str:
    """Return the text after which the output is predicted: the last line of the program, then its first lines."""
    lines = entry.item.program.strip().splitlines()
    # The first lines come last: their constants matter most.
    return "\n".join([lines[-1], *lines[:3]]) + "\n> "
