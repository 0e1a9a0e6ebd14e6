"""The conditions under which a machine is imagined. Each is a field of experiment files and a command-line flag."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from gedanken.experiment.persona import Persona


class Conditions(BaseModel):
    """What is shown to a model that imagines a machine, and what it may do. Every result states these conditions."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    source: Literal["shown", "hidden"] = "shown"
    """`shown`: the model sees the programs; `hidden`: the model sees only the tasks that the coder was given."""
    session: Literal["running", "fresh"] = "running"
    """`running`: the model sees the whole session so far when it imagines a program's run; `fresh`: the model
    sees only that program.
    """
    claims: bool = True
    """True if the persona's deliberately false facts are used; if False, every fact matches the real machine."""
    steps: bool = False
    """True if the model may write working steps before the output. The steps count towards the reply's length."""
    temperature: float = Field(default=1.0, ge=0, le=2, allow_inf_nan=False)
    """Sampling temperature of all samples except sample 0 (the trunk), whose temperature is 0."""

    def persona_to_play(self, persona: Persona) -> Persona:
        """Return the persona to play: without its deliberately false facts if `claims` is False."""
        return persona if self.claims else Persona(name=persona.name, about=persona.about)

    def with_persona_name(self, persona: Persona) -> dict[str, object]:
        """Return the conditions for display, with the persona's name and claims."""
        return {**self.model_dump(), "persona": persona.name, "claimed": list(persona.claims)}
