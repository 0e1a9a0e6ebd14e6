"""The conditions under which a machine is imagined. Each is a field of the experiment file and a flag."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from gedanken.experiment.persona import Persona


class Conditions(BaseModel):
    """The settings under which a machine is imagined: what it is shown and allowed to do. Every result names them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    source: Literal["shown", "hidden"] = "shown"
    """`shown`: the model sees the programs; `hidden`: it sees only the tasks that the coder was given, so it knows
    that the programs exist.
    """
    session: Literal["running", "fresh"] = "running"
    """`running`: the model imagines a program at the end of the whole session; `fresh`: with that program as the
    only context.
    """
    claims: bool = True
    """True if the persona includes facts that are false on purpose; otherwise every fact matches the real machine."""
    steps: bool = False
    """True if the model may write working steps before the output. They count towards the length of the reply."""
    temperature: float = Field(default=1.0, ge=0, le=2, allow_inf_nan=False)
    """Sampling temperature of all samples except sample 0 (the trunk, which the script continues from), which uses 0.
    """

    def play(self, persona: Persona) -> Persona:
        """Return the persona as changed by these conditions."""
        return persona if self.claims else Persona(name=persona.name, about=persona.about)

    def named(self, persona: Persona) -> dict[str, object]:
        """Return what a result says of its conditions: these, the persona, and the facts that the persona claims."""
        return {**self.model_dump(), "persona": persona.name, "claimed": list(persona.claims)}
