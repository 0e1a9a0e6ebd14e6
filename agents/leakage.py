"""Detects real output that the coder quotes in a program. The imagined machine is shown the program, but must not see
real output (rule 2 in docs/design.md).

A coder that disguised a value on purpose would not be detected.
"""

import ast
import builtins
import io
import re
import tokenize
from collections.abc import Iterator, Sequence

TELLING_CHARACTERS = 12
"""Minimum length in characters of a sequence of words that counts as quoted. A shorter match may be a coincidence."""
TELLING_DIGITS = 3
"""Minimum number of digits of a decimal number, or of a word of letters and digits, that counts as a value. Names in
libraries contain fewer digits.
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
    """Return a piece of `shown` (the real output that the coder was shown) that the program `source` quotes; None if
    it quotes nothing.

    Three things count as quotes: a decimal number of three digits or more, also if the program rounds it; a word of
    letters and digits with three digits or more, such as `8f3e77aa`, or an integer of more than LONGEST_SIZE digits;
    and, only in comments and strings, consecutive words of at least TELLING_CHARACTERS characters, unless all of them
    are names in the code or in Python. Text that also occurs in `known` (the versions that were run, and the coder's
    instructions) is not a quote. A program may take single names from a traceback, because a fixed program needs the
    right name.
    """
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
    """Yield each sequence of consecutive words that is long enough to count as quoted: from TELLING_CHARACTERS to
    about twice as many characters.
    """
    for start in range(len(words)):
        length = -1
        for end in range(start, len(words)):
            length += 1 + len(words[end])
            if length >= TELLING_CHARACTERS:
                yield words[start : end + 1]
            if length >= 2 * TELLING_CHARACTERS:
                break


def _prose_and_code(source: str) -> tuple[str, str]:
    """Split a program into two texts: its comments and strings, and all other code. If the program cannot be parsed,
    the first text is the whole program.
    """
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
