"""How much of a session the model is sent, and what else."""

from gedanken.agents.session import Session, Turn


def knows_all(session: Session) -> bool:
    """Whether every stored request is before the model, one by one or sent again in one message."""
    return "\n".join(turn.typed for turn in session.context) == session.requests


def never_stored(session: Session) -> tuple[Turn, ...]:
    """What the model is sent beside stored turns. All requests sent again, which a rebuild made, are none of it."""
    stored = set(session.stored)
    replayed = len(session.stored) - len(session.context) + 1
    first = "\n".join(turn.typed for turn in session.stored[:replayed]) if replayed > 0 else None
    return tuple(
        turn for at, turn in enumerate(session.context) if turn not in stored and (at or turn.typed != first)
    )
