"""Runs many small programs in batches. Each batch has its own container; a program that another one disturbed is run
again alone."""

import asyncio
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from signal import Signals
from typing import Any, Literal

from pydantic import TypeAdapter, ValidationError

from gedanken.experiment.blocking import off_loop
from gedanken.experiment.errors import NoSandbox
from gedanken.experiment.execution import Cause, Execution, Limits, RealMachine

End = Literal["finished", "failed", "killed", "stopped", "too long", "too much output", "ended the machine"]

FILE = "programs.json"
COMMAND = f"python3 -I -m gedanken_batch {FILE}"
PROGRAMS_A_BATCH = 200
PROGRAM_SECONDS = 30.0
PROGRAM_BYTES = 64 << 10
BATCH_SECONDS = 600.0
SUSPECTS = 2
"""Number of programs that may have been running when a container ended before its batch was finished. Each of these
programs is run again alone.
"""
LIMITS = Limits(
    wall_seconds=BATCH_SECONDS,
    output_bytes=PROGRAMS_A_BATCH * PROGRAM_BYTES * 8,
    workspace_mib=256,
    file_mib=64,
)
"""Limits of a machine for batches."""
MOST_CORES = 4
SLACK_SECONDS = 20.0
"""A batch is stopped if it prints nothing for one program's time limit plus these seconds, because a program may have
suspended it by a signal."""
_POLL_SECONDS = 0.5
_WITHIN = BATCH_SECONDS - 2 * PROGRAM_SECONDS - 30
"""Seconds after which a batch starts no further program."""


def limits_of(cores: int) -> Limits:
    """Return the limits of a machine for batches: one program at a time on each of at most MOST_CORES cores."""
    return LIMITS.model_copy(update={"cpus": float(max(1, min(MOST_CORES, cores)))})


@dataclass(frozen=True, slots=True)
class Ran:
    """The result of one program of a batch."""

    end: End
    exit_code: int | None
    stdout: str
    stderr: str
    """The end of standard error."""
    seconds: float
    changed: bool = False
    """True if the file that contains the program was changed during the run, by this program or by another one."""

    @property
    def may_be_disturbed(self) -> bool:
        """True if another program of the batch may have ended this one: killed or stopped it, or changed its file."""
        return self.end in ("killed", "stopped") or self.changed

    @property
    def why(self) -> str:
        """Why the program gave no complete output, in words; empty if it finished."""
        if self.end == "too long":
            return f"it did not end within {PROGRAM_SECONDS:g} seconds"
        if self.end == "stopped":
            return "a signal paused it, and no other signal resumed it"
        if self.end == "too much output":
            return f"it printed more than {PROGRAM_BYTES >> 10} KiB"
        if self.end == "failed":
            last = (self.stderr.strip().splitlines() or [f"it ended with exit code {self.exit_code}"])[-1]
            network = any(sign in self.stderr for sign in _NETWORK)
            return f"it needs the network, which is not available: {last}" if network else f"it fails: {last}"
        if self.end == "killed":
            return f"it was killed{self._signal}"
        return "it ended the machine that it ran on" if self.end == "ended the machine" else ""

    @property
    def _signal(self) -> str:
        try:
            name = Signals(-(self.exit_code or 0)).name
        except ValueError:
            return ""
        return f" by {name}{', as happens if memory runs out' if name == 'SIGKILL' else ''}"


_NETWORK = ("gaierror", "URLError", "Network is unreachable", "name resolution", "No route to host")
_RAN = TypeAdapter(Ran)

Told = Callable[[int], None]


async def run_batches(
    machine: RealMachine,
    programs: Mapping[str, str],
    told: Told = lambda _done: None,
    *,
    seconds: float | None = None,
    at_once: int = PROGRAMS_A_BATCH,
) -> dict[str, Ran]:
    """Run programs, given by name, and return the result of each. `told` is called with the number of finished
    programs.

    Each program may take `seconds` (default: PROGRAM_SECONDS); each batch has at most `at_once` programs and a fresh
    workspace. A program that another one may have disturbed is run again alone. Raises NoSandbox.
    """
    done: dict[str, Ran] = {}
    waiting = list(programs)
    suspects: set[str] = set()
    while waiting:
        batch = waiting[:1] if waiting[0] in suspects else _without(waiting, suspects)[:at_once]
        found, is_whole = await _batch(machine, [(name, programs[name]) for name in batch], seconds)
        disturbed = {name for name, ran in found.items() if len(batch) > 1 and ran.may_be_disturbed}
        suspects |= disturbed
        done |= {name: ran for name, ran in found.items() if name not in disturbed}
        missing = [name for name in batch if name not in found]
        if missing and not is_whole:
            if len(batch) == 1:
                done[batch[0]] = Ran("ended the machine", None, "", "", 0.0)
            else:
                suspects |= set(missing[:SUSPECTS])
        waiting = [name for name in waiting if name not in done]
        told(len(done))
    return {name: done[name] for name in programs}


def _without(names: list[str], suspects: set[str]) -> list[str]:
    return [name for name in names if name not in suspects]


async def _batch(
    machine: RealMachine, programs: list[tuple[str, str]], seconds: float | None
) -> tuple[dict[str, Ran], bool]:
    """Run programs (pairs of name and text) in one container; return the results, and whether the batch ran to its
    end."""
    limits = {"seconds": seconds or PROGRAM_SECONDS, "bytes": PROGRAM_BYTES, "within": _WITHIN}
    asked = {**limits, "programs": programs}
    text = json.dumps(asked)
    await off_loop(machine.write, FILE, text)
    name = f"batch-{sha256(text.encode()).hexdigest()[:16]}"
    await off_loop(machine.mark, name)
    async with await off_loop(machine.branch, 0) as leaf:
        execution, printed = await _run(leaf, name, limits["seconds"] + SLACK_SECONDS)
    if execution is not None and execution.cause is Cause.ENGINE_LOST:
        raise NoSandbox("; ".join(execution.notes))
    names = {name for name, _ in programs}
    found = {name: ran for name, ran in _results(execution.stdout if execution else printed) if name in names}
    return found, execution is not None and execution.cause is Cause.FINISHED


async def _run(leaf: RealMachine, label: str, quiet_seconds: float) -> tuple[Execution | None, str]:
    """Run a batch; return its execution and its output. The execution is None if the batch was stopped after
    `quiet_seconds` without output."""
    heard: list[str] = []
    running = asyncio.ensure_future(leaf.run(COMMAND, on_output=heard.append, label=label))
    quiet = 0.0
    try:
        while not running.done() and quiet < quiet_seconds:
            before = len(heard)
            await asyncio.wait({running}, timeout=_POLL_SECONDS)
            # counted in polls: time in which this process itself is suspended must not count
            quiet = 0.0 if len(heard) > before else quiet + _POLL_SECONDS
    finally:
        is_stopped = not running.done()
        if is_stopped:
            running.cancel()
            await asyncio.wait({running})
    return None if is_stopped else running.result(), "".join(heard)


def _results(stdout: str) -> Iterator[tuple[str, Ran]]:
    for line in stdout.splitlines():
        try:
            told: dict[str, Any] = json.loads(line)
            yield str(told.pop("name")), _RAN.validate_python(told)
        except (
            ValueError,
            KeyError,
            AttributeError,
            TypeError,
            ValidationError,
        ):  # the line is incomplete because the batch ended there
            continue
