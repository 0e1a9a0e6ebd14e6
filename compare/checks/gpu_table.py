"""Oracle: the numbers in an nvidia-smi table must add up."""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from gedanken.compare.checks.oracle import LONGEST, Contradiction, oracle
from gedanken.compare.parsed.run_set import ParsedRun, RunSet
from gedanken.experiment.finding import Finding

OVER_CAP = 1.25
"""A GPU may draw up to this multiple of its power cap, because real GPUs exceed the cap for short times."""
_HEAD = re.compile(r"\bNVIDIA-SMI\b")
_GPU = re.compile(r"^\|\s{0,4}(?P<gpu>\d{1,4})\s{1,4}[A-Za-z]")
_MEMORY = re.compile(r"(?<!\d)(?P<used>\d{1,12})\s{0,8}MiB\s{0,4}/\s{0,8}(?P<total>\d{1,12})\s{0,4}MiB")
_POWER = re.compile(r"(?<!\d)(?P<used>\d{1,6})\s?W\s{0,4}/\s{0,8}(?P<cap>\d{1,6})\s?W")
_PERCENT = re.compile(r"(?<![\d.])(?P<value>\d{1,9})\s?%")
_PROCESS = re.compile(r"^\|\s{1,8}(?P<gpu>\d{1,4})\s.{0,200}\s(?P<used>\d{1,12})\s?MiB\s{1,8}\|\s{0,8}$")


class _MemoryUse(NamedTuple):
    """Memory in use on a GPU (MiB), by one process or in total."""

    used: int
    line: int


def gpu_table(run_set: RunSet) -> Iterable[Finding]:
    """Find impossible numbers in nvidia-smi tables that a program prints. The GPUs of the persona do not matter."""
    yield from oracle(run_set, "oracle: GPU table", table_contradictions_in)


def table_contradictions_in(run: ParsedRun) -> Iterator[Contradiction]:
    return table_contradictions(run.lines) if "NVIDIA-SMI" in run.text else iter(())


def table_contradictions(lines: Iterable[str]) -> Iterator[Contradiction]:
    """Yield the contradictions in the nvidia-smi tables among these lines.

    Each table begins with a line that contains `NVIDIA-SMI`.
    """
    gpus: dict[int, _MemoryUse] = {}
    processes: dict[int, list[_MemoryUse]] = {}
    gpu, is_in_table, is_in_process_list = -1, False, False
    for index, line in enumerate(line[:LONGEST].strip() for line in lines):
        if _HEAD.search(line):
            yield from _sum_contradictions(gpus, processes)
            gpus, processes, gpu, is_in_table, is_in_process_list = {}, {}, -1, True, False
        if not is_in_table or not line.startswith("|"):
            continue
        is_in_process_list = is_in_process_list or "Processes" in line
        if is_in_process_list:
            if match := _PROCESS.match(line):
                processes.setdefault(int(match["gpu"]), []).append(_MemoryUse(int(match["used"]), index))
            continue
        yield from _row_contradictions(line, index)
        if match := _GPU.match(line):
            gpu = int(match["gpu"])
            if gpu in gpus:
                yield Contradiction("twice", f"lists GPU {gpu} twice in one table", (gpus[gpu].line, index))
        if match := _MEMORY.search(line):
            gpus.setdefault(gpu, _MemoryUse(int(match["used"]), index))
    yield from _sum_contradictions(gpus, processes)


def _row_contradictions(line: str, index: int) -> Iterator[Contradiction]:
    memory, power = _MEMORY.search(line), _POWER.search(line)
    if memory and int(memory["used"]) > int(memory["total"]):
        yield Contradiction("memory", f"shows more memory used than there is: {memory[0]}", (index,))
    if power and int(power["used"]) > OVER_CAP * int(power["cap"]) > 0:
        yield Contradiction("power", f"shows more power drawn than the cap: {power[0]}", (index,))
    excessive = [match[0] for match in _PERCENT.finditer(line) if int(match["value"]) > 100]
    if excessive:
        yield Contradiction("percentage", f"shows a percentage above 100: {excessive[0]}", (index,))


def _sum_contradictions(
    gpus: dict[int, _MemoryUse], processes: dict[int, list[_MemoryUse]]
) -> Iterator[Contradiction]:
    for gpu, gpu_processes in processes.items():
        lines = tuple(process.line for process in gpu_processes)
        if gpu not in gpus:
            if gpus:
                yield Contradiction(
                    "no such GPU", f"shows a process on GPU {gpu}, which the table does not list", lines
                )
            continue
        total = sum(process.used for process in gpu_processes)
        # Each value is rounded to a MiB.
        if total > gpus[gpu].used + len(gpu_processes):
            claim = f"shows processes that use {total} MiB of GPU {gpu}, but only {gpus[gpu].used} MiB in use"
            yield Contradiction("processes", claim, (gpus[gpu].line, *lines))
