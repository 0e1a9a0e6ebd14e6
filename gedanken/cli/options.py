"""Options that several commands have, with what completes them."""

from pathlib import Path
from typing import Annotated

import typer


def complete_experiment(incomplete: str) -> list[str]:
    """Names of packaged experiments that begin so."""
    from gedanken.loading.experiments import packaged

    return [name for name in packaged("experiments") if name.startswith(incomplete)]


def _complete_persona(incomplete: str) -> list[str]:
    from gedanken.loading.experiments import packaged

    return [name for name in packaged("personas") if name.startswith(incomplete)]


def _complete_limit(incomplete: str) -> list[str]:
    from gedanken.experiment.execution import Limits

    return [f"{name}=" for name in Limits.model_fields if name.startswith(incomplete)]


def _complete_sandbox(incomplete: str) -> list[str]:
    from gedanken.sandbox.choice import sandboxes

    return [name for name in sandboxes() if name.startswith(incomplete)]


def _complete_dataset(incomplete: str) -> list[str]:
    from gedanken.sandbox.datasets import DATASETS

    return [name for name in DATASETS if name.startswith(incomplete)]


def check_dataset(name: str) -> None:
    """Raise BadInput for a data set there is not."""
    from gedanken.experiment.errors import BadInput
    from gedanken.sandbox.datasets import DATASETS

    if name not in DATASETS:
        raise BadInput(f"--dataset {name}: one of {', '.join(DATASETS)}")


ModelName = Annotated[
    str,
    typer.Option(
        "--model", help="`embedded`, or PROVIDER:NAME such as openai:gpt-4.1 or ollama:llama3, or scripted:FILE."
    ),
]
BaseUrl = Annotated[
    str | None, typer.Option(help="Address of the server of a model; openai:… for any that speaks its protocol.")
]
Parallel = Annotated[
    int, typer.Option(min=1, max=256, help="Requests at a time to a hosted model; the embedded one takes one.")
]
PersonaName = Annotated[
    str,
    typer.Option(
        "--persona",
        help="A packaged persona or a YAML file, instead of the usual one.",
        autocompletion=_complete_persona,
    ),
]
Sandbox = Annotated[
    str,
    typer.Option(
        help="Where programs really run: auto, docker, podman, bubblewrap, or host.", autocompletion=_complete_sandbox
    ),
]
Trust = Annotated[bool, typer.Option("--i-trust-this-code", help="Allow --sandbox host, which isolates nothing.")]
DatasetName = Annotated[
    str,
    typer.Option(
        "--dataset",
        help="Images on the real machine: mnist or cifar10.",
        autocompletion=_complete_dataset,
    ),
]
LimitSettings = Annotated[
    list[str] | None,
    typer.Option(
        "--limit",
        help="NAME=VALUE, such as memory_mib=512 or wall_seconds=60, instead of the usual; repeatable.",
        autocompletion=_complete_limit,
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output.")]
Out = Annotated[Path | None, typer.Option(help="File that takes the whole result as JSON.")]
