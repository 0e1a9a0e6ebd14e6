"""The command `gedanken shell`: types commands into an imagined machine, a real one, or both."""

import asyncio
import sys
from typing import Annotated

import typer

from gedanken.cli.completion import complete_machine
from gedanken.cli.errors import handle_errors
from gedanken.cli.help_text import examples
from gedanken.cli.options import (
    BaseUrl,
    DatasetName,
    LimitSettings,
    ModelName,
    PersonaName,
    Sandbox,
    Trust,
    check_dataset,
)

EPILOG = examples(
    "gedanken shell",
    "gedanken shell --machine both",
    "printf 'nvidia-smi\\npwd\\n' | gedanken shell --machine both",
) + (
    "Exit codes: as in sh, the exit code of the last command on the real machine; without a real machine, the code "
    "that the imagined output suggests. Also: 2 bad input, or a { that is not closed; 3 no sandbox; 4 no model; 130 "
    "interrupted."
)


def shell(  # noqa: PLR0913 (each is an option of the command)
    machine: Annotated[
        str, typer.Option(help="Where commands go: imagined, real, or both.", autocompletion=complete_machine)
    ] = "imagined",
    persona: PersonaName = "",
    model: ModelName = "embedded",
    base_url: BaseUrl = None,
    session: Annotated[
        str | None,
        typer.Option(help="Store the imagined session under this name, or continue the session stored under it."),
    ] = None,
    sandbox: Sandbox = "auto",
    trust: Trust = False,
    dataset: DatasetName = "mnist",
    limit: LimitSettings = None,
) -> None:
    """Open a shell on an imagined machine, on a real one, or on both side by side.

    By default the imagined machine has the persona of the article (ubuntu-18.04-4x3090). Beside a real machine it has
    the persona `matched`, which takes the facts of that real machine.
    """
    with handle_errors():
        from gedanken.experiment.errors import BadInput
        from gedanken.experiment.execution import Limits
        from gedanken.experiment.run_spec import ModelSpec, SandboxSpec
        from gedanken.loading.experiments_and_personas import with_limits
        from gedanken.shell.loop import run_shell
        from gedanken.shell.terminals import CHOICES, ShellOptions

        choice = next((name for name in CHOICES if name == machine), None)
        if choice is None:
            raise BadInput(f"--machine {machine}: must be one of {', '.join(CHOICES)}")
        check_dataset(dataset)
        limits = with_limits(Limits(), limit or [])
        options = ShellOptions(
            choice,
            persona or None,
            ModelSpec(name=model, base_url=base_url),
            session,
            SandboxSpec(name=sandbox, trusted=trust),
            dataset,
            limits,
        )
        try:
            exit_code = asyncio.run(run_shell(options, interactive=bool(sys.stdin and sys.stdin.isatty())))
        except asyncio.CancelledError:
            raise KeyboardInterrupt from None
    raise typer.Exit(exit_code)
