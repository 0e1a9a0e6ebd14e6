"""Finds inputs that hold the same run: a file that is named twice, or equal logs with many decimal numbers."""

import re
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from gedanken.records.importers.importer import Run

FEWEST_DECIMALS = 4
"""Equal logs with at least this many decimal numbers are assumed to be copies of one run."""
MAX_NAMES_SHOWN = 5
_DECIMAL = re.compile(r"\d\.\d\d")


class Distinct(NamedTuple):
    """The distinct runs, and notes on the runs that were left out."""

    runs: tuple[Run, ...]
    notes: tuple[str, ...]


def without_copies(runs: Sequence[Run], paths: Sequence[Path], *, has_program: bool) -> Distinct:
    """Return each run once. `runs` were read from `paths`, in the same order.

    With `has_program`, only a file that is named twice is left out. Equal logs are then kept, because several runs of
    a known program may print the same.
    """
    run_by_key: dict[object, Run] = {}
    duplicates: dict[str, list[str]] = {}
    kept_runs = []
    for run, path in zip(runs, paths, strict=True):
        keys: list[object] = [path.resolve()]
        text = run.execution.stdout
        decimals = islice(_DECIMAL.finditer(text, 0, 1 << 20), FEWEST_DECIMALS)
        if not has_program and len(list(decimals)) == FEWEST_DECIMALS:
            keys.append(text)
        original = next((run_by_key[key] for key in keys if key in run_by_key), None)
        if original is None:
            kept_runs.append(run)
            run_by_key |= dict.fromkeys(keys, run)
        else:
            duplicates.setdefault(original.name, []).append(run.name)
    return Distinct(tuple(kept_runs), tuple(_note_on_copies(name, copies) for name, copies in duplicates.items()))


def _note_on_copies(name: str, copies: Sequence[str]) -> str:
    if set(copies) == {name}:
        return f"{name} was named more than once, and counts as one run"
    names = ", ".join(copies[:MAX_NAMES_SHOWN]) + (
        f" and {len(copies) - MAX_NAMES_SHOWN} more" if len(copies) > MAX_NAMES_SHOWN else ""
    )
    verb = "is" if len(copies) == 1 else "are"
    return f"{names} {verb} byte for byte the same as {name}; together they count as one run"
