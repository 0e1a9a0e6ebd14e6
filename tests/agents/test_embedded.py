"""The embedded model: real weights, a real server, real replies."""

import asyncio
import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import psutil
import pytest
from conftest import Cli

from gedanken.agents import embedded_process
from gedanken.agents.messages import Message
from gedanken.agents.model import Model, Sampling
from gedanken.agents.reply_end import STOPPED_BY_LISTENER
from gedanken.agents.surprisal import surprisal
from gedanken.agents.weights import SHA256, verify
from gedanken.experiment.errors import NoModel
from gedanken.experiment.progress import Silent
from gedanken.experiment.run_spec import ModelSpec

pytestmark = pytest.mark.model

VILLAGES = [Message("system", "You are terse."), Message("user", "Invent five unusual names for a village.")]
OTHER = [Message("user", "What is 2 + 2? Say the number only.")]


def with_model(use: Callable[[Model], Awaitable[Any]]) -> Any:
    async def main() -> Any:
        from gedanken.agents.registry import open_model

        async with open_model(ModelSpec(name="embedded"), Silent()) as model:
            return await use(model)

    return asyncio.run(main())


def server_now() -> psutil.Process:
    """The process of the server. It may have been restarted with another number of threads since the model was
    opened.
    """
    children = psutil.Process().children()
    (server,) = [child for child in children if any("embedded_server" in part for part in child.cmdline())]
    return server


def test_the_same_seed_gives_the_same_sample_whatever_was_asked_before() -> None:
    async def use(model: Model) -> list[str]:
        sampling = Sampling(seed=7, max_tokens=24)
        texts = []
        for _ in range(2):
            texts.append((await model.reply(VILLAGES, sampling, role="test")).text)
            await model.reply(VILLAGES, Sampling(seed=8, max_tokens=24), role="test")
            await model.reply(OTHER, Sampling(seed=9, max_tokens=8), role="test", fresh=False)
        texts.append((await model.reply(VILLAGES, Sampling(seed=8, max_tokens=24), role="test")).text)
        return texts

    first, repeated, different = with_model(use)
    assert first == repeated != different


def test_the_same_seed_gives_the_same_sample_after_replies_that_were_continued() -> None:
    sampling = Sampling(seed=7, max_tokens=16)
    open_reply = [Message("assistant", "1. Mossgate")]

    async def use(model: Model) -> list[str]:
        texts = []
        for earlier_messages in (VILLAGES, OTHER, []):
            texts.append((await model.reply(VILLAGES, sampling, role="test")).text)
            if earlier_messages:
                await model.reply(
                    [*earlier_messages, *open_reply], Sampling(seed=8, max_tokens=8), role="test", fresh=False
                )
        return texts

    texts = with_model(use)
    assert texts == [texts[0]] * 3


def test_the_server_drops_a_reply_that_is_stopped() -> None:
    async def use(model: Model) -> tuple[bool, bool, float]:
        sampling = Sampling(seed=7, max_tokens=2000)
        endless = [Message("user", "Count from 1 to 5000, one number a line. Leave none out.")]
        stopped = await model.reply(endless, sampling, role="test", enough=lambda _: True)
        started = time.monotonic()
        await model.reply(OTHER, Sampling(seed=9, max_tokens=2), role="test", fresh=False)
        return stopped.end.reason == STOPPED_BY_LISTENER, stopped.cut, time.monotonic() - started

    stopped, cut, seconds = with_model(use)
    assert stopped and cut
    assert seconds < 60, "2,000 tokens take minutes, and the server has one place"


def test_it_tells_how_likely_a_given_text_is_and_draws_the_same_samples_after() -> None:
    sampling = Sampling(seed=7, max_tokens=16)
    odd_text = 'x "y" \\ \x1b[31m\t\x07 é 日本\nas it is: <|im_end|>'

    async def use(model: Model) -> Any:
        first = (await model.reply(VILLAGES, sampling, role="test")).text
        likely = (await model.reply(VILLAGES, replace(sampling, temperature=0), role="test")).text
        likely_lines, unlikely_lines = [
            await surprisal(model, VILLAGES, text) for text in (likely, "0x7f 0x45 0x4c\n\n0x46 0x02")
        ]
        spelt = await surprisal(model, OTHER, odd_text)
        refused = await surprisal(model, OTHER, "a\x00b")
        repeated = (await model.reply(VILLAGES, sampling, role="test")).text
        return first, repeated, likely_lines, unlikely_lines, spelt, refused

    first, repeated, likely_lines, unlikely_lines, spelt, refused = with_model(use)
    assert first == repeated
    assert [line.text for line in unlikely_lines] == ["0x7f 0x45 0x4c", "", "0x46 0x02"]
    nats_per_token = [
        sum(line.nats for line in lines) / sum(line.tokens for line in lines)
        for lines in (likely_lines, unlikely_lines)
    ]
    assert 0 < nats_per_token[0] < nats_per_token[1] / 2
    assert "\n".join(line.text for line in spelt) == odd_text
    assert refused is None  # the server's grammar cannot spell it, and is none the worse for having tried


def test_a_reply_says_what_made_it_and_whether_it_was_cut() -> None:
    async def use(model: Model) -> Any:
        pieces: list[str] = []
        cut = await model.reply(
            VILLAGES, Sampling(seed=0, max_tokens=2, temperature=0), role="test", on_text=pieces.append
        )
        complete = await model.reply(OTHER, Sampling(seed=0, max_tokens=16, temperature=0), role="test")
        return model.describe(), cut, complete, "".join(pieces)

    description, cut, complete, streamed = with_model(use)
    assert description["sha256"] == SHA256
    assert cut.cut and not complete.cut
    assert streamed == cut.text
    assert "4" in complete.text
    assert complete.seal.settings["top_k"] == 0
    assert len(complete.seal.sha256) == 64


def test_killed_in_the_middle_of_a_reply_the_server_is_said_to_have_ended_and_is_asked_no_more() -> None:
    def kill(_text: str) -> None:
        with suppress(psutil.ZombieProcess):  # another piece of the reply came after the kill
            server_now().kill()

    async def use(model: Model) -> tuple[str, float]:
        endless = [Message("user", "Count from 1 to 5000, one number a line. Leave none out.")]
        with pytest.raises(NoModel) as raised:
            sampling = Sampling(seed=7, max_tokens=2000)
            await model.reply(endless, sampling, role="test", on_text=kill)
        started = time.monotonic()
        for request in (
            model.reply(OTHER, Sampling(seed=0, max_tokens=2), role="test"),
            surprisal(model, OTHER, "4"),
        ):
            with pytest.raises(NoModel):
                await request
        return str(raised.value), time.monotonic() - started

    message, seconds = with_model(use)
    assert message.endswith("its server has stopped (signal 9)")
    assert seconds < 20, "each question was asked, and waited for"


def test_a_proxy_of_the_user_s_sees_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)

    async def use(model: Model) -> str:
        return (await model.reply(OTHER, Sampling(seed=0, max_tokens=8, temperature=0), role="test")).text

    assert "4" in with_model(use)


HOLD = """
import asyncio, sys
from gedanken.agents.registry import open_model
from gedanken.experiment.progress import Silent
from gedanken.experiment.run_spec import ModelSpec
async def main():
    async with open_model(ModelSpec(name="embedded"), Silent()):
        print("up", flush=True)
        await asyncio.sleep(600)
asyncio.run(main())
"""


@pytest.fixture
def holders() -> Iterator[Callable[[], subprocess.Popen[str]]]:
    """A function that starts a process which opens the embedded model and keeps it open. All these processes end with
    the test.
    """
    started: list[subprocess.Popen[str]] = []

    def start() -> subprocess.Popen[str]:
        started.append(subprocess.Popen([sys.executable, "-c", HOLD], stdout=subprocess.PIPE, text=True))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()


def prints_within(process: subprocess.Popen[str], seconds: float) -> bool:
    """Whether the process prints a line within `seconds`; False if it has ended."""
    assert process.stdout is not None
    ready = bool(select.select([process.stdout], [], [], seconds)[0])
    return ready and bool(process.stdout.readline())


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_the_server_is_gone_with_its_owner_and_the_next_gets_its_place(
    holders: Callable[[], subprocess.Popen[str]], how: signal.Signals
) -> None:
    owner = holders()
    assert prints_within(owner, 120)
    servers = psutil.Process(owner.pid).children()
    assert len(servers) == 1
    assert not any("Bearer" in part or len(part) == 32 for part in servers[0].cmdline()[1:])
    owner.send_signal(how)
    owner.wait()
    _gone, alive = psutil.wait_procs(servers, timeout=30)
    assert alive == []
    assert prints_within(holders(), 120)


def test_a_second_process_waits_for_the_first(holders: Callable[[], subprocess.Popen[str]]) -> None:
    first = holders()
    assert prints_within(first, 120)
    second = holders()
    assert not prints_within(second, 8)
    first.kill()
    assert prints_within(second, 120)


def test_wrong_weights_are_refused_and_deleted(tmp_path: Path) -> None:
    path = tmp_path / "weights.gguf"
    path.write_bytes(b"not a model")
    with pytest.raises(NoModel, match="SHA-256"):
        verify(path, Silent())
    assert not path.exists()


@pytest.mark.docker
def test_a_training_is_really_run_and_imagined(gedanken: Cli, tmp_path: Path) -> None:
    """A shorter version of the packaged experiment: fewer epochs, and no command that shows the program."""
    packaged = (files("gedanken") / "experiments" / "mnist.yaml").read_text(encoding="utf-8")
    shorter = packaged.replace("10 epochs", "3 epochs").replace("epochs: 10", "epochs: 3")
    shorter = shorter.replace("  - cat train.py\n", "").replace("name: mnist", "name: short")
    (tmp_path / "short.yaml").write_text(shorter, encoding="utf-8")
    completed = gedanken("run", "short.yaml", "--real", 3, "--imagined", 1, "--json", "--out", tmp_path / "out")
    assert completed.returncode == 0, completed.stderr
    result = json.loads(completed.stdout)
    trained = [run for run in result["real"] if run["program"] and run["exit_code"] == 0 and run["seed"]]
    assert len(trained) == 3
    for run in trained:
        losses = [
            float(line.split("loss: ")[1].split(" ")[0])
            for line in Path(run["stdout"]).read_text().splitlines()
            if "loss: " in line
        ]
        assert losses[-1] < losses[0]
    imagined = [run for run in result["imagined"] if run["program"] and run["sample"]]
    assert len(imagined) == 1
    assert all(run["seal"]["model"] == result["model"]["name"] for run in imagined)


def test_the_key_of_the_server_stands_in_no_trace(tmp_path: Path) -> None:
    script = (
        "import asyncio, json, sys\n"
        "import gedanken.agents.embedded as e\n"
        "from pathlib import Path\n"
        "from gedanken.agents.model import Message, Sampling\n"
        "from gedanken.agents.registry import open_model\n"
        "from gedanken.experiment.progress import Silent\n"
        "from gedanken.experiment.run_spec import ModelSpec\n"
        "from gedanken.traces.local import LocalFile\n"
        "from gedanken.traces.tracer import ExportersClient, tracer_to\n"
        "async def main():\n"
        "    async with open_model(ModelSpec(name='embedded'), Silent()) as model:\n"
        "        tracer = tracer_to(ExportersClient([LocalFile(Path(sys.argv[1]))]))\n"
        "        chat = model.chat.model_copy(update={'max_tokens': 4})\n"
        "        await chat.ainvoke('hello', {'callbacks': [tracer]})\n"
        "        print(model.chat.openai_api_key.get_secret_value())\n"
        "asyncio.run(main())\n"
    )
    trace = tmp_path / "trace.jsonl"
    completed = subprocess.run(
        [sys.executable, "-c", script, str(trace)], capture_output=True, text=True, check=True, timeout=300
    )
    assert "hello" in trace.read_text()
    assert completed.stdout.strip() not in trace.read_text()


@pytest.mark.parametrize("temperature", [0.0, 1.0])
def test_a_reply_is_the_same_with_fewer_threads_while_other_programs_take_cores(
    monkeypatch: pytest.MonkeyPatch, temperature: float
) -> None:
    cores_in_use = [0.0]
    monkeypatch.setattr(embedded_process, "measure_cores_used", lambda _server: (cores_in_use[0], 0.0))
    sampling = Sampling(seed=7, max_tokens=48, temperature=temperature)

    async def use(model: Model) -> list[tuple[str, int]]:
        replies = []
        for cores_in_use[0] in (0.0, float(os.cpu_count() or 1), 0.0):
            await model.reply(OTHER, Sampling(seed=9, max_tokens=4), role="test")
            reply = await model.reply(VILLAGES, sampling, role="test")
            replies.append((reply.text, int(server_now().cmdline()[-2])))
        return replies

    (idle, idle_threads), (busy, busy_threads), (later, later_threads) = with_model(use)
    assert idle == busy == later
    assert (idle_threads, busy_threads, later_threads) == (os.cpu_count(), 1, os.cpu_count())


def test_a_server_at_work_is_not_taken_for_another_program() -> None:
    with subprocess.Popen([sys.executable, "-c", "while True: pass"]) as busy:
        time.sleep(1)
        other_cores, own_cores = embedded_process.measure_cores_used(busy.pid)
        busy.kill()
    assert own_cores > 0.1
    assert other_cores + own_cores < (os.cpu_count() or 1) + 0.5
