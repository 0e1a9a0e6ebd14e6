"""What a person sees of an output at a terminal."""

import re

_WHERE = re.compile(r"^bash: (?:eval: )?line \d+: ")


def normalized_lines(text: str) -> list[str]:
    """Its lines; blank ends of lines, and blank lines around the whole, cannot be seen and make no difference.

    Errors of bash name no line: at a keyboard there is none, while a command that is handed to bash has line 1.
    """
    lines = [_WHERE.sub("bash: ", line.rstrip()) for line in text.splitlines()]
    filled = [at for at, line in enumerate(lines) if line]
    return lines[filled[0] : filled[-1] + 1] if filled else []
