"""Explains why results of a resumed run differ from the stored results that they replace."""

from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import Any

from gedanken.experiment.execution import RETRIED_CAUSES, Execution
from gedanken.records.ledger import Kind, Ledger

DEPENDENCY_CHANGED = (
    "what it depends on differs: a program, an earlier result, or the words in which this version of gedanken asks"
)


class ChangedResults:
    """Collects results of a resumed run that differ from the stored results that they replace."""

    def __init__(self, run: Path) -> None:
        """Start with no results. `run` is the folder of the run."""
        self._folder = run
        self._changed_runs: list[Execution] = []

    def note_on_change(self, stored: Execution, new: Execution) -> str:
        """Return a note that says why the result `new` replaces the result `stored`.

        Empty if both are the same, or if `stored` failed with a cause in `RETRIED_CAUSES`.
        """
        if not _is_changed(stored, new):
            return ""
        earlier_changes = [run for run in self._changed_runs if (run.line, run.program) != (new.line, new.program)]
        self._changed_runs.append(new)
        if stored.cause in RETRIED_CAUSES:
            return ""
        is_in_ledger = all(identity in self._ledger_identities for identity in _entry_identities(stored))
        own_reason = DEPENDENCY_CHANGED if is_in_ledger else "its entry in the ledger was missing or damaged"
        reason = (
            f"it can depend on {earlier_changes[0].label}, whose result has changed too, or because {own_reason}"
            if earlier_changes
            else own_reason
        )
        return (
            f"{new.label} now has another result than the one stored before: it was run or imagined again, because "
            f"{reason}"
        )

    @cached_property
    def _ledger_identities(self) -> frozenset[object]:
        """Return the identities of all undamaged replies and executions in the ledger; see `_identity`."""
        ledger, identities = Ledger(self._folder, writes=False), set[object]()
        kinds: tuple[Kind, ...] = ("replies", "executions")
        for kind in kinds:
            for entry in ledger.undamaged_entries(kind):
                with suppress(KeyError, TypeError):
                    identities.add(_identity(entry))
        return frozenset(identities)


def _identity(entry: dict[str, Any]) -> object:
    if "reply" in entry:
        return entry["reply"]["seal"]["sha256"]
    return entry["command"], entry["seconds"]


def _entry_identities(run: Execution) -> list[object]:
    """Return the identities of the ledger entries from which a result was made. A reply may consist of several
    pieces, and so of several entries.
    """
    if run.seal is None:
        return [(run.command, run.seconds)]
    pieces = run.seal.settings.get("pieces")
    return [piece["sha256"] for piece in pieces] if isinstance(pieces, list) else [run.seal.sha256]


def _is_changed(stored: Execution, new: Execution) -> bool:
    if new.imagined:
        return stored.raw_reply != new.raw_reply
    return (stored.seconds, stored.terminal) != (new.seconds, new.terminal)
