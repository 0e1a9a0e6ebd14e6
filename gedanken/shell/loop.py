"""The shell's main loop: reads and executes lines until the user leaves or the pipe ends."""

import asyncio
import signal
from collections.abc import Coroutine

from gedanken.experiment.errors import BadInput, GedankenError
from gedanken.experiment.user_folders import state_folder
from gedanken.shell.colon_commands import complete, execute_colon_command
from gedanken.shell.commands import TypedInput, UnclosedBraces, read_typed
from gedanken.shell.line_sources import Keyboard, LineSource, Pipe
from gedanken.shell.session import ShellSession
from gedanken.shell.terminals import ShellOptions, Terminals
from gedanken.shell.view import View
from gedanken.terminal.screen import Screen

EXIT_STOPPED = 130
EXIT_BROKEN_PIPE = 141


async def run_shell(options: ShellOptions, *, interactive: bool) -> int:
    """Type lines into the machines until the input ends; return the exit code of the last command.

    Raises BadInput, NoSandbox or NoModel before the first line is read; afterwards only if lines come from a pipe.
    SIGTERM and SIGHUP cancel this coroutine. Ctrl-C does so only if lines come from a pipe.
    """
    async with Terminals(options, Screen()) as terminals:
        lines: LineSource = Keyboard(state_folder() / "history", complete) if interactive else Pipe()
        session = ShellSession(terminals, View(interactive))
        session.reopen()
        if interactive:
            session.view.show_note(f"{session.active_names}; :help lists the commands, Ctrl-D leaves")
        await _Loop(session, lines).run()
        return session.exit_code


class _Loop:
    def __init__(self, session: ShellSession, lines: LineSource) -> None:
        self._session, self._lines = session, lines
        self._running_task: asyncio.Task[None] | None = None

    async def run(self) -> None:
        task = asyncio.current_task()
        assert task is not None
        loop = asyncio.get_running_loop()
        for signal_number in (signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(signal_number, _cancel_once, task)
        on_interrupt = self._stop if self._lines.interactive else lambda: _cancel_once(task)
        loop.add_signal_handler(signal.SIGINT, on_interrupt)
        while not (self._session.is_over or self._session.view.unread):
            try:
                typed = await read_typed(self._lines, f"{self._session.terminals.active}$ ")
                await self._run_stoppable(self._execute(typed))
            except EOFError:
                break
            except KeyboardInterrupt:
                self._drop_tells()
            except GedankenError as error:
                self._report_error(error)
        if self._session.view.unread:
            self._session.exit_code = EXIT_BROKEN_PIPE
        elif tells := self._session.terminals.tells:
            self._session.view.show_error(
                f"gedanken: text was not sent to the imagined machine, because no command followed it: {{{tells[0]}}}"
            )

    async def _execute(self, typed: TypedInput) -> None:
        session = self._session
        if typed.kind == "colon":
            await execute_colon_command(session, typed.text)
        elif typed.kind == "tell":
            session.terminals.tells.append(typed.text)
            if session.view.interactive:
                session.view.show_note("goes to the imagined machine with its next command")
        elif typed.text.strip():
            await session.type(typed.text)

    async def _run_stoppable(self, coroutine: Coroutine[object, object, None]) -> None:
        """Await a coroutine. At a terminal, Ctrl-C stops only the coroutine and not the shell."""
        self._running_task = asyncio.ensure_future(coroutine)
        try:
            await self._running_task
        except asyncio.CancelledError:
            if (task := asyncio.current_task()) and task.cancelling():
                raise
            self._session.view.show_note("stopped")
            self._session.exit_code = EXIT_STOPPED
        finally:
            self._running_task = None

    def _stop(self) -> None:
        if self._running_task is not None:
            self._session.view.mark_line_dirty()
            _cancel_once(self._running_task)

    def _drop_tells(self) -> None:
        """Discard text in braces that has not been sent, because the user pressed Ctrl-C at the prompt."""
        if self._session.terminals.tells:
            self._session.terminals.tells.clear()
            self._session.view.show_note("the text in braces is dropped")

    def _report_error(self, error: GedankenError) -> None:
        """Report an error and continue. If lines come from a pipe and a machine is lost or braces stay open, raise
        the error.
        """
        is_machine_lost = not isinstance(error, BadInput)
        if not self._lines.interactive and (is_machine_lost or isinstance(error, UnclosedBraces)):
            raise error
        self._session.view.show_error(f"gedanken: {error}")
        self._session.exit_code = error.exit_code


def _cancel_once(task: "asyncio.Task[None]") -> None:
    if not task.cancelling():
        task.cancel()
