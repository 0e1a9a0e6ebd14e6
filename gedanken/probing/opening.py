"""What every probe does: opens a model and a real machine side by side, and keeps what came of it."""

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING, Any, NamedTuple, TextIO

from experiment.errors import BadInput
from experiment.execution import Limits
from experiment.persona import World
from gedanken.opening import open_real
from gedanken.screen import Screen

if TYPE_CHECKING:
    from agents.model import Model
    from sandbox.machine import SandboxMachine


class Both(NamedTuple):
    """A model, a real machine, and what is true of that machine."""

    model: "Model"
    machine: "SandboxMachine"
    world: World


@asynccontextmanager
async def open_both(
    model: str,
    base_url: str | None,
    dataset: str,
    limits: Limits,
    screen: Screen,
    sandbox: str = "auto",
    trusted: bool = False,
) -> AsyncIterator[Both]:
    """A model and a real machine that was measured; both are gone in the end.

    Raises BadInput, NoSandbox or NoModel before anything was asked of either.
    """
    from agents.registry import check_name, open_model

    check_name(model, base_url)
    async with (
        open_real(dataset, limits, screen, sandbox=sandbox, trusted=trusted) as (machine, data),
        open_model(model, base_url, screen) as opened,
    ):
        yield Both(opened, machine, await machine.measure(data))


def check_out(path: Path | None) -> None:
    """See ahead of a long probe that its result can be kept at `path`. Raises BadInput."""
    if path is None:
        return
    if path.exists() and not path.is_file():  # a device would be replaced as well
        raise BadInput(f"--out {path}: there is something that is no file; name a file")
    try:
        with _new_beside(path.resolve()):
            pass
    except OSError as error:
        raise BadInput(f"--out {path}: {error.strerror}") from error


def keep(path: Path | None, result: dict[str, Any]) -> None:
    """Write a probe's result to `path` as JSON: all of it, or nothing. Raises BadInput."""
    if path is None:
        return
    target = path.resolve()
    try:
        with _new_beside(target) as file:
            file.write(json.dumps(result, indent=2, ensure_ascii=False) + "\n")
            file.flush()
            Path(file.name).replace(target)
    except OSError as error:
        raise BadInput(f"--out {path}: {error.strerror}") from error


@contextmanager
def _new_beside(target: Path) -> Iterator[TextIO]:
    """A file that was not there before, in the folder of `target`; gone in the end, unless it was moved.

    What a model said may hold half a surrogate pair, which no UTF-8 can: it is written as an escape.
    """
    new = target.with_name(f".gedanken-{token_hex(8)}")
    with new.open("x", encoding="utf-8", errors="backslashreplace") as file:  # follows no link
        try:
            yield file
        finally:
            new.unlink(missing_ok=True)
