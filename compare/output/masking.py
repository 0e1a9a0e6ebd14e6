"""Masks the parts of a log that depend on the machine and the time of day, not on the program."""

import re
from collections import Counter
from collections.abc import Sequence

from gedanken.compare.output.edited_line import EditableLine, Rule
from gedanken.compare.output.machine_words import mask_machine
from gedanken.compare.output.text_lines import indices_containing
from gedanken.compare.output.vocabulary import find_split

MAX_LINE_LENGTH = 2_000
"""Maximum length of a line that is examined. A longer line is compared unchanged."""
MASK = "\x1a"
"""Replaces masked text. It is a control character, so that no word contains it."""
_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}"
_DAY = r"(?:mon|tue|wed|thu|fri|sat|sun)[a-z]{0,6}"
"""Pattern for a weekday. It also matches words such as `monitor`, so it is used only where a month and a day
follow.
"""
_ZONE = r"(?:\s?(?:Z|UTC|GMT|[CEMPW][DES]{1,2}T|[+-]\d{2}:?\d{2})(?![\w:]))"
_CLOCK = rf"\d{{1,2}}:\d{{2}}:\d{{2}}(?:[.,]\d{{1,9}})?(?:\s?[ap]m\b)?{_ZONE}?"
_NAMED_DAY = (
    rf"(?:{_DAY},?\s{{1,2}})?(?:{_MONTH}\.?\s{{1,2}}\d{{1,2}}(?:st|nd|rd|th)?|\d{{1,2}}[ /-]{_MONTH})"
    r"(?:,?[ /-]\d{4}(?=\W{1,3}\d{1,2}:))?"
)
_DAY_OF_NUMBERS = r"(?:\d{4}[-/.]\d{2}[-/.]\d{2}|\d{1,2}/\d{1,2}/\d{2,4}|\d{1,2}\.\d{1,2}\.\d{4})"
_DAY_ALONE = (
    r"(?:\d{4}[-/.]\d{2}[-/.]\d{2}|\d{1,2}\.\d{1,2}\.\d{4}"
    r"|(?<![a-z]/[a-z] )(?<![a-z]/[a-z]: )(?<![a-z]/[a-z]=)(?:\d{1,2}/\d{1,2}/\d{4}|\d{2}/\d{2}/\d{2}))"
)
"""Pattern for a date without a time. It does not match the numbers of `W/D/L 22/03/10`, where the letters have
slashes, too.
"""
_DAY_OF_YEAR = r"(?:\d{2}-\d{2}|(?<![^\[])\d{2}/\d{2})"
"""Pattern for a month and a day before a time. With a slash, it matches only at the beginning of a line or after
`[`, because `12/40` may be a count.
"""
_TIMESTAMP = re.compile(
    # A date with a time, a date with a year, or a time: `may 5` alone may be words.
    rf"(?<![\w.])(?:(?:{_NAMED_DAY}|{_DAY_OF_NUMBERS}|{_DAY_OF_YEAR})[T ,:]{{1,3}}{_CLOCK}"
    r"(?:\s\d{4}(?=\W|$))?"
    r"|\d{4}-\d{2}-\d{2}[_T]\d{2}[-.]\d{2}[-.]\d{2}"
    rf"|{_NAMED_DAY},?[ /-]\d{{4}}|{_DAY_ALONE}|{_CLOCK})(?!\w)"
    rf"|(?<![\w:.])\d{{1,2}}:\d{{2}}(?:\.\d{{2}})?\s?[ap]m\b|(?<=[\[\s])[ap]m(?=[\]\s])",
    re.IGNORECASE | re.ASCII,
)
_WEEKDAY = re.compile(
    rf"(?<![\w.])(?:mon|tue(?:s)?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?,?\s{MASK}",
    re.IGNORECASE | re.ASCII,
)
"""Matches the name of a weekday before a masked time. It does not match other words, such as `monitor`."""
_GLOG = re.compile(rf"^([IWEF])\d{{4}}\s{MASK}\s+\d+\s([\w.-]+):\d+\]", re.ASCII)
_UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_MIXED_ALPHANUMERIC = r"(?=[a-z]*\d)(?=\d*[a-z])"
_POD = (
    r"[a-z][a-z\d.]*(?:-[a-z\d.]+){0,8}?-"
    rf"(?:{_MIXED_ALPHANUMERIC}[a-z\d]{{8,10}}-[a-z\d]{{5}}|\d{{8,10}}-{_MIXED_ALPHANUMERIC}[a-z\d]{{5}})"
)
"""Pattern for the name of a Kubernetes pod: the name of the deployment, a hash, and five letters or digits."""
_HEX = r"0x[0-9a-f]{4,}|(?=[a-f]*\d)(?=\d*[a-f])(?!\d{1,12}e\d{1,2}(?![0-9a-f]))[0-9a-f]{6,}"
"""Pattern for a hexadecimal number. `12e10` does not match, because it is a decimal number."""
_ID, _SHORT_ID = (
    re.compile(rf"(?<![\w.])(?:{expression})(?![\w.]*[g-z\d])(?!\.\d)", re.IGNORECASE | re.ASCII)
    for expression in (f"{_UUID}|{_POD}(?!-)|{_HEX}", _HEX)
)
"""`_ID` matches all ids. `_SHORT_ID` matches only ids without a hyphen, and searches three times as fast."""
_FAST_SHORT_ID = re.compile(
    r"[0-9a-fA-F](?<![\w.].)(?i:(?:(?<=0)x[0-9a-f]{4,}"
    r"|(?:(?<=\d)(?=\d*[a-f])(?!\d{0,11}e\d{1,2}(?![0-9a-f]))|(?<=[a-f])(?=[a-f]*\d))[0-9a-f]{5,})"
    r"(?![\w.]*[g-z\d])(?!\.\d))",
    re.ASCII,
)
"""Matches the same ids as `_SHORT_ID`, but faster, because the pattern begins with one of a few characters."""
_HYPHENED = re.compile(r"[a-z\d]{8}-[a-z\d]{4}", re.IGNORECASE | re.ASCII)
_TRIAL_ID = re.compile(r"(?<=_)[0-9a-f]{5,8}(?=_\d{5}(?!\w))", re.IGNORECASE | re.ASCII)
"""Matches the id of a trial of Ray Tune, as in `train_a1b2c_00000`."""
_PATH = re.compile(
    r"(?<![\w./<+])(?:(?:[a-z]+://|~/|\.{1,2}/|/)[\w\x1a.@%+~=:-]+(?:/[\w\x1a.@%+~=:-]*)*|[A-Z]:\\[\w.\\~-]+)",
    re.ASCII,
)
_ADDRESS = re.compile(r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?::\d{1,5})?(?![\w.]*\d)", re.ASCII)
_DOTS_OF_ADDRESS = re.compile(r"\.\d{1,3}\.\d", re.ASCII)
"""Matches a part of every IP address. The pattern begins with a fixed character, so that searching a long text is
fast.
"""
_NAMED_VALUE = re.compile(
    r"([hHnNpPuUrRjJdD](?<=\b.)(?i:(?<=h)ost(?:name)?|(?<=n)ode|(?<=p)(?:id|ort)|(?<=u)(?:ser|uid)|(?<=r)un[_ ]?id"
    r"|(?<=j)ob[_ ]?id|(?<=d)evice name))"
    r"([\"']?\s*[:=]\s*[\"']?|\s+(?=[\w.-]*\d))"
    r"[\w.@-]+(?<![.])",
    re.ASCII,
)
"""Matches a word such as `host` or `pid` and its value. The fixed first letters halve the time of a search."""
_PID = re.compile(r"(?<=[a-z])\[\d{2,7}\](?=:)|\(pid[ =:]?\d+\)", re.IGNORECASE | re.ASCII)
_HOST_WORD = r"(?:node|host|gpu|dgx|cn|gn|nid|vm|srv|server|worker|compute|machine|hpc)-?"
_NOT_A_HOST = (
    r"(?:epoch|ep|step|iter|rank|fold|trial|round|batch|phase|stage|level|layer|seed|task|top|hits?|hr|prec|p|r|f|v)"
)
_SYSLOG = re.compile(
    rf"^{MASK} (?:[\w.-]+ (?=[\w./-]+\[\d+\]:)|(?!{_NOT_A_HOST}[-_]?\d)(?=[\w.-]*\d)[\w.-]+ (?=[\w./-]+:))",
    re.IGNORECASE | re.ASCII,
)
"""Matches a time and the host after it, as syslog writes them. It does not match `12:00:01 Test loss: 0.5`, where
`Test` is not a host.
"""
_DAY_OF_SYSLOG = re.compile(
    rf"^({_MONTH} {{1,2}}\d{{1,2}} \d{{2}}:\d{{2}}:\d{{2}} )[a-z][\w.-]* (?=[a-z][\w./-]*(?:\[\d+\])?:)",
    re.IGNORECASE | re.ASCII,
)
"""Matches a time as syslog writes it, and a host name of any form after it."""
_BARE_HOST = re.compile(
    rf"^(?P<before>(?:\d+: )?{MASK} )(?!{_NOT_A_HOST}[-_]?\d)(?:{_HOST_WORD}\d+[a-z\d]*(?:[.-][a-z\d]+)*|"
    r"(?=[a-z.-]*\d)[a-z][a-z\d]*(?:[.-][a-z\d]+)+) (?![=:])",
    re.IGNORECASE | re.ASCII,
)
"""Matches a time and a host name that is not followed by a program's name, as it would be in syslog."""
_HOST = re.compile(
    rf"^\[(?!(?:rank|gpu|worker|proc(?:ess)?|node|local_rank)[-_ :]?\d+\])[a-z][\w.-]*\d[\w.-]*\](?=\s{MASK})",
    re.IGNORECASE | re.ASCII,
)
"""Matches a host name in brackets before the time. It does not match `[rank0]`, which is a process of the run."""
_SPARKLINE = re.compile("(?=█*[▁-▇])[▁-█]{1,400}")
"""Matches a curve that is drawn in one line, as in the summaries of Weights & Biases. Its characters stand for
numbers.
"""
_MAY_BE_MASKED = re.compile(
    r":\d\d|[a-z\d]{8}-[a-z\d]{5}\b|\d[-/.]\d|[a-z]{3},?\.? +\d|\d[ /-][a-z]{3}|/|\\|[0-9][a-f]|[a-f][0-9]"
    r"|0x|[a-z]\[\d|_\d{5}|pid|host|node|user|port|id\b|[ap]m\b|name",
    re.IGNORECASE | re.ASCII,
)
_BORDER = "\n\0\0\0\n"
"""Separates lines that are masked together. No pattern can match across it."""
_TIME_WORDS = ("am", "pm", "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_CLOCK_HINT = re.compile(r":\d\d", re.ASCII)
_DATE_HINT = re.compile(r"\d[-/.]\d{1,2}[-/.]\d", re.ASCII)
_FAST_DATE_HINTS = tuple(re.compile(rf"{re.escape(sign)}\d{{1,2}}[-/.]\d", re.ASCII) for sign in "-/.")
"""Patterns that search faster than `_DATE_HINT`. Every match of `_DATE_HINT` contains a match of one of them."""
_ID_CONTEXT = r"(?:\b[A-Za-z_]\w{0,40}[\"']?[ =:/@-]{1,3}[\"'(\[]?|^\[?|(?<=\s)\[)"
_BEFORE_ID, _BEFORE_SHORT_ID = (
    re.compile(rf"({_ID_CONTEXT})({pattern.pattern})", re.IGNORECASE | re.ASCII | re.MULTILINE)
    for pattern in (_ID, _SHORT_ID)
)
_MAY_PRECEDE_ID = re.compile(rf"{_ID_CONTEXT}(?:\d+[a-f]|[a-f]+\d)", re.IGNORECASE | re.ASCII | re.MULTILINE)
# The pattern begins with a digit, so that most of a long text is skipped.
_MAYBE_ID = re.compile(
    r"[0-9](?<![^ =:/@\-\"'(\[\n].)(?:\d{5,63}|\d{0,11}e\d{1,12})(?![\w.]|-[a-z\d]{5}\b)", re.IGNORECASE | re.ASCII
)
"""Matches digits that may be an id, after a character that may end an `_ID_CONTEXT`."""
_ID_CONTEXT_BEFORE = re.compile(rf"{_ID_CONTEXT}\Z", re.IGNORECASE | re.ASCII | re.MULTILINE)
_MAX_CONTEXT = 48
_HEX_PREFIX = re.compile(r"(?<![\w.])0[xX]", re.ASCII)
_DIGITS = str.maketrans("023456789", "1" * 9)

IdContexts = frozenset[tuple[str, int]]
"""Pairs (text before an id, length of the id), such as `("job ", 6)` for `job 3f9a21`. With this pair, the digits
in `job 704512` count as an id, too.
"""
_LINE_START = ""


def depends_on_digits(line: str) -> bool:
    """Return whether the masks of a line may depend on its digits. Also True if the line already contains MASK."""
    return ("0x" in line or "0X" in line or MASK in line) and (MASK in line or _HEX_PREFIX.search(line) is not None)


def mask_digits(text: str) -> str:
    """Return the text with `1` in place of every digit. Which digits a line has makes no difference to masking,
    except for `0x`.
    """
    return text.translate(_DIGITS)


def is_long_on_average(line_count: int, character_count: int) -> bool:
    """Return whether lines are longer than `MAX_LINE_LENGTH` on average, given their number and the number of all
    characters.

    If they are, it is worth leaving out long lines first. If there are many short lines, that would only cost time.
    """
    return character_count > MAX_LINE_LENGTH * line_count


def _distinct_shapes(text: str) -> set[str]:
    """Return the distinct lines of a text, with `1` in place of every digit.

    Lines for which `depends_on_digits` is True keep their digits.
    """
    if "0x" in text or "0X" in text:
        return {line if depends_on_digits(line) else mask_digits(line) for line in text.split("\n")}
    return set(mask_digits(text).split("\n"))


def find_id_contexts(text: str) -> IdContexts:
    """Return the texts that are found before ids in a text (see `IdContexts`).

    The beginning of a line counts only if half of all lines begin with an id. Lines that differ only in digits count
    once.
    """
    if len(text) > MAX_LINE_LENGTH and is_long_on_average(text.count("\n") + 1, len(text)):
        text = "\n".join(line for line in text.split("\n") if len(line) <= MAX_LINE_LENGTH)
    lines = [line for line in _distinct_shapes(text) if len(line) <= MAX_LINE_LENGTH]
    text = "\n".join(lines)
    if not _MAY_PRECEDE_ID.search(text):
        return frozenset()
    pattern = _BEFORE_ID if _may_have_hyphened_id(text) else _BEFORE_SHORT_ID
    counts: Counter[tuple[str, int]] = Counter()
    for (word, length), count in Counter((word, len(digits)) for word, digits in pattern.findall(text)).items():
        counts[mask_digits(word), length] += count
    return frozenset(
        context for context, count in counts.items() if context[0] != _LINE_START or 2 * count >= len(lines)
    )


def has_context_word(context: tuple[str, int]) -> bool:
    """Return whether an entry of `IdContexts` contains a word before the id.

    If it does not, digits at this position need not be an id.
    """
    return any(map(str.isalpha, context[0]))


_TIMESTAMPS = Rule(_TIMESTAMP, (MASK,))
_WEEKDAYS = Rule(_WEEKDAY, (MASK,))
_DAYS_OF_SYSLOG = Rule(_DAY_OF_SYSLOG, (1, f"{MASK} "), lambda match: find_split(match[0].split()[-1]) is not None)
_SYSLOGS = Rule(_SYSLOG, (f"{MASK} {MASK} ",))
_BARE_HOSTS = Rule(_BARE_HOST, (1, f"{MASK} "))
_HOSTS = Rule(_HOST, (f"[{MASK}]",))
_GLOGS = Rule(_GLOG, (1, f"{MASK} ", 2, "]"))
_PATHS = Rule(_PATH, (MASK,))
_IDS, _SHORT_IDS = Rule(_ID, (MASK,)), Rule(_FAST_SHORT_ID, (MASK,))
_TRIAL_IDS = Rule(_TRIAL_ID, (MASK,))
_ADDRESSES = Rule(_ADDRESS, (MASK,))
_NAMED_VALUES = Rule(_NAMED_VALUE, (1, 2, MASK))
_PIDS = Rule(_PID, (MASK,))
_SPARKLINES = Rule(_SPARKLINE, (MASK,))
_BYTE_ORDER_MARK = "\ufeff"
_BYTE_ORDER_MARKS = Rule(re.compile(_BYTE_ORDER_MARK), ("",))


def masked_line(line: str, before: IdContexts = frozenset()) -> str:
    """Return a line with a mask in place of each date, time, id, path, host and process id.

    If `before` contains the pair (text before some digits, number of digits), these digits are masked as an id.
    """
    edited = EditableLine(line.replace(MASK, " "))
    mask(edited, before)
    return edited.text


def mask(line: EditableLine, before: IdContexts) -> None:
    """Mask each date, time, id, path, host and process id in a line; see `masked_line`.

    The line must not contain `MASK`. A line longer than `MAX_LINE_LENGTH` is not changed.
    """
    if len(line.text) > MAX_LINE_LENGTH:
        return
    _mask_digits_after(line, before)
    if _BYTE_ORDER_MARK in line.text:
        line.replace(_BYTE_ORDER_MARKS)
    if not line.text.isascii():
        line.replace(_SPARKLINES)
    mask_machine(line)
    if not _MAY_BE_MASKED.search(line.text):
        return
    if not _may_have_timestamp(line.text):
        _mask_names(line)
        return
    line.replace(_DAYS_OF_SYSLOG)
    if line.replace(_TIMESTAMPS):
        if f" {MASK}" in line.text:
            line.replace(_WEEKDAYS)
        line.replace(_SYSLOGS)
        line.replace(_BARE_HOSTS)
        line.replace(_HOSTS)
        line.replace(_GLOGS)
    _mask_names(line)


def _mask_digits_after(line: EditableLine, before: IdContexts) -> None:
    """Mask the digits that are ids according to `before`; see `masked_line`."""
    if before:
        line.replace(Rule(_MAYBE_ID, (MASK,), lambda match: _id_context(match) not in before))


def _id_context(digits: re.Match[str]) -> tuple[str, int] | None:
    """Return the pair (text before the digits, number of digits) as in `IdContexts`; None if there is no text
    before them.
    """
    begin = digits.start()
    context = _ID_CONTEXT_BEFORE.search(digits.string, max(0, begin - _MAX_CONTEXT), begin)
    return (mask_digits(context[0]), len(digits[0])) if context else None


def _mask_names(line: EditableLine) -> None:
    """Mask paths, ids, IP addresses, hosts and process ids."""
    if "/" in line.text or "\\" in line.text:
        line.replace(_PATHS)
    line.replace(_IDS if _may_have_hyphened_id(line.text) else _SHORT_IDS)
    if line.text.count("_") > 1:
        line.replace(_TRIAL_IDS)
    if line.text.count(".") > 2 and _DOTS_OF_ADDRESS.search(line.text):
        line.replace(_ADDRESSES)
    if _may_name_host(line.text.lower()):
        line.replace(_NAMED_VALUES)
    if "[" in line.text or "(" in line.text:
        line.replace(_PIDS)


def masked_lines(lines: Sequence[str], before: IdContexts) -> list[str]:
    """Apply `masked_line` to each of these lines. If there are many lines, this is faster than one call for each."""
    is_alone = [len(line) > MAX_LINE_LENGTH or not line.isascii() or MASK in line for line in lines]
    for index in _maybe_timestamp_lines(
        ["" if is_single else line for line, is_single in zip(lines, is_alone, strict=True)]
    ):
        is_alone[index] = True
    # Lines that cannot contain a time become one text, to which each pattern is applied only once.
    text = EditableLine(
        _BORDER.join([line for line, is_single in zip(lines, is_alone, strict=True) if not is_single])
    )
    _mask_digits_after(text, before)
    mask_machine(text)
    _mask_names(text)
    masked_lines = iter(text.text.split(_BORDER))
    return [
        masked_line(line, before) if is_single else next(masked_lines)
        for line, is_single in zip(lines, is_alone, strict=True)
    ]


def _may_have_hyphened_id(text: str) -> bool:
    return "-" in text and _HYPHENED.search(text) is not None


def _may_have_timestamp(line: str) -> bool:
    if ":" in line and _CLOCK_HINT.search(line):
        return True
    if ("-" in line or "/" in line or line.count(".") > 1) and _DATE_HINT.search(line):
        return True
    return any(map(line.lower().__contains__, _TIME_WORDS))


def _maybe_timestamp_lines(lines: Sequence[str]) -> set[int]:
    line_indices = set(indices_containing(lines, _TIME_WORDS))
    text = "\n".join(lines)
    if _CLOCK_HINT.search(text) or any(hint.search(text) for hint in _FAST_DATE_HINTS):
        line_indices.update(
            index for index, line in enumerate(lines) if index not in line_indices and _may_have_timestamp(line)
        )
    return line_indices


def _may_name_host(line: str) -> bool:
    has_address_word = "host" in line or "node" in line or "port" in line or "user" in line
    return has_address_word or "id" in line or "name" in line
