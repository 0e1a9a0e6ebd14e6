"""The base class of a run's events."""

from pydantic import BaseModel, ConfigDict, Field


class Event(BaseModel):
    """Something that happened in a run."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    time: str = ""
    """UTC, ISO 8601; set when the event is appended."""
    worked: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    """Seconds since the process began to work on the run, by a monotonic clock. None in logs of earlier versions."""
