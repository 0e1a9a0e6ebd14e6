"""The same run given twice: it is counted once, and that is said."""

import re
from collections.abc import Sequence
from pathlib import Path

from gedanken.experiment.counts import many
from gedanken.records.importers.logs import Run

FEWEST_NUMBERS = 4
"""Different numbers with decimals in a log, at least, that two runs hardly have in common by chance."""
_DECIMAL = re.compile(r"(?<![\w.])\d{1,9}\.\d{2,15}(?![\w.])", re.ASCII)


def once_each(
    paths: Sequence[Path], runs: Sequence[Run], what: str, *, equal_is_same: bool
) -> tuple[tuple[Run, ...], list[str]]:
    """The runs without those that are given again, and a note for each that is.

    The same file is the same run. So are files that are the same to the byte where `equal_is_same`, as noise would
    else seem to be zero: then tests find whatever differs.
    """
    kept: dict[object, Run] = {}
    again: dict[object, list[Run]] = {}
    for path, run in zip(paths, runs, strict=True):
        text = run.execution.terminal
        is_telling = equal_is_same and len(set(_DECIMAL.findall(text))) >= FEWEST_NUMBERS
        key: object = text if is_telling else path.resolve()
        if key in kept:
            again.setdefault(key, []).append(run)
        else:
            kept[key] = run
    return tuple(kept.values()), [_note(kept[key], others, what) for key, others in again.items()]


def _note(first: Run, others: Sequence[Run], what: str) -> str:
    names = [run.name for run in others]
    if set(names) == {first.name}:
        return f"{first.name} is named {many(1 + len(names), 'time')} among the {what} runs and counts as one run"
    told = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
    one = len(names) == 1
    program = "" if what == "imagined" else "; where a program always prints the same, name it with --program"
    return (
        f"{told} {'is' if one else 'are'} the same to the byte as {first.name}: they count as one {what} run{program}"
    )
