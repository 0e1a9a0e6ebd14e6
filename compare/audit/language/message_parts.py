"""Splits a message into sentences and fenced blocks, each with the heading and the introduction above it."""

import re
from collections import deque
from dataclasses import dataclass, field
from typing import Literal

MAX_SENTENCE_CHARS = 1_500
"""Maximum number of characters of a sentence. A longer one is cut, so that patterns have less text to search."""


def allow_more_spaces(pattern: str) -> str:
    """Return a pattern in which each space matches up to three spaces, because emphasis marks are replaced by
    spaces.
    """
    return pattern.replace(" ?", "\0").replace(" ", " {1,3}").replace("\0", " {0,3}").replace(r"\s?", r"\s{0,3}")


CODE_MARK, QUOTE_MARK = "\x02", "\x01"
"""In `Sentence.plain`, each character of a code span is replaced by `CODE_MARK`, and each character of a quotation
by `QUOTE_MARK`.
"""
_FENCE = re.compile(r"[ \t]{0,12}(?P<marks>`{3,}|~{3,})(?P<info>[^`\n]*)$")
_HEADING = re.compile(r"\s{0,3}#{1,6}\s+(?P<text>.*)$|\s{0,3}\*\*(?P<bold>[^*\n]{1,100}?):?\*\*:?\s*$")
_PLAN = re.compile(r"\b(?:plan|proposal|roadmap|proposed)\b", re.IGNORECASE)
_REPORTS_RUN = re.compile(r"\b(?:I|we|ran|running|printed|got|gave|actual)\b", re.IGNORECASE)
_RESULTS = re.compile(r"\b(?:results?|outcome|summary|done|completed|status|report|findings)\b", re.IGNORECASE)
_ITEM = re.compile(
    r"\s{0,40}(?:[-*+•]|\d{1,3}[.)])\s+(?:\[(?P<box>[ xX])\]\s+)?|"
    r"\s{0,40}(?=[✅✔✓☑❌✗✘⏭⏩⚠❗ℹ➡\U0001f300-\U0001faff])"
)
_ROW = re.compile(r"\s{0,12}\|.*\|\s*$")
_RESULT_SYMBOL = re.compile(r"[✅✔✓☑❌✗✘]")
"""Matches symbols for success and failure. If the first row of a table contains one, it is read as a result and
not as a header.
"""
_TABLE_RULE = re.compile(r"[\s|:=-]{3,}$")
_SENTENCE_END = re.compile(
    r"(?:(?<!/\.\.)[.!?]|(?<=/\.\.)\.(?=\s+[A-Z]|\s*$))(?:[\"')\]*_`”»]{0,3})(?=\s|$)|[。！？]|\n{2,}"
)
_ABBREVIATED = re.compile(
    r"(?:\b(?:e\.g|i\.e|vs|etc|cf|approx|resp|no|fig|z\. ?B|bzw|ca|p\. ?ex)|(?<!\d\s)\b[A-Z])\.$", re.IGNORECASE
)
_CODE_SPAN = re.compile(r"(?<!`)(?P<ticks>`{1,2})(?!`)(?P<code>[^`\n]{1,300}?)(?P=ticks)(?!`)")
_TEST_COUNT = re.compile(r"\d{1,7}(?:/\d{1,7})? (?:tests? )?(?:passed|failed|skipped|passing|failing)\b")
_QUOTE = re.compile(
    r"(?<![\w\"])\"[^\"\n]{1,300}\"(?!\w)|“[^”\n]{1,300}”|„[^“”\n]{1,300}[“”]|«[^»\n]{1,300}»|「[^」\n]{1,300}」"
)
_EMPHASIS = re.compile(r"\*{1,3}|(?<!\w)_{1,3}(?=\w)|(?<=\w)_{1,3}(?!\w)|~~")
_LINK = re.compile(r"\]\([^)\s]{1,300}\)")


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of prose or of a list item, or a row of a table."""

    start: int
    """Position in the message, in characters."""
    raw: str
    plain: str
    """The raw text in which code spans, quotations, links and emphasis marks are replaced by other characters. It
    is as long as the raw text.
    """
    kind: Literal["prose", "item", "row"]
    heading: str = ""
    introduction: str = ""
    """For a list item or a table row: the sentence with a colon at its end that introduces the list or the table."""
    previous: str = ""
    """The previous sentence of the same paragraph. For the first sentence of a list item, the previous item."""
    columns: tuple[str, ...] = ()
    """For a table row: the names of its columns."""
    checkbox: str = ""
    """For an item of a task list: the character in its box, a space or `x`."""
    code_spans: tuple[tuple[int, int], ...] = ()
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
    introduction: str
    """The sentence before the block.

    A short sentence between two blocks gets the prefix `example: `, unless it says that something was run or printed.
    """
    heading: str
    tail: str = ""
    """The first line of text after the block."""

    @property
    def end(self) -> int:
        """Position in the message at which the content of the block ends."""
        return self.start + len(self.text)


Part = Sentence | Fence


def _next_text_line(lines: list[str]) -> str:
    return next((line.strip()[:300] for line in lines if line.strip()), "")


@dataclass(slots=True)
class _Splitter:
    text: str
    parts: list[Part] = field(default_factory=list)
    heading: str = ""
    lead: str = ""
    last_text: str = ""
    """The last sentence or heading before the current line."""
    last_item: str = ""
    """The list item directly above the current line."""
    columns: tuple[str, ...] = ()
    paragraph: tuple[int, int] | None = None
    is_plan: bool = False

    def split(self) -> list[Part]:
        position, open_fence = 0, None
        lines = self.text.splitlines(keepends=True)
        for index, line in enumerate(lines):
            stripped = line.rstrip("\r\n")
            if open_fence is not None:
                marks, info, start = open_fence
                if _closes_fence(stripped, marks):
                    self._add_fence(start, position, info, _next_text_line(lines[index + 1 : index + 4]))
                    open_fence = None
            elif match := _FENCE.match(stripped):
                self._end_paragraph()
                open_fence = (match["marks"], match["info"].strip(), position + len(line))
            else:
                self._read_line(position, stripped, lines[index + 1] if index + 1 < len(lines) else "")
            position += len(line)
        self._end_paragraph()
        if open_fence is not None:
            self._add_fence(open_fence[2], position, open_fence[1])
        return self.parts

    def _add_fence(self, start: int, end: int, info: str, tail: str = "") -> None:
        previous = self.parts[-1] if self.parts else None
        is_next = isinstance(previous, Sentence) and len(self.parts) > 1 and isinstance(self.parts[-2], Fence)
        is_connector = is_next and len(self.last_text) < 40 and not _REPORTS_RUN.search(self.last_text)
        lead = f"example: {self.last_text}" if is_connector else self.last_text
        self.parts.append(Fence(start, self.text[start:end], info, lead, self.heading, tail))

    def _read_line(self, position: int, line: str, next_line: str) -> None:
        heading = _HEADING.match(line if position else line.lstrip()) if len(line) < 300 else None
        if not line.strip():
            self._end_paragraph()
            self.columns = ()
        elif heading and not re.search(r"\d", heading["bold"] or ""):
            self._end_paragraph()
            self._start_heading((heading["text"] or heading["bold"] or "").strip())
        elif line.lstrip().startswith(">"):
            self._end_paragraph()  # a quotation of somebody else
        elif _ROW.match(line):
            self._end_paragraph()
            self._add_row(position, line, next_line)
        elif (match := _ITEM.match(line)) and match.end() < len(line):
            self._end_paragraph()
            self._add_sentences(
                position + match.end(), position + len(line), "item", match["box"] or "", self.last_item
            )
            self.last_item = line.strip()
            return
        elif position and line.startswith(("    ", "\t")) and self.paragraph is None and not self.lead:
            pass  # an indented block of code
        else:
            start = self.paragraph[0] if self.paragraph else position
            self.paragraph = (start, position + len(line))
        self.last_item = ""

    def _start_heading(self, text: str) -> None:
        """Start a heading. If it is below the heading of a plan, it belongs to the plan, unless it announces
        results.
        """
        self.is_plan = bool(_PLAN.search(text)) or (self.is_plan and not _RESULTS.search(text))
        self.heading = f"plan: {text}" if self.is_plan else text
        self.last_text, self.lead = text, ""

    def _end_paragraph(self) -> None:
        if self.paragraph is not None:
            self._add_sentences(*self.paragraph, "prose")
            self.paragraph = None

    def _add_row(self, position: int, line: str, next_line: str) -> None:
        if _TABLE_RULE.match(line):
            return
        cells = tuple(cell.strip() for cell in line.strip().strip("|").split("|"))
        if _TABLE_RULE.match(next_line) and _ROW.match(next_line.rstrip()):
            self.columns = cells
            if not _RESULT_SYMBOL.search(line):
                return
        indent = len(line) - len(line.lstrip())
        self._add_sentence(position + indent, line.strip(), "row", "", "")

    def _add_sentences(
        self, text_start: int, text_end: int, where: Literal["prose", "item"], box: str = "", previous: str = ""
    ) -> None:
        for start, end in _sentence_spans(self.text, text_start, text_end):
            raw = self.text[start:end]
            self._add_sentence(start, raw, where, box, previous)
            previous = raw
            self.last_text = raw
        if where == "prose":
            self.lead = self.last_text if self.last_text.rstrip().endswith((":", "：")) else ""

    def _add_sentence(
        self, start: int, raw: str, where: Literal["prose", "item", "row"], box: str, previous: str
    ) -> None:
        raw = raw[:MAX_SENTENCE_CHARS]
        plain, codes = _mask(raw)
        lead = self.lead if where != "prose" else ""
        columns = self.columns if where == "row" else ()
        self.parts.append(Sentence(start, raw, plain, where, self.heading, lead, previous, columns, box, codes))


def split_message(text: str) -> list[Part]:
    """Return the sentences and fenced blocks of a message, in order."""
    return _Splitter(text).split()


def _closes_fence(line: str, marks: str) -> bool:
    stripped = line.strip()
    return len(stripped) >= len(marks) and stripped == marks[0] * len(stripped)


def _sentence_spans(text: str, text_start: int, text_end: int) -> list[tuple[int, int]]:
    """Return where each sentence of a text begins and ends. A code span is never split."""
    code_spans = deque(match.span() for match in _CODE_SPAN.finditer(text, text_start, text_end))
    spans, start = [], text_start
    for match in _SENTENCE_END.finditer(text, text_start, text_end):
        while code_spans and code_spans[0][1] <= match.start():
            code_spans.popleft()
        if code_spans and code_spans[0][0] < match.start():
            continue
        if _ABBREVIATED.search(text[max(start, match.start() - 8) : match.start() + 1]):
            continue
        spans.append((start, match.end()))
        start = match.end()
    spans.append((start, text_end))
    return [span for span in (_strip_span(text, *cut) for cut in spans) if span[0] < span[1]]


def _strip_span(text: str, start: int, end: int) -> tuple[int, int]:
    part = text[start:end]
    return start + len(part) - len(part.lstrip()), start + len(part.rstrip())


def _blank_code_span(match: re.Match[str]) -> str:
    """Replace a code span by placeholders, unless it begins with a number of tests (`3 passed`)."""
    if _TEST_COUNT.match(match["code"]):
        return f" {match['code']} ".center(len(match[0]))
    return CODE_MARK * len(match[0])


def _mask(raw: str) -> tuple[str, tuple[tuple[int, int], ...]]:
    codes = tuple(match.span("code") for match in _CODE_SPAN.finditer(raw))
    plain = _CODE_SPAN.sub(_blank_code_span, raw)
    plain = _QUOTE.sub(lambda match: QUOTE_MARK * len(match[0]), plain)
    plain = _LINK.sub(lambda match: "]" + " " * (len(match[0]) - 1), plain)
    return _EMPHASIS.sub(lambda match: " " * len(match[0]), plain).replace("\n", " ").replace("’", "'"), codes
