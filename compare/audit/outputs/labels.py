"""Finds the numbers in an output with the words that name each: row, column, key or thing counted."""

import re
from collections.abc import Iterator
from decimal import Decimal
from itertools import islice
from typing import NamedTuple

_WORD = re.compile(r"[^\W\d_](?:[\w./@+-]*\w)?|/[a-z][\w/-]{2,40}")
_PART = re.compile(r"[^\W\d_]+\d+|[A-Z]+(?![a-zà-ÿ])|[A-ZÀ-Þ]?[a-zà-ÿ]+")
_QUANTILE = re.compile(r"\bp\((\d{1,2})\)")
_SYNONYMS = {
    "mean": "mean avg average averages averaged mittel mittlere mittelwert durchschnitt moyenne promedio",
    "stdev": "stdev std sd sigma stddev deviation",
    "p50": "median p50 med médiane mediana",
    "max": "max maximum slowest worst longest höchste",
    "min": "min minimum fastest best shortest quickest",
    "error": "err errs error errors fehler erreur erreurs errores",
    "fail": "fail fails failed failing failure failures",
    "pass": "pass passes passed passing passen",
    "request": "req reqs request requests requête requêtes anfragen http_reqs",
    "time": "time times took takes elapsed duration seconds secs dauer dauerte dauert durée dure laufzeit runtime",
    "memory": "mem memory rss speicher mémoire",
    "row": "row rows record records zeile zeilen ligne lignes fila filas line lines",
    "column": "col cols column columns spalten colonnes",
    "test": "test tests case cases",
    "warning": "warn warns warning warnings warnung warnungen avisos",
    "skip": "skip skips skipped ignored ignorés",
    "country": "country countries",
    "character": "char chars character characters",
    "parameter": "param params parameter parameters",
    "conversion": "conv conversion conversions converts converted",
    "function": "func funcs function functions",
    "statement": "stmt stmts statement statements",
    "ops": "ops ops/s op",
    "email": "email emails e-mail e-mails mail mails",
    "insert": "insert inserts inserted insertion insertions added adds add additions addition create created creates",
    "delete": (
        "delete deletes deleted deletion deletions removed removes remove removals removal destroy destroyed destroys"
    ),
    "change": "change changes changed update updates updated modify modified modifies",
    "accuracy": "acc accuracy genauigkeit",
    "validation": "val validation validierung",
    "evaluation": "eval evaluation",
    "coverage": "cov cover covered coverage abdeckung",
}
_CANONICAL = {word: name for name, words in _SYNONYMS.items() for word in words.split()}
_STOP_WORDS = frozenset(
    re.findall(
        r"\S+",
        "the and are was were has have had for from with that this those these its our now still only just "
        "about than into out all any each per both but not also again new old before after there they them then over "
        "under more less left down between where which while what when does did done been being very same other "
        "another der die das und ist sind war waren hat haben von vom mit auf für bei jetzt nur noch nicht ein "
        "eine einen les des est sont une par sur dans avec pour maintenant elle ils los las del son una con por "
        "ahora ist run ran runs of in to is it at by on as an or so we be us up no "
        "ms ns sec min mb kb gb mib kib gib byte bytes percent info error: usr home dev",
    )
)
_LETTER = "letter "
"""Prefix of one-letter names: `name_keys` returns `letter a` for the A of `checkpoint A` and of `ckpt_a.pt`."""
_NUMBER = re.compile(
    r"(?<![\w.,])(?<!\d[:/-])(?P<sign>-?)(?P<value>\d{1,3}(?:,\d{3})+(?:\.\d{1,12})?|\d{1,15}(?:\.\d{1,12})?)"
    r"(?P<unit>\s?(?:ns|µs|us|ms|s|sec|seconds?|m(?=\d)|min|h|[kKMGT]i?B|bytes|B|[kKMGT]|%|x|×|/s)(?![\w]))?(?![\w.]*\d)(?![:/-]\d)"
)
_MINUTES_AND_SECONDS = re.compile(r"(?<![\w.])(\d{1,4})m ?(\d{1,2}(?:\.\d{1,4})?)s\b")
_CELL = re.compile(r"[^\s|│]+(?: [^\s|│]+)*")
_TABBED_CELL = re.compile(r"[^\t]*[^\s][^\t]*")
_FOOTER = re.compile(r"\s*\(\d+ rows?\b")
_NOT_HEADER = re.compile(r"[-=:.\d]|\+(?!/-)")
_MAX_DISTANCE = 3
"""Maximum distance in characters between the end of a number and the end of its column's header."""
_MAX_TEXT = 20_000
_MAX_NUMBERS = 600
_MAX_LINES_ABOVE = 30
_TIME_SCALES = {"ns": "1e-9", "µs": "1e-6", "us": "1e-6", "ms": "0.001", "s": "1", "min": "60", "h": "3600"}
_CHINESE_TIME_SCALES = {"毫秒": "0.001", "秒": "1", "分钟": "60"}
_TIME_PREFIXES = {"nano": "n", "micro": "µ", "milli": "m"}
_SIZE_SCALES = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12}


class PrintedNumber(NamedTuple):
    """A number in an output."""

    start: int
    value: Decimal
    kind: str
    """What its unit measures: `time`, `size` or `percent`; empty for anything else."""
    scale: Decimal
    """The size of its unit in seconds or bytes: 0.001 for `ms`, 1000 for a bare `k`; otherwise 1."""
    words: frozenset[str]
    """The words that name the number: its key, its row, its column, what it counts."""
    heading_words: frozenset[str]
    """The words of the heading above its line."""
    is_footer: bool = False
    """True if the number counts the rows above it, as `(1 row)` does."""

    @property
    def is_status(self) -> bool:
        """True if the number is the status of an HTTP response, which does not count anything."""
        return {"http", _key("status")} <= self.words


def name_keys(text: str) -> frozenset[str]:
    """Return the words in a text that may name a number, shortened so that related words become equal."""
    keys: set[str] = set()
    for match in islice(_WORD.finditer(text), 200):
        word = match[0].lower()
        if len(word) == 1 and match[0].isupper() and word != "i" and (text[: match.start()].strip() or word != "a"):
            keys.add(_LETTER + word)
        keys.add(_key(word))
        if not word.isalpha() or not match[0][1:].islower():
            keys |= {_key(part[0].lower()) for part in _PART.finditer(match[0]) if len(part[0]) > 1}
            keys |= {_LETTER + part for part in re.split(r"[\W_]+", word) if len(part) == 1 and part.isalpha()}
    return frozenset(keys - {""})


def _key(word: str) -> str:
    if word in _CANONICAL:
        return _CANONICAL[word]
    if word in _STOP_WORDS or len(word) < 2:
        return ""
    if not word.isalpha():
        return word
    stem = word.rstrip("s") if len(word) > 3 else word
    return _CANONICAL.get(stem, stem[:5])


def parse_unit(text: str) -> tuple[str, Decimal]:
    """Return a unit's kind (`time`, `size`, `percent` or empty) and its size in seconds or bytes.

    The size of `ms` is 0.001, of a bare `k` 1000, of `%` 1.
    """
    unit = text.strip()
    lower_unit = re.sub(r"^(nano|micro|milli)(?=se)", lambda match: _TIME_PREFIXES[match[1]] + "s", unit.lower())
    if lower_unit in ("%", "percent", "prozent"):
        return "percent", Decimal(1)
    if lower_unit in ("x", "×", "/s", "times", "fold", "-fold"):
        return "", Decimal(1)
    if (time := re.fullmatch(r"(ns|µs|us|ms|min|h|s(?=$|e[ckg]))(?:[a-zà-ÿ]{2,8})?s?", lower_unit)) is not None:
        return "time", Decimal(_TIME_SCALES[time[1]])
    if lower_unit in _CHINESE_TIME_SCALES:
        return "time", Decimal(_CHINESE_TIME_SCALES[lower_unit])
    if size := re.fullmatch(r"(?P<letter>[kmgt]?)(?P<binary>i?)(?:b|bytes?|octets?|o)", lower_unit):
        base = _SIZE_SCALES[size["letter"]]
        return "size", Decimal(1024 ** (len(str(base)) // 3) if size["binary"] else base)
    return "", Decimal(_SIZE_SCALES.get(lower_unit, 1)) if unit in ("k", "K", "M", "G", "T") else Decimal(1)


def find_printed_numbers(text: str) -> tuple[PrintedNumber, ...]:
    """Return the numbers in an output, each with the words that name it."""
    return tuple(islice(_find_numbers(text[:_MAX_TEXT]), _MAX_NUMBERS))


def _find_numbers(text: str) -> Iterator[PrintedNumber]:
    """Yield the numbers of an output. Minutes and seconds, as in `2m3.4s`, are one number."""
    text = _QUANTILE.sub(
        lambda match: f"p{match[1]}".ljust(len(match[0])), _MINUTES_AND_SECONDS.sub(_in_seconds, text)
    )
    lines = text.split("\n")
    line_start = 0
    for line_number, line in enumerate(lines):
        matches = list(islice(_NUMBER.finditer(line[:600]), 40))
        if matches:
            around = name_keys(_heading(lines, line_number))
            for index, match in enumerate(matches):
                if line[: match.start()].endswith("HTTP/"):
                    continue
                kind, scale = parse_unit(match["unit"] or "")
                value = Decimal(match["sign"] + match["value"].replace(",", ""))
                own_words = name_keys(f"{_own_words(line, matches, index)} ; {_http_role(text, line, match.start())}")
                own_words |= name_keys(_column_header(lines, line_number, match))
                yield PrintedNumber(
                    line_start + match.start(), value, kind, scale, own_words, around, _FOOTER.match(line) is not None
                )
        line_start += len(line) + 1


def _in_seconds(match: re.Match[str]) -> str:
    seconds = int(match[1]) * 60 + Decimal(match[2])
    return f"{seconds}s".ljust(len(match[0]))[: len(match[0])]


_STATUS = re.compile(r"(?:[<>] )?HTTP/\d(?:\.\d)? \Z")
_HEADER = re.compile(r"(?:[<>] )?[A-Za-z][\w-]{1,40}: ")


def _http_role(text: str, line: str, start: int) -> str:
    """Return `status` or `header` for a number in the head of an HTTP response; empty for any other number."""
    if _STATUS.match(line[:start]):
        return "status"
    return "header" if "HTTP/" in text[:400] and _HEADER.match(line) else ""


def _own_words(line: str, matches: list[re.Match[str]], index: int) -> str:
    """Return the words of a line that belong to its number `matches[index]`."""
    match = matches[index]
    row = line[: matches[0].start()]
    text_before = line[matches[index - 1].end() if index else 0 : match.start()]
    text_before = re.split(r"[,;(]", text_before)[-1]
    text_after = line[match.end() : matches[index + 1].start() if index + 1 < len(matches) else len(line)]
    names_follow = not re.search(r"\w", row) or bool(line[matches[-1].end() :].strip(" ).%"))
    words_after = " ".join(re.split(r"[,;(→|]", text_after)[0].split()[:5]) if names_follow else ""
    return f"{row} ; {text_before} ; {words_after}"


def _column_header(lines: list[str], line_number: int, match: re.Match[str]) -> str:
    """Return the column header for the number `match` in the line `line_number`; empty outside a table."""
    line = lines[line_number]
    cells = _cells(line)
    index = next(
        (position for position, cell in enumerate(cells) if cell.start() <= match.start() < cell.end()), None
    )
    if index is None or len(cells) < 2:
        return ""
    for line_above in lines[max(line_number - _MAX_LINES_ABOVE, 0) : line_number][::-1]:
        headers = _cells(line_above)
        if len(headers) < 2 or any(_NOT_HEADER.match(header[0].strip()) for header in headers):
            continue
        if len(headers) == len(cells):
            return headers[index][0]
        distance, nearest = min((abs(header.end() - match.end()), header[0]) for header in headers)
        if "\t" not in line and distance <= _MAX_DISTANCE:
            return nearest
        return headers[index - 1][0] if len(headers) + 1 == len(cells) and index else ""
    return ""


def _cells(line: str) -> list[re.Match[str]]:
    return list((_TABBED_CELL if "\t" in line else _CELL).finditer(line[:600]))


def _heading(lines: list[str], line_number: int) -> str:
    """Return the heading above a line; empty if there is none.

    A heading is less indented, ends with a colon, or begins like a title.
    """
    indent = len(lines[line_number]) - len(lines[line_number].lstrip())
    for line_above in lines[max(line_number - 12, 0) : line_number][::-1]:
        indent_above = len(line_above) - len(line_above.lstrip())
        if not line_above.strip() or len(_cells(line_above)) > 2:
            continue
        if indent_above < indent or re.match(r"\s*(?:#|==|\[|>>>)", line_above):
            return line_above[:200]
        if line_above.rstrip().endswith(":") and indent_above <= indent:
            return line_above[:200]
    return ""
