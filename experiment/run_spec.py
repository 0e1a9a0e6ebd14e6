"""The complete specification of a run, as plain values. It is stored before any work starts."""

import json
from hashlib import sha256
from itertools import pairwise
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from gedanken.experiment.budget import Budget
from gedanken.experiment.persona import Persona
from gedanken.experiment.probe_design import ProbeDesign
from gedanken.experiment.script import Experiment

MAX_RUNS = 10_000
"""Maximum number of real runs, and of imagined runs. All runs are planned before the first one starts, so an absurd
number could exhaust the memory.
"""


class ModelSpec(BaseModel):
    """The model to use."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = "embedded"
    """`embedded`, `scripted:FILE` (replies are read from the file), or `PROVIDER:NAME`."""
    base_url: str | None = None
    """Address of a server that speaks the provider's protocol; None for the provider's own server."""
    parallel: int = Field(default=8, ge=1, le=1000)
    """Maximum number of concurrent requests to a hosted model."""


class SandboxSpec(BaseModel):
    """The sandbox in which programs really run."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = "auto"
    trusted: bool = False
    """True if code written by the model may run on `host`, which isolates nothing."""
    gpus: str = "none"
    """GPUs for programs: `auto`, `none`, `all`, a number, or ids."""


class Part(BaseModel):
    """In a fork: an earlier part of the script, for which another model or persona was used."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    until: int = Field(ge=1, le=200)
    """The first script line after this part, counted from 1. Work before line 1 belongs to the first part."""
    model: ModelSpec
    persona: Persona


class RunSpec(BaseModel):
    """All that was requested for a run. Equal specs request the same run, with the same `key` on every machine."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    experiment: Experiment
    persona: Persona
    model: ModelSpec = ModelSpec()
    sandbox: SandboxSpec = SandboxSpec()
    real: int = Field(default=7, ge=0, le=MAX_RUNS)
    """Number of real runs in addition to the trunk: the real run with seed 0, from which the script continues."""
    imagined: int = Field(default=3, ge=0, le=MAX_RUNS)
    """Number of imagined runs in addition to the trunk: sample 0, from which the imagined session continues."""
    simulate: bool = True
    """True if the model imagines the runs."""
    surprisal: bool = True
    """True to measure how unlikely the model finds the real output. Only some models support this."""
    primary: str | None = None
    """Name of the series whose last value is the primary endpoint; None lets a built-in rule choose the series."""
    coder_seed: int = 0
    """Sampling seed of the coder's first try."""

    approve: Literal["none", "first", "all"] = "none"
    """Which of the coder's programs need a person's approval before they run. `first`: every program until one is
    approved; later programs run without approval."""

    budget: Budget = Budget()
    """The most that the run may use, summed over all processes that work on it."""

    probe: ProbeDesign | None = None
    """The design of a probe with many small programs; None for a run that follows its script."""

    parent: str = ""
    """In a fork: the original run and the script line, as in `NAME at line 4`. Results of earlier lines come from the
    original run. Empty if the run is not a fork.
    """

    earlier: tuple[Part, ...] = Field(default=(), max_length=200)
    """In a fork: the earlier parts of the script, in order, for which other models or personas were used."""

    @model_validator(mode="after")
    def _check_part_order(self) -> Self:
        if any(part.until >= next_part.until for part, next_part in pairwise(self.earlier)):
            raise ValueError("`earlier`: each part must end later than the part before it")
        return self

    @property
    def key(self) -> str:
        """SHA-256 of the spec as canonical JSON."""
        return sha256(json.dumps(self.model_dump(mode="json"), sort_keys=True).encode()).hexdigest()

    @property
    def played(self) -> Persona:
        """The persona that the model plays. If `conditions.claims` is False, it has no deliberately false facts."""
        return self.experiment.conditions.persona_to_play(self.persona)

    def part_at(self, line: int) -> Part | None:
        """Return the earlier part that contains the script line with index `line`, if any."""
        return next((part for part in self.earlier if line + 1 < part.until), None)

    def model_at(self, line: int) -> ModelSpec:
        """Return the model that is used for the script line with the index `line`; -1 means before the first line."""
        part = self.part_at(line)
        return part.model if part else self.model

    def played_at(self, line: int) -> Persona:
        """Return the persona that the model plays at a script line. If `conditions.claims` is False, it has no
        deliberately false facts.
        """
        part = self.part_at(line)
        return self.experiment.conditions.persona_to_play(part.persona) if part else self.played
