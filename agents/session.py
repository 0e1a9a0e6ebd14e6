"""The session between a person and an imagined machine, and the part of the session that the model still sees."""

from dataclasses import dataclass, replace
from typing import Literal, NamedTuple, Self, get_args

Policy = Literal["requests", "transcript", "none"]
"""How a lost context is rebuilt.

`requests` sends all requests again in one message. `transcript` puts the stored turns back. `none` leaves the context
empty.
"""
POLICIES: tuple[Policy, ...] = get_args(Policy)


class Turn(NamedTuple):
    typed: str
    replied: str


@dataclass(frozen=True, slots=True)
class Session:
    """All turns so far (`stored`), and the turns that the model is sent (`context`)."""

    stored: tuple[Turn, ...] = ()
    context: tuple[Turn, ...] = ()

    def add(self, turn: Turn) -> Self:
        """Return the session with one more turn."""
        return replace(self, stored=(*self.stored, turn), context=(*self.context, turn))

    def without_context(self) -> Self:
        """Return the session after its context was lost.

        All turns are still stored, but the model sees none.
        """
        return replace(self, context=())

    def with_full_context(self) -> Self:
        """Return the session with all stored requests and answers visible to the model again."""
        return replace(self, context=self.stored)

    def with_answered_requests(self, answer: str) -> Self:
        """Return the session with one visible exchange: all stored requests in one message, answered by `answer`."""
        return replace(self, context=(Turn(self.requests, answer),))

    @property
    def requests(self) -> str:
        """All stored requests, joined into one message."""
        return "\n".join(turn.typed for turn in self.stored)
