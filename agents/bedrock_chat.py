"""A client for Bedrock's Converse API that runs AWS's blocking calls in daemon threads."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from typing import Any

from langchain_aws import ChatBedrockConverse
from langchain_core.messages import BaseMessage
from langchain_core.outputs import ChatGenerationChunk, ChatResult


class BedrockChat(ChatBedrockConverse):
    """ChatBedrockConverse, changed so that the process can end although a request still waits for a server that
    sends nothing.
    """

    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: Any = None,  # noqa: ARG002
        **kwargs: Any,
    ) -> AsyncIterator[ChatGenerationChunk]:
        async for piece in _from_thread(lambda: self._stream(messages, stop, **kwargs)):
            yield piece

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: Any = None,  # noqa: ARG002
        **kwargs: Any,
    ) -> ChatResult:
        results = [result async for result in _from_thread(lambda: iter([self._generate(messages, stop, **kwargs)]))]
        return ChatResult(generations=results[0].generations, llm_output=results[0].llm_output)


async def _from_thread(make_iterator: Callable[[], Iterator[Any]]) -> AsyncIterator[Any]:
    """In a daemon thread, run the blocking iterator that `make_iterator` returns, and yield its items."""
    loop, queue, is_abandoned = asyncio.get_running_loop(), asyncio.Queue[tuple[bool, Any]](), threading.Event()

    def enqueue(is_piece: bool, item: Any) -> None:
        with suppress(RuntimeError):  # the loop is closed: nobody listens
            loop.call_soon_threadsafe(queue.put_nowait, (is_piece, item))

    def run_iterator() -> None:
        try:
            for piece in make_iterator():
                if is_abandoned.is_set():
                    return
                enqueue(True, piece)
            enqueue(False, None)
        except Exception as error:
            enqueue(False, error)

    threading.Thread(target=run_iterator, daemon=True).start()
    try:
        while True:
            is_piece, item = await queue.get()
            if not is_piece:
                break
            yield item
    finally:
        is_abandoned.set()
    if item is not None:
        raise item
