"""Detects real output that the coder quotes in a program, where the imagined machine would see it."""

import ast
import builtins
import io
import re
import tokenize
from collections.abc import Iterator, Sequence

TELLING_CHARACTERS = 12
"""Minimum length in characters of a sequence of words that counts as quoted. A shorter match may be a coincidence."""
TELLING_DIGITS = 3
"""Minimum number of digits with which a decimal number, or a word such as `8f3e77aa`, counts as quoted. Names in
libraries have fewer digits.
"""
LONGEST_SIZE = 6
"""Maximum number of digits of an integer that a program may take from an error message, for example a size that did
not fit.
"""
MOST_DECIMALS = 17
"""Maximum number of decimals that are compared; a 64-bit float has no more."""
USUAL_DECIMALS = frozenset((0.999, 0.9999))
"""Decimal numbers that programs contain anyway, for example the second beta of Adam."""

_WORD = re.compile(r"[^\W_]+")
_PRINTED = re.compile(r"\d*\.\d+(?:e[+-]?\d+)?", re.IGNORECASE)  # a unit may follow directly: 12.345s
_DECIMAL = re.compile(r"(?<![\w.])\d*\.\d+(?:e[+-]?\d+)?(?!\w|\.\d)", re.IGNORECASE)


def leaked(source: str, shown: Sequence[str], known: Sequence[str]) -> str | None:
    """Return a piece of `shown` (real output that the coder saw) that the program `source` quotes, or None.

    Quotes are decimal numbers, even rounded, and long integers or words with digits, such as `8f3e77aa`. In comments
    and strings, several consecutive words are a quote, too. Text that occurs in `known` (versions that were run, the
    coder's instructions) is no quote. A value disguised on purpose is not found.
    """
    # Single names may be taken from a traceback: a fixed program needs the right name.
    return _number(source, shown, known) or _value(source, shown, known) or _words(source, shown, known)


def _number(source: str, shown: Sequence[str], known: Sequence[str]) -> str | None:
    printed = [float(number) for text in shown for number in _PRINTED.findall(text)]
    old = USUAL_DECIMALS | {float(number) for text in known for number in _DECIMAL.findall(text)}
    for number in _DECIMAL.findall(source):
        digits = number.lower().split("e")[0].replace(".", "").lstrip("0")
        if len(digits) < TELLING_DIGITS or float(number) in old:
            continue
        if any(_rounds_to(value, number) for value in printed):
            return str(number)
    return None


def _rounds_to(value: float, number: str) -> bool:
    if "e" in number.lower():
        return value == float(number)
    decimals = min(len(number.split(".")[1]), MOST_DECIMALS)
    return f"{value:.{decimals}f}" == f"{float(number):.{decimals}f}"


def _value(source: str, shown: Sequence[str], known: Sequence[str]) -> str | None:
    old, printed = set(_words_of(*known)), set(_words_of(*shown))
    return next((word for word in _words_of(source) if word in printed and word not in old and _is_value(word)), None)


def _is_value(word: str) -> bool:
    digits = sum(character.isdigit() for character in word)
    return digits >= TELLING_DIGITS if digits < len(word) else digits > LONGEST_SIZE


def _words(source: str, shown: Sequence[str], known: Sequence[str]) -> str | None:
    prose, code = _prose_and_code(source)
    said, old, names = _in_a_row(prose), [_in_a_row(text) for text in known], set(_words_of(code, *dir(builtins)))
    for text in shown:
        for run in _runs(_words_of(text)):
            row = f" {' '.join(run)} "
            if row in said and not names.issuperset(run) and not any(row in text for text in old):
                return row.strip()
    return None


def _runs(words: Sequence[str]) -> Iterator[Sequence[str]]:
    """Yield all sequences of consecutive words with a length from TELLING_CHARACTERS to about twice as much."""
    for start in range(len(words)):
        length = -1
        for end in range(start, len(words)):
            length += 1 + len(words[end])
            if length >= TELLING_CHARACTERS:
                yield words[start : end + 1]
            if length >= 2 * TELLING_CHARACTERS:
                break


def _prose_and_code(source: str) -> tuple[str, str]:
    """Split a program into two texts: its comments and strings, and all other code."""
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


def _in_a_row(text: str) -> str:
    return f" {' '.join(_words_of(text))} "


def _words_of(*texts: str) -> list[str]:
    return [word.casefold() for text in texts for word in _WORD.findall(text)]
