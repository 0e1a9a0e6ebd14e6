"""Token accounting: reserved before a request is sent, settled after it."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Protocol

from gedanken.agents.hearing import Heard
from gedanken.agents.messages import Message
from gedanken.agents.model_errors import read_problem

FEWEST_CHARACTERS_A_TOKEN = 3
"""Characters per token if the server reports no counts: set low, so that an estimate is too high rather than too low.
"""


class Meter(Protocol):
    """Interface that permits requests, and records what they used."""

    async def reserve(self, read: int, written: int) -> str:
        """Wait until a request of at most so many tokens may be sent; return its name. Raises BudgetSpent."""
        ...

    def settle(self, name: str, read: int, written: int, *, estimated: bool) -> None:
        """Record what the request really used."""
        ...


@asynccontextmanager
async def metered(meter: Meter | None, sent: Sequence[Message], most: int, heard: Heard) -> AsyncIterator[None]:
    """Reserve at most `most` tokens for a request, and settle what it used, however it ends."""
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
    """Estimate the number of tokens of a text."""
    return -(-len(text) // FEWEST_CHARACTERS_A_TOKEN)
