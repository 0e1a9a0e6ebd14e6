"""Explains why results of a resumed run differ from the stored ones that they replace."""

from gedanken.experiment.execution import MAY_COME, Execution


class Changed:
    """Collects the results that differ from the stored results that they replace."""

    def __init__(self) -> None:
        """Start without results."""
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
        own = "its entry in the ledger was missing or damaged"
        why = (
            f"it can depend on {earlier[0].label}, whose result has changed too, or because {own}" if earlier else own
        )
        return (
            f"{now.label} now has another result than the one stored before: it was run or imagined again, because "
            f"{why}"
        )


def _is_another(before: Execution, now: Execution) -> bool:
    if now.imagined:
        return before.raw_reply != now.raw_reply
    return (before.seconds, before.terminal) != (now.seconds, now.terminal)
