"""Traces a terminal command, on a real or an imagined machine, as a `tool` entry."""

import hashlib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from contextvars import ContextVar
from typing import Any

from langchain_core.callbacks.manager import AsyncCallbackManagerForToolRun
from langchain_core.runnables.config import (
    ensure_config,
    get_async_callback_manager_for_config,
    patch_config,
    var_child_runnable_config,
)

from gedanken.experiment.execution import Cause, Execution
from gedanken.traces.cleaning import OWN_PREFIX

NAME = "terminal"
SHOWN_CHARACTERS = 2_000
"""Number of characters that are kept from the beginning of an output, and again from its end. The run folder contains
the whole output.
"""


class TerminalRun:
    """A traced command; receives its execution when the command has ended."""

    def __init__(self) -> None:
        self.execution: Execution | None = None
        self.from_ledger = False

    def ended(self, execution: Execution) -> Execution:
        """Record the execution, and return it unchanged."""
        self.execution = execution
        return execution


_CURRENT_RUN: ContextVar[TerminalRun | None] = ContextVar("terminal run", default=None)


def mark_as_from_ledger() -> None:
    """Mark the traced command, if there is one, as answered from the ledger."""
    if current := _CURRENT_RUN.get():
        current.from_ledger = True


@asynccontextmanager
async def terminal_run(command: str, **metadata: object) -> AsyncIterator[TerminalRun]:
    """Trace a command, with the model requests below it. If the engine or the model is lost, the entry has an error;
    if the command fails, it has none.

    `metadata`, such as origin, seed and `program_sha256`, is used to match the real and imagined runs of one program.
    """
    config = ensure_config()
    own_metadata = {f"{OWN_PREFIX}{name}": value for name, value in metadata.items() if value is not None}
    manager = get_async_callback_manager_for_config(
        {**config, "metadata": {**(config.get("metadata") or {}), **own_metadata}}
    )
    run = await manager.on_tool_start({"name": NAME}, command, inputs={"command": command}, name=NAME)
    config_token = var_child_runnable_config.set(patch_config(config, callbacks=run.get_child()))
    current = TerminalRun()
    context_token = _CURRENT_RUN.set(current)
    try:
        yield current
    except BaseException as error:
        await run.on_tool_error(error)
        raise
    finally:
        var_child_runnable_config.reset(config_token)
        _CURRENT_RUN.reset(context_token)
    await _end_trace(run, current)


async def _end_trace(run: AsyncCallbackManagerForToolRun, traced_run: TerminalRun) -> None:
    execution = traced_run.execution
    if execution is None:
        await run.on_tool_end({})
    elif execution.cause is Cause.ENGINE_LOST:
        await run.on_tool_error(ConnectionError("; ".join(execution.notes) or str(execution.cause)))
    else:
        await run.on_tool_end({**outcome_of(execution), "from_ledger": traced_run.from_ledger})


def outcome_of(execution: Execution) -> Mapping[str, Any]:
    """Return what a trace records about an execution: how it ended, and the size, hash, beginning and end of its
    output.
    """
    text = execution.terminal
    head, tail = text[:SHOWN_CHARACTERS], text[max(SHOWN_CHARACTERS, len(text) - SHOWN_CHARACTERS) :]
    encoded = text.encode(errors="surrogatepass")
    return {
        "exit_code": execution.exit_code,
        "cause": str(execution.cause),
        "seconds": round(execution.seconds, 3),
        "bytes": len(encoded),
        "sha256": hashlib.sha256(encoded).hexdigest(),
        "path": f"outputs/{execution.label}.txt",
        "head": head,
        "tail": tail,
        "seal": execution.seal.sha256 if execution.seal else None,
        "notes": list(execution.notes),
    }
