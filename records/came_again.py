"""For resumed runs: records results that differ from the stored ones, and decides which failed requests are not sent
again."""

from collections.abc import Iterable

from gedanken.experiment.conditions import Conditions
from gedanken.experiment.execution import MAY_COME, Execution


class Changed:
    """Collects results that replaced a different result of an earlier process, in the order in which they were
    obtained."""

    def __init__(self) -> None:
        """Start without results."""
        self._changed: list[Execution] = []

    def why(self, before: Execution, now: Execution) -> str:
        """Compare a result with the one that an earlier process stored under the same label. If they differ, record
        the new result, and return a note on why the command was run, or the model asked, once more.

        The note is empty if the results are equal, or if the earlier one was a failure with a cause in `MAY_COME`:
        such a failure needs no other reason to be repeated.
        """
        if not _is_another(before, now):
            return ""
        earlier = [run for run in self._changed if (run.line, run.program) != (now.line, now.program)]
        self._changed.append(now)
        if before.cause in MAY_COME:
            return ""
        own = "its entry in the ledger was missing or damaged"
        why = (
            f"it can depend on {earlier[0].label}, whose result has changed too, or because {own}" if earlier else own
        )
        return (
            f"{now.label} now has another result than the one stored before: it was run or imagined again, because "
            f"{why}"
        )


def settled_before(executions: Iterable[Execution], conditions: Conditions) -> int:
    """Return the index of the last script line that was imagined in the same session as the lines before it; -1 if
    there is no such line.

    Failures of sample 0 at earlier lines are settled: they are not requested again. A new reply would change the
    session, and all that was imagined later in this session would have to be requested once more.
    """
    runs = (run for run in executions if run.imagined and run.cause not in MAY_COME)
    return max(
        (run.line for run in runs if run.program is None or conditions.session == "running"),
        default=-1,
    )


def is_settled(run: Execution, before: int) -> bool:
    """Return whether a failed execution is kept as it is, because later lines were imagined without its reply.
    `before` is the result of `settled_before`. Failures of boot commands (line -1) are never kept: each boot command
    has a session of its own."""
    return run.imagined and run.sample == 0 and 0 <= run.line < before


def _is_another(before: Execution, now: Execution) -> bool:
    if now.imagined:
        return before.raw_reply != now.raw_reply
    return (before.seconds, before.terminal) != (now.seconds, now.terminal)
