"""How fast does the embedded model decode beside busy programs, depending on its threads?

`gedanken` is the server with as many threads as a run would give it beside these programs, and with threads that soon
sleep while they wait. The other contenders are the same server with other numbers of threads and OpenMP's usual
waiting. Contenders take turns. `others` is the number of cores that everything but the server used meanwhile: on an
otherwise idle machine, about the number of busy programs.
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median
from typing import NamedTuple

import httpx
import psutil

from gedanken.agents.embedded_process import WAITING_THREADS, measure_cores_used, suitable_threads
from gedanken.agents.weights import weights_path

CORES = os.cpu_count() or 1
USUAL_WAITING: dict[str, str] = {}
GEDANKEN = "gedanken"
PEERS = {f"{CORES} threads, usual waiting": (CORES, USUAL_WAITING), "one thread": (1, USUAL_WAITING)}
CONTENDERS = [*PEERS, GEDANKEN]
LOADS = {0: 96, 1: 64, 2: 32}
"""For each number of busy programs, the number of tokens to decode."""
ROUNDS = 5
BUSY = [sys.executable, "-c", "while True: pass"]


class RunningServer(NamedTuple):
    """A server with one of the settings that are compared."""

    process: "subprocess.Popen[str]"
    address: str
    key: str


class Speed(NamedTuple):
    """How fast one reply was decoded, and how many cores other programs used meanwhile."""

    tokens_a_second: float
    others: float


def main() -> None:
    """Measure all settings, and print the table."""
    rows: dict[tuple[int, str], list[Speed]] = {}
    servers: dict[tuple[int, bool], RunningServer] = {}
    try:
        for _ in range(ROUNDS):
            for load, tokens in LOADS.items():
                for name in CONTENDERS:
                    with _busy_programs(load):
                        server = _get_server(name, servers)
                        rows.setdefault((load, name), []).append(_decode(server, tokens))
    finally:
        for server in servers.values():
            server.process.kill()
            server.process.wait()
    print("| busy programs | " + " | ".join(CONTENDERS) + " | of the better | others |")
    print("|---" * (len(CONTENDERS) + 3) + "|")
    for load in LOADS:
        speeds = {name: median(measured.tokens_a_second for measured in rows[load, name]) for name in CONTENDERS}
        better = max(speed for name, speed in speeds.items() if name in PEERS)
        others = median(measured.others for name in CONTENDERS for measured in rows[load, name])
        cells = " | ".join(f"{speed:.1f}" for speed in speeds.values())
        print(f"| {load} | {cells} | {speeds[GEDANKEN] / better:.2f} | {others:.1f} |")


def _get_server(name: str, servers: dict[tuple[int, bool], RunningServer]) -> RunningServer:
    """Return the server of a contender, and start it first if it is not running."""
    threads, waiting = PEERS.get(name) or (suitable_threads(measure_cores_used(None)[0]), WAITING_THREADS)
    key = (threads, name == GEDANKEN)
    if key not in servers:
        servers[key] = _serve(threads, waiting)
    return servers[key]


def _serve(threads: int, waiting: dict[str, str]) -> RunningServer:
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "gedanken.agents.embedded_server", str(weights_path()), str(threads), "0"],
        env={**os.environ, **waiting},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdin is not None and process.stdout is not None
    process.stdin.write("measured\n")
    process.stdin.flush()
    return RunningServer(process, process.stdout.readline().strip(), "measured")


@contextmanager
def _busy_programs(programs: int) -> Iterator[None]:
    running = [subprocess.Popen(BUSY) for _ in range(programs)]
    try:
        yield
    finally:
        for process in running:
            process.kill()
            process.wait()


def _decode(server: RunningServer, tokens: int) -> Speed:
    body = {
        "messages": [{"role": "user", "content": "Write a long story about a computer."}],
        "max_tokens": tokens,
        "temperature": 0,
    }
    own_before, busy_before, started = _server_seconds(server), _busy_seconds(), time.monotonic()
    answer = httpx.post(
        f"{server.address}/v1/chat/completions",
        json=body,
        headers={"Authorization": f"Bearer {server.key}"},
        timeout=600,
        trust_env=False,
    ).json()
    others = (_busy_seconds() - busy_before - (_server_seconds(server) - own_before)) / (time.monotonic() - started)
    return Speed(answer["timings"]["predicted_per_second"], others)


def _server_seconds(server: RunningServer) -> float:
    times = psutil.Process(server.process.pid).cpu_times()
    return float(times.user + times.system)


def _busy_seconds() -> float:
    times = psutil.cpu_times()
    return float(times.user + times.nice + times.system + times.irq + times.softirq)


if __name__ == "__main__":
    main()
