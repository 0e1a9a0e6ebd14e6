"""What a model reasons before it answers, taken apart from the answer where both come in one text."""

import re
from typing import Literal

_TAGS = ("think", "thinking", "thought", "reasoning", "seed:think")
_PAIRS = {
    **{f"<{tag}>": f"</{tag}>" for tag in _TAGS},
    "[THINK]": "[/THINK]",
    "<|START_THINKING|>": "<|END_THINKING|>",
    "◁think▷": "◁/think▷",
}
CLOSES = "</think>"
"""Closes as well what the chat template opened, so that the reply begins in the middle of it."""
_HARMONY = ("<|start|>", "<|channel|>")
_HARMONY_PART = re.compile(
    r"<\|channel\|>(?P<head>.*?)<\|message\|>(?P<body>.*?)(?P<end><\|(?:end|return|call|start|channel)\|>|\Z)",
    re.DOTALL,
)
_LATER = re.compile(r"^<think>(.*?)</think>[\r\n]*", re.DOTALL | re.MULTILINE)
"""After a word or two of an answer. Output has no such line, unless something typed has one."""
_BARE_HARMONY = re.compile(r"\Aanalysis(?P<reasoning>.*)assistantfinal", re.DOTALL)
"""As servers leave it that drop all special tokens."""


class Apart:
    """Answer and reasoning of one reply, told apart as its pieces come."""

    def __init__(self, *, holds: bool = False, closes_alone: bool = True) -> None:
        self._holds = holds
        """Whether nothing is shown until reasoning that was opened unseen is closed, as this model is known to do."""
        self._closes_alone = closes_alone
        """Whether a tag that only closes ends reasoning; not where programs speak of such tags."""
        self._state: Literal["begins", "reasons", "harmony", "answers"] = "begins"
        self._closing = ""
        self._buffer = ""
        self._answer: list[str] = []
        self._reasoning: list[str] = []
        self.opened_unseen = False
        """Whether the reply closed what it had not opened."""
        self.called_tool = False
        """Whether one of its channels was a call."""

    @property
    def answer(self) -> str:
        """What it said, as far as it has come."""
        return "".join(self._answer)

    @property
    def reasoning(self) -> str:
        """What it reasoned."""
        return "".join(self._reasoning)

    def add(self, piece: str) -> str:
        """Take one more piece; returns what of the answer comes with it."""
        self._buffer += piece
        while self._step():
            pass
        if self._state != "answers":
            return ""
        said, self._buffer = self._buffer, ""
        self._answer.append(said)
        return said

    def hold_no_longer(self) -> None:
        """What it reasons comes apart from its answer: nothing is hidden in this text."""
        self._holds = False

    def end(self, *, cut: bool = False) -> str:
        """The reply is over; returns what of the answer was held back.

        Of a model that is known to begin in the middle of its reasoning, a reply that was cut and closed nothing is
        all reasoning.
        """
        if self._state == "reasons" or (self._state == "begins" and self._holds and cut):
            self._reasoning.append(self._buffer)
            return ""
        if self._state == "harmony":
            held = self._channels()
        elif self._state == "begins":
            held = self._buffer
        else:
            self._look_back()
            return ""
        self._answer.append(held)
        if self._state == "begins":
            self._look_back()
        return held

    def _step(self) -> bool:
        """Take up what comes next; whether there is more to be told of what has come."""
        if self._state == "begins":
            return self._begin()
        if self._state == "reasons":
            return self._reason()
        return False

    def _begin(self) -> bool:
        begun = self._buffer.lstrip()
        opening = next((mark for mark in _PAIRS if begun.startswith(mark)), None)
        if opening:
            self._state, self._closing, self._buffer = "reasons", _PAIRS[opening], begun[len(opening) :]
            return True
        if begun.startswith(_HARMONY):
            self._state = "harmony"
            return False
        if self._holds:
            before, closed, rest = self._buffer.partition(CLOSES)
            if closed:
                self._reasoning.append(before)
                self._holds, self.opened_unseen, self._buffer = False, True, rest
            return bool(closed)
        if any(mark.startswith(begun) for mark in (*_PAIRS, *_HARMONY)):
            return False  # nothing yet, or what may become a mark
        if self._reasoning:
            self._buffer = self._buffer.lstrip("\r\n")  # sets the answer apart
        self._state = "answers"
        return False

    def _reason(self) -> bool:
        body, closed, rest = self._buffer.partition(self._closing)
        if not closed:
            safe = max(0, len(body) - len(self._closing))  # the mark may come in two pieces
            self._reasoning.append(body[:safe])
            self._buffer = body[safe:]
            return False
        self._reasoning.append(body)
        self._state, self._holds, self._buffer = "begins", False, rest
        return True

    def _look_back(self) -> None:
        """Take apart what shows only at the end that it was reasoning."""
        said = self.answer
        if bare := _BARE_HARMONY.match(said):
            self._reasoning, self._answer = [bare["reasoning"]], [said[bare.end() :]]
        elif self._closes_alone and (found := _LATER.findall(said)):
            self._reasoning += found
            self._answer = [_LATER.sub("", said)]
        elif self._closes_alone and not self._reasoning and said.count(CLOSES) == 1 and "<think>" not in said:
            before, _, after = said.partition(CLOSES)
            self._reasoning, self._answer = [before], [after.lstrip("\r\n")]
            self.opened_unseen = True

    def _channels(self) -> str:
        final = ""
        at = 0
        while found := _HARMONY_PART.search(self._buffer, at):
            at = found.start("end") if found["end"] in _HARMONY else found.end()
            head = found["head"].strip()
            if head.startswith("final"):
                final += found["body"]
            else:
                self._reasoning.append(found["body"])
            self.called_tool |= found["end"] == "<|call|>" or "to=" in head
        return final
