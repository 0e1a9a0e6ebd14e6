"""Reduces an output to what a person can see of it at a terminal."""

import re

# bash writes `line 1` for a command that is passed to it, and nothing for a command that is typed at a keyboard.
_WHERE = re.compile(r"^bash: (?:eval: )?line \d+: ")


def normalized_lines(text: str) -> list[str]:
    """Return the visible lines of an output: without spaces at line ends, without blank lines at both ends, and
    without line numbers in the errors of bash."""
    lines = [_WHERE.sub("bash: ", line.rstrip()) for line in text.splitlines()]
    filled = [at for at, line in enumerate(lines) if line]
    return lines[filled[0] : filled[-1] + 1] if filled else []
