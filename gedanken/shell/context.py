"""What the model is sent of a session: how much of what is stored, and what else."""

from gedanken.agents.session import Session, Turn


def knows_all(session: Session) -> bool:
    """Return whether the model sees every stored request, one by one or sent again in one message."""
    return "\n".join(turn.typed for turn in session.context) == session.requests


def never_stored(session: Session) -> tuple[Turn, ...]:
    """Return what the model is sent besides stored turns. The message of a rebuild that sends all requests again does
    not count.
    """
    stored = set(session.stored)
    replayed = len(session.stored) - len(session.context) + 1
    first = "\n".join(turn.typed for turn in session.stored[:replayed]) if replayed > 0 else None
    return tuple(
        turn for at, turn in enumerate(session.context) if turn not in stored and (at or turn.typed != first)
    )
