"""Rewrites numbers as most programs print them: `.99` as `0.99`, `1.` as `1.0`, and `1_000_000` as `1000000`."""

import re

import numpy as np

from gedanken.compare.output.edited_line import EditableLine, Rule
from gedanken.compare.output.vocabulary import Role, meaning_of

_GROUPED = Rule(
    re.compile(r"(?<![\w.@/\\])([1-9]\d{0,2})_(\d{3})(?:_(\d{3}))?(?:_(\d{3}))?(?!\w)", re.ASCII), (1, 2, 3, 4)
)
_UNIT = r"(?:m?s|x|%|[KMGT]i?B?)?"
_BEGINS_WITH_POINT = Rule(
    # `.5:.95` and `@[.5]` are parts of a name, `1.5.2` is a version, and `/.5` is a hidden file.
    re.compile(
        rf"(?<![\w.@/\\)\]-])(?<!\d:)(?<!@\[)([-+]?)(\.\d+(?:[eE][-+]?\d+)?)(?=(?!:\.?\d){_UNIT}(?!\w|\.\d))",
        re.ASCII,
    ),
    (1, "0", 2),
)
_POINT_BEFORE_EXPONENT = Rule(re.compile(r"(?<![\w.])(\d+\.)(?=[eE][-+]?\d+(?!\w))", re.ASCII), (1, "0"))
_OPENS_LIST = re.compile(r"[\[(,|\d.]\s{0,20}[-+]?$", re.ASCII)
_POINT_IN_LIST = Rule(
    re.compile(r"(?<![\w.])(\d+\.)(?=\s{0,20}(?:[\])|]|$)|,|\s{1,20}[-+]?\.?\d)", re.ASCII),
    (1, "0"),
    lambda match: _OPENS_LIST.search(_text_before(match)) is None,
)
_COUNTS = re.compile(r"(?:epoch|step|iter|batch|round)\w{0,10}\s?$", re.IGNORECASE)
_POINT_AFTER_EQUALS = Rule(
    re.compile(r"(?<=[\w\s]=)(\s?[-+]?\d+\.)(?=[\s,;]|$)", re.ASCII),
    (1, "0"),
    lambda match: _COUNTS.search(_text_before(match)[:-1]) is not None,
)
"""Rewrites `gamma = 1.` as `gamma = 1.0`. Without `=`, a point after a number may end a sentence, as in
`Iteration: 500. Loss: 0.5`.
"""
_ENDS_SENTENCE = re.compile(r"\d\.\d+\.(?!\d)", re.ASCII)
_POINT_OF_METRIC = Rule(
    re.compile(
        r"(?<![\w@/.-])([A-Za-z][\w@/-]{1,30})([\s:]{1,4}[-+]?\d+\.)(?=\s*(?:[,;|)\]]|$)|\s+[a-z(])", re.ASCII
    ),
    (1, 2, "0"),
    lambda match: meaning_of(match[1]).role is not Role.METRIC or _ENDS_SENTENCE.search(match.string) is not None,
)
"""Rewrites `loss 1.` as `loss 1.0`, unless points end sentences in this line, as in `Loss: 0.5. Accuracy: 90.`"""
_POINT = re.compile(
    r"\.(?!(?<=\w\.)\d)(?:(?<![\w.]\.)\d|(?<=\d\.)(?=[eE\s\]),;|]|$))",  # the first check passes over `0.53`, fast
    re.ASCII | re.MULTILINE,
)
_LONG = 1 << 14
"""If a text has at least this many characters, all its points are examined together first."""
_UNDERSCORE = re.compile(r"_(?<=\d_)\d{3}", re.ASCII)


def may_need_normalizing(text: str) -> bool:
    """Return whether a text may contain a number that `normalize_numbers` rewrites.

    This is much faster than searching for such a number.
    """
    if "_" in text and _UNDERSCORE.search(text):
        return True
    return _may_have_bare_point(text) and _POINT.search(text) is not None


def _may_have_bare_point(text: str) -> bool:
    """Return whether a text may contain a point that does not have a digit on both sides.

    If nearly every word has a point, this takes a tenth of the time of a search.
    """
    if len(text) < _LONG or not text.isascii():
        return True
    codes = np.frombuffer(text.encode("ascii"), np.uint8)
    is_digit = codes - np.uint8(ord("0")) < 10  # unsigned: a character before `0` becomes a large number
    is_point = codes == ord(".")
    bare_points = is_point[1:-1] & ~(is_digit[:-2] & is_digit[2:])
    return bool(bare_points.any() or is_point[0] or is_point[-1])


def normalize_numbers(line: EditableLine) -> None:
    """Rewrite numbers such as `.99`, `1.` and `1_000` in a line as `0.99`, `1.0` and `1000`."""
    if "_" in line.text:
        line.replace(_GROUPED)
    if _POINT.search(line.text):
        for rule in (
            _BEGINS_WITH_POINT,
            _POINT_BEFORE_EXPONENT,
            _POINT_IN_LIST,
            _POINT_AFTER_EQUALS,
            _POINT_OF_METRIC,
        ):
            line.replace(rule)


def normalized_numbers(line: str) -> str:
    """Return a line with its numbers rewritten; see `normalize_numbers`."""
    edited = EditableLine(line)
    normalize_numbers(edited)
    return edited.text


def _text_before(match: re.Match[str]) -> str:
    """Return the text before a match; if it is long, only its last 22 characters."""
    return match.string[max(0, match.start() - 22) : match.start()]
