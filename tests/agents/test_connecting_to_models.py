"""A server that cannot be reached: one line says where and why for every provider, and nobody waits for long."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from threading import Timer

import pytest
from providers.bedrock import Bedrock
from providers.endings import NAMES
from providers.wire import Wire

from gedanken.agents import hosted_models
from gedanken.agents.messages import Message
from gedanken.agents.model import Sampling
from gedanken.agents.model_errors import ModelBusy
from gedanken.agents.registry import open_model
from gedanken.agents.time_limits import USUAL_LIMITS
from gedanken.experiment.progress import Silent
from gedanken.experiment.run_spec import ModelSpec

CONNECT_SECONDS = 0.3
MAX_SECONDS = 60.0
each_provider = pytest.mark.parametrize("wire", [wire for _, wire in NAMES], ids=[name for name, _ in NAMES])


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hosted_models, "USUAL_LIMITS", replace(USUAL_LIMITS, connect=CONNECT_SECONDS))
    for name in ("OPENAI", "ANTHROPIC", "GOOGLE", "GEMINI", "GROQ", "MISTRAL"):
        monkeypatch.delenv(f"{name}_API_KEY", raising=False)


async def ask(wire: Wire, address: str) -> str:
    async with open_model(ModelSpec(name=wire.model, base_url=address + wire.path), Silent()) as model:
        with pytest.raises(ModelBusy) as busy:
            sampling = Sampling(seed=0, max_tokens=16)
            await asyncio.wait_for(model._once([Message("user", "hi")], sampling, "test", None), MAX_SECONDS)
    return str(busy.value)


@contextmanager
def reserve_port(backlog: int | None) -> Iterator[str]:
    """A port at which no connection succeeds: it has no listener if `backlog` is None, otherwise one whose queue is
    full.
    """
    with ExitStack() as sockets:
        server = sockets.enter_context(socket.socket())
        server.bind(("127.0.0.1", 0))
        if backlog is not None:
            server.listen(backlog)
            for _ in range(backlog + 3):
                client = sockets.enter_context(socket.socket())
                client.setblocking(False)
                client.connect_ex(server.getsockname())
        yield f"127.0.0.1:{server.getsockname()[1]}"


@each_provider
def test_where_nobody_listens_the_address_is_named(wire: Wire) -> None:
    with reserve_port(None) as address:
        message = asyncio.run(ask(wire, f"http://{address}"))
    assert message.startswith(f"{wire.model}: ") and address in message and "\n" not in message
    assert "no connection" in message and "--base-url" in message


@each_provider
def test_a_port_that_never_accepts_is_left_in_time(wire: Wire) -> None:
    with reserve_port(0) as address:
        message = asyncio.run(ask(wire, f"http://{address}"))
    assert address in message and f"{CONNECT_SECONDS:g} s" in message and "\n" not in message


@each_provider
def test_a_tls_handshake_that_stalls_is_left_in_time(wire: Wire) -> None:
    message = asyncio.run(ask_with_tls(wire, b""))
    limit = "Read timeout" if isinstance(wire, Bedrock) else f"{CONNECT_SECONDS:g} s"  # botocore calls it that
    assert limit in message and "\n" not in message


def test_a_server_without_tls_is_told_from_one_that_is_silent() -> None:
    message = asyncio.run(ask_with_tls(NAMES[0][1], b"HTTP/1.1 400 Bad Request\r\n\r\n"))
    assert "no connection" in message and "SSL" in message


async def ask_with_tls(wire: Wire, answer: bytes) -> str:
    """The error of a client that expects TLS, if the server answers with the plain bytes `answer`."""
    gone = asyncio.Event()

    async def handle_connection(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(answer)
        await gone.wait()
        writer.close()

    server = await asyncio.start_server(handle_connection, "127.0.0.1", 0)
    async with server:
        address = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
        message = await ask(wire, f"https://{address}")
        gone.set()
    assert address in message
    return message


def test_a_silent_bedrock_keeps_nobody_waiting_after_its_time_limit() -> None:
    async def give_up() -> None:
        async with open_model(ModelSpec(name=Bedrock().model, base_url=address), Silent()) as model:
            impatient = replace(model, limits=replace(model.limits, first=0.2))
            with pytest.raises(ModelBusy, match="first piece within 0"):
                await impatient._once([Message("user", "hi")], Sampling(seed=0, max_tokens=16), "test", None)

    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"http://127.0.0.1:{server.getsockname()[1]}"
        silence = Timer(MAX_SECONDS, server.close)  # which would set free whoever still waited
        silence.start()
        asyncio.run(give_up())
        assert silence.is_alive()
        silence.cancel()
