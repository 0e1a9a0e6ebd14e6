"""Run folders as a run leaves them, without a model and without a machine."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from builders import SHAPE, answer, imagined, lines, program, seeds

from gedanken.compare.commands.answers import BOOT_COMMANDS
from gedanken.experiment.conditions import Conditions
from gedanken.experiment.persona import USUAL_MACHINE, Gpus, Persona
from gedanken.records.write_run import Record

REAL = [
    SHAPE + lines((0.9 + seed / 100, 0.4 + seed / 90, 0.2 + seed / 80), (0.7, 0.8, 0.9 + seed / 1000))
    for seed in range(8)
]
IMAGINED = [SHAPE + lines((0.8, 0.6, 0.5 + sample / 50)) for sample in range(4)]
CLAIMING = Persona(name="claiming", python="3.9", gpus=Gpus(count=4, name="NVIDIA (new) 90", memory_mib=24576))


def make_run(
    folder: Path,
    *,
    imagines: list[str] = IMAGINED,
    persona: Persona = CLAIMING,
    name: str = "small",
    **about: Any,
) -> Record:
    """One version of `train.py`, really run eight times and imagined as often as said, and the boot of both."""
    folder.mkdir(exist_ok=True)
    facts = persona.resolve(USUAL_MACHINE)
    known = {
        "experiment": name,
        "model": {"name": "scripted:replies.yaml", "settings": {}},
        "persona": {"name": persona.name, "facts": [fact._asdict() for fact in facts]},
        "conditions": Conditions().named(persona),
        "machine": USUAL_MACHINE.model_dump(),
        "dataset": str(USUAL_MACHINE.dataset),
        "limits": {},
        "asked": {"real": 7, "imagined": 3, "simulate": True},
    }
    record = Record(folder, known | about, facts)
    boots = [answer(command, "none\n") for command in BOOT_COMMANDS]
    if imagines:
        boots += [answer(command, f"said {at}\n", by_model=True) for at, command in enumerate(BOOT_COMMANDS)]
    runs = [*seeds(REAL), *(imagined(text, sample) for sample, text in enumerate(imagines))]
    versions = [replace(program(), works=True)]
    record.add({"programs": versions, "executions": [*boots, *(replace(run, line=1) for run in runs)]})
    record.finish("done")
    return record
