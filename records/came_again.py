"""Explains why results of a resumed run differ from the stored ones that they replace."""

from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import Any

from gedanken.experiment.execution import MAY_COME, Execution
from gedanken.records.ledger import Kind, Ledger

OTHERWISE = (
    "what it depends on differs: a program, an earlier result, or the words in which this version of gedanken asks"
)


class Changed:
    """Collects the results that differ from the stored results that they replace."""

    def __init__(self, run: Path) -> None:
        """Start without results. `run` is the folder of the run."""
        self._run = run
        self._changed: list[Execution] = []

    def why(self, before: Execution, now: Execution) -> str:
        """Return a note that says why the result `now` replaces the stored result `before`.

        Empty if both are the same, or if `before` failed with a cause in `MAY_COME`.
        """
        if not _is_another(before, now):
            return ""
        earlier = [run for run in self._changed if (run.line, run.program) != (now.line, now.program)]
        self._changed.append(now)
        if before.cause in MAY_COME:
            return ""
        is_there = all(one in self._in_ledger for one in _entries_of(before))
        own = OTHERWISE if is_there else "its entry in the ledger was missing or damaged"
        why = (
            f"it can depend on {earlier[0].label}, whose result has changed too, or because {own}" if earlier else own
        )
        return (
            f"{now.label} now has another result than the one stored before: it was run or imagined again, because "
            f"{why}"
        )

    @cached_property
    def _in_ledger(self) -> frozenset[object]:
        """What identifies the replies and executions in the ledger that are not damaged."""
        ledger, found = Ledger(self._run, writes=False), set[object]()
        kinds: tuple[Kind, ...] = ("replies", "executions")
        for kind in kinds:
            for entry in ledger.whole(kind):
                with suppress(KeyError, TypeError):
                    found.add(_identity(entry))
        return frozenset(found)


def _identity(entry: dict[str, Any]) -> object:
    if "reply" in entry:
        return entry["reply"]["seal"]["sha256"]
    return entry["command"], entry["seconds"]


def _entries_of(run: Execution) -> list[object]:
    """Return what identifies the ledger's entries of a result; see `Changed._in_ledger`."""
    if run.seal is None:
        return [(run.command, run.seconds)]
    pieces = run.seal.settings.get("pieces")
    return [piece["sha256"] for piece in pieces] if isinstance(pieces, list) else [run.seal.sha256]


def _is_another(before: Execution, now: Execution) -> bool:
    if now.imagined:
        return before.raw_reply != now.raw_reply
    return (before.seconds, before.terminal) != (now.seconds, now.terminal)
