"""What a person and an imagined machine have said to each other, and how much of it the model still sees."""

from dataclasses import dataclass, replace
from typing import Literal, NamedTuple, Self, get_args

Policy = Literal["requests", "transcript", "none"]
"""How a lost context is rebuilt: from all requests, sent again in one message, as the article's service did; from
both sides; or not at all."""
POLICIES: tuple[Policy, ...] = get_args(Policy)


class Turn(NamedTuple):
    """One exchange with an imagined terminal."""

    typed: str
    replied: str


@dataclass(frozen=True, slots=True)
class Session:
    """All turns that were ever taken, and those that the model is sent."""

    stored: tuple[Turn, ...] = ()
    context: tuple[Turn, ...] = ()

    def add(self, turn: Turn) -> Self:
        """The session with one more turn."""
        return replace(self, stored=(*self.stored, turn), context=(*self.context, turn))

    def lose(self) -> Self:
        """The session after the service has dropped it: all is stored, and the model sees none of it."""
        return replace(self, context=())

    def remember(self) -> Self:
        """The session with both sides of every stored turn before the model again."""
        return replace(self, context=self.stored)

    def replay(self, answer: str) -> Self:
        """The session after all stored requests were sent again in one message, and this was the answer."""
        return replace(self, context=(Turn(self.requests, answer),))

    @property
    def requests(self) -> str:
        """All stored requests, as one message."""
        return "\n".join(turn.typed for turn in self.stored)
