"""Under which conditions a machine is imagined. Each is a field of the experiment file and a flag."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from gedanken.experiment.persona import Persona


class Conditions(BaseModel):
    """What the imagined machine is given and allowed. They are named in every result."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    source: Literal["shown", "hidden"] = "shown"
    """Whether it is shown the programs, or only told what the coder was told: it then knows of them."""
    session: Literal["running", "fresh"] = "running"
    """Whether it imagines a program at the end of the whole session, or knows of nothing but that program."""
    claims: bool = True
    """Whether its persona claims what is false on purpose; else every fact is matched."""
    steps: bool = False
    """Whether it may work things out before the output. They count towards the length of the reply."""
    temperature: float = Field(default=1.0, ge=0, le=2, allow_inf_nan=False)
    """Of all samples but sample 0, which is the trunk, at 0."""

    def play(self, persona: Persona) -> Persona:
        """The persona as it is under these conditions."""
        return persona if self.claims else Persona(name=persona.name, about=persona.about)

    def named(self, persona: Persona) -> dict[str, object]:
        """What stands in a result: these conditions, who was played, and which of its facts are claimed."""
        return {**self.model_dump(), "persona": persona.name, "claimed": list(persona.claims)}
