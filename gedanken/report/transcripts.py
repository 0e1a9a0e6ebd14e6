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
from gedanken.experiment.format import cut
from gedanken.report.anchors import Anchors, ShownFinding

CONTEXT = 3
"""Number of agreeing lines that stay visible around a difference, and around a line that a finding refers to."""
FOLDED_SHOWN = 120
"""Maximum number of lines in a fold. Of a longer part, the middle is left out."""
OF_A_BLOCK = 30
"""Number of lines that are shown at the beginning of a long block of differing lines, and again at its end."""
ROWS_SHOWN = 2_000
QUIET = ("alike", "aside")
"""Marks of blocks that are not differences: `alike` lines agree, `aside` is standard error, which is not compared."""
Mark = Literal["same", "values", "reworded", "missing", "invented", "aside", "cut"]


class Piece(NamedTuple):
    """A part of a line."""

    text: str
    differs: bool


class Cell(NamedTuple):
    """One line of one output."""

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
    """Number of rows that are not on the page; `rows` is empty then."""
    what: str = ""
    """A description of rows that are folded or left out."""


@dataclass(frozen=True, slots=True)
class SideBySide:
    """A real and an imagined output side by side, from one program version or from supplied logs."""

    real: str
    imagined: str
    stretches: tuple[Stretch, ...]
    divergence: str | None
    """Id of the first line that differs; None if no line differs."""
    alike: int
    """Number of rows whose two lines have the same words."""
    different: int
    parting: tuple[Row, ...] = ()
    """The first row that differs, which the top of the page shows again. Empty if no row differs."""


class _Pair(NamedTuple):
    mark: Mark
    real: int | None
    imagined: int | None
    opens: bool


def side_by_side(version: VersionAnalysis, anchors: Anchors) -> SideBySide | None:
    """Arrange the two aligned outputs side by side. None if no outputs were aligned, or an execution is missing."""
    alignment = version.compared.alignment
    if alignment is None:
        return None
    real = next((run for run in version.real if run.label == alignment.real), None)
    imagined = next((run for run in version.imagined if run.label == alignment.imagined), None)
    if real is None or imagined is None:
        return None
    ours, theirs = anchors.number_of(real, alignment.real_counted_in), anchors.number_of(imagined, "stdout")
    return _View(version, anchors, ours, theirs).build()


class _View:
    """Builds the rows of the side-by-side view of one program version."""

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
        blocks = [block for block in self.alignment.blocks if _rows_of(block)]
        for at, block in enumerate(blocks):
            quiet = block.mark in QUIET
            ends = (at > 0, at < len(blocks) - 1)
            stretches += self._agreement(block, ends) if quiet else self._difference(block)
        stretches += self._rest()
        rows = (row for stretch in stretches for row in stretch.rows)
        return SideBySide(
            self.alignment.real,
            self.alignment.imagined,
            tuple(_joined(stretches)),
            self._divergence(),
            sum(_rows_of(block) for block in blocks if block.mark == "alike"),
            sum(_rows_of(block) for block in blocks if block.mark not in QUIET),
            tuple(islice((row for row in rows if row.diverges), 1)),
        )

    def _divergence(self) -> str | None:
        for source, number in zip(self.sources, self.first, strict=True):
            if number is not None and number in self.anchors.pointed.get(source, {}):
                return self.anchors.id_of(source, number)
        return None

    def _agreement(self, block: Block, ends: tuple[bool, bool]) -> Iterator[Stretch]:
        size = _rows_of(block)
        room = self.budget > 0
        near = [range(CONTEXT)] if ends[0] and room else []
        near += [range(size - CONTEXT, size)] if ends[1] and room else []
        near += [range(at - CONTEXT, at + CONTEXT + 1) for at in self._pointed_in(block)]
        kept = sorted({at for some in near for at in some if 0 <= at < size})
        done = 0
        for start, end in _runs(kept):
            yield from self._fold(block, done, start)
            yield self._open(block, start, end)
            done = end
        yield from self._fold(block, done, size)

    def _fold(self, block: Block, start: int, end: int) -> Iterator[Stretch]:
        size = end - start
        if size <= 0:
            return
        if size <= CONTEXT and self.budget >= size:
            yield self._open(block, start, end)
            return
        shown = min(size, FOLDED_SHOWN, max(0, self.budget))
        head, tail = shown - shown // 2, shown // 2
        if size > shown:
            yield from self._folded(block, start, start + head)
            yield Stretch((), left_out=size - shown, what=_what(block))
            yield from self._folded(block, end - tail, end)
        else:
            yield from self._folded(block, start, end)

    def _folded(self, block: Block, start: int, end: int) -> Iterator[Stretch]:
        if end > start:
            yield Stretch(self._open(block, start, end).rows, folded=True, what=_what(block))

    def _difference(self, block: Block) -> Iterator[Stretch]:
        size = _rows_of(block)
        wanted = set(range(OF_A_BLOCK)) | set(range(size - OF_A_BLOCK, size)) if self.budget > 0 else set()
        wanted |= {near for at in self._pointed_in(block) for near in (at - 1, at, at + 1)}
        done = 0
        for start, end in _runs(sorted(at for at in wanted if 0 <= at < size)):
            if start > done:
                yield Stretch((), left_out=start - done, what=_what(block))
            yield self._open(block, start, end)
            done = end
        if done < size:
            yield Stretch((), left_out=size - done, what=_what(block))

    def _open(self, block: Block, start: int, end: int) -> Stretch:
        self.budget -= end - start
        return Stretch(tuple(self._row(self._pair(block, at)) for at in range(start, end)))

    def _rest(self) -> Iterator[Stretch]:
        """Yield the lines at the end that the comparison ignored, such as the incomplete last line of a cut
        output."""
        last = self.alignment.blocks[-1] if self.alignment.blocks else None
        ends = (last.real[1], last.imagined[1]) if last else (0, 0)
        left = [range(end, min(len(lines), end + 2)) for end, lines in zip(ends, self.lines, strict=True)]
        pairs = zip_longest(*left)
        rows = tuple(self._row(_Pair("cut", real, imagined, False)) for real, imagined in pairs)
        if rows:
            yield Stretch(rows)

    def _pair(self, block: Block, at: int) -> _Pair:
        real = block.real[0] + at if at < block.real[1] - block.real[0] else None
        imagined = block.imagined[0] + at if at < block.imagined[1] - block.imagined[0] else None
        if block.mark == "alike":
            same = real is not None and imagined is not None and self.lines[0][real] == self.lines[1][imagined]
            return _Pair("same" if same else "values", real, imagined, False)
        return _Pair(block.mark, real, imagined, at == 0 and block.mark not in QUIET)

    def _row(self, pair: _Pair) -> Row:
        texts = [
            None if at is None else cut(lines[at])
            for at, lines in zip((pair.real, pair.imagined), self.lines, strict=True)
        ]
        marked = pair.mark in ("reworded", "values") and texts[0] is not None and texts[1] is not None
        if marked:
            pieces = words_apart(texts[0] or "", texts[1] or "")
        else:
            pieces = ((Piece(texts[0] or "", False),), (Piece(texts[1] or "", False),))
        real = self._cell(0, pair.real, pieces[0])
        imagined = self._cell(1, pair.imagined, pieces[1])
        first = any(
            at is not None and at + 1 == number
            for at, number in zip((pair.real, pair.imagined), self.first, strict=True)
        )
        return Row(pair.mark, real, imagined, first, pair.opens)

    def _cell(self, side: int, at: int | None, pieces: tuple[Piece, ...]) -> Cell | None:
        if at is None:
            return None
        place = self.anchors.id_of(self.sources[side], at + 1)
        return Cell(place, at + 1, pieces, tuple(self.pointed[side].get(at + 1, ())))

    def _pointed_in(self, block: Block) -> list[int]:
        sides = zip((block.real, block.imagined), self.in_order, strict=True)
        return [
            line - 1 - start
            for (start, end), lines in sides
            for line in lines[bisect_right(lines, start) : bisect_right(lines, end)]
        ]


def words_apart(real: str, imagined: str) -> tuple[tuple[Piece, ...], tuple[Piece, ...]]:
    """Split two lines into pieces, and mark the words that only one of the lines has."""
    ours, theirs = _tokens(real), _tokens(imagined)
    left: list[Piece] = []
    right: list[Piece] = []
    for step in Indel.opcodes(ours, theirs):
        differs = step.tag != "equal"
        _add(left, "".join(ours[step.src_start : step.src_end]), differs)
        _add(right, "".join(theirs[step.dest_start : step.dest_end]), differs)
    return tuple(left), tuple(right)


def _add(pieces: list[Piece], text: str, differs: bool) -> None:
    """Append a piece, or merge it with the last one if both or neither differ. A space between two differing words is
    marked, too."""
    if not text:
        return
    if differs and len(pieces) > 1 and pieces[-1].text == " ":
        text = pieces.pop().text + text
    if pieces and pieces[-1].differs == differs:
        text = pieces.pop().text + text
    pieces.append(Piece(text, differs))


def _tokens(line: str) -> list[str]:
    """Split a line into values, words and spaces: `loss: tensor(0.5)` into `loss:`, a space and `tensor(0.5)`."""
    tokens: list[str] = []
    done = 0
    for value in VALUE.finditer(line):
        tokens += _words(line[done : value.start()])
        tokens.append(value[0])
        done = value.end()
    return tokens + _words(line[done:])


def _words(text: str) -> list[str]:
    words = text.split(" ")
    return [part for at, word in enumerate(words) for part in ((" ", word) if at else (word,)) if part]


def _what(block: Block) -> str:
    return {"alike": "in the same words", "aside": "on standard error, not compared"}.get(
        block.mark, "with differences"
    )


def _rows_of(block: Block) -> int:
    return max(block.real[1] - block.real[0], block.imagined[1] - block.imagined[0])


def _runs(numbers: list[int]) -> list[tuple[int, int]]:
    """Group consecutive numbers into ranges, each with its start and its end (exclusive)."""
    runs: list[tuple[int, int]] = []
    for number in numbers:
        if runs and runs[-1][1] == number:
            runs[-1] = (runs[-1][0], number + 1)
        else:
            runs.append((number, number + 1))
    return runs


def _joined(stretches: list[Stretch]) -> Iterator[Stretch]:
    """Merge adjacent stretches of the same kind."""
    held: Stretch | None = None
    for stretch in stretches:
        if held and (held.folded, bool(held.left_out), held.what) == (
            stretch.folded,
            bool(stretch.left_out),
            stretch.what,
        ):
            held = replace(held, rows=held.rows + stretch.rows, left_out=held.left_out + stretch.left_out)
            continue
        if held:
            yield held
        held = stretch
    if held:
        yield held
