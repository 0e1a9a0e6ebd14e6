"""Finds the numbers in an output with the words that name each: row, column, key or thing counted."""

import re
from collections.abc import Iterator
from decimal import Decimal
from itertools import islice
from typing import NamedTuple

_WORD = re.compile(r"[^\W\d_](?:[\w./@+-]*\w)?|/[a-z][\w/-]{2,40}")
_PART = re.compile(r"[^\W\d_]+\d+|[A-Z]+(?![a-zà-ÿ])|[A-ZÀ-Þ]?[a-zà-ÿ]+")
_QUANTILE = re.compile(r"\bp\((\d{1,2})\)")
_SAME = {
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
_CANON = {word: name for name, words in _SAME.items() for word in words.split()}
_COMMON = frozenset(
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
"""Prefix of one-letter names: `keys_in` returns `letter a` for the A of `checkpoint A` and of `ckpt_a.pt`."""
_NUMBER = re.compile(
    r"(?<![\w.,])(?<!\d[:/-])(?P<sign>-?)(?P<value>\d{1,3}(?:,\d{3})+(?:\.\d{1,12})?|\d{1,15}(?:\.\d{1,12})?)"
    r"(?P<unit>\s?(?:ns|µs|us|ms|s|sec|seconds?|m(?=\d)|min|h|[kKMGT]i?B|bytes|B|[kKMGT]|%|x|×|/s)(?![\w]))?(?![\w.]*\d)(?![:/-]\d)"
)
_MINUTES = re.compile(r"(?<![\w.])(\d{1,4})m ?(\d{1,2}(?:\.\d{1,4})?)s\b")
_CELL = re.compile(r"[^\s|│]+(?: [^\s|│]+)*")
_TABBED = re.compile(r"[^\t]*[^\s][^\t]*")
_FOOTER = re.compile(r"\s*\(\d+ rows?\b")
_NO_HEAD = re.compile(r"[-=:.\d]|\+(?!/-)")
_NEAR = 3
"""Maximum distance in characters between the end of a number and the end of its column's header."""
_MOST_TEXT = 20_000
_MOST_PLACES = 600
_MOST_ABOVE = 30
_TIMES = {"ns": "1e-9", "µs": "1e-6", "us": "1e-6", "ms": "0.001", "s": "1", "min": "60", "h": "3600"}
_CHINESE_TIMES = {"毫秒": "0.001", "秒": "1", "分钟": "60"}
_PREFIXES = {"nano": "n", "micro": "µ", "milli": "m"}
_SIZES = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12}


class Printed(NamedTuple):
    """A number in an output."""

    start: int
    value: Decimal
    kind: str
    """What its unit measures: `time`, `size` or `percent`; empty for anything else."""
    scale: Decimal
    """The size of its unit in seconds or bytes: 0.001 for `ms`, 1000 for a bare `k`; otherwise 1."""
    mine: frozenset[str]
    """The words that name the number: its key, its row, its column, what it counts."""
    around: frozenset[str]
    """The words of the heading above its line."""
    is_footer: bool = False
    """True if the number counts the rows above it, as `(1 row)` does."""

    @property
    def is_status(self) -> bool:
        """True if the number is the status of an HTTP response, which does not count anything."""
        return {"http", _key("status")} <= self.mine


def keys_in(text: str) -> frozenset[str]:
    """Return the words in a text that may name a number, shortened so that related words become equal."""
    keys: set[str] = set()
    for found in islice(_WORD.finditer(text), 200):
        word = found[0].lower()
        if len(word) == 1 and found[0].isupper() and word != "i" and (text[: found.start()].strip() or word != "a"):
            keys.add(_LETTER + word)
        keys.add(_key(word))
        if not word.isalpha() or not found[0][1:].islower():
            keys |= {_key(part[0].lower()) for part in _PART.finditer(found[0]) if len(part[0]) > 1}
            keys |= {_LETTER + part for part in re.split(r"[\W_]+", word) if len(part) == 1 and part.isalpha()}
    return frozenset(keys - {""})


def _key(word: str) -> str:
    if word in _CANON:
        return _CANON[word]
    if word in _COMMON or len(word) < 2:
        return ""
    if not word.isalpha():
        return word
    bare = word.rstrip("s") if len(word) > 3 else word
    return _CANON.get(bare, bare[:5])


def unit_of(text: str) -> tuple[str, Decimal]:
    """Return a unit's kind (`time`, `size`, `percent` or empty) and its size in seconds or bytes. The size of `ms` is
    0.001, of a bare `k` 1000, of `%` 1.
    """
    unit = text.strip()
    low = re.sub(r"^(nano|micro|milli)(?=se)", lambda found: _PREFIXES[found[1]] + "s", unit.lower())
    if low in ("%", "percent", "prozent"):
        return "percent", Decimal(1)
    if low in ("x", "×", "/s", "times", "fold", "-fold"):
        return "", Decimal(1)
    if (time := re.fullmatch(r"(ns|µs|us|ms|min|h|s(?=$|e[ckg]))(?:[a-zà-ÿ]{2,8})?s?", low)) is not None:
        return "time", Decimal(_TIMES[time[1]])
    if low in _CHINESE_TIMES:
        return "time", Decimal(_CHINESE_TIMES[low])
    if size := re.fullmatch(r"(?P<letter>[kmgt]?)(?P<binary>i?)(?:b|bytes?|octets?|o)", low):
        base = _SIZES[size["letter"]]
        return "size", Decimal(1024 ** (len(str(base)) // 3) if size["binary"] else base)
    return "", Decimal(_SIZES.get(low, 1)) if unit in ("k", "K", "M", "G", "T") else Decimal(1)


def printed_in(text: str) -> tuple[Printed, ...]:
    """Return the numbers in an output, each with the words that name it."""
    return tuple(islice(_printed(text[:_MOST_TEXT]), _MOST_PLACES))


def _printed(text: str) -> Iterator[Printed]:
    """Yield the numbers of an output. Minutes and seconds, as in `2m3.4s`, are one number."""
    text = _QUANTILE.sub(lambda found: f"p{found[1]}".ljust(len(found[0])), _MINUTES.sub(_in_seconds, text))
    lines = text.split("\n")
    at = 0
    for number, line in enumerate(lines):
        found = list(islice(_NUMBER.finditer(line[:600]), 40))
        if found:
            around = keys_in(_heading(lines, number))
            for order, one in enumerate(found):
                if line[: one.start()].endswith("HTTP/"):
                    continue
                kind, scale = unit_of(one["unit"] or "")
                value = Decimal(one["sign"] + one["value"].replace(",", ""))
                mine = keys_in(f"{_own(line, found, order)} ; {_by_protocol(text, line, one.start())}")
                mine |= keys_in(_column(lines, number, one))
                yield Printed(at + one.start(), value, kind, scale, mine, around, _FOOTER.match(line) is not None)
        at += len(line) + 1


def _in_seconds(found: re.Match[str]) -> str:
    seconds = int(found[1]) * 60 + Decimal(found[2])
    return f"{seconds}s".ljust(len(found[0]))[: len(found[0])]


_STATUS = re.compile(r"(?:[<>] )?HTTP/\d(?:\.\d)? \Z")
_HEADER = re.compile(r"(?:[<>] )?[A-Za-z][\w-]{1,40}: ")


def _by_protocol(text: str, line: str, start: int) -> str:
    """Return `status` or `header` for a number in the head of an HTTP response; empty for any other number."""
    if _STATUS.match(line[:start]):
        return "status"
    return "header" if "HTTP/" in text[:400] and _HEADER.match(line) else ""


def _own(line: str, found: list[re.Match[str]], order: int) -> str:
    """Return the words of a line that belong to its number `found[order]`."""
    one = found[order]
    row = line[: found[0].start()]
    before = line[found[order - 1].end() if order else 0 : one.start()]
    before = re.split(r"[,;(]", before)[-1]
    after = line[one.end() : found[order + 1].start() if order + 1 < len(found) else len(line)]
    is_behind = not re.search(r"\w", row) or bool(line[found[-1].end() :].strip(" ).%"))
    behind = " ".join(re.split(r"[,;(→|]", after)[0].split()[:5]) if is_behind else ""
    return f"{row} ; {before} ; {behind}"


def _column(lines: list[str], number: int, one: re.Match[str]) -> str:
    """Return the column header for the number `one` in the line `number`; empty outside a table."""
    line = lines[number]
    cells = _cells(line)
    index = next((at for at, cell in enumerate(cells) if cell.start() <= one.start() < cell.end()), None)
    if index is None or len(cells) < 2:
        return ""
    for above in lines[max(number - _MOST_ABOVE, 0) : number][::-1]:
        heads = _cells(above)
        if len(heads) < 2 or any(_NO_HEAD.match(head[0].strip()) for head in heads):
            continue
        if len(heads) == len(cells):
            return heads[index][0]
        away, nearest = min((abs(head.end() - one.end()), head[0]) for head in heads)
        if "\t" not in line and away <= _NEAR:
            return nearest
        return heads[index - 1][0] if len(heads) + 1 == len(cells) and index else ""
    return ""


def _cells(line: str) -> list[re.Match[str]]:
    return list((_TABBED if "\t" in line else _CELL).finditer(line[:600]))


def _heading(lines: list[str], number: int) -> str:
    """Return the heading above the line `number`: less indented, ending with a colon, or beginning like a title."""
    indent = len(lines[number]) - len(lines[number].lstrip())
    for above in lines[max(number - 12, 0) : number][::-1]:
        depth = len(above) - len(above.lstrip())
        if not above.strip() or len(_cells(above)) > 2:
            continue
        if depth < indent or re.match(r"\s*(?:#|==|\[|>>>)", above):
            return above[:200]
        if above.rstrip().endswith(":") and depth <= indent:
            return above[:200]
    return ""
