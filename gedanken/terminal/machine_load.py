"""Measures how busy this machine is with other programs when a run begins."""

import os
import time
from pathlib import Path
from statistics import median

SAMPLES, PAUSE_SECONDS = 7, 0.03
_LOAD = Path("/proc/loadavg")


def slowdown(load: Path = _LOAD) -> float:
    """Return how many times longer work on all cores takes because of other programs, such as 2 if all cores are
    taken; 1 if unknown. The measurement takes a fifth of a second."""
    # the runnable threads, not Linux's load averages: these cover a minute or more, and so the set-up of this run
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
    """Return the number of runnable threads, for example 3 for `0.41 0.52 0.30 3/412 8741`."""
    return int(text.split()[3].split("/", maxsplit=1)[0])
