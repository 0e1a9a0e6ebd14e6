"""Queries about a session: how much of it the model is sent, and what else it is sent."""

from gedanken.agents.session import Session, Turn


def knows_all(session: Session) -> bool:
    """Return whether the model sees every stored request, one by one or sent again in one message."""
    return "\n".join(turn.typed for turn in session.context) == session.requests


def never_stored(session: Session) -> tuple[Turn, ...]:
    """Return what the model is sent besides stored turns, not counting the message of a rebuild that sends all
    requests again."""
    stored = set(session.stored)
    replayed = len(session.stored) - len(session.context) + 1
    first = "\n".join(turn.typed for turn in session.stored[:replayed]) if replayed > 0 else None
    return tuple(
        turn for at, turn in enumerate(session.context) if turn not in stored and (at or turn.typed != first)
    )
