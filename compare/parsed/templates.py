"""The lines that a program prints, as templates read off its real logs: for logs that come without a program."""

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property

import numpy as np

from gedanken.compare.output.environment import MASK
from gedanken.compare.output.transcript import Transcript, skeleton, template_of
from gedanken.compare.output.wording import HOLE
from gedanken.compare.source.print_sites import PrintSite

NO_LINE = 0
"""Where in a source a template stands that was read off a log."""
_MOST_WORDS = 60
"""Words of a line in which a place is looked for that varies: longer lines are taken as they are."""


class Templates:
    """One template for each form that a real log has.

    Forms that differ in one word at the same place are one template where the logs show that this word varies:
    every log has one of them, and none of them stands in every log.
    """

    def __init__(self, logs: Callable[[], Sequence[Transcript]]) -> None:
        """Nothing is read before it is asked for."""
        self._read = logs

    @cached_property
    def _logs(self) -> Sequence[Transcript]:
        return self._read()

    @cached_property
    def _standing(self) -> dict[str, int]:
        """For each form the logs that have it, as bits."""
        standing: dict[str, int] = {}
        for at, log in enumerate(self._logs):
            for form in filter(None, log.forms):
                standing[form] = standing.get(form, 0) | 1 << at
        return standing

    @cached_property
    def _varying(self) -> frozenset[int]:
        return _varying(self._standing, (1 << len(self._logs)) - 1)

    @cached_property
    def _index(self) -> dict[str, int]:
        index: dict[str, int] = {}
        for form in self._standing:
            index.setdefault(self._key(form), len(index))
        return index

    def _key(self, form: str) -> str:
        """The form, or that with a hole for the word that varies."""
        if not self._varying:
            return form
        words = form.split(" ")
        at = next((at for at, key in _opened(words) if key in self._varying), None)
        return form if at is None else " ".join([*words[:at], HOLE, *words[at + 1 :]])

    @cached_property
    def sites(self) -> tuple[PrintSite, ...]:
        """The templates, in the order of their first appearance."""
        return tuple(PrintSite(template_of(key, HOLE), NO_LINE) for key in self._index)

    def find(self, line: str) -> int | None:
        """Index of the template that a line has, in `sites`; a line as it is compared."""
        return self._index.get(self._key(skeleton(line)))

    @cached_property
    def odd(self) -> list[list[str]]:
        """For each log the templates that no other log has, of one form each."""
        logs: dict[str, int] = {}
        for form, standing in self._standing.items():
            key = self._key(form)
            logs[key] = logs.get(key, 0) | standing
        odd: list[list[str]] = [[] for _log in self._logs]
        for key, standing in logs.items():
            if standing.bit_count() == 1:
                odd[standing.bit_length() - 1].append(key)
        return odd


def _varying(standing: dict[str, int], all_logs: int) -> frozenset[int]:
    """Keys of forms with a hole in place of a word, for which the logs show that this word varies."""
    some = {form: logs for form, logs in standing.items() if logs != all_logs}
    keys = np.fromiter((key for form in some for _at, key in _opened(form.split(" "))), np.uint64)
    keys.sort()
    shared = set(keys[1:][keys[1:] == keys[:-1]].tolist())
    groups: dict[int, int] = {}
    for form, logs in some.items() if shared else ():
        for _at, key in _opened(form.split(" ")):
            if key in shared:
                groups[key] = groups.get(key, 0) | logs
    return frozenset(key for key, logs in groups.items() if logs == all_logs)


def _opened(words: Sequence[str]) -> Iterator[tuple[int, int]]:
    """For each word in turn its place, and a key of the form with a hole there: 64 bits, the same for the same words.

    Forms themselves would take as many times their length of memory as they have words. What has one word only has
    no such form: it would say nothing.
    """
    if not 2 <= len(words) <= _MOST_WORDS:
        return
    parts = [hash((at, word)) for at, word in enumerate(words)]
    whole = sum(parts) + hash(len(words))
    for at, (part, word) in enumerate(zip(parts, words, strict=True)):
        # A host may be a word in one log and, like a container's, an id that is set aside in another.
        if MASK in word or any(map(str.isalpha, word)):
            yield at, (whole - part + hash((at, HOLE))) % (1 << 64)
