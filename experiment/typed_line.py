"""Reads a line that a user typed or a script contains: text for the model, or a command."""

import re
from typing import Literal, NamedTuple

_ESCAPED = re.compile(r"\\+\{")


class TypedLine(NamedTuple):
    """A typed line and what kind of line it is."""

    kind: Literal["tell", "command", "open"]
    """`open`: the line begins with a brace that is closed only on a later line."""
    text: str
    """`tell`: the text for the model, without its braces. `command`: the command. `open`: the line as it was
    typed."""


def read_line(text: str) -> TypedLine:
    r"""Decide whether a line is text for the model (`{make it faster}`) or a command.

    A line that begins with a brace and does not close it is `open`. A line such as `\{ echo a; echo b; }` is a
    command, which is typed without the backslash. Quotes are not parsed.
    """
    if _ESCAPED.match(text):
        return TypedLine("command", text[1:])
    if not text.startswith("{"):
        return TypedLine("command", text)
    depth = 0
    for index, character in enumerate(text):  # braces in quotes count too: text for the model is prose
        depth += (character == "{") - (character == "}")
        if not depth:
            is_for_model = not text[index + 1 :].strip()
            return TypedLine("tell", text[1:index].strip()) if is_for_model else TypedLine("command", text)
    return TypedLine("open", text)
