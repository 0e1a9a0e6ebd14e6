"""Compares the turns that a session stores with those that the model is sent."""

from gedanken.agents.session import Session, Turn


def knows_all(session: Session) -> bool:
    """Return whether the model is still sent all commands of the session, as separate messages or joined into one."""
    return "\n".join(turn.typed for turn in session.context) == session.requests


def unstored_turns(session: Session) -> tuple[Turn, ...]:
    """Return the turns that the model is sent although they were never stored."""
    stored = set(session.stored)
    request_count = len(session.stored) - len(session.context) + 1
    # after a loss, the first message can repeat earlier requests; it is left out
    joined_requests = "\n".join(turn.typed for turn in session.stored[:request_count]) if request_count > 0 else None
    return tuple(
        turn
        for index, turn in enumerate(session.context)
        if turn not in stored and (index or turn.typed != joined_requests)
    )
