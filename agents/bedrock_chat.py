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
    """ChatBedrockConverse, changed so that the process can end while a request still waits for a silent server."""

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
        results = [one async for one in _from_thread(lambda: iter([self._generate(messages, stop, **kwargs)]))]
        return ChatResult(generations=results[0].generations, llm_output=results[0].llm_output)


async def _from_thread(make: Callable[[], Iterator[Any]]) -> AsyncIterator[Any]:
    """Run a blocking iterator, made by `make`, in a daemon thread, and yield its items."""
    loop, queue, left = asyncio.get_running_loop(), asyncio.Queue[tuple[bool, Any]](), threading.Event()

    def put(is_piece: bool, item: Any) -> None:
        with suppress(RuntimeError):  # the loop is closed: nobody listens
            loop.call_soon_threadsafe(queue.put_nowait, (is_piece, item))

    def work() -> None:
        try:
            for piece in make():
                if left.is_set():
                    return
                put(True, piece)
            put(False, None)
        except Exception as error:
            put(False, error)

    threading.Thread(target=work, daemon=True).start()
    try:
        while True:
            is_piece, item = await queue.get()
            if not is_piece:
                break
            yield item
    finally:
        left.set()
    if item is not None:
        raise item
