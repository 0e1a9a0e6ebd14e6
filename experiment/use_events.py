"""The events of a run that count what it uses: tokens, and seconds on GPUs."""

from typing import Annotated, Literal

from pydantic import Field

from gedanken.experiment.budget import MAX_LIMIT
from gedanken.experiment.event import Event

Amount = Annotated[int, Field(ge=0, le=MAX_LIMIT)]
"""A number of tokens. Its upper limit rejects the absurd numbers that a log from an untrusted source may contain."""


class Reserved(Event):
    """A request to the model, or an execution on GPUs, starts. The fields hold the most that it may use."""

    kind: Literal["reserved"] = "reserved"
    name: str
    read: Amount = 0
    written: Amount = 0
    gpu_seconds: float = Field(default=0.0, ge=0, le=MAX_LIMIT)
    anew: bool = False
    """True if the command is started now; False if a killed process had started it already. If True, GPU seconds that
    were recorded before under the same `name` belong to a lost execution, and still count.
    """


class Settled(Event):
    """A request or execution for which something was reserved has ended. The fields hold what it used; `estimated` is
    True if its tokens are estimated.
    """

    kind: Literal["settled"] = "settled"
    name: str
    read: Amount = 0
    written: Amount = 0
    calls: int = Field(default=0, ge=0, le=1)
    estimated: bool = False
    gpu_seconds: float = Field(default=0.0, ge=0, le=MAX_LIMIT)
