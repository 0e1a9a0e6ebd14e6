"""Names the numbers in a row of a table, by the header above the row or by the words in the row."""

import re
from collections.abc import Callable, Sequence
from itertools import pairwise

from gedanken.compare.output.masking import MASK
from gedanken.compare.output.table_cells import (
    BARE_NUMBER,
    BARS,
    Cell,
    has_frame,
    separator,
    split_at_separator,
    split_at_spaces,
    split_cells,
)
from gedanken.compare.output.vocabulary import Measures, Role, find_split, meaning_of, words_in

MAX_HEADER_DISTANCE = 200
"""Maximum number of lines above a row that are searched for the header."""
_RULE = re.compile(r"^[\s|+:=─━┄┅═│┃┼╋┬┴├┤╞╡╪┌┐└┘┏┓┗┛┡┩╇╈╭╮╰╯╶╴-]*$")


_PROGRESS_BAR = re.compile(r"(?<![\d.])\d+(?:\.\d+)?%(?:\||\s{1,80}\d+/\d+\s*(?:\[|\d[\d.]*\s?[a-z]+/[a-z])).*$")


_LOGGER_PREFIX = re.compile(r"^.*[\]:>|-] +(?=[^\s,;]+(?:[,;][^\s,;]+)+$)|^[^|]*(?:\]|:| -) (?=[^|:=]*\|[^:=]*$)")
"""Matches a logger's prefix before a row of values that are separated by commas or vertical bars."""
_LEADING_COUNT = re.compile(r"^(\s*\d+):(?=\s)")
"""Matches a count before the values of a row: `50:  9.1%  1.2%`."""
_COMMENT = re.compile(r"^\s*(?:#+|%+|//|!)(?=\s)")
"""Matches the sign that makes a header a comment: `# step loss`."""
_INDEXED_NAME = re.compile(r"^(\s*[A-Za-z_][\w.]*)\[([\d, ]{1,20})\](?=\s)")
"""Matches a name with an index: `theta[1]`."""
_SPACED_CELLS = re.compile(r"\s*\S+(?: \S+)*\s{2,}\S")
_INDEX_NAME = re.compile(r"[A-Za-z_][\w.]*\s{4,}")
"""Matches a line that has only the name of the index, padded with spaces, as pandas prints it below a header."""
_QUANTILE = re.compile(r"(?<!\S)\d{1,2}(?:\.\d{1,2})?%(?!\S)")
_CLASS_NUMBERS = re.compile(r"(?:\s+\d{1,3})+\s*$")
"""Matches the numbers of classes at the end of a header: `ntree  OOB  1  2  3`."""
_MIN_UPPER_COLUMNS = 3
"""Minimum number of columns at which a header may have two lines, in a table without bars or commas."""
_MIN_WIDE_CELLS = 4
"""In a table without bars or commas, a line of unknown words is a header only if it has at least this many cells,
with two or more spaces between them.
"""
_MASK_STAND_IN = "·"
"""Replaces the mask of a time or an id in a row, so that the masked text counts as a cell."""
_STATE_COLUMNS = frozenset(["status", "state", "loc", "host", "node"])
"""Names of columns such as `status`, whose words are not used to name the numbers in a row."""
_SUMMARY_ROWS = frozenset(["all", "total", "overall", "mean"])
"""Names of rows that summarize all other rows; the numbers in them are named after their column alone."""
_GENERIC_WORDS = frozenset(["value", "values", "score", "result", "results", "dataloader", "metric", "data"])
"""Names of columns that say nothing about a number; the number is named after its row alone."""


def names_of_row(line: str, spans: Sequence[tuple[int, int]], above: Callable[[int], str | None]) -> list[str] | None:
    """Return the name of each value in a row, or an empty string for a value without a name. Return None if the line
    is not a row of a table, or if nothing names its values.

    `spans` holds the start and end of each value. `above(1)` is the line directly above the row, `above(2)` the line
    above that one; None means that there is no such line.
    """
    if MASK in line:
        # Masked text may be a cell, or a logger's prefix before the row.
        names = _names_of_row(line.replace(MASK, _MASK_STAND_IN), spans, above, _MASK_STAND_IN)
        if names is not None and any(names):
            return names
    return _names_of_row(line.replace(MASK, " "), spans, above, " ")


def _names_of_row(
    line: str, spans: Sequence[tuple[int, int]], read_above: Callable[[int], str | None], replacement: str
) -> list[str] | None:
    def above(distance: int) -> str | None:
        line_above = read_above(distance)
        return line_above.replace(MASK, replacement) if line_above else line_above

    original = line
    line = _without_decoration(line)
    cells = split_cells(line)
    if cells is None or not any(BARE_NUMBER.match(text) for _start, _end, text in cells):
        return None
    header = _find_header(line, cells, above)
    words = [
        original[start:end]
        for (start, end, text), column_name in zip(cells, header or [""] * len(cells), strict=True)
        if any(map(str.isalpha, text))
        and not BARE_NUMBER.match(text)
        and _MASK_STAND_IN not in text
        and column_name.lower() not in _STATE_COLUMNS
    ]
    row = " ".join(words)[:60]
    numbers = [cell for cell in cells if BARE_NUMBER.match(cell[2])]
    if header is None:
        is_pair = BARS.search(line) is not None and len(numbers) == 1 and _has_row_name(cells)
        row = _section_heading(above) + row if is_pair else row
        return (
            [row if _is_in_cell(cell, start) else "" for start, _end in spans for cell in numbers]
            if is_pair
            else None
        )
    names = []
    number_columns = [name for name, cell in zip(header, cells, strict=True) if BARE_NUMBER.match(cell[2])]
    has_values = any(map(_is_generic, number_columns))
    is_class = _is_class(row, number_columns)
    for start, _end in spans:
        cell_index = next((cell_index for cell_index, cell in enumerate(cells) if _is_in_cell(cell, start)), None)
        is_number = cell_index is not None and bool(BARE_NUMBER.match(cells[cell_index][2]))
        # Only the first number of a cell gets the column's name: in `1/3`, the 3 is a total.
        is_first = cell_index is not None and not any(map(str.isdigit, line[cells[cell_index][0] : start]))
        column_name = header[cell_index] if cell_index is not None and is_number and is_first else None
        names.append("" if column_name is None else _join_names(row, column_name, has_values, is_class))
    return names


def is_rule(line: str) -> bool:
    """Return whether a line is a horizontal rule of a table, or blank."""
    return _RULE.match(line) is not None


def cells_of_row(line: str) -> list[Cell] | None:
    """Return the cells of a row with numbers; None for any other line."""
    cells = split_cells(_without_decoration(line.replace(MASK, _MASK_STAND_IN)))
    return cells if cells and any(BARE_NUMBER.match(text) for _start, _end, text in cells) else None


def header_of_row(header: str, upper: str, line: str) -> list[Cell] | None:
    """Return the cells of a header, one for each cell of a row, with the column names as their texts. `upper` is the
    line above the header, `line` a row below it.

    None if `header` is not the header of this row, if two names are equal or one is missing, or if `upper` belongs to
    the header.
    """
    cells = cells_of_row(line)
    if cells is None:
        return None
    header, line = (_without_decoration(text.replace(MASK, _MASK_STAND_IN)) for text in (header, line))
    names, header_cells = _header_names(header, line, cells), _header_cells(header, line, cells)
    if names is None or header_cells is None or not all(names) or len(set(names)) < len(names):
        return None
    is_complete = _with_line_above(names, header, upper, line, cells) == names
    is_in_order = all(cell[1] <= next_cell[0] for cell, next_cell in pairwise(header_cells))
    return (
        [(start, end, name) for (start, end, _t), name in zip(header_cells, names, strict=True)]
        if is_complete and is_in_order
        else None
    )


def _without_decoration(line: str) -> str:
    """Remove from a line what belongs to no cell, such as a progress bar, a comment sign or a logger's prefix."""
    line = _PROGRESS_BAR.sub("", line).rstrip(" :")
    # Spaces keep the cells in their places, below their header.
    line = _COMMENT.sub(lambda match: " " * len(match[0]), line)
    line = _LEADING_COUNT.sub(r"\1 ", line)
    line = _INDEXED_NAME.sub(lambda match: f"{match[1]}_{'_' * len(match[2])}_", line)
    if (
        has_frame(line)
        and len(BARS.findall(line)) == 2
        and _SPACED_CELLS.match(line, line.index(line.strip()[0]) + 1)
    ):
        line = BARS.sub(" ", line)  # a frame around columns that only blanks separate
    return _LOGGER_PREFIX.sub(lambda match: " " * len(match[0]), line)


def _section_heading(above: Callable[[int], str | None]) -> str:
    """Return the heading of the section of the table that contains a row, such as `eval/`; an empty string if there
    is no heading, or if it does not name held-out data.
    """
    for distance in range(1, MAX_HEADER_DISTANCE):
        cells = split_cells(above(distance) or "")
        if cells is None:
            return ""
        if cells[0][2].endswith("/") and not any(text for _start, _end, text in cells[1:]):
            return cells[0][2] if meaning_of(cells[0][2]).is_held_out else ""
    return ""


def _has_row_name(cells: Sequence[Cell]) -> bool:
    return bool(cells) and any(map(str.isalpha, cells[0][2])) and not BARE_NUMBER.match(cells[0][2])


def _is_in_cell(cell: Cell, position: int) -> bool:
    return cell[0] <= position < cell[1]


def _is_generic(column: str) -> bool:
    return bool(words_in(column)) and set(words_in(column)) <= _GENERIC_WORDS


def _is_class(row: str, columns: Sequence[str]) -> bool:
    """Return whether a row such as `PER` (persons) is about a class, and not about a metric of the same name."""
    # A classification report repeats the accuracy in several columns.
    is_accuracy = meaning_of(row).measures is Measures.ACCURACY
    return not is_accuracy and sum(meaning_of(name).role is Role.METRIC for name in columns) > 1


def _join_names(row: str, column: str, has_values: bool, is_class: bool) -> str:
    """Return the name of a number in a table: the words of its row, the name of its column, or both.

    `has_values` is true if the table has a column called `value` or the like. `is_class` is true if the row stands
    for one class of a classification.
    """
    # `accuracy` of a classification report, under `f1-score`
    is_named = not is_class and meaning_of(row).role is Role.METRIC
    if row and (set(words_in(column)) <= _GENERIC_WORDS or (is_named and meaning_of(column).role is Role.METRIC)):
        return row
    if is_named and words_in(column) and all(map(find_split, words_in(column))):
        return f"{column} {row}"  # `accuracy` under `Training | Validation`
    is_measured = meaning_of(column).role in (Role.METRIC, Role.OTHER)
    joined_name = f"{row} {column}" if row and is_measured and row.lower() not in _SUMMARY_ROWS else column
    return column if has_values and meaning_of(joined_name).role is Role.METRIC else joined_name


def _find_header(line: str, cells: Sequence[Cell], above: Callable[[int], str | None]) -> list[str] | None:
    """Return the column names from the nearest header above a row; None without a header."""
    for distance in range(1, MAX_HEADER_DISTANCE):
        candidate = above(distance)
        if candidate is None:
            return None
        if _RULE.match(candidate) or _INDEX_NAME.fullmatch(candidate):
            continue
        candidate = _without_decoration(candidate)
        names = _header_names(candidate, line, cells)
        if names is not None:
            return _with_line_above(names, candidate, above(distance + 1), line, cells)
        if not any(map(str.isdigit, candidate)) or split_cells(candidate) is None:
            return None
    return None


def _with_line_above(names: list[str], lower: str, upper: str | None, line: str, cells: Sequence[Cell]) -> list[str]:
    """Put the words of a header's upper line in front of its column names: `loss` below `train` becomes `train loss`.
    If `upper` is not part of the header, return `names` unchanged.
    """
    if upper is None:
        return names
    if not BARS.search(line):
        upper_names = None if separator(line) else _upper_names(_without_decoration(upper), lower, len(names))
        return names if upper_names is None else [" ".join(parts) for parts in zip(upper_names, names, strict=True)]
    if len(set(names)) == len(names):
        return names
    # Equal names need the words above them. Different ones are the whole header if bars separate the columns.
    first_names = _header_names(_without_decoration(upper), line, cells)
    if first_names is None:
        return names
    return [" ".join(filter(None, parts)) for parts in zip(first_names, names, strict=True)]


def _upper_names(upper: str, lower: str, columns: int) -> list[str] | None:
    """Return the words of `upper`, one for each cell of `lower`; None if they do not stand above these cells one by
    one.
    """
    if columns < _MIN_UPPER_COLUMNS or any(map(str.isdigit, upper)) or re.search(r"[:=.!?{}]", upper):
        return None
    rows = [
        next(
            (
                upper_cell
                for upper_cell in (split_at_spaces(text, 2), split_at_spaces(text, 1))
                if len(upper_cell) == columns
            ),
            None,
        )
        for text in (upper, lower)
    ]
    if rows[0] is None or rows[1] is None:
        return None
    pairs = zip(rows[0], rows[1], strict=True)
    return (
        [upper_cell[2] for upper_cell in rows[0]]
        if all(
            min(upper_cell[1], lower_cell[1]) > max(upper_cell[0], lower_cell[0]) for upper_cell, lower_cell in pairs
        )
        else None
    )


def _without_class_numbers(header: str) -> str:
    """Remove numbers that are names of columns from a header: quantiles such as `25%`, and class numbers at its end,
    as in `ntree  OOB  1  2  3`.
    """
    header = _QUANTILE.sub("", header)
    classes = _CLASS_NUMBERS.search(header)
    numbers = [int(number) for number in classes[0].split()] if classes else []
    is_counted = bool(numbers) and numbers == list(range(numbers[0], numbers[0] + len(numbers))) and numbers[0] < 2
    return header[: classes.start()] if classes and is_counted else header


def _header_names(header: str, line: str, cells: Sequence[Cell]) -> list[str] | None:
    """Return the names in `header` for the cells of a row; None if `header` is not the header of this row."""
    header_cells = _header_cells(header, line, cells)
    if header_cells is None:
        return None
    names = [_tidy(text) for _start, _end, text in header_cells]
    is_free = not BARS.search(line) and not separator(line)
    if (
        is_free
        and all(meaning_of(name).role is Role.OTHER for name in names)
        and len(split_at_spaces(header, 2)) < _MIN_WIDE_CELLS
    ):
        return None  # words of a sentence that happen to be as many
    return names if sum(map(bool, names)) > 1 or len(names) == 1 else None


def _header_cells(header: str, line: str, cells: Sequence[Cell]) -> list[Cell] | None:
    """Return the cell of `header` for each cell of a row; None if `header` is not the header of this row."""
    if BARE_NUMBER.search(_without_class_numbers(header)) or not any(map(str.isalpha, header)):
        return None
    if BARS.search(line):
        matched = split_cells(header) if BARS.search(header) else None
        if matched and len(matched) == len(cells) - 1 and not BARE_NUMBER.match(cells[0][2]) and not has_frame(line):
            matched = [(0, 0, ""), *matched]  # the column of the rows' words has no name
    elif sep := separator(line):
        matched = split_at_separator(header, sep) if sep in header else None
    else:
        matched = next(
            (split for split in (split_at_spaces(header, 2), split_at_spaces(header, 1)) if len(split) == len(cells)),
            None,
        )
        if matched is None and len(cells) > 2:
            matched = _match_by_position(split_at_spaces(header, 2), cells) or _match_by_position(
                split_at_spaces(header, 1), cells
            )
    return matched if matched is not None and len(matched) == len(cells) else None


def _match_by_position(header: Sequence[Cell], cells: Sequence[Cell]) -> list[Cell] | None:
    """Return the header cell above each cell of a row. The first cell may have none, and gets an empty name. Return
    None if any other cell has none, or if two cells have the same.
    """
    matched: list[Cell] = []
    for index, (start, end, _text) in enumerate(cells):
        nearest = max(header, key=lambda cell: min(cell[1], end) - max(cell[0], start))
        if min(nearest[1], end) - max(nearest[0], start) > 0:
            matched.append(nearest)
        elif index == 0:
            matched.append((start, end, ""))
        else:
            return None
    return matched if len({cell[0] for cell in matched}) == len(matched) else None


def _tidy(text: str) -> str:
    text = " ".join(text.strip(" *`\"':").split())
    if text.count("(") > text.count(")"):
        text = text.replace("(", " ").split()[-1] if text.split("(")[-1] else text.replace("(", "")
    return text.rstrip(")") if text.count(")") > text.count("(") else text
