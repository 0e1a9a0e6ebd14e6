"""Reads, obeys, and goes on: with a person until he leaves, with a pipe to its end."""

import asyncio
import signal
from collections.abc import Coroutine

from gedanken.experiment.errors import BadInput, GedankenError
from gedanken.experiment.places import state_folder
from gedanken.shell.colon_commands import complete, obey
from gedanken.shell.commands import OpenTell, Typed, read_typed
from gedanken.shell.reading import Keyboard, Lines, Pipe
from gedanken.shell.session import Sitting
from gedanken.shell.terminals import Terminals, Wishes
from gedanken.shell.view import Face
from gedanken.terminal.screen import Screen

STOPPED = 130
UNREAD = 141


async def run_shell(wishes: Wishes, *, interactive: bool) -> int:
    """Sit down at the machines until the lines end; return the exit code of the last command.

    Raises BadInput, NoSandbox or NoModel before the first line, and from a pipe also later. Cancelled by SIGTERM, or
    by Ctrl-C where lines come from a pipe.
    """
    async with Terminals(wishes, Screen()) as terminals:
        lines: Lines = Keyboard(state_folder() / "history", complete) if interactive else Pipe()
        sitting = Sitting(terminals, Face(interactive))
        sitting.reopen()
        if interactive:
            sitting.face.remark(f"{sitting.at}; :help says what there is, Ctrl-D leaves")
        await _Loop(sitting, lines).run()
        return sitting.exit_code


class _Loop:
    def __init__(self, sitting: Sitting, lines: Lines) -> None:
        self._sitting, self._lines = sitting, lines
        self._work: asyncio.Task[None] | None = None

    async def run(self) -> None:
        whole = asyncio.current_task()
        assert whole is not None
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, _cancel_once, whole)
        interrupted = self._stop if self._lines.interactive else lambda: _cancel_once(whole)
        loop.add_signal_handler(signal.SIGINT, interrupted)
        while not (self._sitting.over or self._sitting.face.unread):
            try:
                typed = await read_typed(self._lines, f"{self._sitting.terminals.on}$ ")
                await self._stoppable(self._obey(typed))
            except EOFError:
                break
            except KeyboardInterrupt:
                self._drop_tells()
            except GedankenError as error:
                self._survive(error)
        if self._sitting.face.unread:
            self._sitting.exit_code = UNREAD
        elif left := self._sitting.terminals.tells:
            self._sitting.face.error(f"gedanken: told and never sent, for no command came after it: {{{left[0]}}}")

    async def _obey(self, typed: Typed) -> None:
        sitting = self._sitting
        if typed.kind == "colon":
            await obey(sitting, typed.text)
        elif typed.kind == "tell":
            sitting.terminals.tells.append(typed.text)
            if sitting.face.interactive:
                sitting.face.remark("goes to the imagined machine with its next command")
        elif typed.text.strip():
            await sitting.type(typed.text)

    async def _stoppable(self, work: Coroutine[object, object, None]) -> None:
        """Do something that Ctrl-C ends, and the shell does not end with it."""
        self._work = asyncio.ensure_future(work)
        try:
            await self._work
        except asyncio.CancelledError:
            if (whole := asyncio.current_task()) and whole.cancelling():
                raise
            self._sitting.face.remark("stopped")
            self._sitting.exit_code = STOPPED
        finally:
            self._work = None

    def _stop(self) -> None:
        if self._work is not None:
            self._sitting.face.disturbed()
            _cancel_once(self._work)

    def _drop_tells(self) -> None:
        """Have Ctrl-C at the prompt take back what was told and not sent yet."""
        if self._sitting.terminals.tells:
            self._sitting.terminals.tells.clear()
            self._sitting.face.remark("what was told is dropped")

    def _survive(self, error: GedankenError) -> None:
        """Say what went wrong and go on. A pipe goes on only after what concerns one line."""
        lost = not isinstance(error, BadInput)
        if not self._lines.interactive and (lost or isinstance(error, OpenTell)):
            raise error
        self._sitting.face.error(f"gedanken: {error}")
        self._sitting.exit_code = error.exit_code


def _cancel_once(task: "asyncio.Task[None]") -> None:
    if not task.cancelling():
        task.cancel()
