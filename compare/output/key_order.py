"""Sorts the keys of JSON objects and Python dicts, because the order of keys may differ between runs."""

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

from gedanken.compare.output.edited_line import Edited
from gedanken.compare.output.masking import alike_in_digits
from gedanken.compare.output.vocabulary import Role, meaning_of

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*+"|(?<!\w)\'(?:[^\'\\]|\\.)*+\'|[{}\[\](),:]|[^\s{}\[\](),:"\']++')
_KEY = re.compile(r"[\"']?[\w@/.+ -]{1,80}[\"']?")
_CLOSED_BY = {"{": "}", "[": "]", "(": ")"}
_LONGEST = 10_000
"""Maximum length of a line whose keys are sorted."""
_DEEPEST = 20
_FEWEST = 2
"""An object is sorted only if it has at least this many keys."""

_Rank = tuple[int, str, str]


class _Member(NamedTuple):
    """A key of an object with its value, given as start and end in the line."""

    start: int
    end: int
    rank: _Rank
    """Sorts the members: first counters such as `epoch`, then quoted texts, then all others, each group by key."""
    objects: "tuple[_Object, ...]"
    """Objects inside the value."""


class _Object(NamedTuple):
    members: tuple[_Member, ...]


def sort_keys(line: Edited) -> None:
    """Sort the keys of each object in a line, unless the line is too long or has an incomplete object."""
    objects = _objects(line.text)
    pieces = list(_rearranged(objects, 0, len(line.text)))
    if any(one.start > other.start for one, other in pairwise(pieces)):
        line.rearrange(pieces)


def order_depends_on_digits(line: str) -> bool:
    """Return whether two keys of one object differ only in their digits, as `hr@5` and `hr@10` do."""
    return any(_has_twins(one) for one in _objects(line))


def _has_twins(node: _Object) -> bool:
    ranks = {member.rank[:2] for member in node.members}
    return len(ranks) < len(node.members) or any(
        _has_twins(inner) for member in node.members for inner in member.objects
    )


def _rearranged(objects: Sequence[_Object], start: int, end: int) -> Iterable[slice]:
    """Yield slices of the line between two positions, with the members of each object sorted."""
    for one in objects:
        ordered = sorted(one.members, key=lambda member: member.rank)
        for member, other in zip(one.members, ordered, strict=True):
            yield slice(start, member.start)
            yield from _rearranged(other.objects, other.start, other.end)
            start = member.end
    yield slice(start, end)


def _objects(line: str) -> tuple[_Object, ...]:
    """Return the outermost objects of a line, in order."""
    if len(line) > _LONGEST or "{" not in line or line.count(":") < _FEWEST:
        return ()
    return _Reader(line).read()


class _Open:
    """An open bracket whose end has not been found yet."""

    def __init__(self, sign: str) -> None:
        self.sign = sign
        self.members: list[_Member] = []
        self.is_object = sign == "{"
        self.inner: list[_Object] = []
        """Objects inside the current member."""
        self.tokens: list[re.Match[str]] = []
        """The first three tokens of the current member, and its last token."""

    def take(self, found: re.Match[str]) -> None:
        self.tokens = [*self.tokens[:3], found]

    def end_member(self) -> None:
        if self.is_object:
            member = _member(self.tokens, tuple(self.inner))
            self.is_object = member is not None
            self.members += [member] if member else []
            self.inner = []
        self.tokens = []


class _Reader:
    def __init__(self, line: str) -> None:
        self._line = line

    def read(self) -> tuple[_Object, ...]:
        outermost = _Open("")
        stack = [outermost]
        for found in _TOKEN.finditer(self._line):
            text, inside = found[0], stack[-1]
            if text in _CLOSED_BY:
                if len(stack) > _DEEPEST:
                    return ()
                inside.take(found)
                stack.append(_Open(text))
            elif text in "}])" and len(stack) > 1 and _CLOSED_BY[inside.sign] == text:
                stack.pop()
                stack[-1].take(found)
                stack[-1].inner += _closed(inside)
            elif text == "," and len(stack) > 1:
                inside.end_member()
            else:
                inside.take(found)
        # A bracket that stays open may lack keys: then nothing in the line is sorted.
        return tuple(outermost.inner) if len(stack) == 1 else ()


def _closed(done: _Open) -> list[_Object]:
    """Return a closed `{…}` with two or more keys as an object. Of any other bracket, return the objects inside."""
    if done.tokens:
        done.end_member()
    if done.is_object and len(done.members) >= _FEWEST:
        return [_Object(tuple(done.members))]
    return [inner for member in done.members for inner in member.objects] + done.inner


def _member(tokens: Sequence[re.Match[str]], objects: tuple[_Object, ...]) -> _Member | None:
    """Parse `key: value`; return None if the tokens are something else. `objects` are the objects in the value."""
    if len(tokens) < 3 or tokens[1][0] != ":" or not _KEY.fullmatch(tokens[0][0]):
        return None
    key = tokens[0][0].strip("\"'")
    masked = alike_in_digits(key)
    counts = meaning_of(masked).role is Role.COUNTER
    is_text = tokens[2][0][0] in "\"'"
    # Digits decide only between keys that are otherwise equal.
    rank = (0 if counts else 1 if is_text else 2, masked, key)
    return _Member(tokens[0].start(), tokens[-1].end(), rank, objects)
