"""The events of a run that count what it uses: tokens, and seconds on GPUs."""

from typing import Annotated, Literal

from pydantic import Field

from gedanken.experiment.budget import MOST
from gedanken.experiment.event import Event

Amount = Annotated[int, Field(ge=0, le=MOST)]
"""A number of tokens. Its upper limit rejects the absurd numbers that a log from an untrusted source may contain."""


class Reserved(Event):
    """A request, or an execution on GPUs, is about to start. The fields hold its maximum of tokens or GPU seconds."""

    kind: Literal["reserved"] = "reserved"
    name: str
    read: Amount = 0
    written: Amount = 0
    gpu_seconds: float = Field(default=0.0, ge=0, le=MOST)
    anew: bool = False
    """True if the execution starts from its beginning. If earlier events with the same `name` counted GPU seconds,
    those were used by a lost execution, and stay counted in addition to the new ones."""


class Settled(Event):
    """A reserved request or execution ended. The fields hold the tokens or GPU seconds that it used. `estimated` is
    True if the tokens are an estimate."""

    kind: Literal["settled"] = "settled"
    name: str
    read: Amount = 0
    written: Amount = 0
    calls: int = Field(default=0, ge=0, le=1)
    estimated: bool = False
    gpu_seconds: float = Field(default=0.0, ge=0, le=MOST)
