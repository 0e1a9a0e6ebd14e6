"""The last step of every command that starts or continues a run: print the result and exit with its code."""

import asyncio
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from gedanken.runner import RunResult


def finish(running: "Coroutine[Any, Any, RunResult]", as_json: bool) -> None:
    """Execute a run, print its result, and exit with its exit code."""
    from gedanken.cli.shown import exit_code_of, show

    ran = asyncio.run(running)
    show(ran, as_json)
    raise typer.Exit(exit_code_of(ran))
