"""Names the numbers in a row of a table, by the header above the row or by the words in the row."""

import re
from collections.abc import Callable, Sequence
from itertools import pairwise

from gedanken.compare.output.masking import MASK
from gedanken.compare.output.vocabulary import Measures, Role, meaning_of, split_in, words_in

FARTHEST = 200
"""Maximum number of lines above a row that are searched for the header."""
_RULE = re.compile(r"^[\s|+:=─━┄┅═│┃┼╋┬┴├┤╞╡╪┌┐└┘┏┓┗┛┡┩╇╈╭╮╰╯╶╴-]*$")
_BARS = re.compile(r"[|│┃║]")
_BAR = re.compile(r"(?<![\d.])\d+(?:\.\d+)?%(?:\||\s{1,80}\d+/\d+\s*(?:\[|\d[\d.]*\s?[a-z]+/[a-z])).*$")
_FREE = re.compile(r"(?<![\w@#.+-])(?<!@\.\d:)(?<!@0\.\d:)[-+]?(?:\d[\w.%:+-]*|\.\d\S*|(?:nan|inf)\b)", re.IGNORECASE)
"""Matches a number that has no name attached to it."""
_LOGGED = re.compile(r"^.*[\]:>|-] +(?=[^\s,;]+(?:[,;][^\s,;]+)+$)|^[^|]*(?:\]|:| -) (?=[^|:=]*\|[^:=]*$)")
"""Matches a logger's prefix before a row of values that are separated by commas or vertical bars."""
_COUNTED = re.compile(r"^(\s*\d+):(?=\s)")
"""Matches a count before the values of a row: `50:  9.1%  1.2%`."""
_COMMENT = re.compile(r"^\s*(?:#+|%+|//|!)(?=\s)")
"""Matches the sign that makes a header a comment: `# step loss`."""
_INDEXED = re.compile(r"^(\s*[A-Za-z_][\w.]*)\[([\d, ]{1,20})\](?=\s)")
"""Matches a name with an index: `theta[1]`."""
_INSIDE = re.compile(r"\s*\S+(?: \S+)*\s{2,}\S")
_INDEX = re.compile(r"[A-Za-z_][\w.]*\s{4,}")
"""Matches a line that has only the name of the index, padded with spaces, as pandas prints it below a header."""
_QUANTILE = re.compile(r"(?<!\S)\d{1,2}(?:\.\d{1,2})?%(?!\S)")
_CLASSES = re.compile(r"(?:\s+\d{1,3})+\s*$")
"""Matches the numbers of classes at the end of a header: `ntree  OOB  1  2  3`."""
_FEWEST_OVER = 3
"""Minimum number of columns of a table without bars or commas whose header may have two lines."""
_FEWEST_WIDE = 4
"""Minimum number of cells in a header of unknown names, if two or more blanks separate the cells."""
_MASKED = "·"
"""Stands for a masked time or id in a row, because the masked text may be a cell of its own."""
_STATES = frozenset(["status", "state", "loc", "host", "node"])
"""Names of columns whose words do not say what a row is about, such as `status`."""
_ALL = frozenset(["all", "total", "overall", "mean"])
"""Names of rows that summarize all other rows; the numbers in them are named after their column alone."""
_GENERIC = frozenset(["value", "values", "score", "result", "results", "dataloader", "metric", "data"])
"""Names of columns that say nothing about a number; the number is named after its row alone."""

Cell = tuple[int, int, str]
"""Start, end and text of a cell."""


def names_of_row(line: str, spans: Sequence[tuple[int, int]], above: Callable[[int], str | None]) -> list[str] | None:
    """Return the name of each value in a row, empty for a value without a name. Return None if the line is no row of
    a table.

    `spans` holds the start and end of each value. `above(1)` is the line directly above the row, `above(2)` the line
    before that line.
    """
    if MASK in line:
        # Masked text may be a cell, or a logger's prefix before the row.
        with_cell = _names_of_row(line.replace(MASK, _MASKED), spans, above, _MASKED)
        if with_cell is not None and any(with_cell):
            return with_cell
    return _names_of_row(line.replace(MASK, " "), spans, above, " ")


def _names_of_row(
    line: str, spans: Sequence[tuple[int, int]], read: Callable[[int], str | None], masked: str
) -> list[str] | None:
    def above(distance: int) -> str | None:
        other = read(distance)
        return other.replace(MASK, masked) if other else other

    written = line
    line = _bare(line)
    cells = _cells(line)
    if cells is None or not any(_FREE.match(text) for _start, _end, text in cells):
        return None
    header = _header(line, cells, above)
    words = [
        written[low:high]
        for (low, high, text), over in zip(cells, header or [""] * len(cells), strict=True)
        if any(map(str.isalpha, text))
        and not _FREE.match(text)
        and _MASKED not in text
        and over.lower() not in _STATES
    ]
    row = " ".join(words)[:60]
    numbers = [cell for cell in cells if _FREE.match(cell[2])]
    if header is None:
        is_pair = _BARS.search(line) is not None and len(numbers) == 1 and _is_name(cells)
        row = _section(above) + row if is_pair else row
        return [row if _in(cell, start) else "" for start, _end in spans for cell in numbers] if is_pair else None
    names = []
    over_numbers = [name for name, cell in zip(header, cells, strict=True) if _FREE.match(cell[2])]
    has_values = any(map(_is_generic, over_numbers))
    is_class = _is_class(row, over_numbers)
    for start, _end in spans:
        at = next((at for at, cell in enumerate(cells) if _in(cell, start)), None)
        is_number = at is not None and bool(_FREE.match(cells[at][2]))
        # Only the first number of a cell gets the column's name: in `1/3`, the 3 is a total.
        is_first = at is not None and not any(map(str.isdigit, line[cells[at][0] : start]))
        over = header[at] if at is not None and is_number and is_first else None
        names.append("" if over is None else _joined(row, over, has_values, is_class))
    return names


def is_rule(line: str) -> bool:
    """Return whether a line is a horizontal rule of a table, or blank."""
    return _RULE.match(line) is not None


def cells_of_row(line: str) -> list[Cell] | None:
    """Return the cells of a row with numbers; None for any other line."""
    cells = _cells(_bare(line.replace(MASK, _MASKED)))
    return cells if cells and any(_FREE.match(text) for _start, _end, text in cells) else None


def header_of_row(header: str, upper: str, line: str) -> list[Cell] | None:
    """Return the cells of a header, with their names. `upper` is the line above the header, `line` a row below it.

    None if two names are equal, if a cell of the row has no name, or if `upper` belongs to the header.
    """
    cells = cells_of_row(line)
    if cells is None:
        return None
    header, line = (_bare(text.replace(MASK, _MASKED)) for text in (header, line))
    names, found = _names(header, line, cells), _header_cells(header, line, cells)
    if names is None or found is None or not all(names) or len(set(names)) < len(names):
        return None
    is_whole = _with_line_above(names, header, upper, line, cells) == names
    in_order = all(one[1] <= other[0] for one, other in pairwise(found))
    return (
        [(low, high, name) for (low, high, _t), name in zip(found, names, strict=True)]
        if is_whole and in_order
        else None
    )


def _bare(line: str) -> str:
    """Remove from a line what belongs to no cell, such as a progress bar, a comment sign or a logger's prefix."""
    line = _BAR.sub("", line).rstrip(" :")
    # Spaces keep the cells in their places, below their header.
    line = _COMMENT.sub(lambda found: " " * len(found[0]), line)
    line = _COUNTED.sub(r"\1 ", line)
    line = _INDEXED.sub(lambda found: f"{found[1]}_{'_' * len(found[2])}_", line)
    if _is_framed(line) and len(_BARS.findall(line)) == 2 and _INSIDE.match(line, line.index(line.strip()[0]) + 1):
        line = _BARS.sub(" ", line)  # a frame around columns that only blanks separate
    return _LOGGED.sub(lambda found: " " * len(found[0]), line)


def _section(above: Callable[[int], str | None]) -> str:
    """Return the heading of the table's section, such as `eval/`, if the heading names held-out data; otherwise
    empty."""
    for distance in range(1, FARTHEST):
        cells = _cells(above(distance) or "")
        if cells is None:
            return ""
        if cells[0][2].endswith("/") and not any(text for _start, _end, text in cells[1:]):
            return cells[0][2] if meaning_of(cells[0][2]).is_held_out else ""
    return ""


def _is_name(cells: Sequence[Cell]) -> bool:
    return bool(cells) and any(map(str.isalpha, cells[0][2])) and not _FREE.match(cells[0][2])


def _in(cell: Cell, at: int) -> bool:
    return cell[0] <= at < cell[1]


def _is_generic(column: str) -> bool:
    return bool(words_in(column)) and set(words_in(column)) <= _GENERIC


def _is_class(row: str, columns: Sequence[str]) -> bool:
    """Return whether a row such as `PER` (persons) is about a class, and not about a metric of the same name."""
    # A classification report repeats the accuracy in several columns.
    is_accuracy = meaning_of(row).measures is Measures.ACCURACY
    return not is_accuracy and sum(meaning_of(name).role is Role.METRIC for name in columns) > 1


def _joined(row: str, column: str, has_values: bool, is_class: bool) -> str:
    """Return the name of a number from the words of its row, the name of its column, or both. `has_values`: one
    column is called `value` or the like. `is_class`: the row is about a class."""
    # `accuracy` of a classification report, under `f1-score`
    is_named = not is_class and meaning_of(row).role is Role.METRIC
    if row and (set(words_in(column)) <= _GENERIC or (is_named and meaning_of(column).role is Role.METRIC)):
        return row
    if is_named and words_in(column) and all(map(split_in, words_in(column))):
        return f"{column} {row}"  # `accuracy` under `Training | Validation`
    is_measured = meaning_of(column).role in (Role.METRIC, Role.OTHER)
    both = f"{row} {column}" if row and is_measured and row.lower() not in _ALL else column
    return column if has_values and meaning_of(both).role is Role.METRIC else both


def _header(line: str, cells: Sequence[Cell], above: Callable[[int], str | None]) -> list[str] | None:
    """Return the names of the columns from the nearest line above that names each cell; None without a header."""
    for distance in range(1, FARTHEST):
        other = above(distance)
        if other is None:
            return None
        if _RULE.match(other) or _INDEX.fullmatch(other):
            continue
        other = _bare(other)
        names = _names(other, line, cells)
        if names is not None:
            return _with_line_above(names, other, above(distance + 1), line, cells)
        if not any(map(str.isdigit, other)) or _cells(other) is None:
            return None
    return None


def _with_line_above(names: list[str], lower: str, upper: str | None, line: str, cells: Sequence[Cell]) -> list[str]:
    """Return the names of the columns. If the header has two lines, put the words above in front: `train loss`."""
    if upper is None:
        return names
    if not _BARS.search(line):
        over = None if _separator(line) else _over(_bare(upper), lower, len(names))
        return names if over is None else [" ".join(both) for both in zip(over, names, strict=True)]
    if len(set(names)) == len(names):
        return names
    # Equal names need the words above them. Different ones are the whole header if bars separate the columns.
    first = _names(_bare(upper), line, cells)
    if first is None:
        return names
    return [" ".join(filter(None, both)) for both in zip(first, names, strict=True)]


def _over(upper: str, lower: str, columns: int) -> list[str] | None:
    """Return the cells of the upper line if one stands above each cell of the lower line; otherwise None."""
    if columns < _FEWEST_OVER or any(map(str.isdigit, upper)) or re.search(r"[:=.!?{}]", upper):
        return None
    both = [
        next((one for one in (_spaced(text, 2), _spaced(text, 1)) if len(one) == columns), None)
        for text in (upper, lower)
    ]
    if both[0] is None or both[1] is None:
        return None
    pairs = zip(both[0], both[1], strict=True)
    return (
        [one[2] for one in both[0]]
        if all(min(one[1], other[1]) > max(one[0], other[0]) for one, other in pairs)
        else None
    )


def _unnumbered(header: str) -> str:
    """Return a header without the numbers that are names of columns: quantiles, and numbered classes at its end."""
    header = _QUANTILE.sub("", header)
    classes = _CLASSES.search(header)
    numbers = [int(number) for number in classes[0].split()] if classes else []
    is_counted = bool(numbers) and numbers == list(range(numbers[0], numbers[0] + len(numbers))) and numbers[0] < 2
    return header[: classes.start()] if classes and is_counted else header


def _names(header: str, line: str, cells: Sequence[Cell]) -> list[str] | None:
    """Return the names in `header` for the cells of a row; None if `header` is not the header of this row."""
    found = _header_cells(header, line, cells)
    if found is None:
        return None
    names = [_tidy(text) for _start, _end, text in found]
    is_free = not _BARS.search(line) and not _separator(line)
    if (
        is_free
        and all(meaning_of(name).role is Role.OTHER for name in names)
        and len(_spaced(header, 2)) < _FEWEST_WIDE
    ):
        return None  # words of a sentence that happen to be as many
    return names if sum(map(bool, names)) > 1 or len(names) == 1 else None


def _header_cells(header: str, line: str, cells: Sequence[Cell]) -> list[Cell] | None:
    """Return the cell of `header` for each cell of a row; None if `header` is not the header of this row."""
    if _FREE.search(_unnumbered(header)) or not any(map(str.isalpha, header)):
        return None
    if _BARS.search(line):
        found = _cells(header) if _BARS.search(header) else None
        if found and len(found) == len(cells) - 1 and not _FREE.match(cells[0][2]) and not _is_framed(line):
            found = [(0, 0, ""), *found]  # the column of the rows' words has no name
    elif sep := _separator(line):
        found = _separated(header, sep) if sep in header else None
    else:
        found = next((one for one in (_spaced(header, 2), _spaced(header, 1)) if len(one) == len(cells)), None)
        if found is None and len(cells) > 2:
            found = _by_place(_spaced(header, 2), cells) or _by_place(_spaced(header, 1), cells)
    return found if found is not None and len(found) == len(cells) else None


def _by_place(header: Sequence[Cell], cells: Sequence[Cell]) -> list[Cell] | None:
    """Match each cell of a row with the header cell above. Only the first cell may have none; else return None."""
    found: list[Cell] = []
    for at, (low, high, _text) in enumerate(cells):
        over = max(header, key=lambda one: min(one[1], high) - max(one[0], low))
        if min(over[1], high) - max(over[0], low) > 0:
            found.append(over)
        elif at == 0:
            found.append((low, high, ""))
        else:
            return None
    return found if len({one[0] for one in found}) == len(found) else None


def _tidy(text: str) -> str:
    text = " ".join(text.strip(" *`\"':").split())
    if text.count("(") > text.count(")"):
        text = text.replace("(", " ").split()[-1] if text.split("(")[-1] else text.replace("(", "")
    return text.rstrip(")") if text.count(")") > text.count("(") else text


def _cells(line: str) -> list[Cell] | None:
    """Return the cells of a line; None if the line is no row of a table, or has fewer than two cells."""
    if _BARS.search(line):
        bounds = [found.start() for found in _BARS.finditer(line)]
        is_framed = _is_framed(line)
        cells = [
            _cell(line, low + 1, high) for low, high in pairwise(bounds if is_framed else [-1, *bounds, len(line)])
        ]
        if not is_framed and any(any(map(str.isdigit, text)) and not _FREE.fullmatch(text) for *_at, text in cells):
            return None  # `loss 0.5 | acc 0.9`: each has its name beside it
    elif sep := _separator(line):
        cells = _separated(line, sep)
    else:
        if re.search(r"[=:]\s|[=:]\d+\.|[a-z]\s?[=:]\s?[\d-]|[{}\[\]]", line):
            return None
        cells = _spaced(line, 1 if "  " not in line.strip() else 2)
        if all(_FREE.fullmatch(part) for part in line.split()):
            cells = _spaced(line, 1)
        elif "  " not in line.strip() and "\t" not in line:
            return None  # a sentence
        if sum(bool(_FREE.match(text)) for _low, _high, text in cells) < 2:
            return None
    return cells if len(cells) > 1 else None


def _is_framed(line: str) -> bool:
    """Return whether a row begins and ends with a vertical bar."""
    whole = line.strip()
    return bool(_BARS.match(whole)) and bool(_BARS.match(whole[-1]))


def _separator(line: str) -> str:
    """Return the comma or semicolon that separates the values of a line; an empty text if neither does."""
    return next((sep for sep in ",;" if sep in line and all(map(_is_value, line.split(sep)))), "")


def _is_value(part: str) -> bool:
    part = part.strip()
    return len(part) < 60 and (" " not in part or not any(map(str.isdigit, part)))


def _separated(line: str, sep: str) -> list[Cell]:
    cells = []
    start = 0
    for part in line.split(sep):
        cells.append(_cell(line, start, start + len(part)))
        start += len(part) + 1
    return cells


def _spaced(line: str, spaces: int) -> list[Cell]:
    """Split a line into cells, at every gap of at least `spaces` spaces (1 or 2)."""
    words = r"\S+" if spaces == 1 else r"\S+(?: \S+)*"
    return [(found.start(), found.end(), found[0]) for found in re.finditer(words, line)]


def _cell(line: str, start: int, end: int) -> Cell:
    text = line[start:end]
    inner = text.strip(" \t*`\"'")
    begin = start + text.find(inner) if inner else start
    return begin, begin + len(inner), inner
