"""Types the article's whole script line by line into `gedanken shell`, in a pseudo-terminal, and records it.

    python -m benchmarks.article [--script benchmarks/article.txt] [--model embedded] [--out docs/article.md]

The record is what a terminal with 100 columns shows: a terminal emulator reads every byte that the shell writes.
"""

import argparse
import os
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pexpect
import pyte

from gedanken.experiment.markdown import fence_for

Terminal = Any  # the stubs of pexpect type a terminal that decodes
COLUMNS, ROWS = 100, 6000
PROMPT = "imagined$ "
HEAD = """\
# The article's script, typed into a machine that does not exist

`{command}` made this page on {date}, in {minutes:.0f} minutes.
Each line of [article.txt](../benchmarks/article.txt) was typed through a real pseudo-terminal into
`gedanken shell --machine imagined`. Nothing is left out and nothing is changed. What it shows stands in
[results.md](results.md#the-articles-script).

"""


def main() -> None:
    """Type the script into a shell, and write the page."""
    arguments = _parse_arguments()
    lines = [line for line in arguments.script.read_text().splitlines() if line.strip()]
    started = time.monotonic()
    screen_text = record(lines, arguments.model, arguments.seconds)
    head = HEAD.format(
        command=f"python -m benchmarks.article --model {arguments.model}",
        date=datetime.now(UTC).date().isoformat(),
        minutes=(time.monotonic() - started) / 60,
    )
    fence = fence_for(screen_text)
    arguments.out.write_text(f"{head}{fence}\n{screen_text}\n{fence}\n")


def record(lines: list[str], model: str, seconds: float) -> str:
    """Type the lines, each after its prompt; return the final content of the terminal."""
    screen = pyte.Screen(COLUMNS, ROWS)
    stream = pyte.ByteStream(screen)
    command = [sys.executable, "-m", "gedanken", "shell", "--machine", "imagined", "--model", model]
    environment = {**os.environ, "PROMPT_TOOLKIT_NO_CPR": "1", "TERM": "xterm-256color"}
    shell: Terminal = pexpect.spawn(
        command[0], command[1:], env=environment, dimensions=(ROWS, COLUMNS), timeout=seconds
    )
    for number, line in enumerate([*lines, "\x04"]):
        _wait_for_prompt(shell, stream, screen, seconds)
        print(f"{number + 1}/{len(lines)} {line[:80]}", file=sys.stderr, flush=True)
        shell.send(line if line == "\x04" else f"{line}\r")
        _read(shell, stream, 1.0)
    while shell.isalive() or _read(shell, stream, 1.0):
        _read(shell, stream, 1.0)
    return "\n".join(row.rstrip() for row in screen.display).rstrip()


def _wait_for_prompt(shell: Terminal, stream: pyte.ByteStream, screen: pyte.Screen, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        has_output = _read(shell, stream, 1.0)
        row = screen.display[screen.cursor.y]
        if not has_output and row.rstrip() == PROMPT.rstrip():
            return
    raise TimeoutError(f"no prompt within {seconds:g} s; the screen ends with:\n" + _tail(screen))


def _read(shell: Terminal, stream: pyte.ByteStream, seconds: float) -> bool:
    """Read output for at most `seconds`; return whether there was any."""
    try:
        stream.feed(shell.read_nonblocking(65536, timeout=seconds))
    except (pexpect.TIMEOUT, pexpect.EOF):
        return False
    return True


def _tail(screen: pyte.Screen) -> str:
    rows = [row.rstrip() for row in screen.display]
    return "\n".join([row for row in rows if row][-10:])


def _parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--script", type=Path, default=Path("benchmarks/article.txt"))
    parser.add_argument("--model", default="embedded")
    parser.add_argument("--seconds", type=float, default=1200, help="time limit of one line, in seconds")
    parser.add_argument("--out", type=Path, default=Path("docs/article.md"))
    return parser.parse_args()


if __name__ == "__main__":
    main()
