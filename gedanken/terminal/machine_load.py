"""Measures how busy this machine is with other programs when a run begins."""

import os
import time
from pathlib import Path
from statistics import median

SAMPLES, PAUSE_SECONDS = 7, 0.03
_LOAD = Path("/proc/loadavg")


def slowdown(load: Path = _LOAD) -> float:
    """Return how many times longer work on all cores takes because of other programs: 1 on an idle machine, 2 if as
    many other threads are runnable as there are cores. The measurement takes a fifth of a second.

    Linux's load averages cover a minute or more, and so include the set-up of this run. Therefore the current number
    of runnable threads is read a few times instead. Returns 1 if that number cannot be read.
    """
    counts: list[int] = []
    for _ in range(SAMPLES):
        try:
            counts.append(_runnable(load.read_text()))
        except (OSError, ValueError, IndexError):
            return 1.0
        time.sleep(PAUSE_SECONDS)
    others = max(0.0, median(counts) - 1)  # the thread that reads is runnable as well
    return 1 + others / len(os.sched_getaffinity(0))


def _runnable(text: str) -> int:
    """Return the number of runnable threads, the 3 of `0.41 0.52 0.30 3/412 8741`."""
    return int(text.split()[3].split("/", maxsplit=1)[0])
