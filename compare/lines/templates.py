"""The lines that a program prints, as templates read off its real logs: for logs that come without a program."""

from collections.abc import Callable, Iterable, Sequence
from functools import cached_property

from compare.lines.print_sites import PrintSite
from compare.lines.transcript import Transcript, skeleton, template_of
from compare.lines.wording import HOLE

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
    def _varying(self) -> frozenset[str]:
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
        return next((open_form for open_form in _opened(form) if open_form in self._varying), form)

    @cached_property
    def sites(self) -> tuple[PrintSite, ...]:
        """The templates, in the order of their first appearance."""
        return tuple(PrintSite(template_of(key, HOLE), NO_LINE) for key in self._index)

    def find(self, line: str) -> int | None:
        """Index of the template that a line has, in `sites`."""
        return self._index.get(self._key(skeleton(line)))

    @cached_property
    def are_complete(self) -> bool:
        """Whether each template stands in two logs or more: then a line of a new form is no matter of chance.

        Of a single log that is taken for granted, and cannot be known.
        """
        logs: dict[str, int] = {}
        for form, standing in self._standing.items():
            key = self._key(form)
            logs[key] = logs.get(key, 0) | standing
        return len(self._logs) == 1 or all(standing.bit_count() > 1 for standing in logs.values())


def _varying(standing: dict[str, int], all_logs: int) -> frozenset[str]:
    """Forms with a hole in place of a word, for which the logs show that this word varies."""
    groups: dict[str, int] = {}
    sizes: dict[str, int] = {}
    for form, logs in standing.items():
        if logs == all_logs:
            continue
        for key in _opened(form):
            groups[key] = groups.get(key, 0) | logs
            sizes[key] = sizes.get(key, 0) + 1
    return frozenset(key for key, logs in groups.items() if sizes[key] > 1 and logs == all_logs)


def _opened(form: str) -> Iterable[str]:
    """The form with a hole in place of each of its words in turn; never all that it says."""
    words = form.split(" ")
    if not 2 <= len(words) <= _MOST_WORDS:
        return
    for at, word in enumerate(words):
        if any(map(str.isalpha, word)):
            yield " ".join([*words[:at], HOLE, *words[at + 1 :]])
