"""Separates reasoning from the answer, for models that send both in one text."""

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
"""Tag that closes the reasoning. It occurs alone if the chat template wrote the opening tag."""
_HARMONY = ("<|start|>", "<|channel|>")
_HARMONY_PART = re.compile(
    r"<\|channel\|>(?P<head>.*?)<\|message\|>(?P<body>.*?)(?P<end><\|(?:end|return|call|start|channel)\|>|\Z)",
    re.DOTALL,
)
_LATER = re.compile(r"^<think>(.*?)</think>[\r\n]*", re.DOTALL | re.MULTILINE)
"""Matches reasoning on a later line, after a part of the answer. Not used if a program of the conversation mentions
such tags.
"""
_BARE_HARMONY = re.compile(r"\Aanalysis(?P<reasoning>.*)assistantfinal", re.DOTALL)
"""Matches reasoning in the Harmony format, as it looks after a server dropped all special tokens."""


class Apart:
    """Separates answer and reasoning of a reply while its pieces arrive."""

    def __init__(self, *, holds: bool = False, closes_alone: bool = True) -> None:
        self._holds = holds
        """True for models whose replies are known to begin inside the reasoning: nothing is shown until the reasoning
        is closed.
        """
        self._closes_alone = closes_alone
        """True if a closing tag without an opening one ends reasoning; False if the conversation's programs mention
        such tags."""
        self._state: Literal["begins", "reasons", "harmony", "answers"] = "begins"
        self._closing = ""
        self._buffer = ""
        self._answer: list[str] = []
        self._reasoning: list[str] = []
        self.opened_unseen = False
        """True if the reply closed a tag that it had not opened."""
        self.called_tool = False
        """True if a channel of the reply (Harmony format) was a tool call."""

    @property
    def answer(self) -> str:
        """The answer, as far as it has arrived."""
        return "".join(self._answer)

    @property
    def reasoning(self) -> str:
        """The reasoning, as far as it has arrived."""
        return "".join(self._reasoning)

    def add(self, piece: str) -> str:
        """Add one more piece; return the text that it adds to the answer."""
        self._buffer += piece
        while self._step():
            pass
        if self._state != "answers":
            return ""
        said, self._buffer = self._buffer, ""
        self._answer.append(said)
        return said

    def hold_no_longer(self) -> None:
        """Stop holding text back, because this model's reasoning arrives separately from its answer."""
        self._holds = False

    def end(self, *, cut: bool = False) -> str:
        """End the reply, and return the text of the answer that was held back.

        `cut` is True if a limit or this client ended the reply.
        """
        # If a reply that begins inside its reasoning was cut before the closing tag, it contains only reasoning.
        if self._state == "reasons" or (self._state == "begins" and self._holds and cut):
            self._reasoning.append(self._buffer)
            return ""
        if self._state == "harmony":
            held = self._channels()
        elif self._state == "begins":
            held = self._buffer.lstrip("\r\n") if self._reasoning else self._buffer
        else:
            self._look_back()
            return ""
        self._answer.append(held)
        if self._state == "begins":
            self._look_back()
        return held

    def _step(self) -> bool:
        """Process the next part of the buffer; return whether more of it can be processed now."""
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
            return False  # empty, or the beginning of a possible mark
        if self._reasoning:
            self._buffer = self._buffer.lstrip("\r\n")  # blank lines between reasoning and answer
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
        """Find reasoning that can be recognized only when the reply is complete."""
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
