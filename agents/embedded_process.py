"""Starts and stops the server of the embedded model, with one thread for each free core."""

import os
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import IO

import psutil

from gedanken.experiment.errors import NoModel

START_SECONDS = 120
WAITING_THREADS = {"GOMP_SPINCOUNT": "2000"}
"""Environment variable that lets waiting threads of the server sleep after a short time.

Without it, a single other busy program slows the server down from eleven tokens per second to one.
"""
MEASURING_SECONDS = 0.25
"""How long each measurement of the machine's load takes, in seconds."""
REMEASURE_SECONDS = 60
"""Number of seconds after a measurement of the load in which `EmbeddedProcess.needs_other_threads` makes no new
one.
"""
_BUSY_CORES = 0.1
"""A server that uses at least this many cores is assumed to be computing a reply."""


class EmbeddedProcess:
    """The server process of the embedded model.

    It can be restarted with another number of threads. A reply does not depend on this number.
    """

    def __init__(self, weights: Path, key: str, lock: IO[str]) -> None:
        """Store the arguments; the server is started by `start`."""
        self._weights, self._key, self._lock = weights, key, lock
        self.address = ""
        self.threads = 0
        self._process: subprocess.Popen[str] | None = None
        self._wanted_threads, self._measured_at = 0, 0.0
        self._start_lock = threading.Lock()
        self._is_stopped = False

    def start(self) -> None:
        """Start the server, and wait until it answers. Raises NoModel if it does not start."""
        self._measure_load()
        self._start_with(self._wanted_threads)

    def poll(self) -> int | None:
        """Return the exit code if the server has ended by itself; None otherwise."""
        return self._process.poll() if self._process else None

    def adjust_threads(self) -> None:
        """Measure the load. If the server should have another number of threads and is idle, restart it.

        The restart empties the server's cache. Raises NoModel if the server does not start.
        """
        if self._measure_load() < _BUSY_CORES and self._wanted_threads != self.threads:
            self._kill()
            # Replies stay the same: each row of a matrix product is computed by one thread.
            self._start_with(self._wanted_threads)

    def needs_other_threads(self) -> bool:
        """Return whether the last two measurements of the load agree that another number of threads is better.

        The load is measured at most once a minute; other calls within this minute return False.
        """
        if time.monotonic() - self._measured_at < REMEASURE_SECONDS:
            return False
        previous_threads = self._wanted_threads
        self._measure_load()
        return previous_threads == self._wanted_threads != self.threads

    def _measure_load(self) -> float:
        """Measure the load, and store how many threads fit. Returns how many cores the server uses."""
        cores_used, server_cores = measure_cores_used(self._process.pid if self._process else None)
        self._wanted_threads, self._measured_at = suitable_threads(cores_used), time.monotonic()
        return server_cores

    def stop(self) -> None:
        """End the server for good, even if another thread is about to start it."""
        with self._start_lock:
            self._is_stopped = True
        self._kill()

    def _kill(self) -> None:
        process, self._process = self._process, None
        if process:
            process.kill()
            process.wait()

    def _start_with(self, threads: int) -> None:
        self.threads = threads
        with self._start_lock, tempfile.TemporaryFile("w+") as log:
            if self._is_stopped:
                return
            process = self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "gedanken.agents.embedded_server", *self._arguments()],
                env={**os.environ, **WAITING_THREADS},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                pass_fds=[self._lock.fileno()],  # the lock stays held until the server itself has exited
                start_new_session=True,  # Ctrl-C must reach the run only, which then stops the server cleanly
            )
        assert process.stdin is not None and process.stdout is not None
        with suppress(BrokenPipeError):  # it has ended; the missing address says so
            process.stdin.write(self._key + "\n")
            process.stdin.flush()
        address = process.stdout.readline().strip()
        if not address.startswith("http"):
            raise NoModel(
                f"the embedded model's server did not start ({describe_exit_code(process.wait(START_SECONDS))})"
            )
        self.address = address

    def _arguments(self) -> list[str]:
        port = self.address.rpartition(":")[2] or "0"
        return [str(self._weights), str(self.threads), port]


def describe_exit_code(code: int) -> str:
    """Describe the exit code of a process, as `exit code 1` or `signal 9`."""
    return f"signal {-code}" if code < 0 else f"exit code {code}"


def suitable_threads(cores_used: float) -> int:
    """Return how many threads the server should have while other programs use `cores_used` cores."""
    # A thread that shares its core delays all others: they wait for it hundreds of times per token.
    return max(1, (os.cpu_count() or 1) - round(cores_used))


def measure_cores_used(server_pid: int | None) -> tuple[float, float]:
    """Return how many cores other programs use now, and how many the process `server_pid` uses.

    Programs of low priority do not count, because they leave the cores to the server.
    """
    start, machine_before, server_before = time.monotonic(), _machine_cpu_seconds(), _process_cpu_seconds(server_pid)
    time.sleep(MEASURING_SECONDS)
    seconds, server_seconds = time.monotonic() - start, _process_cpu_seconds(server_pid) - server_before
    return max(0.0, _machine_cpu_seconds() - machine_before - server_seconds) / seconds, server_seconds / seconds


def _machine_cpu_seconds() -> float:
    times = psutil.cpu_times()
    return float(times.user + times.system)


def _process_cpu_seconds(pid: int | None) -> float:
    if pid is None:
        return 0.0
    try:
        times = psutil.Process(pid).cpu_times()
    except psutil.Error:
        return 0.0
    return float(times.user + times.system)
