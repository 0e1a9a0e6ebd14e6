"""A shell session: its machines, the commands typed into them, and their answers."""

import asyncio
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from gedanken.compare.commands.answers import claims_explaining
from gedanken.compare.output.visible_lines import normalized_lines
from gedanken.experiment.counts import format_count
from gedanken.experiment.errors import NoSandbox
from gedanken.experiment.execution import Cause, Execution
from gedanken.shell.context import unstored_turns
from gedanken.shell.streaming import ImaginedStream, RealStream
from gedanken.shell.terminals import Answers, MachineKind, Terminals
from gedanken.shell.view import View
from gedanken.shell.waiting import WaitingLine

if TYPE_CHECKING:
    from gedanken.agents.session import Turn

UNKNOWN_EXIT_CODE = 1
_EXIT_COMMAND = re.compile(r"(?:exit|logout)(?:\s+(?P<code>\d{1,3}))?\s*;?\s*")


class RememberedAnswers(NamedTuple):
    """The imagined machine's answers about the session, given before its context was dropped."""

    before: tuple[Execution, ...]
    control: tuple[Execution, ...]
    """The answers to the same questions when they were asked a second time."""
    stored: int
    """Number of turns that were stored when the questions were asked."""


@dataclass(slots=True)
class ShellSession:
    """The state of a shell, which its main loop and the colon commands change."""

    terminals: Terminals
    view: View
    reopened_turns: "tuple[Turn, ...]" = ()
    """The turns of a stored session that was reopened; empty for a new session."""
    answers: list[Answers] = field(default_factory=list)
    remembered: RememberedAnswers | None = None
    exit_code: int = 0
    """Exit code of the last command: that of the real machine or, without one, the exit code inferred from the
    imagined output.
    """
    is_over: bool = False

    @property
    def names(self) -> tuple[str, str]:
        """The names of the real and of the imagined machine, as the user sees them."""
        real, imagined = self.terminals.real, self.terminals.imagined
        model = imagined.model if imagined else "none"
        provider, colon, name = (model if isinstance(model, str) else model.name).partition(":")
        name = name.rsplit("/", 1)[-1] if provider == "scripted" else name
        return (f"real ({real.name if real else 'none'})", f"imagined ({provider}{colon}{name})")

    @property
    def active_names(self) -> str:
        """The names of the machines into which commands are typed now."""
        real, imagined = self.names
        return {"real": real, "imagined": imagined, "both": f"{real} and {imagined}"}[self.terminals.active]

    def reopen(self) -> None:
        """If a stored session was reopened, tell the user what it contains."""
        machine, name = self.terminals.imagined, self.terminals.options.session
        if torn_bytes := self.terminals.torn_bytes:
            self.view.show_note(
                f"the last line of the session {name} was incomplete, so its {torn_bytes} bytes are dropped"
            )
        if machine and machine.session.stored:
            self.reopened_turns = machine.session.stored
            note = "; the real machine starts afresh" if self.terminals.real else ""
            self.view.show_note(f"session {name} reopened: {format_count(len(self.reopened_turns), 'turn')}{note}")
        if machine and (unstored := unstored_turns(machine.session)):
            self.view.show_note(
                f"the session's file contains {format_count(len(unstored), 'turn')} that nobody typed, "
                "but that the model receives; :save shows everything that it receives"
            )

    async def type(self, command: str) -> None:
        """Type a command into the machines that are on, and show their output; `exit` leaves the shell.

        If a machine is lost, the other machine's answer is shown, and NoModel or NoSandbox is raised. Raises BadInput
        if the session cannot be stored, and CancelledError after Ctrl-C.
        """
        if match := _EXIT_COMMAND.fullmatch(command):
            self.is_over = True
            self.exit_code = int(match["code"]) & 0xFF if match["code"] else self.exit_code
            return
        is_both = self.terminals.active == "both"
        try:
            answers = await (self._type_both(command) if is_both else self._type_one(command))
        finally:
            self.terminals.save_session()
        if answers.was_stopped:
            raise asyncio.CancelledError
        if answers.errors:
            raise answers.errors[0]
        if answers.real and answers.real.cause is Cause.ENGINE_LOST:
            raise NoSandbox("; ".join(answers.real.notes))

    def _record(self, answers: Answers) -> None:
        """Store the answers before they are shown, because Ctrl-C may end the display early."""
        self.answers.append(answers)
        execution = answers.real or (answers.imagined if self.terminals.active == "imagined" else None)
        if execution:
            default_code = 0 if execution.imagined else UNKNOWN_EXIT_CODE
            self.exit_code = default_code if execution.exit_code is None else execution.exit_code

    async def _type_both(self, command: str) -> Answers:
        machines: tuple[MachineKind, MachineKind] = ("real", "imagined")
        with WaitingLine(self.terminals.screen.console, machines) as waiting:
            answers = await self.terminals.run(command, waiting.count_output, waiting.mark_finished)
        self._record(answers)
        if answers.real or answers.imagined:
            await self.view.show_answers(answers, self.names)
            self._explain_difference(answers)
        return answers

    def _explain_difference(self, answers: Answers) -> None:
        real, imagined, machine = answers.real, answers.imagined, self.terminals.imagined
        if not (real and imagined and machine) or normalized_lines(real.terminal) == normalized_lines(
            imagined.terminal
        ):
            return
        if claims := claims_explaining(answers.command, machine.persona.claims):
            self.view.show_note(f"false facts in the persona explain this difference: {claims}")

    async def _type_one(self, command: str) -> Answers:
        target: MachineKind = "real" if self.terminals.active == "real" else "imagined"
        with WaitingLine(self.terminals.screen.console, [target]) as waiting:

            def show(text: str) -> None:
                if text:
                    waiting.end()
                self.view.show_text(text)

            limits = self.terminals.options.limits
            stream = (
                RealStream(limits, show) if target == "real" else ImaginedStream(command, show, self._typed_before())
            )

            def hear(target: MachineKind, text: str) -> None:
                waiting.count_output(target, text)
                stream.receive(text)

            answers = await self.terminals.run(command, hear, waiting.mark_finished)
        self._record(answers)
        if execution := answers.real or answers.imagined:
            self._show_rest(stream, execution)
        else:
            show(stream.unshown)
            self.view.end_line()
        return answers

    def _typed_before(self) -> str:
        """Return the typed text that the model will see before the next command."""
        machine = self.terminals.imagined
        turns = machine.session.context if machine else ()
        return "\n".join([*(turn.typed for turn in turns), *self.terminals.tells])

    def _show_rest(self, stream: RealStream | ImaginedStream, execution: Execution) -> None:
        view = self.view
        if not stream.finish(execution.terminal):
            view.end_line()
            view.show_note(
                "the end of the reply shows that part of the text above is not output; this is the output alone:"
            )
            view.show_text(execution.terminal)
        if view.interactive or execution.imagined:
            view.end_line()
        view.show_remarks(execution)
