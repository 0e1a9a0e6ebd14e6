"""What a log says of the machine and the hour, and not of the program: it is set aside before lines are compared."""

import re

LONGEST = 2_000
"""Characters of a line that is looked at; a longer one is compared as it is."""
MASK = "\x1a"
"""Stands for what is set aside; a control character, so that no word holds it."""
_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}"
_DAY = r"(?:mon|tue|wed|thu|fri|sat|sun)[a-z]{0,6}"
_ZONE = r"(?:\s?(?:Z|UTC|GMT|[CEMPW][DES]{1,2}T|[+-]\d{2}:?\d{2})(?![\w:]))"
_CLOCK = rf"\d{{1,2}}:\d{{2}}:\d{{2}}(?:[.,]\d{{1,9}})?(?:\s?[ap]m\b)?{_ZONE}?"
_NAMED_DAY = (
    rf"(?:{_DAY},?\s{{1,2}})?(?:{_MONTH}\.?\s{{1,2}}\d{{1,2}}(?:st|nd|rd|th)?|\d{{1,2}}[ /-]{_MONTH})"
    r"(?:,?[ /-]\d{4}(?=\W{1,3}\d{1,2}:))?"
)
_DAY_OF_NUMBERS = r"(?:\d{4}[-/.]\d{2}[-/.]\d{2}|\d{1,2}/\d{1,2}/\d{2,4})"
_STAMP = re.compile(
    # A date with a time, a date with a year, or a time: `may 5` alone may be words.
    rf"(?<![\w.])(?:(?:{_NAMED_DAY}|{_DAY_OF_NUMBERS})[T ,:]{{1,3}}{_CLOCK}(?:\s\d{{4}}(?=\W|$))?"
    rf"|{_NAMED_DAY},?[ /-]\d{{4}}|{_DAY_OF_NUMBERS}|{_CLOCK})(?!\w)"
    rf"|(?<![\w:.])\d{{1,2}}:\d{{2}}\s?[ap]m\b|(?<=[\[\s])[ap]m(?=[\]\s])",
    re.IGNORECASE | re.ASCII,
)
_GLOG = re.compile(rf"^([IWEF])\d{{4}}\s{MASK}\s+\d+\s([\w.-]+):\d+\]", re.ASCII)
_UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_POD = r"[a-z][a-z\d.]*(?:-[a-z\d.]+){0,8}?-(?=[a-z]*\d)(?=\d*[a-z])[a-z\d]{8,10}-[a-z\d]{5}"
"""What Kubernetes calls a process of a deployment: its name, a hash and five letters or digits."""
_HEX = r"0x[0-9a-f]{4,}|(?=[a-f]*\d)(?=\d*[a-f])[0-9a-f]{6,}"
_ID = re.compile(rf"(?<![\w.])(?:{_UUID}|{_POD}(?!-)|{_HEX})(?![\w.]*[g-z\d])(?!\.\d)", re.IGNORECASE | re.ASCII)
_NUMBER = re.compile(r"\d{1,12}e\d{1,2}", re.IGNORECASE | re.ASCII)
_PATH = re.compile(
    r"(?<![\w./<])(?:(?:[a-z]+://|~/|\.{1,2}/|/)[\w\x1a.@%+~=:-]+(?:/[\w\x1a.@%+~=:-]*)*|[A-Z]:\\[\w.\\~-]+)",
    re.ASCII,
)
_ADDRESS = re.compile(r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?::\d{1,5})?(?![\w.]*\d)", re.ASCII)
_NAMED = re.compile(
    r"\b(hostname|host|node|pid|port|user|run[_ ]?id|job[_ ]?id|uuid|device name)"
    r"([\"']?\s*[:=]\s*[\"']?|\s+(?=[\w.-]*\d))"
    r"[\w.@-]+(?<![.])",
    re.IGNORECASE | re.ASCII,
)
_PID = re.compile(r"(?<=[a-z])\[\d{2,7}\](?=:)|\(pid[ =:]?\d+\)", re.IGNORECASE | re.ASCII)
_SYSLOG = re.compile(rf"^{MASK} [\w.-]+ (?=[\w./-]+(?:\[\d+\])?:)", re.ASCII)
_HOST = re.compile(
    rf"^\[(?!(?:rank|gpu|worker|proc(?:ess)?|node|local_rank)[-_ :]?\d+\])[a-z][\w.-]*\d[\w.-]*\](?=\s{MASK})",
    re.IGNORECASE | re.ASCII,
)
"""A host in brackets before the time; `[rank0]` is a process of the run."""
_MAY_HAVE = re.compile(
    r":\d\d|[a-z\d]{8}-[a-z\d]{5}\b|\d[-/.]\d|[a-z]{3},?\.? +\d|\d[ /-][a-z]{3}|/|\\|[0-9][a-f]|[a-f][0-9]"
    r"|pid|host|node|user|port|id\b|[ap]m\b|name",
    re.IGNORECASE | re.ASCII,
)


_BEFORE_ID = re.compile(rf"\b([A-Za-z_]\w{{0,40}}[ =:/@-]{{1,3}}){_ID.pattern}", re.IGNORECASE | re.ASCII)
_MAYBE_ID = re.compile(
    r"\b([A-Za-z_]\w{0,40}[ =:/@-]{1,3})(\d{6,64}|\d{1,12}e\d{1,12})(?![\w.])", re.IGNORECASE | re.ASCII
)

Before = frozenset[tuple[str, int]]
"""Words before an id, with its length: an id may by chance have no letter."""


def words_before_ids(text: str) -> Before:
    """The words of a text that ids stand behind, and how long these are."""
    text = "\n".join(line for line in text.split("\n") if len(line) <= LONGEST)
    if not re.search(r"\b[A-Za-z_]\w{0,40}[ =:/@-]{1,3}(?:\d+[a-f]|[a-f]+\d)", text, re.IGNORECASE | re.ASCII):
        return frozenset()
    found = (
        (one[1], one.end() - one.end(1))
        for one in _BEFORE_ID.finditer(text)
        if not _NUMBER.fullmatch(text, one.end(1), one.end())
    )
    return frozenset(found)


def masked(line: str, before: Before = frozenset()) -> str:
    """A line with a mask for each date, time, id, path, host and process: what another machine would write.

    Behind the words `before`, a row of digits of the same length is an id as well.
    """
    line = line.replace(MASK, " ")
    if len(line) > LONGEST:
        return line
    if before:
        line = _MAYBE_ID.sub(lambda found: found[1] + MASK if (found[1], len(found[2])) in before else found[0], line)
    line = line.replace("\ufeff", "")
    if not _MAY_HAVE.search(line):
        return line
    if ":" in line or "-" in line or "/" in line or " " in line:
        line = _STAMP.sub(MASK, line)
        line = _SYSLOG.sub(f"{MASK} {MASK} ", line)
        line = _HOST.sub(f"[{MASK}]", line)
        line = _GLOG.sub(rf"\1{MASK} \2]", line)
    if "/" in line or "\\" in line:
        line = _PATH.sub(MASK, line)
    line = _ID.sub(_mask_unless_number, line)
    line = _ADDRESS.sub(MASK, line)
    line = _NAMED.sub(rf"\1\2{MASK}", line)
    return _PID.sub(MASK, line)


def _mask_unless_number(found: re.Match[str]) -> str:
    return found[0] if _NUMBER.fullmatch(found[0]) else MASK
