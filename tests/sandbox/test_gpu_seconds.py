"""GPU-seconds of executions that broke off, were run again, or were found running: with a real ledger, meter and
machine.
"""

import asyncio
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from gedanken.experiment.budget import Budget, Tokens
from gedanken.experiment.errors import BudgetSpent
from gedanken.experiment.execution import Limits
from gedanken.experiment.run_spec import RunSpec
from gedanken.experiment.use_events import Reserved, Settled
from gedanken.loading.experiments_and_personas import load_experiment, load_persona
from gedanken.records.budget_meter import RunMeter
from gedanken.records.kept_machine import KeptMachine, keep_executions
from gedanken.records.ledger import Ledger
from gedanken.records.run_store import RunStore, open_store, reopen_store
from gedanken.sandbox.host_engine import HostEngine
from gedanken.sandbox.machine import SandboxMachine

LIMITS = Limits(wall_seconds=300)
COMMAND = "echo begun; sleep 2; echo one >> file"


def spec_of(gpu_seconds: float) -> RunSpec:
    budget = Budget(gpu_seconds=gpu_seconds)
    return RunSpec(experiment=load_experiment("mnist"), persona=load_persona("matched"), budget=budget)


@pytest.mark.parametrize(
    "parts, counted",
    [
        ("killed", 1200),
        ("killed, anew 10", 1200 + 20),
        ("killed, killed anew, anew 10", 2400 + 20),
        ("killed, found 10", 20),
        ("killed, killed found, found 10", 20),
        ("killed, killed anew, found 10", 1200 + 20),
        ("anew 30, anew 10", 60 + 20),
        ("anew 30, found 40", 80),
        ("anew 30, killed anew, anew 10", 60 + 1200 + 20),
        ("anew 30, nothing, nothing", 60),
        ("anew 30 anew 20, anew 10", 60 + 40 + 20),
        ("killed, nothing, nothing", 1200),
    ],
)
def test_an_execution_counts_each_time_it_runs_and_once_if_it_is_found_again(
    tmp_path: Path, parts: str, counted: float
) -> None:
    """Each part is what one process does; it may be killed during the execution. An execution may take 600 s on two
    GPUs.
    """

    async def train(store: RunStore, mode: str, seconds: float | None) -> None:
        meter = RunMeter(store, None)
        meter.gpus = 2
        async with meter.execution("line3-v1", 600, lambda: mode == "found") as report_seconds:
            if seconds is not None:
                report_seconds(seconds)

    with open_store(tmp_path, spec_of(100_000)) as store:
        store.note("begun")
    for part in parts.split(", "):
        words = part.removeprefix("killed").split()
        with reopen_store(tmp_path) as store:
            if part.startswith("killed"):
                asyncio.run(train(store, words[0] if words else "anew", None))
            elif part != "nothing":
                for mode, seconds in zip(words[::2], words[1::2], strict=True):
                    asyncio.run(train(store, mode, float(seconds)))
    with reopen_store(tmp_path) as store:
        assert store.used.gpu_seconds == counted
        assert store.used.tokens == Tokens(0, 0, 0)


def test_an_execution_that_still_runs_is_found_again_though_its_reservation_fills_the_budget(tmp_path: Path) -> None:
    """The execution may take 600 s on two GPUs, and the budget is 700. Other executions wait until this one has
    ended.
    """
    settled: list[float] = []

    async def train(meter: RunMeter, name: str, *, is_found: bool, seconds: float | None = None) -> None:
        async with meter.execution(name, 600, lambda: is_found) as report_seconds:
            if seconds is not None:
                await asyncio.sleep(0.2)
                report_seconds(seconds)
                settled.append(seconds)

    async def train_both(meter: RunMeter) -> None:
        found_task = asyncio.create_task(train(meter, "one", is_found=True, seconds=20))
        await asyncio.sleep(0.1)
        await asyncio.gather(found_task, train(meter, "other", is_found=False, seconds=10))

    with open_store(tmp_path, spec_of(700)) as store:
        asyncio.run(train(two_gpu_meter(store), "one", is_found=False))
    for _killed in range(2):
        with reopen_store(tmp_path) as store:
            assert store.used.gpu_seconds == 1200
            with pytest.raises(BudgetSpent):
                asyncio.run(train(two_gpu_meter(store), "other", is_found=False))
            asyncio.run(train(two_gpu_meter(store), "one", is_found=True))
    with reopen_store(tmp_path) as store:
        asyncio.run(train_both(two_gpu_meter(store)))
        assert (settled, store.used.gpu_seconds) == ([20, 10], 2 * 30)


def two_gpu_meter(store: RunStore) -> RunMeter:
    meter = RunMeter(store, None)
    meter.gpus = 2
    return meter


def test_gpu_seconds_of_a_log_of_an_earlier_version_count_as_they_did(tmp_path: Path) -> None:
    with open_store(tmp_path, spec_of(1000)) as store:
        store.reserve(Reserved(name="old", gpu_seconds=900))
    with reopen_store(tmp_path) as store:
        store.reserve(Reserved(name="old", gpu_seconds=900))
        store.settle(Settled(name="old", gpu_seconds=7))
        assert store.used.gpu_seconds == 7


@contextmanager
def working_process(folder: Path, store: RunStore) -> Iterator[KeptMachine]:
    """A process that works on the run with two GPUs. When it ends, its workspaces are lost."""
    meter = RunMeter(store, None)
    meter.gpus = 2
    machine = SandboxMachine.open(HostEngine(Path(sys.prefix)), folder, LIMITS, run_id="counted")
    try:
        yield keep_executions(machine, Ledger(store.folder), print, store.note, meter.execution)
    finally:
        machine.session.close()


def test_commands_that_were_broken_off_or_restore_a_workspace_count_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GEDANKEN_CACHE", str(tmp_path / "cache"))
    run = tmp_path / "run"
    run.mkdir()

    async def break_off(kept_machine: KeptMachine) -> None:
        has_output = asyncio.Event()
        task = asyncio.create_task(kept_machine.run(COMMAND, label="one", on_output=lambda _text: has_output.set()))
        await has_output.wait()
        task.cancel()
        await asyncio.wait([task])

    async def run_both(kept_machine: KeptMachine) -> str:
        await kept_machine.run(COMMAND, label="one")
        return (await kept_machine.run("cat file; sleep 1", label="two")).stdout

    with open_store(run, spec_of(100_000)) as store, working_process(tmp_path, store) as kept_machine:
        asyncio.run(break_off(kept_machine))
    with reopen_store(run) as store, working_process(tmp_path, store) as kept_machine:
        asyncio.run(kept_machine.run(COMMAND, label="one"))
        assert 600 + 4 <= store.used.gpu_seconds < 2 * 600
        seconds_before = store.used.gpu_seconds
    with reopen_store(run) as store, working_process(tmp_path, store) as kept_machine:
        assert asyncio.run(run_both(kept_machine)) == "one\n"
        seconds_counted = store.used.gpu_seconds
        assert seconds_before + 4 + 2 <= seconds_counted < 2 * 600
    with reopen_store(run) as store, working_process(tmp_path, store) as kept_machine:  # all of it is in the ledger
        assert asyncio.run(run_both(kept_machine)) == "one\n"
        assert store.used.gpu_seconds == seconds_counted
