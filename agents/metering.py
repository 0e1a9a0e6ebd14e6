"""What a request takes, reserved before it is sent and settled after it."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Protocol

from gedanken.agents.hearing import Heard
from gedanken.agents.messages import Message
from gedanken.agents.model_errors import read_problem

FEWEST_CHARACTERS_A_TOKEN = 3
"""Where nobody counts: few, so that an estimate is rather too high than too low."""


class Meter(Protocol):
    """Who lets requests be sent, and is told what they took."""

    async def reserve(self, read: int, written: int) -> str:
        """Wait until a request may be sent that takes at most so many tokens; return its name. Raises BudgetSpent."""
        ...

    def settle(self, name: str, read: int, written: int, *, estimated: bool) -> None:
        """Count what the request really took."""
        ...


@asynccontextmanager
async def metered(meter: Meter | None, sent: Sequence[Message], most: int, heard: Heard) -> AsyncIterator[None]:
    """Reserve what a request of at most `most` tokens may take, and settle what it took, however it ends."""
    if meter is None:
        yield
        return
    about = tokens_about("".join(message.text for message in sent))
    name = await meter.reserve(about, most)
    is_refused = broke_off = False
    try:
        yield
    except BaseException as error:
        broke_off = True
        is_refused = heard.pieces == 0 and isinstance(error, Exception) and read_problem(error).status is not None
        raise
    finally:
        read, written = heard.tokens.get("input", 0), heard.tokens.get("output", 0)
        if is_refused:
            meter.settle(name, 0, 0, estimated=False)
        elif broke_off or not (read and written):
            said = tokens_about(heard.text + heard.reasoning)
            meter.settle(name, read or about, max(written, said), estimated=True)
        else:
            meter.settle(name, read, written, estimated=False)


def tokens_about(text: str) -> int:
    """An estimate of the tokens of a text."""
    return -(-len(text) // FEWEST_CHARACTERS_A_TOKEN)
