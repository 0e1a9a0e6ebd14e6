"""Cleans replies: removes whatever a terminal would not have printed, and records it as a format violation."""

import re
from collections import deque
from collections.abc import Sequence
from functools import cached_property
from itertools import islice
from typing import NamedTuple

from gedanken.experiment.execution import FormatViolation

OUTPUT_LINE = "OUTPUT:"
"""The line between working steps and output, if working steps are allowed."""

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
_ASSENT = re.compile(r"^(?:sure|certainly|of course)\b[^\n]*[:!.]\s*$", re.IGNORECASE)
_ANNOUNCEMENT = re.compile(
    r"^(?:here(?:'s| is| are)|this is|the (?:output|result|command))\b[^\n]*:\s*$", re.IGNORECASE
)


class Cleaned(NamedTuple):
    """A cleaned reply, and what was removed from it."""

    text: str
    violations: tuple[FormatViolation, ...]


def clean(reply: str, command: str, *, marked: bool = False, known: str = "", opened: bool = False) -> Cleaned:
    """Remove from a reply everything that no terminal prints: code fences, echoes of the command, prompts, chat,
    and remarks about being an AI.

    A line that also occurs in the command or in `known` (what was typed before) is kept, unless it is an echo. If
    `marked` is True, the output is the text after the first line `OUTPUT:`, and a reply without this line is a
    violation. `opened` is True if an opening fence was already removed.
    """
    unmarked: tuple[FormatViolation, ...] = ()
    if marked:
        steps, output_line, output = _split_at_output_line(reply)
        if output_line:
            reply, opened = output, opened or _has_open_fence(steps)
        else:
            unmarked = (FormatViolation("no mark before the output", ""),)
    lines = reply.splitlines(keepends=True)
    trimmer = _ReplyTrimmer(lines, command, known, opened)
    removed = trimmer.trim()
    remaining_text = "".join(line for index, line in enumerate(lines) if index not in removed)
    return Cleaned(remaining_text, (*unmarked, *(removed[index] for index in sorted(removed))))


def clean_beginning(piece: str, known: str = "") -> Cleaned:
    """Remove chat and an opening code fence from the beginning of a piece that continues a reply."""
    lines = piece.splitlines(keepends=True)
    removed = _ReplyTrimmer(lines, "", known, opened=False).trim_beginning()
    if not removed:
        return Cleaned(piece, ())
    start = max(removed) + 1
    if removed[max(removed)].kind == "chat":  # the blank line after it is not output either
        while start < len(lines) and not lines[start].strip():
            start += 1
    return Cleaned("".join(lines[start:]), tuple(removed[index] for index in sorted(removed)))


def _split_at_output_line(reply: str) -> tuple[list[str], str, str]:
    """Split a reply at its first line `OUTPUT:`. Return the lines before it, this line, and the text after it."""
    lines = reply.splitlines(keepends=True)
    # Later lines `OUTPUT:` belong to the program's output.
    for index, line in enumerate(lines):
        if line.strip() == OUTPUT_LINE:
            return lines[:index], line, "".join(lines[index + 1 :])
    return lines, "", ""


def _has_open_fence(lines: Sequence[str]) -> bool:
    return sum(bool(_FENCE.fullmatch(line.strip())) for line in lines) % 2 == 1


class _ReplyTrimmer:
    def __init__(self, lines: Sequence[str], command: str, known: str, opened: bool) -> None:
        self._lines = [line.strip() for line in lines]
        self._command_lines = [line.strip() for line in command.splitlines() if line.strip()]
        self._typed = f"{known}\n{command}"
        self._is_fence_open, self._opening_fence, self._closed = opened, "", False
        self._removed: dict[int, FormatViolation] = {}
        self._non_blank = deque(index for index, line in enumerate(self._lines) if line)

    def trim(self) -> dict[int, FormatViolation]:
        """Remove what no terminal prints; return the violation of each removed line, by line index."""
        for index in self._non_blank:
            if _AS_AN_AI.match(self._lines[index]) and not self._was_typed(index):
                self._remove("speaks as an AI", index)
        self._non_blank = deque(index for index in self._non_blank if index not in self._removed)
        self.trim_beginning()
        self._stop_at_next_command()
        while self._remove_last():
            pass
        return self._removed

    def trim_beginning(self) -> dict[int, FormatViolation]:
        """Remove what no terminal prints from the beginning; return the violations so far, by line index."""
        while self._remove_first():
            pass
        return self._removed

    def _remove_first(self) -> bool:
        if self._begins_with_command():
            for _line in self._command_lines:
                self._remove("echo of the command", self._non_blank.popleft())
            if self._opening_fence and self._non_blank and self._lines[self._non_blank[0]] == self._opening_fence:
                self._remove("code fence", self._non_blank.popleft())  # which held nothing but the echo
                self._opening_fence = ""
            return True
        if not self._non_blank or self._opening_fence or self._was_typed(self._non_blank[0]):
            return False
        line = self._lines[self._non_blank[0]]
        if fence := _FENCE.fullmatch(line):
            self._opening_fence = fence[1]
        elif not self._is_introduction(line):
            return False
        self._remove("code fence" if fence else "chat", self._non_blank.popleft())
        return True

    def _stop_at_next_command(self) -> None:
        """If the reply contains a prompt with another command, remove the prompt and everything after it."""
        later_lines = islice(self._non_blank, 1, None)  # if the first line counted, nothing would be left
        prompts = [
            index for index in later_lines if _NEXT_COMMAND.match(self._lines[index]) and not self._was_typed(index)
        ]
        while prompts and self._non_blank[-1] >= prompts[0]:
            self._remove("plays further commands", self._non_blank.pop())

    def _is_introduction(self, line: str) -> bool:
        if len(self._non_blank) < 2:
            return False
        next_is_fence = _FENCE.fullmatch(self._lines[self._non_blank[1]])
        return bool(_ASSENT.match(line) or (next_is_fence and _ANNOUNCEMENT.match(line)))

    def _remove_last(self) -> bool:
        if (
            self._non_blank
            and _BARE_PROMPT.match(self._lines[self._non_blank[-1]])
            and not self._was_typed(self._non_blank[-1])
        ):
            self._remove("prompt", self._non_blank.pop())
            return True
        closing = self._find_closing_fence()
        if closing is None:
            return False
        while (index := self._non_blank.pop()) > closing:
            if not self._was_typed(index):
                self._remove("chat", index)
        self._remove("code fence", closing)
        self._closed = True
        return True

    def _find_closing_fence(self) -> int | None:
        """Return the index of the line that closes the fence around the output; None if there is none."""
        if self._closed or not (self._opening_fence or self._is_fence_open):
            return None
        matches = ((index, _FENCE.fullmatch(self._lines[index])) for index in self._non_blank)
        fences = [
            (index, fence) for index, fence in matches if fence and fence[1] == (self._opening_fence or fence[1])
        ]
        if not fences:
            return None
        index, fence = fences[-1]
        is_bare = fence[0] == fence[1]
        # Fences in the output come in pairs, so an unpaired one before the end is the closing one.
        return index if is_bare and (index == self._non_blank[-1] or len(fences) % 2) else None

    def _begins_with_command(self) -> bool:
        first_lines = [self._lines[index] for index in islice(self._non_blank, len(self._command_lines))]
        if first_lines:
            first_lines[0] = _PROMPT.sub("", first_lines[0])
        return bool(first_lines) and first_lines == self._command_lines

    def _was_typed(self, index: int) -> bool:
        return _normalize_spaces(self._lines[index]) in self._typed_words

    @cached_property
    def _typed_words(self) -> str:
        # The form in which a program's source spells a line break.
        return _normalize_spaces(self._typed.replace("\\n", "\n"))

    def _remove(self, kind: str, index: int) -> None:
        self._removed[index] = FormatViolation(kind, self._lines[index])


def _normalize_spaces(text: str) -> str:
    return " ".join(text.split())
