"""The session between a person and an imagined machine, and how much of it the model still sees."""

from dataclasses import dataclass, replace
from typing import Literal, NamedTuple, Self, get_args

Policy = Literal["requests", "transcript", "none"]
"""Policy for rebuilding a lost context: from all requests, sent again in one message, as the article's service did;
from requests and answers; or not at all."""
POLICIES: tuple[Policy, ...] = get_args(Policy)


class Turn(NamedTuple):
    """One exchange with an imagined terminal."""

    typed: str
    replied: str


@dataclass(frozen=True, slots=True)
class Session:
    """All turns so far, and those that the model is sent."""

    stored: tuple[Turn, ...] = ()
    context: tuple[Turn, ...] = ()

    def add(self, turn: Turn) -> Self:
        """Return the session with one more turn."""
        return replace(self, stored=(*self.stored, turn), context=(*self.context, turn))

    def lose(self) -> Self:
        """Return the session after the service dropped it: everything is stored, and the model sees nothing of it."""
        return replace(self, context=())

    def remember(self) -> Self:
        """Return the session with all stored turns, requests and answers, visible to the model again."""
        return replace(self, context=self.stored)

    def replay(self, answer: str) -> Self:
        """Return the session after all stored requests were sent again in one message, with this answer."""
        return replace(self, context=(Turn(self.requests, answer),))

    @property
    def requests(self) -> str:
        """Join all stored requests into one message."""
        return "\n".join(turn.typed for turn in self.stored)
