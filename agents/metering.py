"""Accounts for tokens: reserves them before a request is sent, and afterwards records how many were really used."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Protocol

from gedanken.agents.messages import Message
from gedanken.agents.model_errors import read_problem
from gedanken.agents.streamed_reply import StreamedReply

FEWEST_CHARACTERS_A_TOKEN = 3
"""Assumed number of characters per token, for servers that count no tokens. It is low, so that estimates are high."""


class Meter(Protocol):
    """The interface of token accounting: it permits requests, and records the tokens that they used."""

    async def reserve(self, read: int, written: int) -> str:
        """Wait until a request of at most `read` tokens, with a reply of at most `written`, may be sent.

        Returns the reservation's name, for `settle`. Raises BudgetSpent if a limit of the budget is used up.
        """
        ...

    def settle(self, name: str, read: int, written: int, *, estimated: bool) -> None:
        """Record how many tokens the request with the reservation `name` used; these numbers may be `estimated`."""
        ...

    def withdraw(self, name: str) -> None:
        """Record that the request with the reservation `name` was not sent, and does not count."""
        ...


@asynccontextmanager
async def metered(
    meter: Meter | None,
    sent: Sequence[Message],
    most: int,
    heard: StreamedReply,
    sending: Callable[[], Awaitable[None]],
) -> AsyncIterator[None]:
    """Reserve the tokens that a request may use, and record afterwards what it really used.

    `most` is the token limit of the reply, `heard` the reply that arrives. `sending` is called just before the
    request is sent; if it raises, the request is neither sent nor counted. Without a meter, nothing is counted.
    """
    if meter is None:
        await sending()
        yield
        return
    about = tokens_about("".join(message.text for message in sent))
    name = await meter.reserve(about, most)
    try:
        await sending()
    except BaseException:
        with suppress(OSError):  # of a full disk, for example, the first error tells more
            meter.withdraw(name)
        raise
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
