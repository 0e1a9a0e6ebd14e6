"""The cores of a machine are shared among all programs that run at the same time."""

import asyncio
import subprocess
import sys
import tempfile
import uuid
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gedanken.sandbox import cores as module
from gedanken.sandbox.cores import Cores

FOLDER = tempfile.TemporaryDirectory(prefix="gedanken-cores-")


def ignore_progress(_ahead: int) -> None:
    """Ignore how many requests are before this one."""


def make_cores(count: float, file: Path | None = None) -> Cores:
    """Cores with their own queue, or with the queue in `file` if it is given."""
    return Cores(count, file or Path(FOLDER.name, uuid.uuid4().hex), poll_seconds=0.001)


@dataclass
class Log:
    """Records the order in which requests were served, and how many cores each of them holds. Requests are
    numbered by the test.
    """

    held: dict[int, float] = field(default_factory=dict)
    most: float = 0
    order: list[int] = field(default_factory=list)

    async def work(self, cores: Cores, number: int, core_count: float, turns: int) -> None:
        async with cores.take(core_count, ignore_progress):
            self.held[number] = min(core_count, cores.count)
            self.order.append(number)
            self.most = max(self.most, sum(self.held.values()))
            for _ in range(turns):
                await asyncio.sleep(0)
            del self.held[number]


demands = st.lists(
    st.tuples(st.sampled_from([0.1, 0.2, 0.3, 0.7, 1.0, 2.0, 3.5, 9.0]), st.integers(0, 3)), max_size=12
)


@given(st.integers(1, 4), demands)
def test_never_more_is_handed_out_than_there_is_and_all_are_served(
    count: int, wishes: list[tuple[float, int]]
) -> None:
    log, cores = Log(), make_cores(count)

    async def run_all() -> None:
        tasks = [log.work(cores, number, *wish) for number, wish in enumerate(wishes)]
        await asyncio.wait_for(asyncio.gather(*tasks), 20)

    asyncio.run(run_all())
    assert log.most <= count + 1e-9
    assert sorted(log.order) == list(range(len(wishes)))


@pytest.mark.parametrize(("count", "fractions"), [(1, (0.3, 0.1)), (2, (0.1, 1, 0.2)), (3, (0.7, 0.7, 0.3))])
def test_fractions_leave_nothing_missing_for_a_demand_of_all_cores(count: int, fractions: tuple[float, ...]) -> None:
    log, cores = Log(), make_cores(count)

    async def run_all() -> None:
        await asyncio.gather(*(log.work(cores, number, fraction, 1) for number, fraction in enumerate(fractions)))
        await asyncio.wait_for(log.work(cores, -1, count, 0), 1)

    asyncio.run(run_all())
    assert log.order[-1] == -1


def test_a_large_demand_is_not_starved_by_small_ones() -> None:
    async def order() -> list[int]:
        log, cores = Log(), make_cores(2)
        await asyncio.gather(
            log.work(cores, 0, 1, 5), log.work(cores, 1, 2, 0), log.work(cores, 2, 1, 0), log.work(cores, 3, 1, 0)
        )
        return log.order

    assert asyncio.run(order())[:2] == [0, 1]  # the small ones behind it begin together


def test_whoever_gives_up_waiting_leaves_the_queue_and_takes_nothing() -> None:
    async def order() -> list[int]:
        log, cores = Log(), make_cores(1)
        first = asyncio.create_task(log.work(cores, 0, 1, 3))
        second = asyncio.create_task(log.work(cores, 1, 1, 0))
        third = asyncio.create_task(log.work(cores, 2, 1, 0))
        await asyncio.sleep(0)
        second.cancel()
        await asyncio.wait_for(asyncio.gather(first, third), 1)
        return log.order

    assert asyncio.run(order()) == [0, 2]


@pytest.mark.parametrize("fault", [ValueError, asyncio.CancelledError])
def test_cores_come_back_from_work_that_fails(fault: type[BaseException]) -> None:
    async def work() -> None:
        cores = make_cores(1)
        with pytest.raises(fault):
            async with cores.take(1, ignore_progress):
                raise fault
        await asyncio.wait_for(Log().work(cores, 0, 1, 0), 1)

    asyncio.run(work())


def test_whoever_waits_shows_that_it_is_alive(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "HEARTBEAT_SECONDS", 0.005)
    beats: list[int] = []

    async def work() -> None:
        cores = make_cores(1)

        async def wait() -> None:
            async with cores.take(1, beats.append):
                pass

        async with cores.take(1, ignore_progress):
            waiting_task = asyncio.create_task(wait())
            while len(beats) < 3:
                await asyncio.sleep(0.001)
        await waiting_task

    asyncio.run(asyncio.wait_for(work(), 5))
    assert len(beats) >= 3


HOLDER = """
import asyncio, sys
from pathlib import Path
from gedanken.sandbox.cores import Cores

async def hold():
    async with Cores(1, Path(sys.argv[1]), 0.01).take(1, lambda ahead: None):
        print("holding", flush=True)
        await asyncio.sleep(float(sys.argv[2]))

asyncio.run(hold())
"""


@pytest.mark.parametrize(("holds", "killed"), [(0.5, False), (60, True)])
def test_cores_are_shared_with_other_processes_and_come_back_when_one_dies(
    tmp_path: Path, holds: float, killed: bool
) -> None:
    file = tmp_path / "cores.json"
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(file), str(holds)], stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout and holder.stdout.readline() == "holding\n"

    async def wait_for_cores() -> bool:
        log = Log()
        work = asyncio.create_task(log.work(make_cores(1, file), 0, 1, 0))
        await asyncio.sleep(0.2)
        waited = not log.order
        if killed:
            holder.kill()
            holder.wait()
        await asyncio.wait_for(work, 10)
        return waited

    try:
        assert asyncio.run(wait_for_cores())
    finally:
        holder.kill()
        holder.wait()


def test_a_queue_that_a_dead_machine_cut_off_is_begun_anew(tmp_path: Path) -> None:
    file = tmp_path / "cores.json"
    file.write_text('[{"id": "4')
    asyncio.run(asyncio.wait_for(Log().work(make_cores(1, file), 0, 1, 0), 5))
