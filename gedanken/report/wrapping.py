"""Wraps text into few lines of a terminal. Text that does not fit is cut, if possible at the end of a clause."""

import re
import textwrap
from collections.abc import Iterator, Sequence

from gedanken.experiment.escaping import harmless

_MAX_CHARACTERS = 1000
"""Maximum number of characters of a text that are shown, however wide the terminal is."""
_MIN_WIDTH = 20
_SENTENCE_END = re.compile(r"\.(?= [A-Z\d])")
_CLAUSE_ENDS = ((re.compile(r"[.;:](?= )"), 0.7), (re.compile(r"[.;:,](?= )| (?=\()"), 0.5))
"""Patterns of positions at which a text may be cut, each with the minimum share of the lines that the text must still
fill. The patterns are tried in order.
"""


def flatten(text: str) -> str:
    """Return the text on one line, with unprintable characters escaped."""
    return harmless(_collapse(text))


def wrap(text: str, width: int, limit: int) -> list[str]:
    """Wrap a text into at most `limit` lines. If the text is too long, it is cut after a word."""
    return textwrap.wrap(flatten(text), max(_MIN_WIDTH, width - 1), max_lines=limit, placeholder=" …")


def wrap_sentences(text: str, width: int, limit: int) -> list[str]:
    """Return as many whole sentences as fit into `limit` lines, wrapped. If even the first sentence does not fit, it
    is cut.
    """
    text = _collapse(text)
    sentence_ends = [match.end() for match in _SENTENCE_END.finditer(text) if _is_outside_quotes(text, match.end())]
    for end in [len(text), *reversed(sentence_ends)]:
        lines = _wrap_whole(text[:end], width)
        if len(lines) <= limit:
            return lines
    return wrap_clauses(text[: sentence_ends[0]] if sentence_ends else text, width, limit)


def wrap_clauses(text: str, width: int, limit: int) -> list[str]:
    """Return as many whole clauses as fit into `limit` lines, wrapped, and `…` in place of the rest.

    If whole clauses would leave most of the lines empty, the text is cut after a word.
    """
    text = _collapse(text)
    lines = _wrap_whole(text, width)
    if len(lines) <= limit:
        return lines
    for clause_end, share in _CLAUSE_ENDS:
        for shortened in _cut_at(text, clause_end):
            if len(shortened) < share * width * limit:
                break
            lines = _wrap_whole(shortened, width)
            if len(lines) <= limit:
                return lines
    return wrap(text, width, limit)


def wrap_items(items: Sequence[str], width: int, limit: int) -> list[str]:
    """Return as many items of a list as fit into `limit` lines, followed by `…` if some are left out."""
    for count in range(len(items), 0, -1):
        lines = _wrap_whole(", ".join([*items[:count], *["…"][: len(items) - count]]), width)
        if len(lines) <= limit:
            return lines
    return wrap(items[0], width, limit)


def _cut_at(text: str, clause_end: re.Pattern[str]) -> Iterator[str]:
    """Yield versions of the text that are cut at the end of a clause outside quotations, the longest first. Open
    brackets are closed.
    """
    ends = [match.start() for match in clause_end.finditer(text) if _is_outside_quotes(text, match.start())]
    for end in reversed(ends):
        yield f"{text[:end]}{')' * _count_open_brackets(text[:end])} …"


def _count_open_brackets(text: str) -> int:
    depth = 0
    for bracket in re.findall(r"[()]", re.sub(r"“[^”]*”", "", text)):
        depth = max(0, depth + (1 if bracket == "(" else -1))
    return depth


def _collapse(text: str) -> str:
    return " ".join(text[:_MAX_CHARACTERS].split())


def _wrap_whole(text: str, width: int) -> list[str]:
    return textwrap.wrap(flatten(text), max(_MIN_WIDTH, width - 1))


def _is_outside_quotes(text: str, position: int) -> bool:
    return text.count("“", 0, position) == text.count("”", 0, position)
