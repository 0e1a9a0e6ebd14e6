"""Reads the lines of the shell's input, from a person at a terminal or from a pipe."""

import asyncio
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from gedanken.experiment.errors import BadInput
from gedanken.experiment.secrets import redacted

if TYPE_CHECKING:
    from prompt_toolkit.completion import Completer
    from prompt_toolkit.document import Document

CHUNK_BYTES = 1 << 16
CONTINUATION_PROMPT = "> "
"""The prompt for further lines of an incomplete input."""


class LineSource(Protocol):
    """A source of lines, which are read one after another."""

    interactive: bool
    """True if a person types the lines."""

    async def line(self, prompt: str) -> str:
        """Return the next line, without its line break. Raises EOFError at the end, and KeyboardInterrupt if Ctrl-C
        discards the line."""
        ...


class Pipe:
    """Reads lines from standard input when it is a pipe or a file."""

    interactive = False

    def __init__(self) -> None:
        self._buffer = b""
        self._at_end = sys.stdin is None  # the parent process closed it

    async def line(self, prompt: str) -> str:  # noqa: ARG002
        """Return the next line; the last one may lack its line break."""
        while b"\n" not in self._buffer and not self._at_end:
            chunk = await _read_chunk(sys.stdin.fileno())
            self._buffer += chunk
            self._at_end = not chunk
        if not self._buffer:
            raise EOFError
        line, _newline, self._buffer = self._buffer.partition(b"\n")
        return line.decode(errors="replace").replace("\0", "")


async def _read_chunk(descriptor: int) -> bytes:
    """Wait for input and return it. Empty bytes mean the end of the input."""
    # without a thread: one that waits for a pipe would outlive the shell
    loop = asyncio.get_running_loop()
    ready = asyncio.Event()
    try:
        loop.add_reader(descriptor, ready.set)
    except PermissionError:  # a regular file, which is always ready
        return os.read(descriptor, CHUNK_BYTES)
    try:
        await ready.wait()
    finally:
        loop.remove_reader(descriptor)
    return os.read(descriptor, CHUNK_BYTES)


Complete = Callable[[str], tuple[str, Sequence[str]]]
"""Takes a line up to the cursor. Returns the part at its end that can be completed, and the completions of that
part."""


class Keyboard:
    """Reads lines that a person types, with editing, history, and completion of colon commands with Tab."""

    interactive = True

    def __init__(self, history: Path, complete: Complete) -> None:
        """Store the typed lines in the file `history`. Raises BadInput if the file cannot be written."""
        from prompt_toolkit import PromptSession
        from prompt_toolkit.history import FileHistory
        from prompt_toolkit.output import create_output

        try:
            history.touch(mode=0o600)
        except OSError as error:
            raise BadInput(f"{history}: {error.strerror}") from error

        class WithoutKeys(FileHistory):
            def store_string(self, string: str) -> None:
                super().store_string(redacted(string))

        self._session: PromptSession[str] = PromptSession(
            history=WithoutKeys(str(history)),
            completer=_completer(complete),
            complete_while_typing=False,
            output=create_output(always_prefer_tty=True),
        )
        self._pending_lines: list[str] = []

    async def line(self, prompt: str) -> str:
        """Return the next line; pasted lines are returned one by one."""
        if not self._pending_lines:
            try:
                # The shell handles signals itself: prompt_toolkit would restore the default handler.
                typed = await self._session.prompt_async([("bold", prompt)], handle_sigint=False)
            except KeyboardInterrupt:
                self._pending_lines = []
                raise
            self._pending_lines = typed.replace("\0", "").split("\n")
        return self._pending_lines.pop(0)


def _completer(complete: Complete) -> "Completer":
    from prompt_toolkit.completion import Completer, Completion

    class _ColonCompleter(Completer):
        def get_completions(self, document: "Document", complete_event: object) -> Iterable[Completion]:  # noqa: ARG002
            prefix, words = complete(document.text_before_cursor)
            return (Completion(word, start_position=-len(prefix)) for word in words)

    return _ColonCompleter()
