"""Builds the run spec of a probe of small programs."""

from gedanken.experiment.budget import Budget
from gedanken.experiment.conditions import Conditions
from gedanken.experiment.probe_design import ProbeDesign
from gedanken.experiment.run_spec import ModelSpec, RunSpec, SandboxSpec
from gedanken.experiment.script import Experiment
from gedanken.loading.experiments_and_personas import load_persona
from gedanken.machines.batches import limits_of

DATASET = "mnist"
"""The data set that the persona names; no program reads it."""
REPLY_TOKENS = 64
"""Token limit of an answer without working steps.

This is several times the length of any program's output.
"""
NO_BUDGET = Budget()


def probe_spec(
    design: ProbeDesign, model: ModelSpec, sandbox: SandboxSpec, *, cores: int = 1, budget: Budget = NO_BUDGET
) -> RunSpec:
    """Return the spec of a run that asks a model the questions of a design, each in a fresh session."""
    limits = limits_of(cores).model_copy(update={"reply_tokens": REPLY_TOKENS, "continuations": 0})
    if design.suite:  # functions return more than the families' programs print
        limits = limits.model_copy(update={"reply_tokens": 4 * REPLY_TOKENS})
    experiment = Experiment.model_validate(
        {
            "name": "probe",
            "persona": "matched",
            "dataset": DATASET,
            "script": ["{each item of the probe is a program; what does it print?}"],
            "limits": limits.model_dump(),
            "conditions": Conditions(session="fresh").model_dump(),
        }
    )
    return RunSpec(
        experiment=experiment,
        persona=load_persona("matched"),
        model=model,
        sandbox=sandbox,
        real=0,
        imagined=0,
        surprisal=False,
        budget=budget,
        probe=design,
    )
