"""Replaces patterns in a line, and can record where in the original line each remaining character was."""

import re
from collections.abc import Callable, Sequence
from functools import cache
from itertools import pairwise
from typing import NamedTuple

Pieces = tuple[str | slice, ...]
"""A changed line, in order: slices of the original line, and inserted texts."""
_PUT_IN = -1


class Rule(NamedTuple):
    """A pattern and its replacement `by`: texts and numbers. The number 1 stands for the text of group 1."""

    pattern: re.Pattern[str]
    by: tuple[str | int, ...]
    but: Callable[[re.Match[str]], bool] | None = None
    """A function that says whether a match is left unchanged. If it is None, every match is replaced."""


class Edited:
    """A line that is being changed."""

    def __init__(self, text: str) -> None:
        self.text = text

    def replace(self, rule: Rule) -> bool:
        """Replace all matches of the rule's pattern; return whether the line changed."""
        before = self.text
        new = _template(rule.by) if rule.but is None else lambda found: _new(rule, found)
        self.text = rule.pattern.sub(new, before)
        return self.text != before

    def rearrange(self, pieces: Sequence[slice]) -> None:
        """Reorder the line, given its slices in the new order. Together, the slices must be the whole line."""
        self.text = made_of(self.text, pieces)


class Traced(Edited):
    """A line that is being changed, and that records the original position of each character."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._from = list(range(len(text)))

    def replace(self, rule: Rule) -> bool:
        at = 0
        came: list[int] = []
        for found in rule.pattern.finditer(self.text):
            came += self._from[at : found.start()]
            at = found.end()
            if rule.but and rule.but(found):
                came += self._from[found.start() : at]
                continue
            for part in rule.by:
                came += [_PUT_IN] * len(part) if isinstance(part, str) else self._from[slice(*found.span(part))]
        came += self._from[at:]
        is_changed = super().replace(rule)
        self._from = came
        return is_changed

    def rearrange(self, pieces: Sequence[slice]) -> None:
        super().rearrange(pieces)
        self._from = [at for piece in pieces for at in self._from[piece]]

    def pieces(self) -> Pieces:
        """Return the changed line, as slices of the original line and inserted texts."""
        borders = [0, *(at for at in range(1, len(self._from)) if not self._goes_on(at)), len(self._from)]
        return tuple(self._piece(begin, end) for begin, end in pairwise(borders) if begin < end)

    def _goes_on(self, at: int) -> bool:
        before, here = self._from[at - 1], self._from[at]
        return here == _PUT_IN == before or (before != _PUT_IN and here == before + 1)

    def _piece(self, begin: int, end: int) -> str | slice:
        if self._from[begin] == _PUT_IN:
            return self.text[begin:end]
        return slice(self._from[begin], self._from[end - 1] + 1)


def made_of(line: str, pieces: Sequence[str | slice] | Sequence[slice]) -> str:
    """Build a changed line from slices of the original `line` and inserted texts."""
    return "".join([piece if isinstance(piece, str) else line[piece] for piece in pieces])


@cache
def _template(by: tuple[str | int, ...]) -> str:
    """Return a rule's replacement in the notation of `re.sub`."""
    return "".join([part.replace("\\", r"\\") if isinstance(part, str) else rf"\g<{part}>" for part in by])


def _new(rule: Rule, found: re.Match[str]) -> str:
    if rule.but and rule.but(found):
        return found[0]
    return "".join([part if isinstance(part, str) else found[part] for part in rule.by])
