"""Serves the embedded model on the loopback interface, with one server per user and machine."""

import asyncio
import fcntl
import hashlib
import os
import secrets
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import IO

from gedanken.agents.embedded_process import EmbeddedProcess, describe_exit_code
from gedanken.agents.messages import Message, to_langchain
from gedanken.agents.model import Model
from gedanken.agents.time_limits import TimeLimits
from gedanken.agents.weights import MODEL_NAME, SHA256, ensure_weights
from gedanken.experiment.errors import NoModel
from gedanken.experiment.progress import Progress, seconds_since, show_progress
from gedanken.experiment.user_folders import cache_folder

LOAD_SECONDS = 5
"""Approximate number of seconds that loading the model takes; used only to show progress."""
REPLY_SECONDS = 3600
PURE_SAMPLING: dict[str, object] = {"top_k": 0, "min_p": 0.0}
"""Switches off the server's default sampling filters, so that samples come from the model's own distribution."""


@asynccontextmanager
async def open_embedded(progress: Progress) -> AsyncIterator[Model]:
    """Serve the embedded model during the `with` block.

    First wait until no other process of the user serves it. Raises NoModel if the weights cannot be obtained or the
    server does not start.
    """
    # Two servers at once would each be about ten times slower than one.
    lock = await _acquire_lock(progress)
    key = secrets.token_urlsafe(24)
    try:
        weights = await asyncio.to_thread(ensure_weights, progress)
        server = EmbeddedProcess(weights, key, lock)
        clock = seconds_since(time.monotonic())
        try:
            with show_progress(progress, "loading the model", LOAD_SECONDS, clock, "seconds"):
                await asyncio.to_thread(server.start)
            yield _make_model(key, server)
        finally:
            server.stop()
    finally:
        lock.close()


async def _acquire_lock(progress: Progress) -> IO[str]:
    # The server inherits the open file, so the lock is held until the server has ended, too.
    file = (cache_folder() / "embedded.lock").open("w")
    is_reported = False
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return file
        except BlockingIOError:
            if not is_reported:
                progress.say("another process of yours uses the embedded model; waiting until that process ends")
                is_reported = True
            await asyncio.sleep(0.5)


def _make_model(key: str, server: EmbeddedProcess) -> Model:
    from langchain_openai import ChatOpenAI
    from openai import DefaultAsyncHttpxClient, DefaultHttpxClient
    from pydantic import SecretStr

    chat = ChatOpenAI(
        model="embedded",
        base_url=f"{server.address}/v1",
        api_key=SecretStr(key),
        timeout=REPLY_SECONDS,
        max_retries=0,
        # The server drops idle connections; reusing one at that moment would look like a dead server.
        default_headers={"Connection": "close"},
        stream_usage=True,
        stream_chunk_timeout=None,
        extra_body=PURE_SAMPLING,
        # The user's proxy is not meant for loopback, and must not see the key.
        http_client=DefaultHttpxClient(trust_env=False),
        http_async_client=DefaultAsyncHttpxClient(trust_env=False),
    )
    warm_up_chat = chat.model_copy(
        update={"max_tokens": 1, "temperature": 0.0, "extra_body": {**PURE_SAMPLING, "cache_prompt": False}}
    )
    warm_digest = ""

    async def prepare(messages: Sequence[Message], fresh: bool) -> None:
        """If `fresh` is True, empty the server's cache and fill it from `messages`. Raises NoModel if the server
        has stopped.
        """
        nonlocal warm_digest
        if (code := server.poll()) is not None:  # a retry would not help
            raise NoModel(f"embedded:{MODEL_NAME}: its server has stopped ({describe_exit_code(code)})")
        if messages[-1].role == "assistant":
            # The continuation of an open reply uses the cache as it is, and leaves the earlier part unchanged.
            if _digest(messages[:-1]) != warm_digest:
                warm_digest = ""
            return
        digest = _digest(messages)
        if not fresh:
            warm_digest = ""
        elif digest != warm_digest:
            warm_digest = ""  # for as long as it is under way: it may be broken off
            await asyncio.to_thread(server.adjust_threads)  # now, as the cache is emptied anyway
            # A seed gives the same reply only from the same state of the cache.
            await warm_up_chat.ainvoke(to_langchain(messages), {"run_name": "warm-up"})
            warm_digest = digest

    return Model(
        name=f"embedded:{MODEL_NAME}",
        chat=chat,
        digest=SHA256,
        cores=os.cpu_count() or 1,
        coder_prompt="checklist",
        prepare=prepare,
        wants_fresh=lambda: asyncio.to_thread(server.needs_other_threads),
        prefills=True,
        scores="grammar",
        extra=PURE_SAMPLING,
        # On few cores a long text takes long, and nothing arrives meanwhile.
        limits=TimeLimits(first=REPLY_SECONDS, between=REPLY_SECONDS, total=REPLY_SECONDS),
    )


def _digest(messages: Sequence[Message]) -> str:
    return hashlib.sha256(repr(list(messages)).encode()).hexdigest()
