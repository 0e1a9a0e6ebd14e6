"""The embedded model's server has a thread for each core that other programs leave, and reports each change."""

import asyncio
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gedanken.agents import embedded_process
from gedanken.agents.embedded_process import REMEASURE_SECONDS, EmbeddedProcess, suitable_threads
from gedanken.agents.messages import Message
from gedanken.agents.model import Sampling
from gedanken.agents.registry import open_model
from gedanken.experiment.progress import Silent
from gedanken.experiment.run_spec import ModelSpec
from gedanken.records.kept_model import CACHE_LOST_NOTE, CACHE_NOT_USED_NOTE, keep_replies
from gedanken.records.ledger import Ledger

CORES = os.cpu_count() or 1


@pytest.mark.parametrize(
    ("taken", "threads"),
    [(0.0, CORES), (0.4, CORES), (1.0, max(1, CORES - 1)), (CORES, 1), (CORES + 20.0, 1)],
)
def test_there_is_a_thread_for_each_free_core_and_always_one(taken: float, threads: int) -> None:
    assert suitable_threads(taken) == threads


def test_a_short_load_changes_nothing_and_one_that_stays_is_adapted_to(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    now, cores_in_use = [1000.0], [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    monkeypatch.setattr(embedded_process, "measure_cores_used", lambda _server: (cores_in_use[0], 0.0))
    monkeypatch.setattr(os, "cpu_count", lambda: 4)
    with (tmp_path / "lock").open("w") as lock:
        server = EmbeddedProcess(tmp_path, "key", lock)
        server.threads = 4

        def misfits_after(seconds: float, load: float) -> bool:
            now[0] += seconds
            cores_in_use[0] = load
            return server.needs_other_threads()

        assert not misfits_after(REMEASURE_SECONDS, 0.0)
        assert not misfits_after(REMEASURE_SECONDS, 3.0)
        assert not misfits_after(1, 3.0)
        assert not misfits_after(REMEASURE_SECONDS, 0.0)
        assert not misfits_after(REMEASURE_SECONDS, 3.0)
        assert misfits_after(REMEASURE_SECONDS, 3.0)


def test_a_request_that_loses_the_cache_by_it_is_asked_afresh_and_the_log_says_so(
    tmp_path: Path, scripted: Callable[[list[dict[str, Any]]], str]
) -> None:
    name = scripted([{"when": "question", "samples": ["well"]}])
    fresh_flags: list[bool] = []
    notes: list[str] = []
    fresh_wish = [False]

    async def remember(_messages: Sequence[Message], fresh: bool) -> None:
        fresh_flags.append(fresh)

    async def wants_fresh() -> bool:
        return fresh_wish[0]

    async def use() -> None:
        async with open_model(ModelSpec(name=name), Silent()) as opened_model:
            model = replace(opened_model, prepare=remember, wants_fresh=wants_fresh)
            kept_model = keep_replies(model, Ledger(tmp_path), notes.append)
            for number, fresh_wish[0] in enumerate([False, False, True, False]):
                question = [Message("user", f"question {number}")]
                await kept_model.reply(
                    question, Sampling(seed=0, max_tokens=8, temperature=0), role="test", fresh=False
                )

    asyncio.run(use())
    assert fresh_flags == [True, False, True, False]
    assert notes == [CACHE_LOST_NOTE, CACHE_NOT_USED_NOTE]
