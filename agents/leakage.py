"""Detects real output that the coder quotes in a program, where the imagined machine would see it."""

import ast
import builtins
import io
import re
import tokenize
from collections.abc import Iterator, Sequence

MIN_QUOTE_CHARACTERS = 12
"""Minimum length in characters of a sequence of words that counts as quoted. A shorter match may be a coincidence."""
MIN_QUOTE_DIGITS = 3
"""Minimum number of digits of a quoted number, or of a quoted word such as `8f3e77aa`.

Names in libraries have fewer digits.
"""
MAX_SIZE_DIGITS = 6
"""Integers with at most this many digits may be taken from an error message, for example a size that did not fit."""
MAX_DECIMALS = 17
"""Maximum number of decimals that are compared; a 64-bit float has no more."""
COMMON_DECIMALS = frozenset((0.999, 0.9999))
"""Decimal numbers that do not count as quotes because programs contain them anyway, for example as the second beta
of Adam.
"""

_WORD = re.compile(r"[^\W_]+")
_PRINTED_DECIMAL = re.compile(r"\d*\.\d+(?:e[+-]?\d+)?", re.IGNORECASE)  # a unit may follow directly: 12.345s
_SOURCE_DECIMAL = re.compile(r"(?<![\w.])\d*\.\d+(?:e[+-]?\d+)?(?!\w|\.\d)", re.IGNORECASE)


def find_leak(source: str, real_outputs: Sequence[str], known_texts: Sequence[str]) -> str | None:
    """Return a piece of real output that the program `source` quotes, or None.

    `real_outputs` is what the coder was shown. Quotes are decimal numbers, even rounded ones, long integers, and
    words with digits, such as `8f3e77aa`. In comments and strings, a sequence of several words is a quote, too. Text
    that also occurs in `known_texts` (versions that were run, the coder's instructions) does not count as quoted. A
    value that was disguised on purpose is not found.
    """
    # Single names may be taken from a traceback: a fixed program needs the right name.
    return (
        _find_quoted_number(source, real_outputs, known_texts)
        or _find_quoted_value(source, real_outputs, known_texts)
        or _find_quoted_words(source, real_outputs, known_texts)
    )


def _find_quoted_number(source: str, real_outputs: Sequence[str], known_texts: Sequence[str]) -> str | None:
    printed_values = [float(number) for text in real_outputs for number in _PRINTED_DECIMAL.findall(text)]
    known_numbers = COMMON_DECIMALS | {
        float(number) for text in known_texts for number in _SOURCE_DECIMAL.findall(text)
    }
    for number in _SOURCE_DECIMAL.findall(source):
        digits = number.lower().split("e")[0].replace(".", "").lstrip("0")
        if len(digits) < MIN_QUOTE_DIGITS or float(number) in known_numbers:
            continue
        if any(_rounds_to(value, number) for value in printed_values):
            return str(number)
    return None


def _rounds_to(value: float, number: str) -> bool:
    if "e" in number.lower():
        return value == float(number)
    decimals = min(len(number.split(".")[1]), MAX_DECIMALS)
    return f"{value:.{decimals}f}" == f"{float(number):.{decimals}f}"


def _find_quoted_value(source: str, real_outputs: Sequence[str], known_texts: Sequence[str]) -> str | None:
    known_words, printed_words = set(_tokenize(*known_texts)), set(_tokenize(*real_outputs))
    return next(
        (word for word in _tokenize(source) if word in printed_words and word not in known_words and _is_value(word)),
        None,
    )


def _is_value(word: str) -> bool:
    digits = sum(character.isdigit() for character in word)
    return digits >= MIN_QUOTE_DIGITS if digits < len(word) else digits > MAX_SIZE_DIGITS


def _find_quoted_words(source: str, real_outputs: Sequence[str], known_texts: Sequence[str]) -> str | None:
    prose, code = _split_prose_and_code(source)
    prose_words, known_rows, names = (
        _join_words(prose),
        [_join_words(text) for text in known_texts],
        set(_tokenize(code, *dir(builtins))),
    )
    for text in real_outputs:
        for sequence in _word_sequences(_tokenize(text)):
            row = f" {' '.join(sequence)} "
            if row in prose_words and not names.issuperset(sequence) and not any(row in text for text in known_rows):
                return row.strip()
    return None


def _word_sequences(words: Sequence[str]) -> Iterator[Sequence[str]]:
    """Yield all sequences of consecutive words with at least `MIN_QUOTE_CHARACTERS` and up to about twice as many
    characters.
    """
    for start in range(len(words)):
        length = -1
        for end in range(start, len(words)):
            length += 1 + len(words[end])
            if length >= MIN_QUOTE_CHARACTERS:
                yield words[start : end + 1]
            if length >= 2 * MIN_QUOTE_CHARACTERS:
                break


def _split_prose_and_code(source: str) -> tuple[str, str]:
    prose: list[str] = []
    code: list[str] = []
    try:
        ast.parse(source)
        for token in tokenize.generate_tokens(io.StringIO(source).readline):
            kind = code if token.type in (tokenize.NAME, tokenize.NUMBER, tokenize.OP) else prose
            kind.append(token.string)
    except (SyntaxError, tokenize.TokenError, ValueError, RecursionError, MemoryError):
        return source, ""
    return "\n".join(prose), "\n".join(code)


def _join_words(text: str) -> str:
    return f" {' '.join(_tokenize(text))} "


def _tokenize(*texts: str) -> list[str]:
    return [word.casefold() for text in texts for word in _WORD.findall(text)]
