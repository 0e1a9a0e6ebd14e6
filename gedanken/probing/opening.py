"""Steps that several probes share: opening a model and a real machine together, and storing the result."""

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from gedanken.experiment.errors import BadInput, NoModel
from gedanken.experiment.execution import Cause, Execution, Limits
from gedanken.experiment.files import temporary_beside, write_atomically
from gedanken.experiment.persona import MachineFacts
from gedanken.experiment.run_spec import ModelSpec, SandboxSpec
from gedanken.machines.open_machine import open_real_machine
from gedanken.terminal.screen import Screen

if TYPE_CHECKING:
    from gedanken.agents.model import Model
    from gedanken.sandbox.machine import SandboxMachine


class ModelAndMachine(NamedTuple):
    """A model, a real machine, and the measured facts of that machine."""

    model: "Model"
    machine: "SandboxMachine"
    machine_facts: MachineFacts


@asynccontextmanager
async def open_model_and_machine(
    model: ModelSpec, sandbox: SandboxSpec, dataset: str, limits: Limits, screen: Screen
) -> AsyncIterator[ModelAndMachine]:
    """Yield a model and a real machine with measured facts. Both are closed when the `with` block ends.

    Raises BadInput, NoSandbox or NoModel.
    """
    from gedanken.agents.registry import check_name, open_model

    check_name(model)
    async with (
        open_real_machine(dataset, limits, screen, sandbox) as (machine, data),
        open_model(model, screen) as opened_model,
    ):
        yield ModelAndMachine(opened_model, machine, await machine.measure(data))


def check_answered(replies: Sequence[Execution]) -> None:
    """Raise NoModel if no request got a reply."""
    if replies and all(reply.cause is Cause.NO_REPLY for reply in replies):
        raise NoModel(replies[0].notes[0])


def why_lost(losses: Sequence[NoModel]) -> str | None:
    """Return why the model was lost before the end of the probe; None if it was not lost."""
    return str(losses[0]) if losses else None


def check_out(path: Path | None) -> None:
    """Check, before a long probe begins, that the result can be written to `path`. Raises BadInput if it cannot."""
    if path is None:
        return
    if path.exists() and not path.is_file():  # a device would be replaced as well
        raise BadInput(f"--out {path}: this path exists and is not a file; name a file")
    try:
        with temporary_beside(path.resolve()):
            pass
    except OSError as error:
        raise BadInput(f"--out {path}: {error.strerror}") from error


def write_result(path: Path | None, result: dict[str, Any]) -> None:
    """Write the result of a probe to `path` as JSON, completely or not at all.

    If `path` is None, nothing is written. Raises BadInput if the file cannot be written.
    """
    if path is None:
        return
    try:
        write_atomically(path.resolve(), json.dumps(result, indent=2, ensure_ascii=False) + "\n")
    except OSError as error:
        raise BadInput(f"--out {path}: {error.strerror}") from error
