"""Reduces an output to what a person can see of it at a terminal."""

import re

# bash writes `line 1` for a command that is passed to it, and nothing for a command that is typed at a keyboard.
_LINE_NUMBER = re.compile(r"^bash: (?:eval: )?line \d+: ")


def normalized_lines(text: str) -> list[str]:
    """Return the visible lines of an output: without spaces at line ends, without blank lines at both ends, and
    without line numbers in the errors of bash."""
    lines = [_LINE_NUMBER.sub("bash: ", line.rstrip()) for line in text.splitlines()]
    filled_indices = [index for index, line in enumerate(lines) if line]
    return lines[filled_indices[0] : filled_indices[-1] + 1] if filled_indices else []
