"""Oracle: the numbers in an nvidia-smi table must add up."""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from gedanken.compare.checks.oracle import LONGEST, Contradiction, oracle
from gedanken.compare.parsed.run_set import ParsedRun, RunSet
from gedanken.experiment.finding import Finding

OVER_CAP = 1.25
"""A GPU may draw up to this multiple of its power cap, because real GPUs briefly exceed their cap."""
_HEAD = re.compile(r"\bNVIDIA-SMI\b")
_GPU = re.compile(r"^\|\s{0,4}(?P<gpu>\d{1,4})\s{1,4}[A-Za-z]")
_MEMORY = re.compile(r"(?<!\d)(?P<used>\d{1,12})\s{0,8}MiB\s{0,4}/\s{0,8}(?P<total>\d{1,12})\s{0,4}MiB")
_POWER = re.compile(r"(?<!\d)(?P<used>\d{1,6})\s?W\s{0,4}/\s{0,8}(?P<cap>\d{1,6})\s?W")
_PERCENT = re.compile(r"(?<![\d.])(?P<value>\d{1,9})\s?%")
_PROCESS = re.compile(r"^\|\s{1,8}(?P<gpu>\d{1,4})\s.{0,200}\s(?P<used>\d{1,12})\s?MiB\s{1,8}\|\s{0,8}$")


class _Gpu(NamedTuple):
    """Memory in use on a GPU (MiB), by one process or by all, and the index of the line that says so."""

    used: int
    line: int


def gpu_table(run_set: RunSet) -> Iterable[Finding]:
    """Find nvidia-smi tables with impossible numbers in the output of a program, whatever GPUs the persona has."""
    yield from oracle(run_set, "oracle: GPU table", table_contradictions_in)


def table_contradictions_in(run: ParsedRun) -> Iterator[Contradiction]:
    return table_contradictions(run.lines) if "NVIDIA-SMI" in run.text else iter(())


def table_contradictions(lines: Iterable[str]) -> Iterator[Contradiction]:
    """Yield the contradictions in the nvidia-smi tables among these lines. Each table begins with a line that
    contains `NVIDIA-SMI`."""
    gpus: dict[int, _Gpu] = {}
    processes: dict[int, list[_Gpu]] = {}
    gpu, inside, listed = -1, False, False
    for at, line in enumerate(line[:LONGEST].strip() for line in lines):
        if _HEAD.search(line):
            yield from _sums(gpus, processes)
            gpus, processes, gpu, inside, listed = {}, {}, -1, True, False
        if not inside or not line.startswith("|"):
            continue
        listed = listed or "Processes" in line
        if listed:
            if found := _PROCESS.match(line):
                processes.setdefault(int(found["gpu"]), []).append(_Gpu(int(found["used"]), at))
            continue
        yield from _row(line, at)
        if found := _GPU.match(line):
            gpu = int(found["gpu"])
            if gpu in gpus:
                yield Contradiction("twice", f"lists GPU {gpu} twice in one table", (gpus[gpu].line, at))
        if found := _MEMORY.search(line):
            gpus.setdefault(gpu, _Gpu(int(found["used"]), at))
    yield from _sums(gpus, processes)


def _row(line: str, at: int) -> Iterator[Contradiction]:
    memory, power = _MEMORY.search(line), _POWER.search(line)
    if memory and int(memory["used"]) > int(memory["total"]):
        yield Contradiction("memory", f"shows more memory used than there is: {memory[0]}", (at,))
    if power and int(power["used"]) > OVER_CAP * int(power["cap"]) > 0:
        yield Contradiction("power", f"shows more power drawn than the cap: {power[0]}", (at,))
    over = [found[0] for found in _PERCENT.finditer(line) if int(found["value"]) > 100]
    if over:
        yield Contradiction("percentage", f"shows a percentage above 100: {over[0]}", (at,))


def _sums(gpus: dict[int, _Gpu], processes: dict[int, list[_Gpu]]) -> Iterator[Contradiction]:
    for number, listed in processes.items():
        lines = tuple(process.line for process in listed)
        if number not in gpus:
            if gpus:
                yield Contradiction(
                    "no such GPU", f"shows a process on GPU {number}, which the table does not list", lines
                )
            continue
        total = sum(process.used for process in listed)
        # Each value is rounded to a MiB.
        if total > gpus[number].used + len(listed):
            claim = f"shows processes that use {total} MiB of GPU {number}, but only {gpus[number].used} MiB in use"
            yield Contradiction("processes", claim, (gpus[number].line, *lines))
