"""What the model is sent of a session: which of the stored turns, and what else."""

from gedanken.agents.session import Session, Turn


def knows_all(session: Session) -> bool:
    """Return whether the model sees every stored request, one by one or sent again in one message."""
    return "\n".join(turn.typed for turn in session.context) == session.requests


def never_stored(session: Session) -> tuple[Turn, ...]:
    """Return the turns that the model is sent but that were never stored, except the message that sends all requests
    again after a loss.
    """
    stored = set(session.stored)
    replayed = len(session.stored) - len(session.context) + 1
    first = "\n".join(turn.typed for turn in session.stored[:replayed]) if replayed > 0 else None
    return tuple(
        turn for at, turn in enumerate(session.context) if turn not in stored and (at or turn.typed != first)
    )
