"""Run folders as a run leaves them, written without a model and without a machine."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from builders import SHAPE, TRAIN, answer, imagined, lines, program, seeds

from gedanken.compare.commands.answers import BOOT_COMMANDS
from gedanken.experiment.execution import Execution
from gedanken.experiment.persona import DEFAULT_MACHINE, Gpus, Persona
from gedanken.experiment.program import Program
from gedanken.experiment.run_log import DONE, ModelFacts, Opened, RunLog
from gedanken.experiment.run_spec import ModelSpec, RunSpec
from gedanken.experiment.script import Experiment
from gedanken.records.run_store import open_store

REAL = [
    SHAPE + lines((0.9 + seed / 100, 0.4 + seed / 90, 0.2 + seed / 80), (0.7, 0.8, 0.9 + seed / 1000))
    for seed in range(8)
]
IMAGINED = [SHAPE + lines((0.8, 0.6, 0.5 + sample / 50)) for sample in range(4)]
CLAIMING_PERSONA = Persona(
    name="claiming", python="3.9", gpus=Gpus(count=4, name="NVIDIA (new) 90", memory_mib=24576)
)


SCRIPT = [{"give": "train.py", "source": TRAIN}, "python3 train.py"]


def spec_of(persona: Persona = CLAIMING_PERSONA, script: Sequence[object] = SCRIPT) -> RunSpec:
    """A spec for a scripted model."""
    experiment = Experiment.model_validate({"name": "small", "script": script})
    return RunSpec(experiment=experiment, persona=persona, model=ModelSpec(name="scripted:replies.yaml"))


def write_run(
    folder: Path, spec: RunSpec, programs: Sequence[Program], executions: Sequence[Execution], outcome: str = DONE
) -> RunLog:
    """Write a finished run folder that contains these programs and executions."""
    folder.mkdir(exist_ok=True)
    with open_store(folder, spec) as store:
        facts = spec.persona.resolve(DEFAULT_MACHINE)
        store.record_machine(Opened(machine=DEFAULT_MACHINE, dataset=str(DEFAULT_MACHINE.dataset), facts=facts))
        store.record_model(ModelFacts(name=spec.model.name))
        for version in programs:
            store.keep_program(version)
        for execution in executions:
            store.keep_execution(execution)
        store.finish(outcome)
        return store.log


def make_run(
    folder: Path, *, imagines: list[str] = IMAGINED, persona: Persona = CLAIMING_PERSONA, outcome: str = DONE
) -> RunLog:
    """Write a run in which one version of `train.py` was really run eight times.

    Each text in `imagines` becomes the output of an imagined run. The machines' answers to the boot commands are
    written as well.
    """
    boots = [answer(command, "none\n") for command in BOOT_COMMANDS]
    if imagines:
        boots += [answer(command, f"said {index}\n", by_model=True) for index, command in enumerate(BOOT_COMMANDS)]
    runs = [*seeds(REAL), *(imagined(text, sample) for sample, text in enumerate(imagines))]
    versions = [replace(program(), works=True)]
    executions = [*boots, *(replace(run, line=1) for run in runs)]
    return write_run(folder, spec_of(persona), versions, executions, outcome)
