"""Where lines come from: a person at a terminal, or a pipe."""

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

PIECE_BYTES = 1 << 16
FURTHER = "> "
"""The prompt for a further line of what is not complete yet."""


class Lines(Protocol):
    """Gives one line after the other."""

    interactive: bool
    """Whether a person types them."""

    async def line(self, prompt: str) -> str:
        """The next line, without its end. Raises EOFError, and KeyboardInterrupt where it is dropped by Ctrl-C."""
        ...


class Pipe:
    """Lines of standard input, for as long as there are any."""

    interactive = False

    def __init__(self) -> None:
        """Read nothing yet."""
        self._bytes = b""
        self._ended = sys.stdin is None  # closed by whoever started the shell

    async def line(self, prompt: str) -> str:  # noqa: ARG002
        """The next line; the last one may lack its newline."""
        while b"\n" not in self._bytes and not self._ended:
            piece = await _read_piece(sys.stdin.fileno())
            self._bytes += piece
            self._ended = not piece
        if not self._bytes:
            raise EOFError
        line, _end, self._bytes = self._bytes.partition(b"\n")
        return line.decode(errors="replace").replace("\0", "")


async def _read_piece(descriptor: int) -> bytes:
    """What is there, as soon as something is. No thread: one that waits for a pipe would outlive the shell."""
    loop = asyncio.get_running_loop()
    ready = asyncio.Event()
    try:
        loop.add_reader(descriptor, ready.set)
    except PermissionError:  # a file, which never has to be waited for
        return os.read(descriptor, PIECE_BYTES)
    try:
        await ready.wait()
    finally:
        loop.remove_reader(descriptor)
    return os.read(descriptor, PIECE_BYTES)


Complete = Callable[[str], tuple[str, Sequence[str]]]
"""From a line up to the cursor to the end of it that can be completed, and to what that can become."""


class Keyboard:
    """Lines of a person, who edits them, goes back to earlier ones, and completes colon commands with Tab."""

    interactive = True

    def __init__(self, history: Path, complete: Complete) -> None:
        """Keep what is typed in the file `history`. Raises BadInput where that cannot be."""
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
        self._pasted: list[str] = []

    async def line(self, prompt: str) -> str:
        """The next line; several that were pasted at once come one by one."""
        if not self._pasted:
            try:
                # The shell hears of signals itself: prompt_toolkit would leave the default behind.
                typed = await self._session.prompt_async([("bold", prompt)], handle_sigint=False)
            except KeyboardInterrupt:
                self._pasted = []
                raise
            self._pasted = typed.replace("\0", "").split("\n")
        return self._pasted.pop(0)


def _completer(complete: Complete) -> "Completer":
    from prompt_toolkit.completion import Completer, Completion

    class _Words(Completer):
        def get_completions(self, document: "Document", complete_event: object) -> Iterable[Completion]:  # noqa: ARG002
            begun, found = complete(document.text_before_cursor)
            return (Completion(word, start_position=-len(begun)) for word in found)

    return _Words()
