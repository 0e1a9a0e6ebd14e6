"""The kinds of reference players, several for each way of answering: computes, imitates, takes shortcuts."""

import math
import statistics
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Literal

import numpy as np

from gedanken.agents.players.bank import Bank, Entry
from gedanken.agents.players.predictors import Grams, neighbours, pieces, words
from gedanken.agents.players.wrong_answers import spoiled, with_numbers

Way = Literal["computes", "imitates", "shortcut"]


@dataclass(frozen=True, slots=True)
class Asked:
    """One question to one player."""

    entry: Entry
    bank: Bank
    horizon: float
    """The largest size of an item that the player can compute or, if it imitates, may have read."""
    seed: int
    """Seed of the player."""
    random: Random
    """Random generator for this answer."""

    @property
    def size(self) -> int:
        """Size of the item."""
        return self.entry.item.size

    @property
    def is_beyond(self) -> bool:
        """True if the size of the item is beyond the player's horizon."""
        return self.size > self.horizon


Answers = Callable[[Asked], str]


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of player."""

    way: Way
    answers: Answers
    about: str


def _wrong(asked: Asked) -> str:
    return spoiled(asked.entry.truth, asked.random, [asked.entry.rival or ""])


# Players that compute: they know the real output.


def _exactly(asked: Asked) -> str:
    return _wrong(asked) if asked.is_beyond else asked.entry.truth


def _in_half_precision(asked: Asked) -> str:
    """Up to the horizon, give the right output with numbers rounded to 16-bit floats; beyond it, a wrong output."""

    def half(number: str) -> str:
        value = float(np.float16(min(float(number), 65504.0)))
        if value == float(number):
            return number
        return f"{value:.{len(number.partition('.')[2])}f}" if "." in number else f"{value:.0f}"

    return _wrong(asked) if asked.is_beyond else with_numbers(asked.entry.truth, half)


def _with_slips(asked: Asked) -> str:
    """Give the right output with probability 2^(-size/horizon), so that half the outputs are wrong at the horizon."""
    half = asked.horizon if math.isfinite(asked.horizon) else 400.0
    return asked.entry.truth if asked.random.random() < 2 ** (-asked.size / half) else _wrong(asked)


def _stopping_early(asked: Asked) -> str:
    """Give the right output up to a horizon (at most 16); beyond it, the output of a smaller similar program."""
    horizon = min(asked.horizon, 16)
    if asked.size <= horizon:
        return asked.entry.truth
    item = asked.entry.item
    smaller = [
        one
        for one in asked.bank.items
        if (one.item.operation, one.item.template, one.item.role) == (item.operation, item.template, item.role)
        and one.item.size <= horizon
    ]
    return max(smaller, key=lambda one: (one.item.size, one.item.id)).truth if smaller else _wrong(asked)


def _unevenly(asked: Asked) -> str:
    """Give the right output up to a horizon that differs by kind of operation; beyond it, a wrong output."""
    factor = 2 ** Random(f"{asked.seed} {asked.entry.item.operation}").gauss(0, 1)
    return _wrong(asked) if asked.size > min(asked.horizon, 24) * factor else asked.entry.truth


def _misreading_digits(asked: Asked) -> str:
    """Up to the horizon, give the right output with 1 % of its digits replaced; beyond it, a wrong output."""
    if asked.is_beyond:
        return _wrong(asked)
    return "".join(
        str(asked.random.randint(0, 9)) if letter.isdigit() and asked.random.random() < 0.01 else letter
        for letter in asked.entry.truth
    )


# Players that imitate: they answer from the programs and outputs that they have read.


def _read(asked: Asked, entries: Sequence[Entry]) -> list[Entry]:
    """Select the entries that are small enough for this player to have read."""
    return [entry for entry in entries if entry.item.size <= asked.horizon]


def _nearest(asked: Asked) -> str:
    near = _read(asked, neighbours(asked.bank, asked.entry, pieces))
    return near[0].truth if near else _usual(asked)


def _nearest_by_words(asked: Asked) -> str:
    near = _read(asked, neighbours(asked.bank, asked.entry, words))
    return near[0].truth if near else _usual(asked)


def _from_grams(asked: Asked) -> str:
    return Grams.of(asked.bank).output(asked.entry, asked.random)


def _usual(asked: Asked) -> str:
    """Return the most frequent output of programs with the item's kind of operation."""
    known = asked.bank.by_operation.get(asked.entry.item.operation, [])
    outputs = Counter(one.truth for one in _read(asked, known) or known)
    most = max(outputs.values(), default=0)
    return asked.random.choice([text for text, times in outputs.items() if times == most] or ["0\n"])


def _by_rote(asked: Asked) -> str:
    """Give the right output for nine in ten widely known items up to the horizon; else the most frequent output."""
    knows = Random(f"{asked.seed} {asked.entry.item.id}").random() < 0.9
    if asked.entry.is_known and knows and not asked.is_beyond:
        return asked.entry.truth
    return _usual(asked)


def _by_the_rule(asked: Asked) -> str:
    """Up to the horizon, give the output of the program's widely known original; else answer as `_usual` does."""
    entry = asked.entry
    if entry.item.rival_is != "imitates" or asked.is_beyond:
        return _usual(asked)
    return entry.truth if entry.item.role == "easy" else entry.rival or _usual(asked)


def _spliced(asked: Asked) -> str:
    """Join the first half of the most similar entry's output to the second half of the second most similar's."""
    near = _read(asked, neighbours(asked.bank, asked.entry, pieces))
    if not near:
        return _usual(asked)
    if len(near) == 1 or near[0].item.pair == asked.entry.item.pair:
        return near[0].truth
    first, second = (one.truth for one in near[:2])
    return first[: len(first) // 2] + second[len(second) // 2 :]


# Players that take shortcuts: a closed form if there is one, else an answer without computing.


def _closed_form(asked: Asked) -> str | None:
    """Return the output of the item's closed form, right or wrong; None if it has none or is beyond the horizon."""
    entry = asked.entry
    if entry.item.rival_is != "shortcut" or asked.is_beyond:
        return None
    return entry.truth if entry.item.role == "easy" else entry.rival


def _or_usual(asked: Asked) -> str:
    return _closed_form(asked) or _usual(asked)


def _or_any(asked: Asked) -> str:
    """Use the closed form, or else the output of any program with the same kind of operation."""
    known = asked.bank.by_operation.get(asked.entry.item.operation, [])
    return _closed_form(asked) or (asked.random.choice(known).truth if known else "0\n")


def _or_first_step(asked: Asked) -> str:
    """Use the closed form, or else the output of a program from the same template with at most two operations."""
    item = asked.entry.item
    first = [
        one
        for one in asked.bank.by_operation.get(item.operation, [])
        if one.item.template == item.template and one.item.size <= 2
    ]
    return _closed_form(asked) or (asked.random.choice(first).truth if first else _usual(asked))


def _or_given_numbers(asked: Asked) -> str:
    """Use the closed form, or else numbers from the program itself, in the layout of the most frequent output."""
    given = [part.strip("[](),'\"") for part in asked.entry.item.program.split()]
    numbers = [part for part in given if part.isdigit()]
    layout = _usual(asked)
    if not numbers or not any(letter.isdigit() for letter in layout):
        return _or_usual(asked)
    return _closed_form(asked) or with_numbers(layout, lambda _number: asked.random.choice(numbers))


def _or_middle(asked: Asked) -> str:
    """Use the closed form, or else the median of the numbers that programs with the same kind of operation print."""
    known = [one.truth for one in asked.bank.by_operation.get(asked.entry.item.operation, [])]
    numbers = [float(part) for text in known for part in text.split() if part.isdigit()]
    if not numbers:
        return _or_usual(asked)
    middle = f"{statistics.median(numbers):.0f}"
    return _closed_form(asked) or with_numbers(_usual(asked), lambda number: middle.zfill(len(number)))


KINDS: dict[str, Kind] = {
    "computes": Kind("computes", _exactly, "the true output up to its horizon, wrong outputs beyond"),
    "computes-half": Kind("computes", _in_half_precision, "in half precision"),
    "computes-slips": Kind("computes", _with_slips, "each operation may be wrong"),
    "computes-early": Kind("computes", _stopping_early, "stops early beyond its horizon"),
    "computes-uneven": Kind("computes", _unevenly, "with a different horizon for each kind of operation"),
    "computes-digits": Kind("computes", _misreading_digits, "writes a wrong digit once in a hundred"),
    "imitates": Kind("imitates", _nearest, "the output of the program most similar in characters"),
    "imitates-rote": Kind("imitates", _by_rote, "widely known outputs from memory, else the usual output"),
    "imitates-rule": Kind("imitates", _by_the_rule, "treats every program as its widely known original"),
    "imitates-words": Kind("imitates", _nearest_by_words, "the output of the program most similar in words"),
    "imitates-grams": Kind("imitates", _from_grams, "an n-gram model, trained on programs with their outputs"),
    "imitates-splices": Kind("imitates", _spliced, "the outputs of two near programs, spliced"),
    "shortcut": Kind("shortcut", _or_usual, "a closed form if there is one, else the usual output"),
    "shortcut-any": Kind("shortcut", _or_any, "a closed form, else any output of this kind of operation"),
    "shortcut-first": Kind("shortcut", _or_first_step, "a closed form, else an output of at most two operations"),
    "shortcut-given": Kind("shortcut", _or_given_numbers, "a closed form, else numbers of the program"),
    "shortcut-middle": Kind("shortcut", _or_middle, "a closed form, else the median of known numbers"),
}
