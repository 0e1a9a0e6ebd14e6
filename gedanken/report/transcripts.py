"""Puts a real and an imagined output side by side. Long equal parts are folded; very long parts are shortened."""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice, zip_longest
from typing import Literal, NamedTuple

from rapidfuzz.distance import Indel

from gedanken.analysis.analysis import VersionAnalysis
from gedanken.compare.output.transcript import VALUE
from gedanken.compare.results import Block
from gedanken.experiment.format import truncate
from gedanken.report.anchors import Anchors, ShownFinding

CONTEXT = 3
"""Number of agreeing lines that stay visible around a difference, and around a line that a finding refers to."""
FOLDED_SHOWN = 120
"""Maximum number of lines in a fold. If a fold would be longer, lines in its middle are left out."""
LINES_AT_BLOCK_ENDS = 30
"""Number of lines that are shown at the beginning of a long block of differing lines, and again at its end."""
ROWS_SHOWN = 2_000
NO_DIFFERENCE_MARKS = ("alike", "aside")
"""Marks of blocks that are not differences. `alike`: the lines agree. `aside`: the lines are standard error, which is
not compared.
"""
Mark = Literal["same", "values", "reworded", "missing", "invented", "aside", "cut"]


class Piece(NamedTuple):
    """A part of a line, and whether the other line lacks it."""

    text: str
    differs: bool


class Cell(NamedTuple):
    """One line of one of the two outputs."""

    place: str
    number: int
    pieces: tuple[Piece, ...]
    findings: tuple[ShownFinding, ...]


class Row(NamedTuple):
    """A row of the view: a line of the real output, of the imagined output, or of both."""

    mark: Mark
    real: Cell | None
    imagined: Cell | None
    diverges: bool
    """True if this is the first row that differs."""
    opens: bool
    """True if a block of differing lines begins with this row."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Consecutive rows that are all visible, all folded, or all left out."""

    rows: tuple[Row, ...]
    folded: bool = False
    left_out: int = 0
    """Number of rows that are left out of the page. If it is not 0, `rows` is empty."""
    what: str = ""
    """A description of rows that are folded or left out."""


@dataclass(frozen=True, slots=True)
class SideBySide:
    """A real and an imagined output side by side, of one program version or from supplied logs."""

    real: str
    imagined: str
    stretches: tuple[Stretch, ...]
    divergence: str | None
    """Id of the first line that differs; None if no line differs."""
    alike: int
    """Number of rows whose two lines have the same words."""
    different: int
    parting: tuple[Row, ...] = ()
    """The first row that differs. It is shown again at the top of the page. Empty if no row differs."""


class _Pair(NamedTuple):
    mark: Mark
    real: int | None
    imagined: int | None
    opens: bool


def side_by_side(version: VersionAnalysis, anchors: Anchors) -> SideBySide | None:
    """Arrange the two aligned outputs side by side. Return None if no outputs were aligned, or if one of their
    executions is missing.
    """
    alignment = version.compared.alignment
    if alignment is None:
        return None
    real = next((run for run in version.real if run.label == alignment.real), None)
    imagined = next((run for run in version.imagined if run.label == alignment.imagined), None)
    if real is None or imagined is None:
        return None
    real_number, imagined_number = (
        anchors.number_of(real, alignment.real_counted_in),
        anchors.number_of(imagined, "stdout"),
    )
    return _View(version, anchors, real_number, imagined_number).build()


class _View:
    def __init__(self, version: VersionAnalysis, anchors: Anchors, real: int, imagined: int) -> None:
        assert version.compared.alignment
        self.alignment = version.compared.alignment
        self.anchors = anchors
        self.sources = (real, imagined)
        self.lines = (anchors.lines_of(real), anchors.lines_of(imagined))
        self.pointed = (anchors.pointed.get(real, {}), anchors.pointed.get(imagined, {}))
        self.in_order = tuple(sorted(lines) for lines in self.pointed)
        first = self.alignment.diverges_at or (None, None)
        self.first = tuple(ref.number if ref else None for ref in first)
        self.budget = ROWS_SHOWN

    def build(self) -> SideBySide:
        stretches: list[Stretch] = []
        blocks = [block for block in self.alignment.blocks if _row_count(block)]
        for index, block in enumerate(blocks):
            is_quiet = block.mark in NO_DIFFERENCE_MARKS
            has_neighbours = (index > 0, index < len(blocks) - 1)
            stretches += self._agreement(block, has_neighbours) if is_quiet else self._difference(block)
        stretches += self._ignored_lines()
        rows = (row for stretch in stretches for row in stretch.rows)
        return SideBySide(
            self.alignment.real,
            self.alignment.imagined,
            tuple(_merge_stretches(stretches)),
            self._divergence(),
            sum(_row_count(block) for block in blocks if block.mark == "alike"),
            sum(_row_count(block) for block in blocks if block.mark not in NO_DIFFERENCE_MARKS),
            tuple(islice((row for row in rows if row.diverges), 1)),
        )

    def _divergence(self) -> str | None:
        for source, number in zip(self.sources, self.first, strict=True):
            if number is not None and number in self.anchors.pointed.get(source, {}):
                return self.anchors.id_of(source, number)
        return None

    def _agreement(self, block: Block, has_neighbours: tuple[bool, bool]) -> Iterator[Stretch]:
        size = _row_count(block)
        has_budget = self.budget > 0
        ranges = [range(CONTEXT)] if has_neighbours[0] and has_budget else []
        ranges += [range(size - CONTEXT, size)] if has_neighbours[1] and has_budget else []
        ranges += [range(row - CONTEXT, row + CONTEXT + 1) for row in self._rows_with_findings(block)]
        visible = sorted({row for rows in ranges for row in rows if 0 <= row < size})
        position = 0
        for start, end in _group_ranges(visible):
            yield from self._fold(block, position, start)
            yield self._visible_stretch(block, start, end)
            position = end
        yield from self._fold(block, position, size)

    def _fold(self, block: Block, start: int, end: int) -> Iterator[Stretch]:
        size = end - start
        if size <= 0:
            return
        if size <= CONTEXT and self.budget >= size:
            yield self._visible_stretch(block, start, end)
            return
        shown_rows = min(size, FOLDED_SHOWN, max(0, self.budget))
        head, tail = shown_rows - shown_rows // 2, shown_rows // 2
        if size > shown_rows:
            yield from self._folded_stretch(block, start, start + head)
            yield Stretch((), left_out=size - shown_rows, what=_describe_block(block))
            yield from self._folded_stretch(block, end - tail, end)
        else:
            yield from self._folded_stretch(block, start, end)

    def _folded_stretch(self, block: Block, start: int, end: int) -> Iterator[Stretch]:
        if end > start:
            yield Stretch(self._visible_stretch(block, start, end).rows, folded=True, what=_describe_block(block))

    def _difference(self, block: Block) -> Iterator[Stretch]:
        size = _row_count(block)
        visible = (
            set(range(LINES_AT_BLOCK_ENDS)) | set(range(size - LINES_AT_BLOCK_ENDS, size))
            if self.budget > 0
            else set()
        )
        visible |= {nearby for row in self._rows_with_findings(block) for nearby in (row - 1, row, row + 1)}
        position = 0
        for start, end in _group_ranges(sorted(row for row in visible if 0 <= row < size)):
            if start > position:
                yield Stretch((), left_out=start - position, what=_describe_block(block))
            yield self._visible_stretch(block, start, end)
            position = end
        if position < size:
            yield Stretch((), left_out=size - position, what=_describe_block(block))

    def _visible_stretch(self, block: Block, start: int, end: int) -> Stretch:
        self.budget -= end - start
        return Stretch(tuple(self._row(self._pair(block, offset)) for offset in range(start, end)))

    def _ignored_lines(self) -> Iterator[Stretch]:
        """Yield the lines at the end that the comparison ignored, such as the incomplete last line of a truncated
        output."""
        last_block = self.alignment.blocks[-1] if self.alignment.blocks else None
        block_ends = (last_block.real[1], last_block.imagined[1]) if last_block else (0, 0)
        ranges = [range(end, min(len(lines), end + 2)) for end, lines in zip(block_ends, self.lines, strict=True)]
        pairs = zip_longest(*ranges)
        rows = tuple(self._row(_Pair("cut", real, imagined, False)) for real, imagined in pairs)
        if rows:
            yield Stretch(rows)

    def _pair(self, block: Block, offset: int) -> _Pair:
        real = block.real[0] + offset if offset < block.real[1] - block.real[0] else None
        imagined = block.imagined[0] + offset if offset < block.imagined[1] - block.imagined[0] else None
        if block.mark == "alike":
            is_equal = real is not None and imagined is not None and self.lines[0][real] == self.lines[1][imagined]
            return _Pair("same" if is_equal else "values", real, imagined, False)
        return _Pair(block.mark, real, imagined, offset == 0 and block.mark not in NO_DIFFERENCE_MARKS)

    def _row(self, pair: _Pair) -> Row:
        texts = [
            None if index is None else truncate(lines[index])
            for index, lines in zip((pair.real, pair.imagined), self.lines, strict=True)
        ]
        compare_words = pair.mark in ("reworded", "values") and texts[0] is not None and texts[1] is not None
        if compare_words:
            pieces = mark_differing_words(texts[0] or "", texts[1] or "")
        else:
            pieces = ((Piece(texts[0] or "", False),), (Piece(texts[1] or "", False),))
        real = self._cell(0, pair.real, pieces[0])
        imagined = self._cell(1, pair.imagined, pieces[1])
        is_first = any(
            index is not None and index + 1 == number
            for index, number in zip((pair.real, pair.imagined), self.first, strict=True)
        )
        return Row(pair.mark, real, imagined, is_first, pair.opens)

    def _cell(self, side: int, index: int | None, pieces: tuple[Piece, ...]) -> Cell | None:
        if index is None:
            return None
        line_id = self.anchors.id_of(self.sources[side], index + 1)
        return Cell(line_id, index + 1, pieces, tuple(self.pointed[side].get(index + 1, ())))

    def _rows_with_findings(self, block: Block) -> list[int]:
        sides = zip((block.real, block.imagined), self.in_order, strict=True)
        return [
            line - 1 - start
            for (start, end), lines in sides
            for line in lines[bisect_right(lines, start) : bisect_right(lines, end)]
        ]


def mark_differing_words(real: str, imagined: str) -> tuple[tuple[Piece, ...], tuple[Piece, ...]]:
    """Split two lines into pieces. Pieces with words that only one of the lines has are marked as differing."""
    real_tokens, imagined_tokens = _tokenize(real), _tokenize(imagined)
    real_pieces: list[Piece] = []
    imagined_pieces: list[Piece] = []
    for opcode in Indel.opcodes(real_tokens, imagined_tokens):
        differs = opcode.tag != "equal"
        _append_piece(real_pieces, "".join(real_tokens[opcode.src_start : opcode.src_end]), differs)
        _append_piece(imagined_pieces, "".join(imagined_tokens[opcode.dest_start : opcode.dest_end]), differs)
    return tuple(real_pieces), tuple(imagined_pieces)


def _append_piece(pieces: list[Piece], text: str, differs: bool) -> None:
    """Append a piece. It is merged with the last one if both differ or both do not.

    A space between two differing words is marked as differing, too.
    """
    if not text:
        return
    if differs and len(pieces) > 1 and pieces[-1].text == " ":
        text = pieces.pop().text + text
    if pieces and pieces[-1].differs == differs:
        text = pieces.pop().text + text
    pieces.append(Piece(text, differs))


def _tokenize(line: str) -> list[str]:
    """Split a line into values, words and spaces: `loss: tensor(0.5)` into `loss:`, a space and `tensor(0.5)`."""
    tokens: list[str] = []
    position = 0
    for value in VALUE.finditer(line):
        tokens += _split_words(line[position : value.start()])
        tokens.append(value[0])
        position = value.end()
    return tokens + _split_words(line[position:])


def _split_words(text: str) -> list[str]:
    words = text.split(" ")
    return [part for index, word in enumerate(words) for part in ((" ", word) if index else (word,)) if part]


def _describe_block(block: Block) -> str:
    return {"alike": "in the same words", "aside": "on standard error, not compared"}.get(
        block.mark, "with differences"
    )


def _row_count(block: Block) -> int:
    return max(block.real[1] - block.real[0], block.imagined[1] - block.imagined[0])


def _group_ranges(numbers: list[int]) -> list[tuple[int, int]]:
    """Group consecutive numbers into ranges, each with its start and its end (exclusive)."""
    runs: list[tuple[int, int]] = []
    for number in numbers:
        if runs and runs[-1][1] == number:
            runs[-1] = (runs[-1][0], number + 1)
        else:
            runs.append((number, number + 1))
    return runs


def _merge_stretches(stretches: list[Stretch]) -> Iterator[Stretch]:
    pending: Stretch | None = None
    for stretch in stretches:
        if pending and (pending.folded, bool(pending.left_out), pending.what) == (
            stretch.folded,
            bool(stretch.left_out),
            stretch.what,
        ):
            pending = replace(pending, rows=pending.rows + stretch.rows, left_out=pending.left_out + stretch.left_out)
            continue
        if pending:
            yield pending
        pending = stretch
    if pending:
        yield pending
