"""What goes to LangSmith by itself, because a variable of the environment says so."""

import os

_SWITCHES = ("LANGSMITH_TRACING_V2", "LANGCHAIN_TRACING_V2", "LANGSMITH_TRACING", "LANGCHAIN_TRACING")


def told_of_uploads() -> str | None:
    """One line that says what is uploaded, and how that is switched off; None where nothing is."""
    if not any(os.environ.get(name) for name in _SWITCHES):
        return None
    from langsmith.utils import tracing_is_enabled

    if not tracing_is_enabled():
        return None
    on = " ".join(f"{name}=false" for name in _SWITCHES if os.environ.get(name))
    return f"LangSmith is on: programs, outputs and replies are uploaded there; to keep them here: {on} gedanken …"
