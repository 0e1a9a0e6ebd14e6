"""The nouns of gedanken. A leaf: nothing here imports any other part of the project."""

from experiment.conditions import Conditions
from experiment.errors import BadInput, GedankenError, NoModel, NoSandbox
from experiment.execution import Breach, Cause, Execution, Limits, Machine, RealMachine, Seal
from experiment.finding import Finding, LineRef
from experiment.persona import Dataset, Fact, Gpus, Persona, World
from experiment.program import Program
from experiment.script import Experiment, ScriptLine, Task

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
