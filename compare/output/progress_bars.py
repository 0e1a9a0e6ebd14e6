"""Finds progress bars. One bar counts as one printed line, however often a terminal draws it again."""

import re
from collections.abc import Iterable

from gedanken.compare.output.edited_line import EditableLine, Rule
from gedanken.compare.output.masking import MASK

# A log has no carriage returns here: `records/importers/terminal_text.py` keeps the last state of a redrawn line.
_FILL = re.compile(
    # tqdm, Keras, rich and pip, wget and others.
    r"(?<=%)\|[^|\n]{0,400}\||\[[=#>.\-\s█▏▎▍▌▋▊▉]{5,400}\](?=.*\d)|[━╸╺╺─█▏▎▍▌▋▊▉░▒]{5,400}"
    # A bar that has just begun has few characters; only the count after it shows that it is one.
    r"|[━╸╺█▏▎▍▌▋▊▉░▒]{1,400}(?=\s{0,80}\d{1,18}(?:\.\d+)?\s?(?:%|/\s?\d))"
    r"|(?<=\|)[#█▏▎▍▌▋▊▉\-= ]{5,400}(?=\|\s*\d)"
)
_BAR_HINTS = (re.compile(r"%\|"), re.compile(r"\[[=>#.█\-]{3}"), re.compile(r"\|[#=]{3}"))
"""Every progress bar in ASCII matches one of these patterns. They begin with a fixed character, which makes a
search fast.
"""
_DRAWN_BAR_HINT = re.compile("[━█▏▎▍▌▋▊▉╸╺░▒]")
_CLOCKS = re.compile(
    r"\[\s*(?:\d{1,3}:)?\d{1,3}:\d{2}\s*(?:<\s*(?:\?|[\d:]+(?:\sdays?,\s[\d:]+)?))?(?:,\s*[\d.?]+\s*[\w/]+)?"
)
_RATE = re.compile(
    r"[\d.?]+\s?(?:[kMG]i?)?[bB]/s(?:\s+eta\s+[-:\d]+)?|ETA:?\s*[\d:]+(?:\s?s)?"
    r"|(?<=- )\d+m?s(?:\s\d+[mun]?s/(?:step|epoch))?|\beta\s[-:\d]+|\b(?:\d+:)?\d+:\d{2}\b"
)
_COUNT = re.compile(r"(?<![\d.])(\d{1,18}(?:\.\d{1,3})?)\s?/\s?(\d{1,18}(?:\.\d{1,3})?)(?![\d.])")
_PERCENT = re.compile(r"(\d{1,3})(?:\.\d+)?%")

_RULES = (Rule(_FILL, (MASK,)), Rule(_CLOCKS, (f"[{MASK}",)), Rule(_RATE, (MASK,)))


def may_hold_bars(text: str) -> bool:
    """Return whether a text may contain a progress bar."""
    if ("|" in text or "[" in text) and any(pattern.search(text) for pattern in _BAR_HINTS):
        return True
    return not text.isascii() and _DRAWN_BAR_HINT.search(text) is not None


def masked_bar(line: str) -> str | None:
    """Return a line with masks in place of the filled part and the times of its progress bar; None without a bar."""
    edited = EditableLine(line)
    return edited.text if mask_bar(edited) else None


def mask_bar(line: EditableLine) -> bool:
    """Mask the filled part and the times of a progress bar in a line; return whether the line contains a bar."""
    if not may_hold_bars(line.text):
        return False
    bare, fill_count = _FILL.subn(MASK, line.text)
    if not fill_count or not (_COUNT.search(bare) or _PERCENT.search(bare)):
        return False
    for rule in _RULES:
        line.replace(rule)
    return True


def is_unfinished(line: str) -> bool:
    """Return whether a line shows unfinished progress: `70%`, or a bar with `14/20`."""
    count = _COUNT.search(line)
    if count and float(count[1]) < float(count[2]) and masked_bar(line) is not None:
        return True
    percent = _PERCENT.search(line)
    return percent is not None and float(percent[0].rstrip("%")) < 100


def redrawn_lines(lines: Iterable[str]) -> frozenset[int]:
    """Return the indices of the lines whose progress bar is drawn again by a later line.

    The later line has the same text before the bar, the same total, and more progress.
    """
    latest_bars: dict[str, tuple[int, float, float]] = {}
    replaced: set[int] = set()
    for index, line in enumerate(lines):
        bare = masked_bar(line)
        if bare is None:
            continue
        key = bare[: bare.index(MASK)].rstrip("0123456789.% /\t").strip() or MASK
        count = _COUNT.search(bare) or _PERCENT.search(bare)
        done = float(count[1]) if count else 0.0
        total = float(count[2]) if count and count.re is _COUNT else 100.0
        previous = latest_bars.get(key)
        has_same_total = previous is not None and previous[2] == total
        # The very next line may also show equal progress. After an empty bar, any bar counts.
        is_redrawn = (
            has_same_total
            and previous is not None
            and (done > previous[1] or (done == previous[1] and index == previous[0] + 1))
        )
        if previous is not None and (is_redrawn or previous[1] == 0):
            replaced.add(previous[0])
        latest_bars[key] = (index, done, total)
    return frozenset(replaced)
