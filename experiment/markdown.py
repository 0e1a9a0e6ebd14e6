"""Escapes text from models and programs for Markdown pages."""

import re

_MARKDOWN_SYNTAX = re.compile(
    r"[^\s\w.,;:()'’“”„…–—−%×=+?!-]|_|www\.|GH-\d|\.\.\w|:[\w+-]+:|\b(?=\d*[a-f])[0-9a-f]{7,40}\b", re.IGNORECASE
)
"""Matches what Markdown could read as a link, a mention, a tag, a formula, emphasis, an issue or a commit."""


def fence_for(text: str) -> str:
    """Return a code fence of backticks that is longer than any row of backticks in the text."""
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    return "`" * max(3, longest + 1)


def to_one_line(text: str) -> str:
    """Put a text on one line, and replace backticks and `<`, which would start code or a tag."""
    return " ".join(text.split()).replace("`", "'").replace("<", "&lt;")


def format_code(text: str) -> str:
    """Format a text as code on one line, so that Markdown shows it unchanged."""
    line = " ".join(text.split())
    longest = max((len(run) for run in re.findall(r"`+", line)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if line[:1] in ("", "`") or line[-1:] == "`" else ""
    return f"{fence}{pad}{line}{pad}{fence}"


def escape_sentence(text: str) -> str:
    """Put a sentence on one line, and format as code each word that Markdown could misread."""
    formatted: list[str] = []
    code_words: list[str] = []
    for word in [*text.split(), ""]:
        if word and _MARKDOWN_SYNTAX.search(word):
            code_words.append(word)
            continue
        if code_words:
            formatted.append(format_code(" ".join(code_words)))
            code_words = []
        if word:
            formatted.append(word)
    return " ".join(formatted)
