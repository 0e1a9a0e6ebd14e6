"""The machines of a shell: opens them, and types each command into the machines that are on."""

import asyncio
import re
from collections.abc import Callable, Collection, Coroutine
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, get_args

from gedanken.experiment.errors import BadInput, GedankenError, NoModel
from gedanken.experiment.execution import Cause, Execution, Limits
from gedanken.experiment.persona import DEFAULT_MACHINE, MachineFacts, Persona
from gedanken.experiment.run_spec import ModelSpec, SandboxSpec
from gedanken.experiment.secrets import shown_address
from gedanken.experiment.user_folders import state_folder
from gedanken.loading.experiments_and_personas import load_persona
from gedanken.machines.open_machine import open_real_machine
from gedanken.shell.upload import read_upload
from gedanken.terminal.screen import Screen

if TYPE_CHECKING:
    from gedanken.agents.imagined_machine import ImaginedMachine
    from gedanken.agents.session_file import SessionFile
    from gedanken.sandbox.machine import SandboxMachine

MachineKind = Literal["real", "imagined"]
Choice = Literal["imagined", "real", "both"]
CHOICES: tuple[Choice, ...] = get_args(Choice)
ARTICLE_PERSONA = "ubuntu-18.04-4x3090"
MATCHED_PERSONA = "matched"
OnOutput = Callable[[MachineKind, str], None]
_SESSION_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_FILE_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}")


class Answers(NamedTuple):
    """The results of one command on the machines that are on."""

    command: str
    tells: tuple[str, ...]
    """Text that the imagined machine was told before the command."""
    real: Execution | None
    imagined: Execution | None
    errors: tuple[GedankenError, ...] = ()
    """The errors of machines that gave no answer."""
    was_stopped: bool = False
    """True if Ctrl-C was pressed before all machines had answered."""

    @property
    def texts(self) -> tuple[str, str] | None:
        """The output of both machines, the real one first; None unless both answered."""
        return (self.real.terminal, self.imagined.terminal) if self.real and self.imagined else None


@dataclass(frozen=True, slots=True)
class ShellOptions:
    """The options of a shell."""

    machine: Choice
    persona: str | None
    model: ModelSpec
    session: str | None
    sandbox: SandboxSpec
    dataset: str
    limits: Limits


@dataclass(slots=True)
class Terminals:
    """The machines of a shell. Each is opened when it is first needed, and closed with the shell."""

    options: ShellOptions
    screen: Screen
    active: Choice = "imagined"
    """The machines that commands are typed into now."""
    imagined: "ImaginedMachine | None" = None
    real: "SandboxMachine | None" = None
    tells: list[str] = field(default_factory=list)
    """Text to be told to the imagined machine together with its next command."""
    _requested_persona: Persona | None = None
    _machine_facts: MachineFacts = DEFAULT_MACHINE
    _session_file: "SessionFile | None" = None
    _exit_stack: AsyncExitStack = field(default_factory=AsyncExitStack)

    async def __aenter__(self) -> "Terminals":
        """Check the options, and open the machines that were requested."""
        from gedanken.agents.registry import check_name

        if self.options.session is not None and not _SESSION_NAME.fullmatch(self.options.session):
            raise BadInput(
                f"--session {self.options.session}: a name begins with an English letter or a digit, and has at most "
                "64 characters: letters, digits, dots, dashes and underscores"
            )
        check_name(self.options.model)
        if self.options.persona is not None:
            self._requested_persona = load_persona(self.options.persona)
        await self.turn_on(self.options.machine)
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._exit_stack.aclose()

    async def turn_on(self, choice: Choice) -> None:
        """From now on, type commands into these machines. Open the machines that are not open yet.

        Raises BadInput, NoSandbox or NoModel if a machine cannot be opened; nothing is changed then.
        """
        async with AsyncExitStack() as stack:
            real, machine_facts = self.real, self._machine_facts
            if choice != "imagined" and real is None:
                real, machine_facts = await self._open_real(stack)
            imagined, file = self.imagined, self._session_file
            if choice != "real" and imagined is None:
                imagined, file = await self._open_imagined(stack, self._persona_for(choice), machine_facts)
            self._exit_stack.push_async_callback(stack.pop_all().aclose)
        if real is not self.real and imagined is self.imagined:
            self._match_persona(machine_facts)
        self.real, self.imagined, self._machine_facts, self._session_file, self.active = (
            real,
            imagined,
            machine_facts,
            file,
            choice,
        )

    def _match_persona(self, machine_facts: MachineFacts) -> None:
        """Give the imagined machine a persona with the facts of the real machine.

        Nothing is changed if the imagined machine was used already, or if the user chose a persona or a stored
        session.
        """
        machine = self.imagined
        if (
            machine
            and not machine.session.stored
            and self._requested_persona is None
            and self.options.session is None
        ):
            machine.persona, machine.machine_facts = load_persona(MATCHED_PERSONA), machine_facts

    def _persona_for(self, choice: Choice) -> Persona:
        return self._requested_persona or load_persona(ARTICLE_PERSONA if choice == "imagined" else MATCHED_PERSONA)

    async def _open_real(self, stack: AsyncExitStack) -> "tuple[SandboxMachine, MachineFacts]":
        options = self.options
        real, dataset = await stack.enter_async_context(
            open_real_machine(options.dataset, options.limits, self.screen, options.sandbox)
        )
        return real, await real.measure(dataset)

    async def _open_imagined(
        self, stack: AsyncExitStack, persona: Persona, machine_facts: MachineFacts
    ) -> "tuple[ImaginedMachine, SessionFile | None]":
        from gedanken.agents.imagined_machine import ImaginedMachine
        from gedanken.agents.registry import open_model
        from gedanken.agents.session import Session
        from gedanken.agents.session_file import SessionFile

        options, file = self.options, None
        if options.session is not None:
            metadata = {
                "model": options.model.name,
                "persona": persona.name,
                "base_url": shown_address(options.model.base_url or "none"),
            }
            file = SessionFile.open(state_folder() / "sessions" / f"{options.session}.jsonl", metadata)
            stack.callback(file.close)
        session = file.session if file else Session()
        model = await stack.enter_async_context(open_model(options.model, self.screen))
        model.pace.retries_interrupted = False
        return ImaginedMachine(model, persona, machine_facts, options.limits, session, progress=self.screen), file

    async def run(self, command: str, hear: OnOutput, on_end: Callable[[MachineKind], None]) -> Answers:
        """Type a command into each machine that is on. Waiting text in braces is sent to the imagined machine first.

        `hear` is called with each chunk of output, and `on_end` with each machine that has finished. If a machine is
        lost or Ctrl-C is pressed, complete answers are kept. After Ctrl-C, `Answers.was_stopped` is True.
        """
        tells = tuple(self.tells) if self.active != "real" else ()
        coroutines: dict[MachineKind, Coroutine[Any, Any, Execution]] = {}
        if self.real and self.active != "imagined":
            coroutines["real"] = self.real.run(command, on_output=lambda text: hear("real", text))
        if self.imagined and self.active != "real":
            coroutines["imagined"] = self._imagine(self.imagined, command, tells, hear)

        async def run_to_end(machine: MachineKind) -> Execution:
            try:
                return await coroutines[machine]
            finally:
                on_end(machine)

        tasks = {machine: asyncio.create_task(run_to_end(machine)) for machine in coroutines}
        was_stopped = await _wait_until_done(tasks.values())
        answers: dict[MachineKind, Execution] = {}
        errors: list[GedankenError] = []
        for machine, task in tasks.items():
            if task.cancelled():
                continue
            error = task.exception()
            if error is None:
                answers[machine] = task.result()
            elif isinstance(error, GedankenError):
                errors.append(error)
            else:
                raise error
        return Answers(command, tells, answers.get("real"), answers.get("imagined"), tuple(errors), was_stopped)

    async def _imagine(
        self, machine: "ImaginedMachine", command: str, tells: tuple[str, ...], hear: OnOutput
    ) -> Execution:
        if not isinstance(machine.model, str):
            machine.model.pace.reset()
        # Not fresh, so that the server need not process the whole session again for each command.
        execution = await machine.run(
            command, tells=tells, fresh=False, on_output=lambda text: hear("imagined", text)
        )
        if execution.cause in (Cause.NO_REPLY, Cause.BROKEN_OFF):
            raise NoModel(execution.notes[0])
        del self.tells[: len(tells)]
        return execution

    def change_persona(self, persona: Persona) -> None:
        """Switch to another persona and drop the context; all requests stay stored. Raises BadInput if the session is
        stored under a name."""
        machine = self.imagined_or_fail()
        # the session's file belongs to one persona
        if self.options.session is not None:
            raise BadInput(
                f"the session {self.options.session} uses the persona {machine.persona.name}; "
                "start another session for another persona"
            )
        machine.persona, machine.machine_facts = persona, self._machine_facts
        machine.empty_context()

    def put(self, path: Path) -> str:
        """Copy the text file `path` into the home folder of every open machine; return the file's name. Raises
        BadInput if that fails."""
        if not _FILE_NAME.fullmatch(path.name):
            raise BadInput(f"{path.name}: its name may contain only letters, digits, dots, dashes, underscores")
        text = read_upload(path, self.options.limits.output_bytes)
        if self.real:
            self.real.write(path.name, text)
        if self.imagined:
            self.imagined.place(path.name, text)
            self.save_session()
        return path.name

    def imagined_or_fail(self) -> "ImaginedMachine":
        """Return the imagined machine. Raises BadInput if it has not been opened."""
        if self.imagined is None:
            raise BadInput("there is no imagined machine yet; `:machine both` opens one")
        return self.imagined

    @property
    def torn_bytes(self) -> int:
        """Number of bytes dropped from the end of the session's file because its last line was incomplete."""
        return self._session_file.torn_bytes if self._session_file else 0

    def save_session(self) -> None:
        """Append new turns of the session to its file, if the session is stored under a name."""
        if self._session_file is not None and self.imagined is not None:
            self._session_file.append(self.imagined.session)


async def _wait_until_done(tasks: "Collection[asyncio.Task[Execution]]") -> bool:
    """Wait until all tasks are done. Return True if Ctrl-C stopped them."""
    try:
        await asyncio.wait(tasks)
    except asyncio.CancelledError:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        if current_task := asyncio.current_task():
            current_task.uncancel()  # handled and reported to the caller, so that the next Ctrl-C counts again
        return True
    return False
