"""Tells which results of an earlier process of a run came again, and are others now."""

from gedanken.experiment.execution import MAY_COME, Execution


def came_again(before: Execution, now: Execution) -> bool:
    """Return whether a repeated execution has another result than before. False if the earlier execution failed in a
    way after which every execution is repeated (`MAY_COME`)."""
    if before.cause in MAY_COME:
        return False
    if now.imagined:
        return before.raw_reply != now.raw_reply
    return (before.seconds, before.terminal) != (now.seconds, now.terminal)
