"""Reading a line at the prompt, which is either told to the model or typed into the machine."""

import re
from typing import Literal, NamedTuple

_ESCAPED = re.compile(r"\\+\{")


class TypedLine(NamedTuple):
    """A line and its kind."""

    kind: Literal["tell", "command", "open"]
    """`open`: the line begins with a brace that is closed only on a later line."""
    text: str
    """The text that is told, without its braces; or the command that is typed."""


def read_line(text: str) -> TypedLine:
    r"""Decide whether a line is told to the model or is a command.

    A line that begins with `{` and ends with its matching `}` is told to the model; one whose brace is not closed is
    `open`; every other line is a command, braces included. Braces are only counted and quotes are not parsed, because
    told text is prose. To type a command that looks like told text, a backslash is written before its first brace;
    the backslash is removed: `\{ echo a; echo b; }`.
    """
    if _ESCAPED.match(text):
        return TypedLine("command", text[1:])
    if not text.startswith("{"):
        return TypedLine("command", text)
    depth = 0
    for at, character in enumerate(text):
        depth += (character == "{") - (character == "}")
        if not depth:
            is_told = not text[at + 1 :].strip()
            return TypedLine("tell", text[1:at].strip()) if is_told else TypedLine("command", text)
    return TypedLine("open", text)
