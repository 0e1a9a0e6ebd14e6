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
from gedanken.agents.players.predictors import NGramModel, five_grams, neighbours, word_counts
from gedanken.agents.players.wrong_answers import make_wrong, replace_numbers

Way = Literal["computes", "imitates", "shortcut"]


@dataclass(frozen=True, slots=True)
class PlayerQuestion:
    """One question to one player."""

    entry: Entry
    bank: Bank
    horizon: float
    """The largest size of an item that the player can compute. If the player imitates: the largest size of an item
    that it may have read.
    """
    seed: int
    """Seed of the player."""
    random: Random
    """Random generator for this answer."""

    @property
    def size(self) -> int:
        return self.entry.item.size

    @property
    def is_beyond(self) -> bool:
        """True if the item is larger than the player's horizon."""
        return self.size > self.horizon


AnswerFunction = Callable[[PlayerQuestion], str]


@dataclass(frozen=True, slots=True)
class Kind:
    way: Way
    answer: AnswerFunction
    description: str


def _wrong_output(question: PlayerQuestion) -> str:
    return make_wrong(question.entry.truth, question.random, [question.entry.rival or ""])


# Players that compute: they know the real output.


def _compute_exactly(question: PlayerQuestion) -> str:
    return _wrong_output(question) if question.is_beyond else question.entry.truth


def _compute_in_half_precision(question: PlayerQuestion) -> str:
    """Up to the horizon, give the right output with numbers rounded to 16-bit floats; beyond it, a wrong output."""

    def round_number(number: str) -> str:
        value = float(np.float16(min(float(number), 65504.0)))
        if value == float(number):
            return number
        return f"{value:.{len(number.partition('.')[2])}f}" if "." in number else f"{value:.0f}"

    return _wrong_output(question) if question.is_beyond else replace_numbers(question.entry.truth, round_number)


def _compute_with_slips(question: PlayerQuestion) -> str:
    """Give the right output with probability 2^(-size/horizon). At the horizon, half of the outputs are therefore
    wrong.
    """
    horizon = question.horizon if math.isfinite(question.horizon) else 400.0
    return (
        question.entry.truth
        if question.random.random() < 2 ** (-question.size / horizon)
        else _wrong_output(question)
    )


def _compute_small_sizes(question: PlayerQuestion) -> str:
    """Give the right output up to the horizon (or 16, if that is smaller); beyond it, the output of a similar but
    smaller program.
    """
    horizon = min(question.horizon, 16)
    if question.size <= horizon:
        return question.entry.truth
    item = question.entry.item
    smaller = [
        entry
        for entry in question.bank.items
        if (entry.item.operation, entry.item.template, entry.item.role) == (item.operation, item.template, item.role)
        and entry.item.size <= horizon
    ]
    return (
        max(smaller, key=lambda entry: (entry.item.size, entry.item.id)).truth if smaller else _wrong_output(question)
    )


def _compute_unevenly(question: PlayerQuestion) -> str:
    """Give the right output up to a horizon that depends on the kind of operation; beyond it, a wrong output."""
    factor = 2 ** Random(f"{question.seed} {question.entry.item.operation}").gauss(0, 1)
    return _wrong_output(question) if question.size > min(question.horizon, 24) * factor else question.entry.truth


def _compute_with_wrong_digits(question: PlayerQuestion) -> str:
    """Up to the horizon, give the right output with 1 % of its digits replaced; beyond it, a wrong output."""
    if question.is_beyond:
        return _wrong_output(question)
    return "".join(
        str(question.random.randint(0, 9)) if letter.isdigit() and question.random.random() < 0.01 else letter
        for letter in question.entry.truth
    )


# Players that imitate: they answer from the programs and outputs that they have read.


def _select_read(question: PlayerQuestion, entries: Sequence[Entry]) -> list[Entry]:
    """Select the entries that are small enough for this player to have read."""
    return [entry for entry in entries if entry.item.size <= question.horizon]


def _copy_nearest(question: PlayerQuestion) -> str:
    similar = _select_read(question, neighbours(question.bank, question.entry, five_grams))
    return similar[0].truth if similar else _most_frequent_output(question)


def _copy_nearest_by_words(question: PlayerQuestion) -> str:
    similar = _select_read(question, neighbours(question.bank, question.entry, word_counts))
    return similar[0].truth if similar else _most_frequent_output(question)


def _sample_from_grams(question: PlayerQuestion) -> str:
    return NGramModel.of(question.bank).output(question.entry, question.random)


def _most_frequent_output(question: PlayerQuestion) -> str:
    """Return the most frequent output of programs with the item's kind of operation."""
    entries = question.bank.by_operation.get(question.entry.item.operation, [])
    outputs = Counter(entry.truth for entry in _select_read(question, entries) or entries)
    max_count = max(outputs.values(), default=0)
    return question.random.choice([text for text, count in outputs.items() if count == max_count] or ["0\n"])


def _recall_known_output(question: PlayerQuestion) -> str:
    """Give the right output for nine in ten widely known items up to the horizon; otherwise the most frequent
    output.
    """
    is_remembered = Random(f"{question.seed} {question.entry.item.id}").random() < 0.9
    if question.entry.is_known and is_remembered and not question.is_beyond:
        return question.entry.truth
    return _most_frequent_output(question)


def _recall_original_output(question: PlayerQuestion) -> str:
    """Up to the horizon, give the output of the widely known program of which this one is a variation; beyond it,
    the most frequent output.
    """
    entry = question.entry
    if entry.item.rival_is != "imitates" or question.is_beyond:
        return _most_frequent_output(question)
    return entry.truth if entry.item.role == "easy" else entry.rival or _most_frequent_output(question)


def _splice_outputs(question: PlayerQuestion) -> str:
    """Join the first half of the output of the most similar entry to the second half of the output of the second
    most similar entry.
    """
    similar = _select_read(question, neighbours(question.bank, question.entry, five_grams))
    if not similar:
        return _most_frequent_output(question)
    if len(similar) == 1 or similar[0].item.pair == question.entry.item.pair:
        return similar[0].truth
    first, second = (entry.truth for entry in similar[:2])
    return first[: len(first) // 2] + second[len(second) // 2 :]


# Players that take shortcuts: a closed form if there is one, else an answer without computing.


def _closed_form(question: PlayerQuestion) -> str | None:
    """Return the output that a formula gives for the item, whether right or wrong; None if there is no formula, or
    beyond the horizon.
    """
    entry = question.entry
    if entry.item.rival_is != "shortcut" or question.is_beyond:
        return None
    return entry.truth if entry.item.role == "easy" else entry.rival


def _closed_form_or_frequent(question: PlayerQuestion) -> str:
    return _closed_form(question) or _most_frequent_output(question)


def _closed_form_or_any(question: PlayerQuestion) -> str:
    """Use the formula for the item or, if there is none, the output of any program with the same kind of
    operation.
    """
    entries = question.bank.by_operation.get(question.entry.item.operation, [])
    return _closed_form(question) or (question.random.choice(entries).truth if entries else "0\n")


def _closed_form_or_small(question: PlayerQuestion) -> str:
    """Use the formula for the item or, if there is none, the output of a program from the same template with at
    most two operations.
    """
    item = question.entry.item
    small = [
        entry
        for entry in question.bank.by_operation.get(item.operation, [])
        if entry.item.template == item.template and entry.item.size <= 2
    ]
    return _closed_form(question) or (
        question.random.choice(small).truth if small else _most_frequent_output(question)
    )


def _closed_form_or_given(question: PlayerQuestion) -> str:
    """Use the formula for the item or, if there is none, numbers that occur in the program, in the layout of the
    most frequent output.
    """
    parts = [part.strip("[](),'\"") for part in question.entry.item.program.split()]
    numbers = [part for part in parts if part.isdigit()]
    layout = _most_frequent_output(question)
    if not numbers or not any(letter.isdigit() for letter in layout):
        return _closed_form_or_frequent(question)
    return _closed_form(question) or replace_numbers(layout, lambda _number: question.random.choice(numbers))


def _closed_form_or_median(question: PlayerQuestion) -> str:
    """Use the formula for the item or, if there is none, the median of the numbers that programs with the same
    kind of operation print.
    """
    outputs = [entry.truth for entry in question.bank.by_operation.get(question.entry.item.operation, [])]
    numbers = [float(part) for text in outputs for part in text.split() if part.isdigit()]
    if not numbers:
        return _closed_form_or_frequent(question)
    median = f"{statistics.median(numbers):.0f}"
    return _closed_form(question) or replace_numbers(
        _most_frequent_output(question), lambda number: median.zfill(len(number))
    )


KINDS: dict[str, Kind] = {
    "computes": Kind("computes", _compute_exactly, "the true output up to its horizon, wrong outputs beyond"),
    "computes-half": Kind("computes", _compute_in_half_precision, "in half precision"),
    "computes-slips": Kind("computes", _compute_with_slips, "each operation may be wrong"),
    "computes-early": Kind("computes", _compute_small_sizes, "stops early beyond its horizon"),
    "computes-uneven": Kind("computes", _compute_unevenly, "with a different horizon for each kind of operation"),
    "computes-digits": Kind("computes", _compute_with_wrong_digits, "writes a wrong digit once in a hundred"),
    "imitates": Kind("imitates", _copy_nearest, "the output of the program most similar in characters"),
    "imitates-rote": Kind(
        "imitates", _recall_known_output, "widely known outputs from memory, else the usual output"
    ),
    "imitates-rule": Kind("imitates", _recall_original_output, "treats every program as its widely known original"),
    "imitates-words": Kind("imitates", _copy_nearest_by_words, "the output of the program most similar in words"),
    "imitates-grams": Kind("imitates", _sample_from_grams, "an n-gram model, trained on programs with their outputs"),
    "imitates-splices": Kind("imitates", _splice_outputs, "the outputs of two near programs, spliced"),
    "shortcut": Kind("shortcut", _closed_form_or_frequent, "a closed form if there is one, else the usual output"),
    "shortcut-any": Kind("shortcut", _closed_form_or_any, "a closed form, else any output of this kind of operation"),
    "shortcut-first": Kind(
        "shortcut", _closed_form_or_small, "a closed form, else an output of at most two operations"
    ),
    "shortcut-given": Kind("shortcut", _closed_form_or_given, "a closed form, else numbers of the program"),
    "shortcut-middle": Kind("shortcut", _closed_form_or_median, "a closed form, else the median of known numbers"),
}
