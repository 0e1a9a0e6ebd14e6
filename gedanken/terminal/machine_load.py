"""Measures how busy this machine is with other programs when a run begins."""

import os
import time
from pathlib import Path
from statistics import median

SAMPLES, PAUSE_SECONDS = 7, 0.03
_LOAD_FILE = Path("/proc/loadavg")


def slowdown(load: Path = _LOAD_FILE) -> float:
    """Return how many times longer work on all cores takes because of other programs; 1 if that is unknown.

    It is 2 if other programs use all cores. The measurement takes a fifth of a second.
    """
    # counts runnable threads: Linux's load averages cover a minute or more, and so include the set-up of this run
    counts: list[int] = []
    for _ in range(SAMPLES):
        try:
            counts.append(_parse_runnable_threads(load.read_text()))
        except (OSError, ValueError, IndexError):
            return 1.0
        time.sleep(PAUSE_SECONDS)
    other_threads = max(0.0, median(counts) - 1)  # the thread that reads is runnable as well
    return 1 + other_threads / len(os.sched_getaffinity(0))


def _parse_runnable_threads(text: str) -> int:
    """Return the number of runnable threads, for example 3 for `0.41 0.52 0.30 3/412 8741`."""
    return int(text.split()[3].split("/", maxsplit=1)[0])
