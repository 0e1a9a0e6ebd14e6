"""Separates the reasoning from the answer, for models that send both in a single text."""

import re
from typing import Literal

_TAGS = ("think", "thinking", "thought", "reasoning", "seed:think")
_TAG_PAIRS = {
    **{f"<{tag}>": f"</{tag}>" for tag in _TAGS},
    "[THINK]": "[/THINK]",
    "<|START_THINKING|>": "<|END_THINKING|>",
    "◁think▷": "◁/think▷",
}
CLOSING_TAG = "</think>"
"""Tag that closes the reasoning. If the chat template has written the opening tag, a reply contains only the
closing tag.
"""
_HARMONY = ("<|start|>", "<|channel|>")
_HARMONY_PART = re.compile(
    r"<\|channel\|>(?P<head>.*?)<\|message\|>(?P<body>.*?)(?P<end><\|(?:end|return|call|start|channel)\|>|\Z)",
    re.DOTALL,
)
_LATER_REASONING = re.compile(r"^<think>(.*?)</think>[\r\n]*", re.DOTALL | re.MULTILINE)
"""Matches reasoning that begins on a later line, after a part of the answer.

It is not used if a program in the conversation contains these tags.
"""
_BARE_HARMONY = re.compile(r"\Aanalysis(?P<reasoning>.*)assistantfinal", re.DOTALL)
"""Matches reasoning in the Harmony format if a server has removed all special tokens."""


class ReasoningSeparator:
    """Separates the reasoning of a reply from its answer while the reply arrives in pieces."""

    def __init__(self, *, holds: bool = False, closes_alone: bool = True) -> None:
        self._begins_in_reasoning = holds
        """True for models whose replies are known to begin inside the reasoning: nothing is shown until the reasoning
        is closed.
        """
        self._closes_alone = closes_alone
        """True if a closing tag without an opening one ends reasoning; False if the conversation's programs mention
        such tags."""
        self._state: Literal["begins", "reasons", "harmony", "answers"] = "begins"
        self._closing_tag = ""
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
        while self._process_next():
            pass
        if self._state != "answers":
            return ""
        text, self._buffer = self._buffer, ""
        self._answer.append(text)
        return text

    def hold_no_longer(self) -> None:
        """Stop holding back text, because it turned out that the model's reasoning arrives separately from its
        answer.
        """
        self._begins_in_reasoning = False

    def end(self, *, cut: bool = False) -> str:
        """End the reply, and return the text of the answer that was held back.

        `cut` is True if a limit or this client ended the reply.
        """
        # If a reply that begins inside its reasoning was cut before the closing tag, it contains only reasoning.
        if self._state == "reasons" or (self._state == "begins" and self._begins_in_reasoning and cut):
            self._reasoning.append(self._buffer)
            return ""
        if self._state == "harmony":
            text = self._parse_channels()
        elif self._state == "begins":
            text = self._buffer.lstrip("\r\n") if self._reasoning else self._buffer
        else:
            self._find_late_reasoning()
            return ""
        self._answer.append(text)
        if self._state == "begins":
            self._find_late_reasoning()
        return text

    def _process_next(self) -> bool:
        """Process the next part of the buffer; return whether more of it can be processed now."""
        if self._state == "begins":
            return self._process_beginning()
        if self._state == "reasons":
            return self._process_reasoning()
        return False

    def _process_beginning(self) -> bool:
        text = self._buffer.lstrip()
        opening = next((tag for tag in _TAG_PAIRS if text.startswith(tag)), None)
        if opening:
            self._state, self._closing_tag, self._buffer = "reasons", _TAG_PAIRS[opening], text[len(opening) :]
            return True
        if text.startswith(_HARMONY):
            self._state = "harmony"
            return False
        if self._begins_in_reasoning:
            before, closed, rest = self._buffer.partition(CLOSING_TAG)
            if closed:
                self._reasoning.append(before)
                self._begins_in_reasoning, self.opened_unseen, self._buffer = False, True, rest
            return bool(closed)
        if any(tag.startswith(text) for tag in (*_TAG_PAIRS, *_HARMONY)):
            return False  # empty, or the beginning of a possible mark
        if self._reasoning:
            self._buffer = self._buffer.lstrip("\r\n")  # blank lines between reasoning and answer
        self._state = "answers"
        return False

    def _process_reasoning(self) -> bool:
        body, closed, rest = self._buffer.partition(self._closing_tag)
        if not closed:
            safe = max(0, len(body) - len(self._closing_tag))  # the mark may come in two pieces
            self._reasoning.append(body[:safe])
            self._buffer = body[safe:]
            return False
        self._reasoning.append(body)
        self._state, self._begins_in_reasoning, self._buffer = "begins", False, rest
        return True

    def _find_late_reasoning(self) -> None:
        """Find reasoning that only the complete reply reveals, for example in front of a `</think>` without an
        opening tag.
        """
        answer = self.answer
        if match := _BARE_HARMONY.match(answer):
            self._reasoning, self._answer = [match["reasoning"]], [answer[match.end() :]]
        elif self._closes_alone and (sections := _LATER_REASONING.findall(answer)):
            self._reasoning += sections
            self._answer = [_LATER_REASONING.sub("", answer)]
        elif (
            self._closes_alone and not self._reasoning and answer.count(CLOSING_TAG) == 1 and "<think>" not in answer
        ):
            before, _, after = answer.partition(CLOSING_TAG)
            self._reasoning, self._answer = [before], [after.lstrip("\r\n")]
            self.opened_unseen = True

    def _parse_channels(self) -> str:
        final = ""
        position = 0
        while match := _HARMONY_PART.search(self._buffer, position):
            position = match.start("end") if match["end"] in _HARMONY else match.end()
            head = match["head"].strip()
            if head.startswith("final"):
                final += match["body"]
            else:
                self._reasoning.append(match["body"])
            self.called_tool |= match["end"] == "<|call|>" or "to=" in head
        return final
