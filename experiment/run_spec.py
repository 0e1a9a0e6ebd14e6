"""Everything that a run is asked to do, as plain values: written down before anything else happens."""

import json
from hashlib import sha256
from itertools import pairwise
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from gedanken.experiment.budget import Budget
from gedanken.experiment.persona import Persona
from gedanken.experiment.probe_design import ProbeDesign
from gedanken.experiment.script import Experiment


class ModelSpec(BaseModel):
    """Which model is asked."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = "embedded"
    """`embedded`, `scripted:FILE`, or PROVIDER:NAME."""
    base_url: str | None = None
    """Of a server that speaks the provider's protocol."""
    parallel: int = Field(default=8, ge=1)
    """Requests at a time to a hosted model."""


class SandboxSpec(BaseModel):
    """Where programs really run."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = "auto"
    trusted: bool = False
    """Whether `host`, which isolates nothing, may run what the model writes."""
    gpus: str = "none"
    """GPUs for programs: auto, none, all, a number, or ids."""


class Part(BaseModel):
    """Who was asked in the first part of a script, where a fork goes on with another model or persona."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    until: int = Field(ge=1, le=200)
    """The script line, counted from 1, from which on it holds no longer. What comes before line 1 is always its."""
    model: ModelSpec
    persona: Persona


class RunSpec(BaseModel):
    """All that was asked. Equal specs ask for the same run; `key` is the same for them, anywhere."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    experiment: Experiment
    persona: Persona
    model: ModelSpec = ModelSpec()
    sandbox: SandboxSpec = SandboxSpec()
    real: int = Field(default=7, ge=0)
    """Seeds beside the trunk's."""
    imagined: int = Field(default=3, ge=0)
    """Samples beside the trunk's."""
    simulate: bool = True
    """Whether the model imagines the runs."""
    surprisal: bool = True
    """Whether a model that can is asked how likely the real output was to it."""
    primary: str | None = None
    """Name of the series whose last value is the primary endpoint; None where the rule chooses it."""
    coder_seed: int = 0
    """Sampling seed of the coder's first try."""

    approve: Literal["none", "first", "all"] = "none"
    """Which programs of the coder's a person looks at before they run: until the first was approved, or each."""

    budget: Budget = Budget()
    """The most that it may use, over all processes that work on it."""

    probe: ProbeDesign | None = None
    """What is asked of many small programs; then there is nothing else that the run does."""

    parent: str = ""
    """The run that it was forked from, and at which line; what comes before that line is taken from there."""

    earlier: tuple[Part, ...] = Field(default=(), max_length=200)
    """Parts of the script for which other models or personas hold than these, the first one first."""

    @model_validator(mode="after")
    def _parts_follow_each_other(self) -> Self:
        if any(one.until >= other.until for one, other in pairwise(self.earlier)):
            raise ValueError("`earlier`: each part must end after the one before it")
        return self

    @property
    def key(self) -> str:
        """SHA-256 of the spec as canonical JSON."""
        return sha256(json.dumps(self.model_dump(mode="json"), sort_keys=True).encode()).hexdigest()

    @property
    def played(self) -> Persona:
        """The persona as it is under the experiment's conditions."""
        return self.experiment.conditions.play(self.persona)

    def part_at(self, line: int) -> Part | None:
        """The earlier part that the script line at `line`, counted from 0, is in; None where it is in none."""
        return next((part for part in self.earlier if line + 1 < part.until), None)

    def model_at(self, line: int) -> ModelSpec:
        """The model that is asked while the script line at `line` is at work; -1 is before the first."""
        part = self.part_at(line)
        return part.model if part else self.model

    def played_at(self, line: int) -> Persona:
        """The persona as it is there under the experiment's conditions."""
        part = self.part_at(line)
        return self.experiment.conditions.play(part.persona) if part else self.played
