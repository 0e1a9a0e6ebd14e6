"""The session between a person and an imagined machine, and the part of the session that the model is still sent."""

from dataclasses import dataclass, replace
from typing import Literal, NamedTuple, Self, get_args

Policy = Literal["requests", "transcript", "none"]
"""How a lost context is rebuilt.

`requests`: all requests are sent again in one message. `transcript`: the stored turns become the context again.
`none`: the context stays empty.
"""
POLICIES: tuple[Policy, ...] = get_args(Policy)


class Turn(NamedTuple):
    typed: str
    replied: str


@dataclass(frozen=True, slots=True)
class Session:
    """All turns so far (`stored`), and those turns that the model is still sent (`context`)."""

    stored: tuple[Turn, ...] = ()
    context: tuple[Turn, ...] = ()

    def add(self, turn: Turn) -> Self:
        """Return the session with one more turn."""
        return replace(self, stored=(*self.stored, turn), context=(*self.context, turn))

    def without_context(self) -> Self:
        """Return the session after its context was lost: all turns are still stored, but the model is sent none of
        them.
        """
        return replace(self, context=())

    def with_full_context(self) -> Self:
        """Return the session with all stored turns as its context again."""
        return replace(self, context=self.stored)

    def with_answered_requests(self, answer: str) -> Self:
        """Return the session with a single turn as its context: all stored requests in one message, answered by
        `answer`.
        """
        return replace(self, context=(Turn(self.requests, answer),))

    @property
    def requests(self) -> str:
        """All stored requests, joined into one message."""
        return "\n".join(turn.typed for turn in self.stored)
