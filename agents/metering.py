"""Accounts for tokens: reserves them before a request is sent, and afterwards records how many were really used."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Protocol

from gedanken.agents.messages import Message
from gedanken.agents.model_errors import read_problem
from gedanken.agents.streamed_reply import StreamedReply

MIN_CHARACTERS_PER_TOKEN = 3
"""Assumed number of characters per token if the server does not count tokens. It is low, so that estimated token
counts are rather too high.
"""


class Meter(Protocol):
    """Accounts for tokens: permits requests, and records how many tokens they used."""

    async def reserve(self, read: int, written: int) -> str:
        """Wait until a request may be sent that reads at most `read` tokens and writes at most `written`.

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
    max_tokens: int,
    streamed_reply: StreamedReply,
    before_sending: Callable[[], Awaitable[None]],
) -> AsyncIterator[None]:
    """Reserve the tokens that a request may use, and record afterwards what it really used.

    `max_tokens` is the token limit of the reply; `streamed_reply` collects the reply. `before_sending` is called just
    before the request is sent; if it raises, the request is neither sent nor counted. Without a meter, nothing is
    counted.
    """
    if meter is None:
        await before_sending()
        yield
        return
    estimated_input = estimate_tokens("".join(message.text for message in sent))
    name = await meter.reserve(estimated_input, max_tokens)
    try:
        await before_sending()
    except BaseException:
        with suppress(OSError):  # of a full disk, for example, the first error tells more
            meter.withdraw(name)
        raise
    is_refused = is_interrupted = False
    try:
        yield
    except BaseException as error:
        is_interrupted = True
        is_refused = (
            streamed_reply.pieces == 0 and isinstance(error, Exception) and read_problem(error).status is not None
        )
        raise
    finally:
        read, written = streamed_reply.tokens.get("input", 0), streamed_reply.tokens.get("output", 0)
        if is_refused:
            meter.settle(name, 0, 0, estimated=False)
        elif is_interrupted or not (read and written):
            estimated_output = estimate_tokens(streamed_reply.text + streamed_reply.reasoning)
            meter.settle(name, read or estimated_input, max(written, estimated_output), estimated=True)
        else:
            meter.settle(name, read, written, estimated=False)


def estimate_tokens(text: str) -> int:
    """Estimate the number of tokens of a text."""
    return -(-len(text) // MIN_CHARACTERS_PER_TOKEN)
