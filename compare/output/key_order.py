"""Sorts the keys of JSON objects and Python dicts, because the order of keys may differ between runs."""

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

from gedanken.compare.output.edited_line import EditableLine
from gedanken.compare.output.masking import mask_digits
from gedanken.compare.output.vocabulary import Role, meaning_of

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*+"|(?<!\w)\'(?:[^\'\\]|\\.)*+\'|[{}\[\](),:]|[^\s{}\[\](),:"\']++')
_KEY = re.compile(r"[\"']?[\w@/.+ -]{1,80}[\"']?")
_CLOSED_BY = {"{": "}", "[": "]", "(": ")"}
_MAX_LINE_LENGTH = 10_000
"""Maximum length of a line whose keys are sorted."""
_MAX_DEPTH = 20
_MIN_KEYS = 2
"""An object is sorted only if it has at least this many keys."""

_Rank = tuple[int, str, str]


class _Member(NamedTuple):
    """A key of an object with its value, given as start and end in the line."""

    start: int
    end: int
    rank: _Rank
    """Key by which members are sorted. Counters such as `epoch` come first, then quoted texts, then all others;
    within each of these groups, the order is that of the keys.
    """
    objects: "tuple[_Object, ...]"
    """Objects inside the value."""


class _Object(NamedTuple):
    members: tuple[_Member, ...]


def sort_keys(line: EditableLine) -> None:
    """Sort the keys of each object in a line, unless the line is too long or has an incomplete object."""
    objects = _parse_objects(line.text)
    pieces = list(_sorted_slices(objects, 0, len(line.text)))
    if any(piece.start > next_piece.start for piece, next_piece in pairwise(pieces)):
        line.rearrange(pieces)


def order_depends_on_digits(line: str) -> bool:
    """Return whether two keys of one object differ only in their digits, as `hr@5` and `hr@10` do."""
    return any(_has_similar_keys(parsed_object) for parsed_object in _parse_objects(line))


def _has_similar_keys(parsed_object: _Object) -> bool:
    ranks = {member.rank[:2] for member in parsed_object.members}
    return len(ranks) < len(parsed_object.members) or any(
        _has_similar_keys(inner) for member in parsed_object.members for inner in member.objects
    )


def _sorted_slices(objects: Sequence[_Object], start: int, end: int) -> Iterable[slice]:
    """Yield slices of the line between two positions, with the members of each object sorted."""
    for parsed_object in objects:
        sorted_members = sorted(parsed_object.members, key=lambda member: member.rank)
        for member, replacement in zip(parsed_object.members, sorted_members, strict=True):
            yield slice(start, member.start)
            yield from _sorted_slices(replacement.objects, replacement.start, replacement.end)
            start = member.end
    yield slice(start, end)


def _parse_objects(line: str) -> tuple[_Object, ...]:
    """Return the outermost objects of a line, in order."""
    if len(line) > _MAX_LINE_LENGTH or "{" not in line or line.count(":") < _MIN_KEYS:
        return ()
    return _ObjectParser(line).read()


class _OpenBracket:
    def __init__(self, sign: str) -> None:
        self.sign = sign
        self.members: list[_Member] = []
        self.is_object = sign == "{"
        self.inner: list[_Object] = []
        """Objects inside the current member."""
        self.tokens: list[re.Match[str]] = []
        """The first three tokens of the current member, and its last token."""

    def take(self, token: re.Match[str]) -> None:
        self.tokens = [*self.tokens[:3], token]

    def end_member(self) -> None:
        if self.is_object:
            member = _parse_member(self.tokens, tuple(self.inner))
            self.is_object = member is not None
            self.members += [member] if member else []
            self.inner = []
        self.tokens = []


class _ObjectParser:
    def __init__(self, line: str) -> None:
        self._line = line

    def read(self) -> tuple[_Object, ...]:
        outermost = _OpenBracket("")
        stack = [outermost]
        for token in _TOKEN.finditer(self._line):
            text, innermost = token[0], stack[-1]
            if text in _CLOSED_BY:
                if len(stack) > _MAX_DEPTH:
                    return ()
                innermost.take(token)
                stack.append(_OpenBracket(text))
            elif text in "}])" and len(stack) > 1 and _CLOSED_BY[innermost.sign] == text:
                stack.pop()
                stack[-1].take(token)
                stack[-1].inner += _objects_of_bracket(innermost)
            elif text == "," and len(stack) > 1:
                innermost.end_member()
            else:
                innermost.take(token)
        # A bracket that stays open may lack keys: then nothing in the line is sorted.
        return tuple(outermost.inner) if len(stack) == 1 else ()


def _objects_of_bracket(bracket: _OpenBracket) -> list[_Object]:
    """Return a closed `{…}` with two or more keys as an object. For any other bracket, return the objects inside
    it.
    """
    if bracket.tokens:
        bracket.end_member()
    if bracket.is_object and len(bracket.members) >= _MIN_KEYS:
        return [_Object(tuple(bracket.members))]
    return [inner for member in bracket.members for inner in member.objects] + bracket.inner


def _parse_member(tokens: Sequence[re.Match[str]], objects: tuple[_Object, ...]) -> _Member | None:
    """Parse `key: value`; None if the tokens are something else. `objects` are the objects in the value."""
    if len(tokens) < 3 or tokens[1][0] != ":" or not _KEY.fullmatch(tokens[0][0]):
        return None
    key = tokens[0][0].strip("\"'")
    masked = mask_digits(key)
    is_counter = meaning_of(masked).role is Role.COUNTER
    is_text = tokens[2][0][0] in "\"'"
    # Digits decide only between keys that are otherwise equal.
    rank = (0 if is_counter else 1 if is_text else 2, masked, key)
    return _Member(tokens[0].start(), tokens[-1].end(), rank, objects)
