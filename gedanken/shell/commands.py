"""From lines to what they say: something told, a colon command, or a command that is complete."""

import re
import shutil
import subprocess
from typing import Literal, NamedTuple

from gedanken.experiment.errors import BadInput
from gedanken.experiment.typed_line import read_line
from gedanken.shell.reading import FURTHER, Lines

BASH_SECONDS = 5
_COLON = re.compile(r":[a-z]+(?:\s|$)")
_GOES_ON = re.compile(
    r"unexpected end of file|unexpected EOF while looking for|here-document at line \d+ delimited by end-of-file"
)


class OpenTell(BadInput):
    """The lines came to their end in the midst of a tell."""


class Typed(NamedTuple):
    """What a person typed, over as many lines as it took."""

    kind: Literal["tell", "command", "colon"]
    text: str


async def read_typed(lines: Lines, prompt: str) -> Typed:
    """Read on until something is complete.

    Raises EOFError where nothing more comes, OpenTell where that is in the midst of a tell, and KeyboardInterrupt
    where what was typed so far is dropped. A command that is open at the end is given as it is, as to `sh`.
    """
    text = await lines.line(prompt)
    if _COLON.match(text):
        return Typed("colon", text)
    while (line := read_line(text)).kind == "open":
        try:
            text += "\n" + await lines.line(FURTHER)
        except EOFError:
            raise OpenTell("what was told with { ends without its }; to type a brace, write \\{") from None
    if line.kind == "tell":
        return Typed("tell", line.text)
    command = line.text
    while goes_on(command):
        try:
            command += "\n" + await lines.line(FURTHER)
        except EOFError:
            break
    return Typed("command", command)


def goes_on(command: str) -> bool:
    """Whether bash, which is only asked for its opinion of the syntax, would wait for a further line.

    Without bash each line is whole.
    """
    if (len(command) - len(command.rstrip("\\"))) % 2:
        return True
    bash = shutil.which("bash")
    if not bash:
        return False
    try:
        asked = subprocess.run(
            [bash, "--norc", "--noprofile", "-n"],
            input=f"{command}\n".encode(errors="replace"),
            capture_output=True,
            check=False,
            timeout=BASH_SECONDS,
            env={"LC_ALL": "C"},  # no BASH_ENV, which it would read
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return bool(_GOES_ON.search(asked.stderr.decode(errors="replace")))
