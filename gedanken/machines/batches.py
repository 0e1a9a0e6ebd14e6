"""Runs many small programs in batches, each batch in its own container.

A program that may have been disturbed by another one is run again by itself.
"""

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
MOST_SUSPECTS = 2
"""Number of programs that may have been running when a container ended too early.

Each of them is run again by itself.
"""
LIMITS = Limits(
    wall_seconds=BATCH_SECONDS,
    output_bytes=PROGRAMS_A_BATCH * PROGRAM_BYTES * 8,
    workspace_mib=256,
    file_mib=64,
)
MOST_CORES = 4
SLACK_SECONDS = 20.0
"""Seconds that are added to one program's time limit. A batch that prints nothing for that long is stopped, because a
program may have suspended the batch with a signal.
"""
_POLL_SECONDS = 0.5
_LAST_START_SECONDS = BATCH_SECONDS - 2 * PROGRAM_SECONDS - 30
"""Number of seconds after which a batch starts no further program."""


def limits_of(cores: int) -> Limits:
    """Return the limits of a machine for batches.

    The machine runs one program at a time on each core, and has at most `MOST_CORES` cores.
    """
    return LIMITS.model_copy(update={"cpus": float(max(1, min(MOST_CORES, cores)))})


@dataclass(frozen=True, slots=True)
class ProgramResult:
    """The result of one program of a batch."""

    end: End
    exit_code: int | None
    stdout: str
    stderr: str
    """The end of standard error."""
    seconds: float
    changed: bool = False
    """True if the file with the program was changed during the run, by this program or by another one."""

    @property
    def may_be_disturbed(self) -> bool:
        """True if another program of the batch may have killed or stopped this one, or changed its file."""
        return self.end in ("killed", "stopped") or self.changed

    @property
    def problem(self) -> str:
        """Why the program gave no complete output, in words; empty if it finished."""
        if self.end == "too long":
            return f"it did not end within {PROGRAM_SECONDS:g} seconds"
        if self.end == "stopped":
            return "a signal paused it, and no other signal resumed it"
        if self.end == "too much output":
            return f"it printed more than {PROGRAM_BYTES >> 10} KiB"
        if self.end == "failed":
            last_line = (self.stderr.strip().splitlines() or [f"it ended with exit code {self.exit_code}"])[-1]
            needs_network = any(marker in self.stderr for marker in _NETWORK_ERRORS)
            return (
                f"it needs the network, which is not available: {last_line}"
                if needs_network
                else f"it fails: {last_line}"
            )
        if self.end == "killed":
            return f"it was killed{self._signal_text}"
        return "it ended the machine that it ran on" if self.end == "ended the machine" else ""

    @property
    def _signal_text(self) -> str:
        try:
            name = Signals(-(self.exit_code or 0)).name
        except ValueError:
            return ""
        return f" by {name}{', as happens if memory runs out' if name == 'SIGKILL' else ''}"


_NETWORK_ERRORS = ("gaierror", "URLError", "Network is unreachable", "name resolution", "No route to host")
_RAN_ADAPTER = TypeAdapter(ProgramResult)

OnProgress = Callable[[int], None]


async def run_batches(
    machine: RealMachine,
    programs: Mapping[str, str],
    on_progress: OnProgress = lambda _done: None,
    *,
    seconds: float | None = None,
    at_once: int = PROGRAMS_A_BATCH,
) -> dict[str, ProgramResult]:
    """Run programs, given by name, and return the result of each.

    `on_progress` is called with the number of finished programs. Each program may take `seconds` (default:
    `PROGRAM_SECONDS`). Each batch has at most `at_once` programs and a fresh workspace. A program that may have been
    disturbed by another one is run again by itself. Raises NoSandbox.
    """
    results: dict[str, ProgramResult] = {}
    waiting = list(programs)
    suspects: set[str] = set()
    while waiting:
        batch = waiting[:1] if waiting[0] in suspects else _without_suspects(waiting, suspects)[:at_once]
        batch_results, is_complete = await _run_batch(machine, [(name, programs[name]) for name in batch], seconds)
        disturbed = {name for name, result in batch_results.items() if len(batch) > 1 and result.may_be_disturbed}
        suspects |= disturbed
        results |= {name: result for name, result in batch_results.items() if name not in disturbed}
        missing = [name for name in batch if name not in batch_results]
        if missing and not is_complete:
            if len(batch) == 1:
                results[batch[0]] = ProgramResult("ended the machine", None, "", "", 0.0)
            else:
                suspects |= set(missing[:MOST_SUSPECTS])
        waiting = [name for name in waiting if name not in results]
        on_progress(len(results))
    return {name: results[name] for name in programs}


def _without_suspects(names: list[str], suspects: set[str]) -> list[str]:
    return [name for name in names if name not in suspects]


async def _run_batch(
    machine: RealMachine, programs: list[tuple[str, str]], seconds: float | None
) -> tuple[dict[str, ProgramResult], bool]:
    """Run programs (pairs of name and text) in one container.

    Return the results, and whether the batch ran to its end.
    """
    limits = {"seconds": seconds or PROGRAM_SECONDS, "bytes": PROGRAM_BYTES, "within": _LAST_START_SECONDS}
    request = {**limits, "programs": programs}
    text = json.dumps(request)
    await off_loop(machine.write, FILE, text)
    name = f"batch-{sha256(text.encode()).hexdigest()[:16]}"
    await off_loop(machine.mark, name)
    async with await off_loop(machine.branch, 0) as leaf:
        execution, printed = await _run_until_quiet(leaf, name, limits["seconds"] + SLACK_SECONDS)
    if execution is not None and execution.cause is Cause.ENGINE_LOST:
        raise NoSandbox("; ".join(execution.notes))
    names = {name for name, _ in programs}
    results = {
        name: result for name, result in _parse_results(execution.stdout if execution else printed) if name in names
    }
    return results, execution is not None and execution.cause is Cause.FINISHED


async def _run_until_quiet(leaf: RealMachine, label: str, quiet_seconds: float) -> tuple[Execution | None, str]:
    """Run a batch; return its execution and its output.

    The execution is None if the batch was stopped after `quiet_seconds` without output.
    """
    chunks: list[str] = []
    task = asyncio.ensure_future(leaf.run(COMMAND, on_output=chunks.append, label=label))
    quiet_time = 0.0
    try:
        while not task.done() and quiet_time < quiet_seconds:
            chunks_before = len(chunks)
            await asyncio.wait({task}, timeout=_POLL_SECONDS)
            # polls are counted, because time in which this process is suspended must not count
            quiet_time = 0.0 if len(chunks) > chunks_before else quiet_time + _POLL_SECONDS
    finally:
        is_stopped = not task.done()
        if is_stopped:
            task.cancel()
            await asyncio.wait({task})
    return None if is_stopped else task.result(), "".join(chunks)


def _parse_results(stdout: str) -> Iterator[tuple[str, ProgramResult]]:
    for line in stdout.splitlines():
        try:
            fields: dict[str, Any] = json.loads(line)
            yield str(fields.pop("name")), _RAN_ADAPTER.validate_python(fields)
        except (
            ValueError,
            KeyError,
            AttributeError,
            TypeError,
            ValidationError,
        ):  # the line is incomplete because the batch ended there
            continue
