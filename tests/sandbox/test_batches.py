"""Batches of small programs on the real machine: no program can affect the others."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

import pytest

from gedanken.machines import batches
from gedanken.machines.batches import LIMITS, run_batches
from gedanken.probes.families.built_in import FAMILIES

pytestmark = pytest.mark.docker

KILLS = "import os, signal\nos.kill(os.getppid(), signal.SIGKILL)\nprint('here')"
LEAVES = """
import os, sys
if not os.fork():
    os.setsid()
    if not os.fork():
        os.close(1), os.close(2)
        while True:
            pass
    os._exit(0)
print('left')
"""
FAKES = """
import json, os
line = json.dumps({"name": "good", "end": "finished", "exit_code": 0, "stdout": "faked", "stderr": "", "seconds": 0})
try:
    with open(f"/proc/{os.getppid()}/fd/1", "w") as out:
        out.write(line + "\\n")
except OSError as error:
    print(type(error).__name__)
"""
STOPS_ALL = "import os, signal, time\ntime.sleep(0.5)\nos.kill(-1, signal.SIGSTOP)\ntime.sleep(60)"
STOPS_ITSELF = "import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)"
PLANTS = "from pathlib import Path\nPath('/home/user/json.py').write_text('1/0')\nprint(sorted(Path('.').iterdir()))"


SPOILS = """
import glob, time
until = time.monotonic() + 1
while time.monotonic() < until:
    for folder in glob.glob('/tmp/*/'):
        for name in ('probe.py', 'heapq.py'):
            try: open(folder + name, 'w').write("raise SystemExit('spoilt')")
            except OSError: pass
"""


@pytest.fixture
def machine(open_machine: Callable[..., Any]) -> Any:
    return open_machine(limits=LIMITS)


def test_what_bad_programs_do_is_told_of_each_and_the_rest_is_run(
    machine: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "PROGRAM_SECONDS", 2.0)
    programs = {
        "never ends": "while True: pass",
        "prints 1 GB": "for _ in range(1 << 20): print('x' * 1023)",
        "needs the network": "import urllib.request\nurllib.request.urlopen('http://example.org')",
        "crashes": "print('so far')\n1 / 0",
        "cannot be parsed": "print(",
        "fakes": FAKES,
        "plants": PLANTS,
        "leaves": LEAVES,
        "good": "print('good')",
    }
    results = asyncio.run(run_batches(machine, programs))
    assert {name: result.end for name, result in results.items()} == {
        "never ends": "too long",
        "prints 1 GB": "too much output",
        "needs the network": "failed",
        "crashes": "failed",
        "cannot be parsed": "failed",
        "fakes": "finished",
        "plants": "finished",
        "leaves": "finished",
        "good": "finished",
    }
    assert results["never ends"].problem == "it did not end within 2 seconds"
    assert results["prints 1 GB"].problem == "it printed more than 64 KiB"
    assert results["needs the network"].problem.startswith("it needs the network, which is not available: ")
    assert (
        results["crashes"].problem == "it fails: ZeroDivisionError: division by zero"
        and results["crashes"].stdout == "so far\n"
    )
    assert results["fakes"].stdout == "PermissionError\n"
    assert results["good"].stdout == "good\n"


def test_a_program_that_ends_the_machine_costs_no_other_its_result(machine: Any) -> None:
    programs = {"first": "print(1)", "kills": KILLS, **{f"number {n}": f"print({n})" for n in range(12)}}
    results = asyncio.run(run_batches(machine, programs))
    assert results["kills"].end == "ended the machine"
    assert [results[f"number {n}"].stdout for n in range(12)] == [f"{n}\n" for n in range(12)]


def test_every_operation_of_every_family_runs_to_its_end_there(machine: Any) -> None:
    items = [
        item for family in FAMILIES for operation in family.operations for item in family.items(operation, 4, 0, 1)
    ]
    results = asyncio.run(run_batches(machine, {item.id: item.program for item in items}))
    assert [
        item.id for item in items if results[item.id].end != "finished" or not results[item.id].stdout.strip()
    ] == []


def test_a_program_that_another_one_killed_or_took_the_file_of_is_run_again_by_itself(machine: Any) -> None:
    kills = (
        "import os, time\nsafe = {os.getpid(), os.getppid(), 1}\nuntil = time.monotonic() + 1\n"
        "while time.monotonic() < until:\n"
        "    for pid in {int(name) for name in os.listdir('/proc') if name.isdigit()} - safe:\n"
        "        try: os.kill(pid, 9)\n"
        "        except OSError: pass"
    )
    killed = "import os\nos.kill(os.getpid(), 9)"
    good = {f"good {number}": "print('good')" for number in range(6)}
    results = asyncio.run(run_batches(machine, {"kills": kills, "killed": killed, **good}))
    assert results["killed"].end == "killed"
    assert {results[name].stdout for name in good} == {"good\n"}


def test_a_program_whose_folder_another_one_wrote_into_is_not_what_that_one_made_of_it(
    open_machine: Callable[..., Any],
) -> None:
    good = {f"good {number}": f"import heapq\nprint(heapq.nsmallest(1, [{number}]))" for number in range(5)}
    two_at_once = LIMITS.model_copy(update={"cpus": 2.0})
    results = asyncio.run(run_batches(open_machine(limits=two_at_once), {"spoils": SPOILS, **good}))
    assert [results[name].stdout for name in good] == [f"[{number}]\n" for number in range(5)]
    assert results["spoils"].end == "finished"


def test_a_program_that_stops_every_process_takes_only_its_own_time(machine: Any) -> None:
    slow = {f"good {number}": f"import time\ntime.sleep(1)\nprint({number})" for number in range(4)}
    started = time.monotonic()
    results = asyncio.run(run_batches(machine, {"stops": STOPS_ALL, "stopped": STOPS_ITSELF, **slow}, seconds=3))

    assert [results[name].stdout for name in slow] == ["0\n", "1\n", "2\n", "3\n"]
    assert "signal paused it" in results["stopped"].problem and results["stops"].problem
    assert time.monotonic() - started < 90


STOPS_THE_BATCH = "import os, signal, time\nos.kill(os.getppid(), signal.SIGSTOP)\ntime.sleep(99)"


def test_a_program_that_stops_its_batch_is_ended_from_outside(machine: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "SLACK_SECONDS", 6.0)
    started = time.monotonic()
    programs = {"before": "print(1)", "stops": STOPS_THE_BATCH, "after": "print(2)"}
    results = asyncio.run(run_batches(machine, programs, seconds=3.0))
    assert {name: result.end for name, result in results.items()} == {
        "before": "finished",
        "stops": "ended the machine",
        "after": "finished",
    }
    assert time.monotonic() - started < 60
