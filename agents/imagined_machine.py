"""The imagined machine: a terminal that a language model plays."""

from collections.abc import Iterable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from typing import Self

from gedanken.agents.long_replies import JoinedReply, reply_in_full
from gedanken.agents.messages import Message
from gedanken.agents.model import Model, Sampling
from gedanken.agents.model_errors import NoReply
from gedanken.agents.reply_cleaning import clean
from gedanken.agents.session import Policy, Session, Turn
from gedanken.agents.terminal import file_turn, infer_exit_code, prints_nothing, typed_message
from gedanken.experiment.errors import NoModel
from gedanken.experiment.execution import UNUSABLE_CAUSES, Cause, Execution, Limits, OnOutput, Origin
from gedanken.experiment.persona import DEFAULT_MACHINE, MachineFacts, Persona
from gedanken.experiment.progress import Progress, Silent
from gedanken.experiment.run_spec import ModelSpec
from gedanken.experiment.secrets import redacted
from gedanken.prompts import render

DEFAULT_LIMITS = Limits()
REBUILD_COMMAND = "(all requests so far, in one message)"


@dataclass(slots=True)
class ImaginedMachine:
    """A terminal that a language model plays, and that remembers its session.

    The model is sent only the facts of its persona and what is typed: commands, programs and `tells`. No method
    accepts real output (rule 2 in docs/design.md).
    """

    model: Model | str
    """A model, or a model's name. `async with machine:` opens a model that was given by name."""
    persona: Persona
    machine_facts: MachineFacts = DEFAULT_MACHINE
    """Facts about the real machine. They fill in the facts that the persona declares as `matched`."""
    limits: Limits = DEFAULT_LIMITS
    session: Session = Session()
    sample: int = 0
    temperature: float = 1.0
    """Sampling temperature of every sample except sample 0, whose temperature is 0."""
    steps: bool = False
    """True if the model may write working steps before the output."""
    progress: Progress = field(default_factory=Silent)
    """Receives progress messages while a model is opened by name."""
    errors: list[NoModel] | None = None
    """List that collects NoModel errors; if it is None, these errors are raised.

    With a list, an error of one command does not end other commands that run at the same time.
    """
    name: str = field(default="imagined", init=False)
    _exit_stack: AsyncExitStack = field(default_factory=AsyncExitStack, init=False)

    async def __aenter__(self) -> Self:
        """Open the model if it was given by name.

        Raises BadInput if no model has this name, NoModel if it cannot be reached.
        """
        if isinstance(self.model, str):
            from gedanken.agents.registry import open_model

            self.model = await self._exit_stack.enter_async_context(
                open_model(ModelSpec(name=self.model), self.progress)
            )
        return self

    async def __aexit__(self, *exc: object) -> None:
        """Close the model if `__aenter__` opened it."""
        await self._exit_stack.aclose()

    @property
    def parallel(self) -> int:
        """Maximum number of commands that can be imagined at the same time.

        Each of them has its own branch of the session.
        """
        return 1 if isinstance(self.model, str) else self.model.pace.parallel

    async def run(
        self,
        command: str,
        *,
        tells: Iterable[str] = (),
        fresh: bool = True,
        on_output: OnOutput | None = None,
    ) -> Execution:
        """Have the model imagine one command; see `Machine.run`.

        `tells` are remarks that the model is sent before the command. `fresh` makes the reply independent of earlier
        requests to the model.

        A command without an answer is not added to the session; the Execution says why it has none. If the model
        cannot be used any more, NoModel is added to `losses`, or raised if `losses` is None.
        """
        typed = typed_message(command, tuple(tells))
        try:
            reply = await self._ask(typed, fresh, on_output)
        except NoModel as error:
            return self._failed_execution(command, error)
        execution = self._make_execution(command, reply)
        # A model that only reasons, and then ends normally, may mean that the command prints nothing.
        if execution.cause not in UNUSABLE_CAUSES or reply.end.may_be_silence:
            self.session = self.session.add(Turn(typed, reply.text))
        return execution

    async def ask(self, command: str, *, fresh: bool = True, on_output: OnOutput | None = None) -> Execution:
        """Have the model imagine one command, as `run` does, but without adding the command to the session."""
        return await replace(self).run(command, fresh=fresh, on_output=on_output)

    def place(self, name: str, source: str) -> None:
        """Add a turn that types the text `source` into the file `name`; the model is not asked."""
        self.session = self.session.add(file_turn(name, source))

    def empty_context(self) -> None:
        """Empty the context, as if a chat service had lost the session. All turns stay stored."""
        self.session = self.session.without_context()

    async def rebuild(self, policy: Policy, on_output: OnOutput | None = None) -> Execution | None:
        """Rebuild the context from the stored turns, as `policy` says; see `Policy`.

        Returns the model's answer if `policy` is `requests` and turns are stored, else None. If the model cannot be
        used any more, NoModel is added to `losses`, or raised if `losses` is None.
        """
        if policy != "requests" or not self.session.stored:
            self.session = (
                self.session.with_full_context() if policy == "transcript" else self.session.without_context()
            )
            return None
        emptied = replace(self, session=self.session.without_context())
        requests = self.session.requests
        try:
            reply = await emptied._ask(requests, True, on_output)
        except NoModel as error:
            return replace(self._failed_execution(requests, error), command=REBUILD_COMMAND)
        if reply.end.cause not in UNUSABLE_CAUSES:
            self.session = self.session.with_answered_requests(reply.text)
        return replace(self._make_execution(requests, reply), command=REBUILD_COMMAND)

    def messages(self, typed: str) -> list[Message]:
        """Return the messages that the model would be sent if `typed` were typed now."""
        facts = {fact.name: fact.value for fact in self.persona.resolve(self.machine_facts)}
        messages = [Message("system", render("terminal", facts=facts, steps=self.steps))]
        for turn in self.session.context:
            messages += [Message("user", turn.typed), Message("assistant", turn.replied)]
        return [*messages, Message("user", typed)]

    async def _ask(self, typed: str, fresh: bool, on_output: OnOutput | None) -> JoinedReply:
        if isinstance(self.model, str):
            raise NoModel(f"{self.model} is not open: use the machine in `async with`")
        sampling = Sampling(
            seed=self.sample,
            max_tokens=self.limits.reply_tokens,
            temperature=self.temperature if self.sample else 0.0,
        )
        return await reply_in_full(
            self.model, self.messages(typed), sampling, self.limits.continuations, fresh=fresh, on_text=on_output
        )

    def _failed_execution(self, command: str, error: NoModel) -> Execution:
        if not isinstance(error, NoReply):
            if self.errors is None:
                raise error
            self.errors.append(error)
        return Execution(
            machine=self.name,
            command=command,
            exit_code=None,
            cause=error.cause if isinstance(error, NoReply) else Cause.NO_REPLY,
            seconds=0.0,
            stdout="",
            terminal="",
            sample=self.sample,
            notes=(str(error),),
            origin=Origin.IMAGINED,
            is_refused=isinstance(error, NoReply) and not error.may_pass,
        )

    def _make_execution(self, command: str, reply: JoinedReply) -> Execution:
        typed = "\n".join(turn.typed for turn in self.session.context)
        cleaned = clean(reply.text, command, marked=self.steps, known=typed, opened=reply.has_open_fence)
        is_silent = reply.end.may_be_silence and prints_nothing(command)
        notes = reply.notes
        if reply.end.cause in UNUSABLE_CAUSES and not is_silent:
            exit_code, cause = None, reply.end.cause
            notes = (*notes, f"no usable reply: {reply.end.describe()}")
        else:
            exit_code, cause = infer_exit_code(cleaned.text, reply.end.cause is Cause.CUT)
        return Execution(
            machine=self.name,
            command=redacted(command),
            exit_code=exit_code,
            cause=cause,
            seconds=reply.seconds,
            stdout=cleaned.text,
            terminal=cleaned.text,
            sample=self.sample,
            seal=reply.seal,
            notes=notes,
            violations=(*reply.violations, *cleaned.violations),
            origin=Origin.IMAGINED,
            raw_reply=reply.text,
        )
