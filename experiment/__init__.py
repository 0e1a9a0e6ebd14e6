"""The nouns of gedanken. A leaf: nothing here imports any other part of the project."""

from gedanken.experiment.conditions import Conditions
from gedanken.experiment.errors import BadInput, GedankenError, NoModel, NoSandbox
from gedanken.experiment.execution import Breach, Cause, Execution, Limits, Machine, RealMachine, Seal
from gedanken.experiment.finding import Finding, LineRef
from gedanken.experiment.persona import Dataset, Fact, Gpus, Persona, World
from gedanken.experiment.program import Program
from gedanken.experiment.script import Experiment, ScriptLine, Task

__all__ = [
    "BadInput",
    "Breach",
    "Cause",
    "Conditions",
    "Dataset",
    "Execution",
    "Experiment",
    "Fact",
    "Finding",
    "GedankenError",
    "Gpus",
    "Limits",
    "LineRef",
    "Machine",
    "NoModel",
    "NoSandbox",
    "Persona",
    "Program",
    "RealMachine",
    "ScriptLine",
    "Seal",
    "Task",
    "World",
]
