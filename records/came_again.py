"""Tells which results of an earlier process of a run came again, and which failures are not requested again."""

from collections.abc import Iterable

from gedanken.experiment.conditions import Conditions
from gedanken.experiment.execution import MAY_COME, Execution


class Changed:
    """The results of earlier processes that are others now, in the order in which this process obtained them."""

    def __init__(self) -> None:
        """Start without any."""
        self._changed: list[Execution] = []

    def why(self, before: Execution, now: Execution) -> str:
        """Return a note on a result that came again; empty if it did not, or if the earlier execution failed in a way
        after which every execution is repeated (`MAY_COME`)."""
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
    """Return the index of the last script line that was imagined in a session with the replies to the lines before
    it. A failure of sample 0 before that line is settled: if a reply came now, the session would be another one, and
    everything that was imagined in it would have to be requested once more. -1 if there is no such line."""
    runs = (run for run in executions if run.imagined and run.cause not in MAY_COME)
    return max(
        (run.line for run in runs if run.program is None or conditions.session == "running"),
        default=-1,
    )


def is_settled(run: Execution, before: int) -> bool:
    """Return whether a failed execution is kept as it is, because later lines were imagined without its reply.
    `before` is the result of `settled_before`. The boot commands (line -1) have sessions of their own."""
    return run.imagined and run.sample == 0 and 0 <= run.line < before


def _is_another(before: Execution, now: Execution) -> bool:
    if now.imagined:
        return before.raw_reply != now.raw_reply
    return (before.seconds, before.terminal) != (now.seconds, now.terminal)
