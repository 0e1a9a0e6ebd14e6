"""What a line at a terminal is: told to the model, or typed into the machine."""

import re
from typing import Literal, NamedTuple

_ESCAPED = re.compile(r"\\+\{")


class TypedLine(NamedTuple):
    """A line, and what it is."""

    kind: Literal["tell", "command", "open"]
    """`open`: it begins with a brace whose match is still to come, on a further line."""
    text: str
    """What is told, without its braces; or what is typed."""


def read_line(text: str) -> TypedLine:
    """Tell apart what is told and what is typed.

    A line that begins with `{` and ends with its matching `}` is told; every other line is a command, braces and all.
    Braces are only counted: quotes mean nothing, for a tell is prose. A command that would read as a tell is written
    with a backslash before its first brace, which is taken off: `\\{ echo a; echo b; }`.
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
