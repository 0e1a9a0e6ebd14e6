"""The part of an output that a person can see at a terminal."""

import re

_WHERE = re.compile(r"^bash: (?:eval: )?line \d+: ")


def normalized_lines(text: str) -> list[str]:
    """Return the visible lines of an output: without spaces at line ends, and without blank lines at its beginning
    and end.

    Line numbers are removed from errors of bash: at a keyboard there are none, while a command that is passed to bash
    is line 1.
    """
    lines = [_WHERE.sub("bash: ", line.rstrip()) for line in text.splitlines()]
    filled = [at for at, line in enumerate(lines) if line]
    return lines[filled[0] : filled[-1] + 1] if filled else []
