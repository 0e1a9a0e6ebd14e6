"""What a terminal would not have printed, taken off a reply; each thing taken off is a breach of the rules."""

import re
from collections import deque
from itertools import islice
from typing import NamedTuple

from experiment.execution import Breach

OUTPUT_MARK = "OUTPUT:"
"""The line after which the output stands, where a model may work things out before it."""

_FENCE = re.compile(r"^\s*(?:```|~~~)[\w+-]*\s*$")
_PROMPT = re.compile(r"^(?:[\w.-]+@[\w.-]+:[^$#]{0,80}[$#]|\$|>)\s+")
_BARE_PROMPT = re.compile(r"^[\w.-]+@[\w.-]+:[^$#]{0,80}[$#]\s*$")
_AS_AN_AI = re.compile(
    r"^(?:I'?m sorry, but |sorry, but |unfortunately, )?as an? (?:AI|artificial|(?:large )?language model)\b",
    re.IGNORECASE,
)
_EAGER = re.compile(r"^(?:sure|certainly|of course)\b[^\n]*[:!.]\s*$", re.IGNORECASE)
_ANNOUNCES = re.compile(r"^(?:here(?:'s| is| are)|this is|the (?:output|result|command))\b[^\n]*:\s*$", re.IGNORECASE)
_EXPLAINS = re.compile(
    r"^(?:note\b|please\b|let me know|i hope|this (?:is|command|output|script|code|will)\b|"
    r"the (?:above|output|command|script|code)\b|in this (?:example|output)\b)[^\n]*[.!?]\s*$",
    re.IGNORECASE,
)


class Cleaned(NamedTuple):
    """A reply without what a terminal would not print, and what was taken away."""

    text: str
    breaches: tuple[Breach, ...]


def clean(reply: str, command: str, *, marked: bool = False) -> Cleaned:
    """Take off what breaks the rules: code fences, echoes of the command and prompts, chat, words of an AI.

    With `marked` the output is what stands after the last line that says `OUTPUT:`; working steps before it are
    allowed. A reply whose mark is missing is taken whole, and that is a breach too.
    """
    breaches: list[Breach] = []
    if marked:
        reply, found = _after_mark(reply)
        if not found:
            breaches.append(Breach("no mark before the output", ""))
    lines = reply.splitlines(keepends=True)
    for kind, pattern in (("code fence", _FENCE), ("speaks as an AI", _AS_AN_AI)):
        breaches += [Breach(kind, line.strip()) for line in lines if pattern.match(line)]
        lines = [line for line in lines if not pattern.match(line)]
    fenced = any(breach.kind == "code fence" for breach in breaches)
    peeled = _Ends(lines, command, fenced)
    breaches += peeled.peel()
    return Cleaned("".join(line for at, line in enumerate(lines) if at not in peeled.taken), tuple(breaches))


def _after_mark(reply: str) -> tuple[str, bool]:
    lines = reply.splitlines(keepends=True)
    marks = [at for at, line in enumerate(lines) if line.strip() == OUTPUT_MARK]
    return ("".join(lines[marks[-1] + 1 :]), True) if marks else (reply, False)


class _Ends:
    """Peels off both ends of a reply what is no output; what is taken off may bare the next."""

    def __init__(self, lines: list[str], command: str, fenced: bool) -> None:
        self._lines, self._fenced = [line.strip() for line in lines], fenced
        self._wanted = [line.strip() for line in command.splitlines() if line.strip()]
        self._filled = deque(at for at, line in enumerate(self._lines) if line)
        self.taken: set[int] = set()

    def peel(self) -> list[Breach]:
        found: list[Breach] = []
        for take in (self._first, self._last):  # what goes from one end bares nothing at the other
            while step := take():
                found += step
        return found

    def _first(self) -> list[Breach]:
        if self._begins_with_command():
            return [self._take("echo of the command", self._filled.popleft()) for _line in self._wanted]
        if len(self._filled) > 1:
            first, second = self._filled[0], self._filled[1]
            apart = self._fenced or second > first + 1
            if _EAGER.match(self._lines[first]) or (apart and _ANNOUNCES.match(self._lines[first])):
                return [self._take("chat", self._filled.popleft())]
        return []

    def _last(self) -> list[Breach]:
        if self._filled and _BARE_PROMPT.match(self._lines[self._filled[-1]]):
            return [self._take("prompt", self._filled.pop())]
        # Programs print such lines too: what is not set apart, by a fence or a blank line, stays.
        if len(self._filled) > 1 and _EXPLAINS.match(self._lines[self._filled[-1]]):
            last, before = self._filled[-1], self._filled[-2]
            if self._fenced or before < last - 1:
                return [self._take("chat", self._filled.pop())]
        return []

    def _begins_with_command(self) -> bool:
        shown = [self._lines[at] for at in islice(self._filled, len(self._wanted))]
        if shown:
            shown[0] = _PROMPT.sub("", shown[0])
        return bool(shown) and shown == self._wanted

    def _take(self, kind: str, at: int) -> Breach:
        self.taken.add(at)
        return Breach(kind, self._lines[at])
