"""Tells the user about automatic uploads to LangSmith, which an environment variable switches on."""

import os

_SWITCHES = ("LANGSMITH_TRACING_V2", "LANGCHAIN_TRACING_V2", "LANGSMITH_TRACING", "LANGCHAIN_TRACING")


def upload_notice() -> str | None:
    """Return one line that says what is uploaded and how to switch this off.

    Returns None if nothing is uploaded.
    """
    if not any(os.environ.get(name) for name in _SWITCHES):
        return None
    from langsmith.utils import tracing_is_enabled

    if not tracing_is_enabled():
        return None
    disable = " ".join(f"{name}=false" for name in _SWITCHES if os.environ.get(name))
    return (
        f"LangSmith is on: programs, outputs and replies are uploaded there; to keep them here: {disable} gedanken …"
    )
