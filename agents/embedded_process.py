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
"""Environment variable that makes waiting threads of the server sleep soon. Otherwise, one other busy program slows
the server from eleven tokens per second to one.
"""
LOOK_SECONDS = 0.25
"""How long each measurement of the machine's load takes, in seconds."""
LOOK_AGAIN_SECONDS = 60
"""Seconds for which `EmbeddedProcess.misfits` does not measure the load again."""
_AT_WORK = 0.1
"""A server that uses at least this many cores is computing a reply."""


class EmbeddedProcess:
    """The server process of the embedded model; it can be restarted with another number of threads.

    A reply does not depend on the number of threads.
    """

    def __init__(self, weights: Path, key: str, lock: IO[str]) -> None:
        """Store the arguments; the server is started by `start`."""
        self._weights, self._key, self._lock = weights, key, lock
        self.address = ""
        self.threads = 0
        self._process: subprocess.Popen[str] | None = None
        self._wanted, self._looked = 0, 0.0
        self._turn = threading.Lock()
        self._is_over = False

    def start(self) -> None:
        """Start the server, and wait until it answers. Raises NoModel if it does not start."""
        self._look()
        self._start(self._wanted)

    def poll(self) -> int | None:
        """Return the exit code if the server has ended by itself; None otherwise."""
        return self._process.poll() if self._process else None

    def fit(self) -> None:
        """Measure the load, and restart an idle server if it should have another number of threads.

        The restart empties the server's cache. Raises NoModel if the server does not start.
        """
        if self._look() < _AT_WORK and self._wanted != self.threads:
            self._end()
            # Replies stay the same: each row of a matrix product is computed by one thread.
            self._start(self._wanted)

    def misfits(self) -> bool:
        """Return whether the last two measurements of the load agree that another number of threads is better.

        The load is measured at most once a minute; other calls within this minute return False.
        """
        if time.monotonic() - self._looked < LOOK_AGAIN_SECONDS:
            return False
        before = self._wanted
        self._look()
        return before == self._wanted != self.threads

    def _look(self) -> float:
        """Measure the load, store how many threads the server should have, and return how many cores it uses."""
        taken, own = cores_taken(self._process.pid if self._process else None)
        self._wanted, self._looked = fitting_threads(taken), time.monotonic()
        return own

    def stop(self) -> None:
        """End the server for good, even if a thread is about to start it."""
        with self._turn:
            self._is_over = True
        self._end()

    def _end(self) -> None:
        process, self._process = self._process, None
        if process:
            process.kill()
            process.wait()

    def _start(self, threads: int) -> None:
        self.threads = threads
        with self._turn, tempfile.TemporaryFile("w+") as log:
            if self._is_over:
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
            raise NoModel(f"the embedded model's server did not start ({how_it_ended(process.wait(START_SECONDS))})")
        self.address = address

    def _arguments(self) -> list[str]:
        port = self.address.rpartition(":")[2] or "0"
        return [str(self._weights), str(self.threads), port]


def how_it_ended(code: int) -> str:
    """Describe the exit code of a process, as `exit code 1` or `signal 9`."""
    return f"signal {-code}" if code < 0 else f"exit code {code}"


def fitting_threads(taken: float) -> int:
    """Return how many threads the server should have while other programs use `taken` cores."""
    # A thread that shares its core delays all others: they wait for it hundreds of times per token.
    return max(1, (os.cpu_count() or 1) - round(taken))


def cores_taken(server: int | None) -> tuple[float, float]:
    """Return how many cores other programs use now, and how many the process `server` uses.

    Programs of low priority do not count, because they leave the cores to the server.
    """
    began, all_before, own_before = time.monotonic(), _busy_seconds(), _own_seconds(server)
    time.sleep(LOOK_SECONDS)
    seconds, own = time.monotonic() - began, _own_seconds(server) - own_before
    return max(0.0, _busy_seconds() - all_before - own) / seconds, own / seconds


def _busy_seconds() -> float:
    times = psutil.cpu_times()
    return float(times.user + times.system)


def _own_seconds(server: int | None) -> float:
    if server is None:
        return 0.0
    try:
        times = psutil.Process(server).cpu_times()
    except psutil.Error:
        return 0.0
    return float(times.user + times.system)
