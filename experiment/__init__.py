"""The nouns of gedanken. A leaf: nothing here imports any other part of the project."""

from gedanken.experiment.conditions import Conditions
from gedanken.experiment.errors import BadInput, GedankenError, NoModel, NoSandbox
from gedanken.experiment.execution import Cause, Execution, FormatViolation, Limits, Machine, RealMachine, Seal
from gedanken.experiment.finding import Finding, LineRef
from gedanken.experiment.persona import Dataset, Fact, Gpus, MachineFacts, Persona
from gedanken.experiment.program import Program
from gedanken.experiment.script import Experiment, ScriptLine, Task

__all__ = [
    "BadInput",
    "Cause",
    "Conditions",
    "Dataset",
    "Execution",
    "Experiment",
    "Fact",
    "Finding",
    "FormatViolation",
    "GedankenError",
    "Gpus",
    "Limits",
    "LineRef",
    "Machine",
    "MachineFacts",
    "NoModel",
    "NoSandbox",
    "Persona",
    "Program",
    "RealMachine",
    "ScriptLine",
    "Seal",
    "Task",
]
