"""If gedanken's prompts have changed since a run began, the run's stored replies are not requested again."""

import asyncio
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from builders import imagined, real

from gedanken.agents.messages import Message
from gedanken.agents.model import Sampling
from gedanken.agents.registry import open_model
from gedanken.experiment.errors import BadInput, NotStored
from gedanken.experiment.execution import Execution, Seal
from gedanken.experiment.progress import Silent
from gedanken.experiment.run_spec import ModelSpec
from gedanken.prompts import digest_of
from gedanken.records.changed_results import ChangedResults
from gedanken.records.kept_model import CARD, keep_replies, replay_model
from gedanken.records.ledger import Ledger

Script = Callable[[list[dict[str, Any]]], str]


async def ask(name: str, folder: Path, system: str, *commands: str, prompts: str | None = "one") -> list[str]:
    """The replies of the model to each command, as a new process would get them."""
    async with open_model(ModelSpec(name=name), Silent()) as model:
        kept_model = keep_replies(model, Ledger(folder), lambda _note: None, prompts=prompts)
        sampling = Sampling(seed=0, max_tokens=8)
        requests = [[Message("system", system), Message("user", text)] for text in commands]
        return [(await kept_model.reply(messages, sampling, role="imagined machine")).text for messages in requests]


def test_a_run_with_replies_is_refused_by_a_version_with_other_prompts(tmp_path: Path, scripted: Script) -> None:
    name = scripted([{"when": "", "samples": ["well"]}])
    asyncio.run(ask(name, tmp_path, "You are a terminal.", prompts="none is sent"))
    asyncio.run(ask(name, tmp_path, "You are a terminal.", "ls"))
    with pytest.raises(BadInput, match="words its requests differently"):
        asyncio.run(ask(name, tmp_path, "You are a terminal.", prompts="two"))
    model = replay_model(Ledger(tmp_path, writes=False), 1, prompts="two")
    with pytest.raises(NotStored, match="other prompts than those of the run"):
        asyncio.run(model.reply([Message("user", "id")], Sampling(seed=0, max_tokens=8), role="imagined machine"))


def test_a_run_of_a_version_that_kept_no_digest_is_gone_on_with(tmp_path: Path, scripted: Script) -> None:
    name = scripted([{"when": "", "samples": ["well"]}])
    asyncio.run(ask(name, tmp_path, "You are a terminal.", "ls"))
    ledger = Ledger(tmp_path)
    card = ledger.get("about", CARD) or {}
    assert card.pop("prompts") == "one"
    ledger.put("about", CARD, card)
    assert asyncio.run(ask(name, tmp_path, "You are a terminal.", "ls", prompts="two")) == ["well"]
    assert "prompts" not in (ledger.get("about", CARD) or {})


def test_the_digest_is_of_the_prompts_that_are_named() -> None:
    assert len({digest_of("terminal"), digest_of("terminal", "coder"), digest_of("terminal", "probe")}) == 3


def sealed_run(reply: str, seal: str) -> Execution:
    return imagined(reply, raw_reply=reply, seal=Seal(seal, "m", {}, "2026-11-30T00:00:00.000+00:00"))


def test_an_entry_that_is_still_there_was_neither_missing_nor_damaged(tmp_path: Path) -> None:
    first_run, second_run = sealed_run("1", "a" * 64), sealed_run("2", "b" * 64)
    ledger = Ledger(tmp_path)
    ledger.put("replies", "one", {"reply": {"text": "1", "seal": {"sha256": "a" * 64}}})
    reason = ChangedResults(tmp_path).note_on_change(first_run, second_run)
    assert "missing or damaged" not in reason and "this version of gedanken asks" in reason
    ledger.path("replies", "one").unlink()
    assert "was missing or damaged" in ChangedResults(tmp_path).note_on_change(first_run, second_run)


def test_a_real_result_that_is_still_there_depends_on_something_that_changed(tmp_path: Path) -> None:
    first_run = real("1")
    Ledger(tmp_path).put("executions", "one", asdict(first_run))
    assert "what it depends on differs" in ChangedResults(tmp_path).note_on_change(first_run, real("2"))
