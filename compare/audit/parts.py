"""Splits a message into sentences and fenced blocks, each with the heading and the introduction above it."""

import re
from collections import deque
from dataclasses import dataclass, field
from typing import Literal

LONGEST = 1_500
"""Maximum number of characters of a sentence; a longer one is cut, to limit what a pattern has to search."""


def spaced(pattern: str) -> str:
    """Return a pattern in which each space matches up to three spaces, because emphasis marks are replaced
    by spaces.
    """
    return pattern.replace(" ?", "\0").replace(" ", " {1,3}").replace("\0", " {0,3}").replace(r"\s?", r"\s{0,3}")


CODE, QUOTED = "\x02", "\x01"
"""The characters that replace, in `Sentence.plain`, each character of a code span (CODE) or of a quotation
(QUOTED).
"""
_FENCE = re.compile(r"[ \t]{0,12}(?P<marks>`{3,}|~{3,})(?P<info>[^`\n]*)$")
_HEADING = re.compile(r"\s{0,3}#{1,6}\s+(?P<text>.*)$|\s{0,3}\*\*(?P<bold>[^*\n]{1,100}?):?\*\*:?\s*$")
_PLAN = re.compile(r"\b(?:plan|proposal|roadmap|proposed)\b", re.IGNORECASE)
_TELLS = re.compile(r"\b(?:I|we|ran|running|printed|got|gave|actual)\b", re.IGNORECASE)
_RESULTS = re.compile(r"\b(?:results?|outcome|summary|done|completed|status|report|findings)\b", re.IGNORECASE)
_ITEM = re.compile(
    r"\s{0,40}(?:[-*+•]|\d{1,3}[.)])\s+(?:\[(?P<box>[ xX])\]\s+)?|"
    r"\s{0,40}(?=[✅✔✓☑❌✗✘⏭⏩⚠❗ℹ➡\U0001f300-\U0001faff])"
)
_ROW = re.compile(r"\s{0,12}\|.*\|\s*$")
_TICK = re.compile(r"[✅✔✓☑❌✗✘]")
"""Symbols for success and failure. The first row of a table is read as a result if it contains such a symbol."""
_RULE = re.compile(r"[\s|:=-]{3,}$")
_END = re.compile(r"(?:(?<!/\.\.)[.!?]|(?<=/\.\.)\.(?=\s+[A-Z]|\s*$))(?:[\"')\]*_`”»]{0,3})(?=\s|$)|[。！？]|\n{2,}")
_ABBREVIATED = re.compile(
    r"(?:\b(?:e\.g|i\.e|vs|etc|cf|approx|resp|no|fig|z\. ?B|bzw|ca|p\. ?ex)|(?<!\d\s)\b[A-Z])\.$", re.IGNORECASE
)
_SPAN = re.compile(r"(?<!`)(?P<ticks>`{1,2})(?!`)(?P<code>[^`\n]{1,300}?)(?P=ticks)(?!`)")
_COUNT = re.compile(r"\d{1,7}(?:/\d{1,7})? (?:tests? )?(?:passed|failed|skipped|passing|failing)\b")
_QUOTE = re.compile(
    r"(?<![\w\"])\"[^\"\n]{1,300}\"(?!\w)|“[^”\n]{1,300}”|„[^“”\n]{1,300}[“”]|«[^»\n]{1,300}»|「[^」\n]{1,300}」"
)
_STARS = re.compile(r"\*{1,3}|(?<!\w)_{1,3}(?=\w)|(?<=\w)_{1,3}(?!\w)|~~")
_LINK = re.compile(r"\]\([^)\s]{1,300}\)")


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of prose or of a list item, or a row of a table."""

    start: int
    """Position in the message, in characters."""
    raw: str
    plain: str
    """The raw text with code spans, quotations, links and emphasis marks blanked out; the length is the same."""
    where: Literal["prose", "item", "row"]
    heading: str = ""
    lead: str = ""
    """For a list item or a table row: the sentence that introduces the list or the table and ends with a colon."""
    before: str = ""
    """The previous sentence of the same paragraph; for the first sentence of a list item, the item above."""
    columns: tuple[str, ...] = ()
    """For a table row: the names of its columns."""
    box: str = ""
    """For an item of a task list: the character in its box, a space or `x`."""
    codes: tuple[tuple[int, int], ...] = ()
    """Start and end of each code span in the raw text, without its backticks."""

    @property
    def end(self) -> int:
        """Position in the message at which the sentence ends."""
        return self.start + len(self.raw)


@dataclass(frozen=True, slots=True)
class Fence:
    """A fenced block."""

    start: int
    """Position in the message at which the content begins."""
    text: str
    info: str
    lead: str
    """The sentence before the block. A short sentence between two blocks gets the prefix `example: `, unless it says
    that something was run or printed.
    """
    heading: str
    tail: str = ""
    """The first line of text after the block."""

    @property
    def end(self) -> int:
        """Position in the message at which the content of the block ends."""
        return self.start + len(self.text)


Part = Sentence | Fence


def _next_line(lines: list[str]) -> str:
    return next((line.strip()[:300] for line in lines if line.strip()), "")


@dataclass(slots=True)
class _Cutter:
    text: str
    parts: list[Part] = field(default_factory=list)
    heading: str = ""
    lead: str = ""
    last: str = ""
    """The last sentence or heading before the current line."""
    item: str = ""
    """The list item directly above the current line."""
    columns: tuple[str, ...] = ()
    paragraph: tuple[int, int] | None = None
    planned: bool = False

    def cut(self) -> list[Part]:
        at, fence = 0, None
        lines = self.text.splitlines(keepends=True)
        for number, line in enumerate(lines):
            bare = line.rstrip("\r\n")
            if fence is not None:
                marks, info, begin = fence
                if _closes(bare, marks):
                    self._fence(begin, at, info, _next_line(lines[number + 1 : number + 4]))
                    fence = None
            elif found := _FENCE.match(bare):
                self._flush()
                fence = (found["marks"], found["info"].strip(), at + len(line))
            else:
                self._line(at, bare, lines[number + 1] if number + 1 < len(lines) else "")
            at += len(line)
        self._flush()
        if fence is not None:
            self._fence(fence[2], at, fence[1])
        return self.parts

    def _fence(self, begin: int, end: int, info: str, tail: str = "") -> None:
        before = self.parts[-1] if self.parts else None
        is_next = isinstance(before, Sentence) and len(self.parts) > 1 and isinstance(self.parts[-2], Fence)
        follows = is_next and len(self.last) < 40 and not _TELLS.search(self.last)
        lead = f"example: {self.last}" if follows else self.last
        self.parts.append(Fence(begin, self.text[begin:end], info, lead, self.heading, tail))

    def _line(self, at: int, line: str, following: str) -> None:
        heading = _HEADING.match(line if at else line.lstrip()) if len(line) < 300 else None
        if not line.strip():
            self._flush()
            self.columns = ()
        elif heading and not re.search(r"\d", heading["bold"] or ""):
            self._flush()
            self._head((heading["text"] or heading["bold"] or "").strip())
        elif line.lstrip().startswith(">"):
            self._flush()  # a quotation of somebody else
        elif _ROW.match(line):
            self._flush()
            self._row(at, line, following)
        elif (found := _ITEM.match(line)) and found.end() < len(line):
            self._flush()
            self._sentences(at + found.end(), at + len(line), "item", found["box"] or "", self.item)
            self.item = line.strip()
            return
        elif at and line.startswith(("    ", "\t")) and self.paragraph is None and not self.lead:
            pass  # an indented block of code
        else:
            begin = self.paragraph[0] if self.paragraph else at
            self.paragraph = (begin, at + len(line))
        self.item = ""

    def _head(self, text: str) -> None:
        """Process a heading. Below the heading of a plan, every heading belongs to the plan, until a heading
        announces results.
        """
        self.planned = bool(_PLAN.search(text)) or (self.planned and not _RESULTS.search(text))
        self.heading = f"plan: {text}" if self.planned else text
        self.last, self.lead = text, ""

    def _flush(self) -> None:
        if self.paragraph is not None:
            self._sentences(*self.paragraph, "prose")
            self.paragraph = None

    def _row(self, at: int, line: str, following: str) -> None:
        if _RULE.match(line):
            return
        cells = tuple(cell.strip() for cell in line.strip().strip("|").split("|"))
        if _RULE.match(following) and _ROW.match(following.rstrip()):
            self.columns = cells
            if not _TICK.search(line):
                return
        low = len(line) - len(line.lstrip())
        self._add(at + low, line.strip(), "row", "", "")

    def _sentences(
        self, low: int, high: int, where: Literal["prose", "item"], box: str = "", before: str = ""
    ) -> None:
        for start, end in _cuts(self.text, low, high):
            raw = self.text[start:end]
            self._add(start, raw, where, box, before)
            before = raw
            self.last = raw
        if where == "prose":
            self.lead = self.last if self.last.rstrip().endswith((":", "：")) else ""

    def _add(self, start: int, raw: str, where: Literal["prose", "item", "row"], box: str, before: str) -> None:
        raw = raw[:LONGEST]
        plain, codes = _masked(raw)
        lead = self.lead if where != "prose" else ""
        columns = self.columns if where == "row" else ()
        self.parts.append(Sentence(start, raw, plain, where, self.heading, lead, before, columns, box, codes))


def parts_of(text: str) -> list[Part]:
    """Return the sentences and fenced blocks of a message, in order."""
    return _Cutter(text).cut()


def _closes(line: str, marks: str) -> bool:
    bare = line.strip()
    return len(bare) >= len(marks) and bare == marks[0] * len(bare)


def _cuts(text: str, low: int, high: int) -> list[tuple[int, int]]:
    """Return where the sentences of a text begin and end; a code span is never split."""
    spans = deque(found.span() for found in _SPAN.finditer(text, low, high))
    cuts, start = [], low
    for found in _END.finditer(text, low, high):
        while spans and spans[0][1] <= found.start():
            spans.popleft()
        if spans and spans[0][0] < found.start():
            continue
        if _ABBREVIATED.search(text[max(start, found.start() - 8) : found.start() + 1]):
            continue
        cuts.append((start, found.end()))
        start = found.end()
    cuts.append((start, high))
    return [spread for spread in (_stripped(text, *cut) for cut in cuts) if spread[0] < spread[1]]


def _stripped(text: str, low: int, high: int) -> tuple[int, int]:
    piece = text[low:high]
    return low + len(piece) - len(piece.lstrip()), low + len(piece.rstrip())


def _blot(found: re.Match[str]) -> str:
    """Return a code span blanked out. A span that begins with a count of tests (`3 passed`) stays readable."""
    if _COUNT.match(found["code"]):
        return f" {found['code']} ".center(len(found[0]))
    return CODE * len(found[0])


def _masked(raw: str) -> tuple[str, tuple[tuple[int, int], ...]]:
    codes = tuple(found.span("code") for found in _SPAN.finditer(raw))
    plain = _SPAN.sub(_blot, raw)
    plain = _QUOTE.sub(lambda found: QUOTED * len(found[0]), plain)
    plain = _LINK.sub(lambda found: "]" + " " * (len(found[0]) - 1), plain)
    return _STARS.sub(lambda found: " " * len(found[0]), plain).replace("\n", " ").replace("’", "'"), codes
