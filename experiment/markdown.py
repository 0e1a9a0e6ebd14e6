"""Texts that somebody else made, as parts of a Markdown page."""

import re


def fence_for(text: str) -> str:
    """A fence longer than any run of backticks in the text."""
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    return "`" * max(3, longest + 1)


def inline(text: str) -> str:
    """A text on one line, which begins neither code nor a tag."""
    return " ".join(text.split()).replace("`", "'").replace("<", "&lt;")
