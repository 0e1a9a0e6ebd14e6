"""What is typed into which machine, and what waits to be told."""

import asyncio
import re
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, get_args

from experiment.errors import BadInput, GedankenError
from experiment.execution import Execution, Limits
from experiment.persona import USUAL_WORLD, Persona, World
from experiment.places import state_folder
from gedanken.loading import load_persona
from gedanken.opening import open_real
from gedanken.screen import Screen

if TYPE_CHECKING:
    from agents.imagined import ImaginedMachine
    from agents.session_file import SessionFile
    from sandbox.machine import SandboxMachine

Which = Literal["real", "imagined"]
Choice = Literal["imagined", "real", "both"]
CHOICES: tuple[Choice, ...] = get_args(Choice)
ARTICLE_PERSONA = "ubuntu-18.04-4x3090"
FAIR_PERSONA = "matched"
Hear = Callable[[Which, str], None]
_SESSION_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_FILE_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}")


class Answers(NamedTuple):
    """What one command did, on each machine that was on."""

    command: str
    tells: tuple[str, ...]
    """What the imagined machine was told before it."""
    real: Execution | None
    imagined: Execution | None
    lost: tuple[GedankenError, ...] = ()
    """Why a machine gave no answer."""

    @property
    def texts(self) -> tuple[str, str] | None:
        """What each of the two showed, the real one first; None where there are not two."""
        return (shown(self.real), shown(self.imagined)) if self.real and self.imagined else None


def shown(execution: Execution) -> str:
    """What a terminal showed: both streams of a real command; of an imagined one, what was left of the reply."""
    return execution.stdout if execution.imagined else execution.output


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a shell was asked for."""

    machine: Choice
    persona: str | None
    model: str
    base_url: str | None
    session: str | None
    sandbox: str
    trusted: bool
    dataset: str
    limits: Limits


@dataclass(slots=True)
class Terminals:
    """The machines of a shell, opened when they are first wanted, and closed with it."""

    wishes: Wishes
    screen: Screen
    on: Choice = "imagined"
    imagined: "ImaginedMachine | None" = None
    real: "SandboxMachine | None" = None
    tells: list[str] = field(default_factory=list)
    """Said to the imagined machine together with its next command."""
    _world: World = USUAL_WORLD
    _file: "SessionFile | None" = None
    _opened: AsyncExitStack = field(default_factory=AsyncExitStack)

    async def __aenter__(self) -> "Terminals":
        """Check what can be checked, and open the machines that were asked for."""
        from agents.registry import check_name

        if self.wishes.session is not None and not _SESSION_NAME.fullmatch(self.wishes.session):
            raise BadInput(f"--session {self.wishes.session}: at most 64 letters, digits, dots, dashes, underscores")
        check_name(self.wishes.model, self.wishes.base_url)
        load_persona(self._persona_for(self.wishes.machine))
        try:
            await self.turn_on(self.wishes.machine)
        except BaseException:
            await self._opened.aclose()
            raise
        return self

    async def __aexit__(self, *exc: object) -> None:
        """Close what was opened."""
        await self._opened.aclose()

    async def turn_on(self, choice: Choice) -> None:
        """Type into these machines from now on. Raises BadInput, NoSandbox or NoModel, and then changes nothing."""
        if choice != "imagined" and self.real is None:
            wishes = self.wishes
            real, dataset = await self._opened.enter_async_context(
                open_real(wishes.dataset, wishes.limits, self.screen, sandbox=wishes.sandbox, trusted=wishes.trusted)
            )
            self._world = await real.measure(dataset)
            self.real = real
            self._match()
        if choice != "real" and self.imagined is None:
            await self._open_imagined(load_persona(self._persona_for(choice)))
        self.on = choice

    def _match(self) -> None:
        """Have the imagined machine be the real one's twin, where nothing was typed into it nor wished of it."""
        machine = self.imagined
        if machine and not machine.session.stored and self.wishes.persona is None and self.wishes.session is None:
            machine.persona, machine.world = load_persona(FAIR_PERSONA), self._world

    def _persona_for(self, choice: Choice) -> str:
        return self.wishes.persona or (ARTICLE_PERSONA if choice == "imagined" else FAIR_PERSONA)

    async def _open_imagined(self, persona: Persona) -> None:
        from agents.imagined import ImaginedMachine
        from agents.registry import open_model
        from agents.session import Session
        from agents.session_file import SessionFile

        session, name = Session(), self.wishes.session
        if name is not None and self._file is None:
            about = {"model": self.wishes.model, "persona": persona.name}
            self._file = SessionFile.open(state_folder() / "sessions" / f"{name}.jsonl", about)
            self._opened.callback(self._file.close)
        if self._file is not None:
            session = self._file.session
        model = await self._opened.enter_async_context(
            open_model(self.wishes.model, self.wishes.base_url, self.screen)
        )
        self.imagined = ImaginedMachine(
            model, persona, self._world, self.wishes.limits, session, progress=self.screen
        )

    async def run(self, command: str, hear: Hear, ended: Callable[[Which], None]) -> Answers:
        """Type a command into each machine that is on; what was told goes to the imagined one before it.

        `hear` is given what comes, and `ended` whichever machine is done. A machine that is lost leaves the other's
        answer as it is.
        """
        tells = tuple(self.tells) if self.on != "real" else ()
        work: dict[Which, Coroutine[Any, Any, Execution]] = {}
        if self.real and self.on != "imagined":
            work["real"] = self.real.run(command, on_output=lambda text: hear("real", text))
        if self.imagined and self.on != "real":
            work["imagined"] = self._imagine(self.imagined, command, tells, hear)

        async def to_its_end(which: Which) -> Execution:
            try:
                return await work[which]
            finally:
                ended(which)

        done = await asyncio.gather(*map(to_its_end, work), return_exceptions=True)
        answers: dict[str, Execution] = {}
        lost: list[GedankenError] = []
        for which, result in zip(work, done, strict=True):
            if isinstance(result, GedankenError):
                lost.append(result)
            elif isinstance(result, BaseException):
                raise result
            else:
                answers[which] = result
        return Answers(command, tells, answers.get("real"), answers.get("imagined"), tuple(lost))

    async def _imagine(
        self, machine: "ImaginedMachine", command: str, tells: tuple[str, ...], hear: Hear
    ) -> Execution:
        # Not fresh: the server need not read the whole session again for each command.
        execution = await machine.run(
            command, tells=tells, fresh=False, on_output=lambda text: hear("imagined", text)
        )
        del self.tells[: len(tells)]
        self.keep()
        return execution

    def change_persona(self, persona: Persona) -> None:
        """Play another machine, in a new context; all requests stay stored.

        Raises BadInput where the session is kept under a name: its file is about one persona.
        """
        machine = self.imagined_or_fail()
        if self.wishes.session is not None:
            raise BadInput(
                f"the session {self.wishes.session} is with the persona {machine.persona.name}; "
                "begin another one for another persona"
            )
        machine.persona, machine.world = persona, self._world
        machine.lose()

    def put(self, path: Path) -> str:
        """Put a text file of the user's into the home folder of every open machine; return its name there."""
        if not _FILE_NAME.fullmatch(path.name):
            raise BadInput(f"{path.name}: a file is put under a name of letters, digits, dots, dashes, underscores")
        try:
            with path.open("rb") as file:
                content = file.read(self.wishes.limits.output_bytes + 1)
            text = content.decode()
        except OSError as error:
            raise BadInput(f"{path}: {error.strerror}") from error
        except UnicodeDecodeError as error:
            raise BadInput(f"{path}: not a text file") from error
        if len(content) > self.wishes.limits.output_bytes:
            raise BadInput(f"{path}: larger than {self.wishes.limits.output_bytes} bytes")
        if self.real:
            self.real.write(path.name, text)
        if self.imagined:
            self.imagined.place(path.name, text)
            self.keep()
        return path.name

    def imagined_or_fail(self) -> "ImaginedMachine":
        """The imagined machine. Raises BadInput where there is none yet."""
        if self.imagined is None:
            raise BadInput("there is no imagined machine yet; `:machine both` opens one")
        return self.imagined

    def keep(self) -> None:
        """Write what is new in the session to its file, where it has one."""
        if self._file is not None and self.imagined is not None:
            self._file.keep(self.imagined.session)
