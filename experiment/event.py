"""The base class of a run's events."""

from pydantic import BaseModel, ConfigDict


class Event(BaseModel):
    """Something that happened in a run."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    time: str = ""
    """UTC, ISO 8601; set when the event is appended."""
