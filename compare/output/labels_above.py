"""Names a number that is alone in its line by the label above it, such as `Validation loss:`."""

import re
from collections.abc import Sequence

from gedanken.compare.output.wrapped_numbers import unwrapped

_LABEL = re.compile(r"\s*[^\W\d_][^\d:]{1,60}:\s*")
SINGLE_NUMBER = re.compile(r"\s*[-+]?(?:(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?\s?%?|(?:nan|inf))\s*", re.IGNORECASE)


def with_label_above(above: str, line: str) -> str:
    """If a line contains only a number, return it with the label above it; return any other line unchanged.

    For the line `0.53` below `Validation loss:`, return `Validation loss: 0.53`.
    """
    is_below = _ends_with_colon(above) and SINGLE_NUMBER.fullmatch(unwrapped(line)) and _LABEL.fullmatch(above)
    return f"{above.strip()} {line.strip()}" if is_below else line


def with_labels_above(above: str, lines: Sequence[str]) -> list[str]:
    """Apply `with_label_above` to each of these consecutive lines; `above` is the line before the first line."""
    return [
        with_label_above(label, line) if ":" in label[-4:] and _ends_with_colon(label) else line
        for label, line in zip((above, *lines), lines, strict=False)
    ]


def _ends_with_colon(line: str) -> bool:
    return ":" in line[-4:] and line.rstrip().endswith(":")
