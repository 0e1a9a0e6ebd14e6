"""Finds files that hold the same run: files that are named twice, and equal logs with many decimal numbers."""

import re
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from gedanken.records.importers.importer import Run

FEWEST_DECIMALS = 4
"""Equal logs with at least this many decimal numbers are assumed to be copies of one run."""
NAMED = 5
_DECIMAL = re.compile(r"\d\.\d\d")


class Distinct(NamedTuple):
    """The distinct runs, and notes on the runs that were left out."""

    runs: tuple[Run, ...]
    notes: tuple[str, ...]


def distinct(runs: Sequence[Run], paths: Sequence[Path], *, has_program: bool) -> Distinct:
    """Return each run once. `runs` were read from `paths`, in the same order.

    With `has_program`, only files named twice are left out, because several runs of a known program may print the
    same.
    """
    first: dict[object, Run] = {}
    again: dict[str, list[str]] = {}
    left = []
    for run, path in zip(runs, paths, strict=True):
        keys: list[object] = [path.resolve()]
        text = run.execution.stdout
        decimals = islice(_DECIMAL.finditer(text, 0, 1 << 20), FEWEST_DECIMALS)
        if not has_program and len(list(decimals)) == FEWEST_DECIMALS:
            keys.append(text)
        earlier = next((first[key] for key in keys if key in first), None)
        if earlier is None:
            left.append(run)
            first |= dict.fromkeys(keys, run)
        else:
            again.setdefault(earlier.name, []).append(run.name)
    return Distinct(tuple(left), tuple(_note(name, others) for name, others in again.items()))


def _note(name: str, others: Sequence[str]) -> str:
    if set(others) == {name}:
        return f"{name} was named more than once, and counts as one run"
    shown = ", ".join(others[:NAMED]) + (f" and {len(others) - NAMED} more" if len(others) > NAMED else "")
    verb = "is" if len(others) == 1 else "are"
    return f"{shown} {verb} byte for byte the same as {name}; together they count as one run"
