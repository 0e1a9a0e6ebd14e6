"""A machine that does not exist: a language model that plays a terminal."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from agents.model import Message, Model, Sampling
from agents.terminal import Turn, clean, exit_code_of, typing
from experiment.execution import Cause, Execution, OnOutput
from experiment.persona import Fact
from prompts import render


@dataclass(slots=True)
class ImaginedMachine:
    """A terminal played by a model, which remembers the session.

    It is told the facts of its persona, and the programs that are typed into it. Nothing that a real machine
    printed ever reaches it (fairness rule 2): there is no way to give it any.
    """

    model: Model
    facts: tuple[Fact, ...]
    turns: tuple[Turn, ...] = ()
    sample: int = 0
    reply_tokens: int = 1024
    name: str = field(default="imagined", init=False)

    async def run(
        self,
        command: str,
        *,
        tells: Iterable[str] = (),
        fresh: bool = True,
        on_output: OnOutput | None = None,
    ) -> Execution:
        """Have the model imagine one command; see Machine.run.

        Sample 0 is the trunk, at temperature 0; all others are drawn from the model's own distribution.
        `fresh` makes the sample independent of what the model was asked before. Raises NoModel.
        """
        typed = typing(command, tuple(tells))
        temperature = 1.0 if self.sample else 0.0
        sampling = Sampling(seed=self.sample, max_tokens=self.reply_tokens, temperature=temperature)
        reply = await self.model.reply(
            self._messages(typed), sampling, role="imagined machine", fresh=fresh, on_text=on_output
        )
        cleaned = clean(reply.text, command)
        exit_code, cause = exit_code_of(cleaned.text, reply.cut)
        self.turns = (*self.turns, Turn(typed, reply.text))
        notes = [*cleaned.breaches]
        if cause is Cause.CUT:
            notes.append(f"the reply was cut at {self.reply_tokens} tokens")
        return Execution(
            machine=self.name,
            command=command,
            exit_code=exit_code,
            cause=cause,
            seconds=reply.seconds,
            stdout=cleaned.text,
            output=reply.text,
            sample=self.sample,
            seal=reply.seal,
            notes=tuple(notes),
        )

    def _messages(self, typed: str) -> list[Message]:
        facts = {fact.name: fact.value for fact in self.facts}
        messages = [Message("system", render("terminal", facts=facts))]
        for turn in self.turns:
            messages += [Message("user", turn.typed), Message("assistant", turn.replied)]
        return [*messages, Message("user", typed)]
