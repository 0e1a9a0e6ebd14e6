"""The commands of three built-in probes: `memory`, `terminal` and `edits`."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gedanken.cli.completion import complete_sequence
from gedanken.cli.errors import exit_codes, handle_errors
from gedanken.cli.help_text import examples
from gedanken.cli.options import (
    BaseUrl,
    DatasetName,
    Json,
    ModelName,
    Parallel,
    PersonaName,
    ResultFile,
    Sandbox,
    Trust,
    check_dataset,
)

if TYPE_CHECKING:
    from rich.console import Console

MEMORY, TERMINAL, EDITS = (typer.Typer(rich_markup_mode=None, add_completion=False) for _ in range(3))


@MEMORY.command(
    short_help="Test what a model still knows after it lost its context.",
    epilog=examples(
        "gedanken probe memory",
        "gedanken probe memory --policy requests --temperature 1",
    )
    + exit_codes(0, 2, 3, 4, 130),
)
def memory(  # noqa: PLR0913 (each is an option of the command)
    policy: Annotated[
        str, typer.Option(help="How the context is rebuilt: requests, transcript, none, or all (one after another).")
    ] = "all",
    script: Annotated[
        Path | None,
        typer.Option(
            help="File of commands to type before the context is lost (# starts a comment); by default ten packaged "
            "commands."
        ),
    ] = None,
    model: ModelName = "embedded",
    base_url: BaseUrl = None,
    parallel: Parallel = 8,
    persona: PersonaName = "ubuntu-18.04-4x3090",
    temperature: Annotated[
        float, typer.Option(min=0, max=2, help="Sampling temperature; at 0, repeated answers should be equal.")
    ] = 0.0,
    as_json: Json = False,
    out: ResultFile = None,
) -> None:
    """Make a model lose its context, as hosted services do; rebuild the context; test what the model still knows."""
    from gedanken.agents.session import POLICIES
    from gedanken.experiment.errors import BadInput
    from gedanken.experiment.run_spec import ModelSpec
    from gedanken.loading.experiments_and_personas import load_persona
    from gedanken.probing.memory import print_probe, probe_memory, read_commands
    from gedanken.probing.opening import check_out
    from gedanken.terminal.screen import Screen

    with handle_errors():
        if policy not in (*POLICIES, "all"):
            raise BadInput(f"--policy {policy}: must be one of {', '.join(POLICIES)}, all")
        check_out(out)
        policies = [name for name in POLICIES if policy in (name, "all")]
        probe = asyncio.run(
            probe_memory(
                ModelSpec(name=model, base_url=base_url, parallel=parallel),
                load_persona(persona),
                read_commands(script),
                policies,
                temperature,
                Screen(),
            )
        )
        _show_result(probe.as_json(), lambda console: print_probe(probe, console), as_json, out)


@TERMINAL.command(
    short_help="Test how often a model imagines the output of commands correctly.",
    epilog=examples(
        "gedanken probe terminal",
        "gedanken probe terminal --only fruit",
        "gedanken probe terminal --model openai:gpt-4.1 --out terminal.json --json",
    )
    + exit_codes(0, 2, 3, 4, 130),
)
def terminal(  # noqa: PLR0913 (each is an option of the command)
    model: ModelName = "embedded",
    base_url: BaseUrl = None,
    parallel: Parallel = 8,
    persona: PersonaName = "matched",
    sandbox: Sandbox = "auto",
    trust: Trust = False,
    only: Annotated[
        str | None, typer.Option(help="Run only this sequence of commands.", autocompletion=complete_sequence)
    ] = None,
    as_json: Json = False,
    out: ResultFile = None,
) -> None:
    """Type ordinary commands into an imagined machine and a real one, and count how often both print the same."""
    from gedanken.experiment.run_spec import ModelSpec, SandboxSpec
    from gedanken.loading.experiments_and_personas import load_persona
    from gedanken.probing.opening import check_out
    from gedanken.probing.terminal import choose_sequences, print_probe, probe_terminal
    from gedanken.terminal.screen import Screen

    with handle_errors():
        check_out(out)
        model_spec = ModelSpec(name=model, base_url=base_url, parallel=parallel)
        sandbox_spec = SandboxSpec(name=sandbox, trusted=trust)
        probe = asyncio.run(
            probe_terminal(model_spec, load_persona(persona), choose_sequences(only), sandbox_spec, Screen())
        )
        _show_result(probe.as_json(), lambda console: print_probe(probe, console), as_json, out)


@EDITS.command(
    short_help="Test if edits that have no real effect change the imagined output.",
    epilog=examples(
        "gedanken probe edits",
        "gedanken probe edits --program my.py --samples 8 --json",
    )
    + exit_codes(0, 2, 3, 4, 130),
)
def edits(  # noqa: PLR0913 (each is an option of the command)
    program: Annotated[
        Path | None, typer.Option(help="A Python program; by default a packaged one that prints a tensor's shape.")
    ] = None,
    samples: Annotated[
        int, typer.Option(min=0, max=100, help="Number of imagined runs of each edited program at temperature 1.")
    ] = 4,
    model: ModelName = "embedded",
    base_url: BaseUrl = None,
    parallel: Parallel = 8,
    sandbox: Sandbox = "auto",
    trust: Trust = False,
    dataset: DatasetName = "cifar10",
    as_json: Json = False,
    out: ResultFile = None,
) -> None:
    """Test whether a model imagines another output after edits to comments, blank lines and names, which do not
    change what a program does.
    """
    from gedanken.experiment.run_spec import ModelSpec, SandboxSpec
    from gedanken.loading.experiments_and_personas import load_persona
    from gedanken.probing.opening import check_out
    from gedanken.probing.semantics_preserving_edits import print_probe, probe_edits, read_program
    from gedanken.terminal.screen import Screen

    with handle_errors():
        check_dataset(dataset)
        check_out(out)
        question, persona = read_program(program), load_persona("matched")
        model_spec = ModelSpec(name=model, base_url=base_url, parallel=parallel)
        sandbox_spec = SandboxSpec(name=sandbox, trusted=trust)
        probe = asyncio.run(probe_edits(model_spec, persona, question, samples, dataset, sandbox_spec, Screen()))
        _show_result(probe.as_json(), lambda console: print_probe(probe, console), as_json, out)


def _show_result(
    result: dict[str, Any], print_result: "Callable[[Console], None]", as_json: bool, out: Path | None
) -> None:
    """Write the result of a probe to `out`, and print it. Raises NoModel if the probe stopped early."""
    from rich.console import Console

    from gedanken.experiment.errors import NoModel
    from gedanken.probing.opening import write_result
    from gedanken.terminal.screen import print_json

    write_result(out, result)
    if as_json:
        print_json(result)
    else:
        print_result(Console(highlight=False))
    if result["stopped"]:
        raise NoModel(f"{result['stopped']}; the result contains only what was measured before that")
