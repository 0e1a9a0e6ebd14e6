"""Reads the code blocks of a document, so that tests can run what readers copy."""

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent
_BLOCK = re.compile(r"^(?:## (?P<title>[^\n]+)\n)?|```(?P<kind>\w+)\n(?P<code>.*?)^```$", re.DOTALL | re.MULTILINE)


def blocks(document: str, kind: str) -> dict[str, list[str]]:
    """All code blocks of a kind, such as `python`, by the heading above them."""
    blocks_by_title: dict[str, list[str]] = {}
    title = ""
    for block in _BLOCK.finditer((ROOT / document).read_text(encoding="utf-8")):
        title = block["title"] or title
        if block["kind"] == kind:
            blocks_by_title.setdefault(title, []).append(block["code"])
    return blocks_by_title
