"""Replaces patterns in a line, and can record where in the original line each remaining character was."""

import re
from collections.abc import Callable, Sequence
from functools import cache
from itertools import pairwise
from typing import NamedTuple

Pieces = tuple[str | slice, ...]
"""A changed line as a sequence of slices of the original line and of inserted texts."""
_INSERTED = -1


class Rule(NamedTuple):
    """A pattern and its `replacement`: a sequence of texts, and of numbers n that stand for the text of the group
    n.
    """

    pattern: re.Pattern[str]
    replacement: tuple[str | int, ...]
    is_exempt: Callable[[re.Match[str]], bool] | None = None
    """A function that says whether a match is left unchanged. If it is None, every match is replaced."""


class EditableLine:
    """A line that is being changed."""

    def __init__(self, text: str) -> None:
        self.text = text

    def replace(self, rule: Rule) -> bool:
        """Replace all matches of the rule's pattern; return whether the line changed."""
        before = self.text
        replacement = _re_template(rule.replacement) if rule.is_exempt is None else lambda match: _expand(rule, match)
        self.text = rule.pattern.sub(replacement, before)
        return self.text != before

    def rearrange(self, pieces: Sequence[slice]) -> None:
        """Reorder the line, given its slices in the new order. Together, the slices must be the whole line."""
        self.text = build_line(self.text, pieces)


class TracedLine(EditableLine):
    """A line that is being changed, and that records the original position of each character."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._origins = list(range(len(text)))

    def replace(self, rule: Rule) -> bool:
        end = 0
        origins: list[int] = []
        for match in rule.pattern.finditer(self.text):
            origins += self._origins[end : match.start()]
            end = match.end()
            if rule.is_exempt and rule.is_exempt(match):
                origins += self._origins[match.start() : end]
                continue
            for part in rule.replacement:
                origins += (
                    [_INSERTED] * len(part) if isinstance(part, str) else self._origins[slice(*match.span(part))]
                )
        origins += self._origins[end:]
        is_changed = super().replace(rule)
        self._origins = origins
        return is_changed

    def rearrange(self, pieces: Sequence[slice]) -> None:
        super().rearrange(pieces)
        self._origins = [origin for piece in pieces for origin in self._origins[piece]]

    def pieces(self) -> Pieces:
        """Return the changed line, as slices of the original line and inserted texts."""
        borders = [
            0,
            *(index for index in range(1, len(self._origins)) if not self._is_contiguous(index)),
            len(self._origins),
        ]
        return tuple(self._piece(begin, end) for begin, end in pairwise(borders) if begin < end)

    def _is_contiguous(self, index: int) -> bool:
        previous, current = self._origins[index - 1], self._origins[index]
        return current == _INSERTED == previous or (previous != _INSERTED and current == previous + 1)

    def _piece(self, begin: int, end: int) -> str | slice:
        if self._origins[begin] == _INSERTED:
            return self.text[begin:end]
        return slice(self._origins[begin], self._origins[end - 1] + 1)


def build_line(line: str, pieces: Sequence[str | slice] | Sequence[slice]) -> str:
    """Build a changed line from slices of the original `line` and inserted texts."""
    return "".join([piece if isinstance(piece, str) else line[piece] for piece in pieces])


@cache
def _re_template(by: tuple[str | int, ...]) -> str:
    return "".join([part.replace("\\", r"\\") if isinstance(part, str) else rf"\g<{part}>" for part in by])


def _expand(rule: Rule, match: re.Match[str]) -> str:
    if rule.is_exempt and rule.is_exempt(match):
        return match[0]
    return "".join([part if isinstance(part, str) else match[part] for part in rule.replacement])
