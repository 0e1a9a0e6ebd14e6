"""A server that cannot be reached: the one line says where and why, on every provider, and nobody waits for long."""

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

CONNECT = 0.3
ENOUGH = 60.0
everywhere = pytest.mark.parametrize("wire", [wire for _, wire in NAMES], ids=[name for name, _ in NAMES])


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hosted_models, "USUAL_LIMITS", replace(USUAL_LIMITS, connect=CONNECT))
    for name in ("OPENAI", "ANTHROPIC", "GOOGLE", "GEMINI", "GROQ", "MISTRAL"):
        monkeypatch.delenv(f"{name}_API_KEY", raising=False)


async def ask(wire: Wire, address: str) -> str:
    async with open_model(ModelSpec(name=wire.model, base_url=address + wire.path), Silent()) as model:
        with pytest.raises(ModelBusy) as busy:
            sampling = Sampling(seed=0, max_tokens=16)
            await asyncio.wait_for(model._once([Message("user", "hi")], sampling, "test", None), ENOUGH)
    return str(busy.value)


@contextmanager
def bound(backlog: int | None) -> Iterator[str]:
    """A port that nobody listens at, or where nobody accepts and the queue is full."""
    with ExitStack() as opened:
        server = opened.enter_context(socket.socket())
        server.bind(("127.0.0.1", 0))
        if backlog is not None:
            server.listen(backlog)
            for _ in range(backlog + 3):
                waiting = opened.enter_context(socket.socket())
                waiting.setblocking(False)
                waiting.connect_ex(server.getsockname())
        yield f"127.0.0.1:{server.getsockname()[1]}"


@everywhere
def test_where_nobody_listens_the_address_is_named(wire: Wire) -> None:
    with bound(None) as where:
        said = asyncio.run(ask(wire, f"http://{where}"))
    assert said.startswith(f"{wire.model}: ") and where in said and "\n" not in said
    assert "no connection" in said and "--base-url" in said


@everywhere
def test_a_port_that_never_accepts_is_left_in_time(wire: Wire) -> None:
    with bound(0) as where:
        said = asyncio.run(ask(wire, f"http://{where}"))
    assert where in said and f"{CONNECT:g} s" in said and "\n" not in said


@everywhere
def test_a_tls_handshake_that_stalls_is_left_in_time(wire: Wire) -> None:
    said = asyncio.run(ask_with_tls(wire, b""))
    limit = "Read timeout" if isinstance(wire, Bedrock) else f"{CONNECT:g} s"  # botocore calls it that
    assert limit in said and "\n" not in said


def test_a_server_without_tls_is_told_from_one_that_is_silent() -> None:
    said = asyncio.run(ask_with_tls(NAMES[0][1], b"HTTP/1.1 400 Bad Request\r\n\r\n"))
    assert "no connection" in said and "SSL" in said


async def ask_with_tls(wire: Wire, answer: bytes) -> str:
    """What is said of a server that has no TLS, and answers this to whatever it is sent."""
    gone = asyncio.Event()

    async def connected(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(answer)
        await gone.wait()
        writer.close()

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    async with server:
        where = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
        said = await ask(wire, f"https://{where}")
        gone.set()
    assert where in said
    return said


def test_a_silent_bedrock_keeps_nobody_waiting_after_its_time_limit() -> None:
    async def give_up() -> None:
        async with open_model(ModelSpec(name=Bedrock().model, base_url=where), Silent()) as model:
            impatient = replace(model, limits=replace(model.limits, first=0.2))
            with pytest.raises(ModelBusy, match="first piece within 0"):
                await impatient._once([Message("user", "hi")], Sampling(seed=0, max_tokens=16), "test", None)

    with socket.create_server(("127.0.0.1", 0)) as server:
        where = f"http://127.0.0.1:{server.getsockname()[1]}"
        silence = Timer(ENOUGH, server.close)  # which would set free whoever still waited
        silence.start()
        asyncio.run(give_up())
        assert silence.is_alive()
        silence.cancel()
