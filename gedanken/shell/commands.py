"""Reads the next input of the shell: text for the model, a colon command, or a complete shell command."""

import re
import shutil
import subprocess
from typing import Literal, NamedTuple

from gedanken.experiment.errors import BadInput
from gedanken.experiment.typed_line import read_line
from gedanken.shell.line_sources import CONTINUATION_PROMPT, LineSource

BASH_SECONDS = 5
_COLON = re.compile(r":[a-z]+(?:\s|$)")
_INCOMPLETE = re.compile(
    r"unexpected end of file|unexpected EOF while looking for|here-document at line \d+ delimited by end-of-file"
)


class UnclosedBraces(BadInput):
    """The input ended inside braces that contain text for the model."""


class TypedInput(NamedTuple):
    """One complete input, which may span several lines."""

    kind: Literal["tell", "command", "colon"]
    text: str


async def read_typed(lines: LineSource, prompt: str) -> TypedInput:
    """Read lines until the input is complete. If the input ends inside a command, return this command.

    Raises EOFError if there is no line, UnclosedBraces if the input ends inside a text in braces, and
    KeyboardInterrupt if the user discards the lines.
    """
    text = await lines.line(prompt)
    if _COLON.match(text):
        return TypedInput("colon", text)
    while (line := read_line(text)).kind == "open":
        try:
            text += "\n" + await lines.line(CONTINUATION_PROMPT)
        except EOFError:
            raise UnclosedBraces("the text after { has no matching }; to type a literal {, write \\{") from None
    if line.kind == "tell":
        return TypedInput("tell", line.text)
    command = line.text
    while is_incomplete(command):
        try:
            command += "\n" + await lines.line(CONTINUATION_PROMPT)
        except EOFError:
            break
    return TypedInput("command", command)


def is_incomplete(command: str) -> bool:
    """Return whether bash would wait for another line. If bash is missing, only a backslash at the end counts."""
    if (len(command) - len(command.rstrip("\\"))) % 2:
        return True
    bash = shutil.which("bash")
    if not bash:
        return False
    try:
        process = subprocess.run(
            [bash, "--norc", "--noprofile", "-n"],
            input=f"{command}\n".encode(errors="replace"),
            capture_output=True,
            check=False,
            timeout=BASH_SECONDS,
            env={"LC_ALL": "C"},  # leaves out BASH_ENV, which names a file that bash would execute
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return bool(_INCOMPLETE.search(process.stderr.decode(errors="replace")))
