"""Reads a line at the prompt or in a script: it is either text for the model or a command for the machine."""

import re
from typing import Literal, NamedTuple

_ESCAPED = re.compile(r"\\+\{")


class TypedLine(NamedTuple):
    """A line and its kind."""

    kind: Literal["tell", "command", "open"]
    """`open`: the line begins with a brace that is closed only on a later line."""
    text: str
    """`tell`: the text for the model, without its braces. `command`: the command. `open`: the line as it was
    typed."""


def read_line(text: str) -> TypedLine:
    r"""Decide whether a line is text for the model or a command.

    A line that begins with `{` and ends with the matching `}` is text for the model. If the first brace is not
    closed, the line is `open`. Every other line is a command. Braces are only counted, and quotes are not parsed,
    because text for the model is prose. A backslash before the first brace makes the line a command, and is removed:
    `\{ echo a; echo b; }`.
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
