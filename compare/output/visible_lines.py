"""Reduces an output to what a person can see of it at a terminal."""

import re

_WHERE = re.compile(r"^bash: (?:eval: )?line \d+: ")


def normalized_lines(text: str) -> list[str]:
    """Return the visible lines of an output: without spaces at line ends, and without blank lines at its beginning
    and end.

    Line numbers are removed from the errors of bash: it writes none for a command that is typed at a keyboard, but
    `line 1` for a command that is passed to it.
    """
    lines = [_WHERE.sub("bash: ", line.rstrip()) for line in text.splitlines()]
    filled = [at for at, line in enumerate(lines) if line]
    return lines[filled[0] : filled[-1] + 1] if filled else []
