"""Cuts a row of a table into cells, at bars, commas, tabs or wide gaps."""

import re
from itertools import pairwise

BARS = re.compile(r"[|│┃║]")

BARE_NUMBER = re.compile(
    r"(?<![\w@#.+-])(?<!@\.\d:)(?<!@0\.\d:)[-+]?(?:\d[\w.%:+-]*|\.\d\S*|(?:nan|inf)\b)", re.IGNORECASE
)
"""Matches a number with its unit, such as `97%` or `5ms`, but no digits inside a name, such as `conv5` or `mAP@0.5`.
"""

Cell = tuple[int, int, str]
"""Start and end of a cell in its line, and the text of the cell."""


def split_cells(line: str) -> list[Cell] | None:
    """Return the cells of a line; None if the line is not a row of a table, or has fewer than two cells."""
    if BARS.search(line):
        bounds = [match.start() for match in BARS.finditer(line)]
        is_framed = has_frame(line)
        cells = [
            _cell(line, start + 1, end) for start, end in pairwise(bounds if is_framed else [-1, *bounds, len(line)])
        ]
        if not is_framed and any(
            any(map(str.isdigit, text)) and not BARE_NUMBER.fullmatch(text) for *_bounds, text in cells
        ):
            return None  # `loss 0.5 | acc 0.9`: each has its name beside it
    elif sep := separator(line):
        cells = split_at_separator(line, sep)
    else:
        if re.search(r"[=:]\s|[=:]\d+\.|[a-z]\s?[=:]\s?[\d-]|[{}\[\]]", line):
            return None
        cells = split_at_spaces(line, 1 if "  " not in line.strip() else 2)
        if all(BARE_NUMBER.fullmatch(part) for part in line.split()):
            cells = split_at_spaces(line, 1)
        elif "  " not in line.strip() and "\t" not in line:
            return None  # a sentence
        if sum(bool(BARE_NUMBER.match(text)) for _start, _end, text in cells) < 2:
            return None
    return cells if len(cells) > 1 else None


def has_frame(line: str) -> bool:
    """Return whether a row begins and ends with a vertical bar."""
    stripped = line.strip()
    return bool(BARS.match(stripped)) and bool(BARS.match(stripped[-1]))


def separator(line: str) -> str:
    """Return the comma or semicolon that separates the values of a line; an empty string if neither does."""
    return next((sep for sep in ",;" if sep in line and all(map(_is_value, line.split(sep)))), "")


def _is_value(part: str) -> bool:
    part = part.strip()
    return len(part) < 60 and (" " not in part or not any(map(str.isdigit, part)))


def split_at_separator(line: str, sep: str) -> list[Cell]:
    cells = []
    start = 0
    for part in line.split(sep):
        cells.append(_cell(line, start, start + len(part)))
        start += len(part) + 1
    return cells


def split_at_spaces(line: str, spaces: int) -> list[Cell]:
    """Split a line into cells, at every gap of at least `spaces` spaces (1 or 2)."""
    words = r"\S+" if spaces == 1 else r"\S+(?: \S+)*"
    return [(match.start(), match.end(), match[0]) for match in re.finditer(words, line)]


def _cell(line: str, start: int, end: int) -> Cell:
    text = line[start:end]
    stripped = text.strip(" \t*`\"'")
    text_start = start + text.find(stripped) if stripped else start
    return text_start, text_start + len(stripped), stripped
