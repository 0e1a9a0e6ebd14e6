"""Requests whose replies were never stored, and requests that were refused or could not be sent."""

import asyncio
import shutil
from pathlib import Path

import pytest
from openai_server import Refusal, Server, serving
from test_resumed_failures import fail_at

from gedanken.agents.messages import Message
from gedanken.agents.model import Sampling
from gedanken.agents.registry import open_model
from gedanken.experiment.budget import Tokens
from gedanken.experiment.persona import Persona
from gedanken.experiment.progress import Silent
from gedanken.experiment.run_spec import ModelSpec, RunSpec
from gedanken.experiment.script import Experiment
from gedanken.records.budget_meter import RunMeter
from gedanken.records.kept_model import keep_replies
from gedanken.records.ledger import Ledger
from gedanken.records.run_store import RunStore, open_store
from gedanken.records.sent_mark import REPLY_LOST_NOTE


def test_a_reply_that_nobody_saw_is_told_after_a_failure_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    notes: list[str] = []

    async def ask(server: Server, *, dies: bool = False) -> None:
        spec, count_before = ModelSpec(name="openai:small", base_url=server.address), len(server.came)
        async with open_model(spec, Silent()) as model:
            kept_model = keep_replies(model, Ledger(tmp_path), notes.append)
            sampling = Sampling(seed=1, max_tokens=8)
            task = asyncio.ensure_future(kept_model.reply([Message("user", "go")], sampling, role="test"))
            while dies and len(server.came) == count_before:
                await asyncio.sleep(0.01)
            if dies:
                task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    with serving(Server()) as server:
        fail_at(server, lambda _said, _seed: True)
        asyncio.run(ask(server))
        asyncio.run(ask(server))
        assert notes == []
        fail_at(server, lambda _said, _seed: False)
        server.seconds = 0.5
        asyncio.run(ask(server, dies=True))
        assert notes == []
        asyncio.run(ask(server))
    assert notes == [REPLY_LOST_NOTE]


@pytest.mark.parametrize(
    ("refusal", "dies"),
    [
        (Refusal(401, "this key has expired"), False),
        (Refusal(403, "not from here"), False),
        (Refusal(404, "no such model"), False),
        (Refusal(402, "out of credits"), False),
        (Refusal(429, "too many requests", (("retry-after-ms", "60000"),)), True),
        (Refusal(500, "overloaded", (("retry-after-ms", "60000"),)), True),
    ],
    ids=lambda value: str(value.status) if isinstance(value, Refusal) else "",
)
def test_a_refused_request_is_no_reply_that_nobody_saw(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, refusal: Refusal, dies: bool
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    notes: list[str] = []

    async def ask(server: Server, *, dies: bool) -> None:
        async with open_model(ModelSpec(name="openai:small", base_url=server.address), Silent()) as model:
            kept_model = keep_replies(model, Ledger(tmp_path), notes.append)
            task = asyncio.ensure_future(
                kept_model.reply([Message("user", "go")], Sampling(seed=1, max_tokens=8), role="t")
            )
            while dies and not (server.came and not list(tmp_path.glob("ledger/replies/*.asked"))):
                await asyncio.sleep(0.01)
            if dies:
                task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    with serving(Server()) as server:
        server.judge = lambda number, _request: refusal if number == 1 else None
        asyncio.run(asyncio.wait_for(ask(server, dies=dies), 3))
        assert (len(server.came), server.replies) == (1, 0)
        asyncio.run(ask(server, dies=False))
        assert (server.replies, notes) == (1, [])


def test_a_request_that_could_not_be_sent_is_no_call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    experiment, persona = Experiment.model_validate({"name": "one", "script": ["ls"]}), Persona(name="matched")

    async def ask(store: RunStore, server: Server) -> None:
        async with open_model(ModelSpec(name="openai:small", base_url=server.address), Silent()) as model:
            kept_model = keep_replies(model, Ledger(tmp_path), store.note, RunMeter(store, None))
            shutil.rmtree(tmp_path / "ledger" / "replies")
            await kept_model.reply([Message("user", "go")], Sampling(seed=1, max_tokens=8), role="test")

    with serving(Server()) as server, open_store(tmp_path, RunSpec(experiment=experiment, persona=persona)) as store:
        with pytest.raises(FileNotFoundError):
            asyncio.run(ask(store, server))
        assert (server.came, store.used.tokens) == ([], Tokens(0, 0, 0))
