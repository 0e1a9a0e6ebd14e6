"""Cleans replies: removes whatever a terminal would not have printed, and records it as a format violation."""

import re
from collections import deque
from collections.abc import Sequence
from functools import cached_property
from itertools import islice
from typing import NamedTuple

from gedanken.experiment.execution import FormatViolation

OUTPUT_MARK = "OUTPUT:"
"""The line that separates working steps from the output, where working steps are allowed."""

_FENCE = re.compile(r"(`{3,}|~{3,})[\w+-]*")
_FULL_PROMPT = r"(?:\([\w.-]{1,40}\) )?(?:[\w.-]+@[\w.-]+:[^$#]{0,80}|\[[\w.-]+@[\w.-]+ [^\]]{0,80}\])[$#]"
_PROMPT = re.compile(rf"^(?:{_FULL_PROMPT}|\$|>)\s+")
_BARE_PROMPT = re.compile(rf"^{_FULL_PROMPT}\s*$")
_NEXT_COMMAND = re.compile(rf"^{_FULL_PROMPT}\s+\S")
_AS_AN_AI = re.compile(
    r"^(?:(?:(?:I'?m|I am) )?sorry,? (?:but )?|unfortunately,? )?(?:"
    r"as an? (?:AI|artificial|(?:large )?language model)\b|"
    r"I(?:'m| am) (?:just |only )?an? (?:AI|artificial|(?:large )?language model)\b|"
    r"I (?:can'?t|cannot|can not|am unable to|am not able to) (?:actually |directly )?"
    r"(?:run|execute|access|perform|provide|assist|display|show|simulate)\b)",
    re.IGNORECASE,
)
_EAGER = re.compile(r"^(?:sure|certainly|of course)\b[^\n]*[:!.]\s*$", re.IGNORECASE)
_ANNOUNCES = re.compile(r"^(?:here(?:'s| is| are)|this is|the (?:output|result|command))\b[^\n]*:\s*$", re.IGNORECASE)


class Cleaned(NamedTuple):
    """A cleaned reply, and what was removed from it."""

    text: str
    violations: tuple[FormatViolation, ...]


def clean(reply: str, command: str, *, marked: bool = False, known: str = "", opened: bool = False) -> Cleaned:
    """Remove from a reply what no terminal prints: fences, echoes of the command, prompts, chat, remarks about being
    an AI.

    Lines whose words occur in the command, or in `known` (what was typed before), are kept, except echoes. If
    `marked`, the output is the text after the first line `OUTPUT:`; a reply without this line is a violation.
    `opened` is True if an opening fence was already removed.
    """
    unmarked: tuple[FormatViolation, ...] = ()
    if marked:
        steps, mark, output = _at_mark(reply)
        if mark:
            reply, opened = output, opened or _leaves_open(steps)
        else:
            unmarked = (FormatViolation("no mark before the output", ""),)
    lines = reply.splitlines(keepends=True)
    ends = _Ends(lines, command, known, opened)
    taken = ends.peel()
    kept = "".join(line for at, line in enumerate(lines) if at not in taken)
    return Cleaned(kept, (*unmarked, *(taken[at] for at in sorted(taken))))


def clean_beginning(piece: str, known: str = "") -> Cleaned:
    """Remove chat and an opening fence from the beginning of a piece that continues a reply."""
    lines = piece.splitlines(keepends=True)
    taken = _Ends(lines, "", known, opened=False).peel_beginning()
    if not taken:
        return Cleaned(piece, ())
    begins = max(taken) + 1
    if taken[max(taken)].kind == "chat":  # the blank line after it is not output either
        while begins < len(lines) and not lines[begins].strip():
            begins += 1
    return Cleaned("".join(lines[begins:]), tuple(taken[at] for at in sorted(taken)))


def _at_mark(reply: str) -> tuple[list[str], str, str]:
    """Split a reply at its first line `OUTPUT:` into the lines before it, this line, and the text after it."""
    lines = reply.splitlines(keepends=True)
    # Later lines `OUTPUT:` belong to the program's output.
    for at, line in enumerate(lines):
        if line.strip() == OUTPUT_MARK:
            return lines[:at], line, "".join(lines[at + 1 :])
    return lines, "", ""


def _leaves_open(lines: Sequence[str]) -> bool:
    return sum(bool(_FENCE.fullmatch(line.strip())) for line in lines) % 2 == 1


class _Ends:
    """Removes lines that are not program output from both ends of a reply."""

    def __init__(self, lines: Sequence[str], command: str, known: str, opened: bool) -> None:
        self._lines = [line.strip() for line in lines]
        self._wanted = [line.strip() for line in command.splitlines() if line.strip()]
        self._typed = f"{known}\n{command}"
        self._opened_before, self._opening, self._closed = opened, "", False
        self._taken: dict[int, FormatViolation] = {}
        self._filled = deque(at for at, line in enumerate(self._lines) if line)

    def peel(self) -> dict[int, FormatViolation]:
        """Remove what no terminal prints; return the violation of each removed line, by line number."""
        for at in self._filled:
            if _AS_AN_AI.match(self._lines[at]) and not self._was_typed(at):
                self._take("speaks as an AI", at)
        self._filled = deque(at for at in self._filled if at not in self._taken)
        self.peel_beginning()
        self._stop_at_next_command()
        while self._last():
            pass
        return self._taken

    def peel_beginning(self) -> dict[int, FormatViolation]:
        """Remove what no terminal prints from the beginning; return the violations so far, by line number."""
        while self._first():
            pass
        return self._taken

    def _first(self) -> bool:
        if self._begins_with_command():
            for _line in self._wanted:
                self._take("echo of the command", self._filled.popleft())
            if self._opening and self._filled and self._lines[self._filled[0]] == self._opening:
                self._take("code fence", self._filled.popleft())  # which held nothing but the echo
                self._opening = ""
            return True
        if not self._filled or self._opening or self._was_typed(self._filled[0]):
            return False
        line = self._lines[self._filled[0]]
        if fence := _FENCE.fullmatch(line):
            self._opening = fence[1]
        elif not self._leads_up(line):
            return False
        self._take("code fence" if fence else "chat", self._filled.popleft())
        return True

    def _stop_at_next_command(self) -> None:
        """If the reply shows a prompt with a further command, remove the prompt and everything after it."""
        answer = islice(self._filled, 1, None)  # if the first line counted, nothing would be left
        further = [at for at in answer if _NEXT_COMMAND.match(self._lines[at]) and not self._was_typed(at)]
        while further and self._filled[-1] >= further[0]:
            self._take("plays further commands", self._filled.pop())

    def _leads_up(self, line: str) -> bool:
        if len(self._filled) < 2:
            return False
        before_fence = _FENCE.fullmatch(self._lines[self._filled[1]])
        return bool(_EAGER.match(line) or (before_fence and _ANNOUNCES.match(line)))

    def _last(self) -> bool:
        if (
            self._filled
            and _BARE_PROMPT.match(self._lines[self._filled[-1]])
            and not self._was_typed(self._filled[-1])
        ):
            self._take("prompt", self._filled.pop())
            return True
        closing = self._closing()
        if closing is None:
            return False
        while (at := self._filled.pop()) > closing:
            if not self._was_typed(at):
                self._take("chat", at)
        self._take("code fence", closing)
        self._closed = True
        return True

    def _closing(self) -> int | None:
        """Return the number of the line that closes the fence around the output; None if there is none."""
        if self._closed or not (self._opening or self._opened_before):
            return None
        matches = ((at, _FENCE.fullmatch(self._lines[at])) for at in self._filled)
        fences = [(at, fence) for at, fence in matches if fence and fence[1] == (self._opening or fence[1])]
        if not fences:
            return None
        at, fence = fences[-1]
        is_bare = fence[0] == fence[1]
        # Fences in the output come in pairs, so an unpaired one before the end is the closing one.
        return at if is_bare and (at == self._filled[-1] or len(fences) % 2) else None

    def _begins_with_command(self) -> bool:
        shown = [self._lines[at] for at in islice(self._filled, len(self._wanted))]
        if shown:
            shown[0] = _PROMPT.sub("", shown[0])
        return bool(shown) and shown == self._wanted

    def _was_typed(self, at: int) -> bool:
        return _words(self._lines[at]) in self._typed_words

    @cached_property
    def _typed_words(self) -> str:
        return _words(self._typed.replace("\\n", "\n"))  # the form in which a program's source spells a line break

    def _take(self, kind: str, at: int) -> None:
        self._taken[at] = FormatViolation(kind, self._lines[at])


def _words(text: str) -> str:
    return " ".join(text.split())
