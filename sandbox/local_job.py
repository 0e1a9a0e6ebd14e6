"""Runs a command as a child process that first waits at a gate (GATE)."""

import io
import os
import resource
import selectors
import subprocess
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any, Protocol

from gedanken.experiment.errors import NoSandbox
from gedanken.experiment.execution import Limits
from gedanken.sandbox.engine import Ended, EngineLost, Signal

CHUNK_BYTES = 1 << 16
START_SECONDS = 30.0
END_SECONDS = 30.0
DRAIN_SECONDS = 1.0
GATE = 'ulimit -c 0 -n {open_files} -f {file_kib} {more} && echo && read -r _ || exit 125; exec "$@" </dev/null'
"""Shell code of the gate: it reports that everything is prepared, and waits until it may run the command.

If the gedanken process dies while the gate waits, the command is never run.
"""

_PARENT_THREAD = ThreadPoolExecutor(max_workers=1, thread_name_prefix="parent")
"""Starts all child processes in one thread that never ends.

With bwrap's `--die-with-parent`, a child dies when the thread that started it ends.
"""


class CommandHandle(Protocol):
    """An engine's handle on a command's processes."""

    def signal(self, name: Signal) -> None:
        """Ask the command to stop (SIGTERM), or kill every process that it started and that still runs (SIGKILL)."""
        ...

    def out_of_memory(self) -> bool:
        """Return whether the kernel killed a process of the command because memory ran out."""
        ...

    def release(self) -> None:
        """Release what was created for the command, such as a control group. May be called several times."""
        ...


def start_at_gate(
    command: list[str], inner_command: list[str], limits: Limits, more_limits: str = "", **options: Any
) -> "subprocess.Popen[bytes]":
    """Start a process that waits at the gate, and return it when it waits there.

    Its command line is `command`, then bash with the gate, then `inner_command`. `more_limits` holds further
    arguments of bash's `ulimit`; `options` are passed to Popen. Raises NoSandbox, with the process's last message, if
    the process does not reach the gate.
    """
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    open_files = limits.open_files if hard == resource.RLIM_INFINITY else min(limits.open_files, hard)
    gate = GATE.format(open_files=open_files, file_kib=limits.file_mib << 10, more=more_limits)
    full_command = [*command, "bash", "-c", gate, "gate", *inner_command]
    pipe = subprocess.PIPE

    def start_process() -> "subprocess.Popen[bytes]":
        process: subprocess.Popen[bytes] = subprocess.Popen(
            full_command, bufsize=0, stdin=pipe, stdout=pipe, stderr=pipe, **options
        )
        return process

    try:
        process = _PARENT_THREAD.submit(start_process).result()
    except OSError as error:
        raise NoSandbox(f"the command cannot be started: {error.strerror}") from error
    if _first_byte(process):
        return process
    process.kill()
    error_lines = process.communicate()[1].decode(errors="replace").strip().splitlines()
    raise NoSandbox(
        f"the sandbox cannot be started: {error_lines[-1][:300] if error_lines else 'it does not answer'}"
    )


def _first_byte(process: "subprocess.Popen[bytes]") -> bytes:
    assert process.stdout
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        return os.read(process.stdout.fileno(), 1) if selector.select(START_SECONDS) else b""


class LocalJob:
    """A command as a process with two pipes, and all processes that it starts; see `Job`.

    Only one thread may call `read`.
    """

    def __init__(self, process: "subprocess.Popen[bytes]", hold: CommandHandle) -> None:
        """Let a process that waits at the gate run its command.

        `hold` is the engine's handle on the command's processes.
        """
        assert process.stdin and process.stdout and process.stderr
        self._process = process
        self._hold = hold
        self._pipes = {process.stdout.fileno(): True, process.stderr.fileno(): False}
        self._end_pipe = _open_end_pipe(process.pid)
        self._reading = False
        self._seconds: float | None = None
        self._started = time.monotonic()
        with suppress(BrokenPipeError):
            process.stdin.write(b"\n")
        process.stdin.close()

    def read(self) -> Iterator[tuple[bytes | None, bytes | None]]:
        """Yield the output until the process has ended, then what is still in the pipes."""
        self._reading = True
        try:
            with selectors.DefaultSelector() as selector:
                yield from self._read_all(selector)
        finally:
            self._reading = False

    def age(self) -> float:
        """Return the seconds since the process passed the gate."""
        return time.monotonic() - self._started

    def signal(self, name: Signal) -> None:
        """Stop or kill the processes; see `CommandHandle.signal`."""
        self._hold.signal(name)

    def ended(self) -> Ended:
        """Wait for the end of the process, and describe it. Raises EngineLost if SIGKILL does not end the process."""
        try:
            code = self._process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            raise EngineLost(f"process {self._process.pid} did not end after SIGKILL") from None
        seconds = self._note_end()
        return Ended(code if code >= 0 else 128 - code, self._hold.out_of_memory(), seconds)

    def remove(self) -> None:
        """Kill the processes that the command left running, release the engine's handle, and close the pipes."""
        self._hold.signal("SIGKILL")
        self._process.kill()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(END_SECONDS)
        self._hold.release()
        # If a thread still reads, the closed descriptors might be reused for another file.
        for file in (self._process.stdout, self._process.stderr, self._end_pipe):
            if file and not self._reading:
                file.close()

    def _read_all(self, selector: selectors.BaseSelector) -> Iterator[tuple[bytes | None, bytes | None]]:
        end_descriptor = self._end_pipe.fileno()
        for descriptor in (end_descriptor, *self._pipes):
            selector.register(descriptor, selectors.EVENT_READ)
        ready: set[int] = set()
        while end_descriptor not in ready:
            ready = {key.fd for key, _events in selector.select()}
            yield from self._read_pieces(selector, ready - {end_descriptor})
        self._note_end()
        # The processes that it left running may hold the pipes open.
        self._hold.signal("SIGKILL")
        selector.unregister(end_descriptor)
        deadline = time.monotonic() + DRAIN_SECONDS
        while selector.get_map() and (remaining := deadline - time.monotonic()) > 0:
            yield from self._read_pieces(selector, {key.fd for key, _events in selector.select(remaining)})

    def _read_pieces(
        self, selector: selectors.BaseSelector, ready: set[int]
    ) -> Iterator[tuple[bytes | None, bytes | None]]:
        for descriptor in ready:
            data = os.read(descriptor, CHUNK_BYTES)
            if not data:
                selector.unregister(descriptor)
            else:
                yield (data, None) if self._pipes[descriptor] else (None, data)

    def _note_end(self) -> float:
        if self._seconds is None:
            self._seconds = self.age()
        return self._seconds


def _open_end_pipe(pid: int) -> io.FileIO:
    """Return a pipe that reaches its end when the child `pid` has ended, without collecting the child's exit code."""
    # A pidfd would do the same, but some Python builds and some kernels of GPU machines lack it.
    read_end, write_end = os.pipe()

    def watch() -> None:
        with suppress(ChildProcessError):
            os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
        os.close(write_end)

    threading.Thread(target=watch, daemon=True).start()
    return io.FileIO(read_end)
