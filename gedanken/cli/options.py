"""The options that several commands share, with their shell completion."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from gedanken.cli.completion import (
    complete_dataset,
    complete_limit,
    complete_persona,
    complete_primary,
    complete_sandbox,
)

if TYPE_CHECKING:
    from gedanken.compare.results import ComparisonOptions
    from gedanken.experiment.budget import Budget


def check_dataset(name: str) -> None:
    """Raise BadInput for an unknown data set."""
    from gedanken.experiment.errors import BadInput
    from gedanken.sandbox.datasets import DATASETS

    if name not in DATASETS:
        raise BadInput(f"--dataset {name}: must be one of {', '.join(DATASETS)}")


ModelName = Annotated[
    str,
    typer.Option(
        "--model",
        help="`embedded`, or PROVIDER:NAME such as openai:gpt-4.1 or ollama:llama3, or scripted:FILE, which takes "
        "the replies from a file.",
    ),
]
BaseUrl = Annotated[
    str | None,
    typer.Option(
        help="Address of the model's server. Any server with an OpenAI-compatible API works with openai:NAME."
    ),
]
Parallel = Annotated[
    int,
    typer.Option(
        min=1,
        max=256,
        help="Number of concurrent requests to a hosted model; the embedded model takes one at a time.",
    ),
]
PersonaName = Annotated[
    str,
    typer.Option(
        "--persona",
        help="The persona (the prompt that tells the model which machine to play): matched, ubuntu-18.04-4x3090, or "
        "a YAML file. By default, `run` uses the persona that the experiment names.",
        autocompletion=complete_persona,
    ),
]
Sandbox = Annotated[
    str,
    typer.Option(
        help="Where programs really run: auto, docker, podman, bubblewrap, or host.", autocompletion=complete_sandbox
    ),
]
Trust = Annotated[bool, typer.Option("--i-trust-this-code", help="Allow the sandbox `host`, which isolates nothing.")]
DatasetName = Annotated[
    str,
    typer.Option(
        "--dataset",
        help="Data set on the real machine: mnist or cifar10.",
        autocompletion=complete_dataset,
    ),
]
LimitSettings = Annotated[
    list[str] | None,
    typer.Option(
        "--limit",
        help="Change a limit: NAME=VALUE, such as memory_mib=512 or wall_seconds=60; repeatable.",
        autocompletion=complete_limit,
    ),
]
Approval = Annotated[
    str,
    typer.Option(
        "--approve",
        metavar="[all|first]",
        help="Ask a person to approve each program that the model writes, before it runs; with "
        "--approve=first, only until one program is approved. Without --approve, programs run without approval.",
        show_default=False,
    ),
]
TraceOtlp = Annotated[
    str | None,
    typer.Option(
        metavar="URL",
        help="Also send the trace to this OpenTelemetry collector, for example Phoenix: http://HOST:6006.",
    ),
]
BudgetText = Annotated[
    str | None,
    typer.Option(
        "--budget",
        metavar="usd=N,tokens=N,minutes=N,gpu-seconds=N",
        help="Limits for the whole run, such as usd=2,tokens=200k; when one is reached, the run stops with exit "
        "code 7.",
    ),
]
RunFolder = Annotated[Path, typer.Argument(help="A run folder.", exists=True, file_okay=False)]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output.")]
ResultFile = Annotated[Path | None, typer.Option(help="Write the whole result to this file, as JSON.")]


Primary = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="The metric whose last value decides the comparison (the primary endpoint), named as in the log; by "
        "default, a metric on held-out data rather than on training data (docs/comparison.md).",
        autocompletion=complete_primary,
    ),
]
MetricDefinitions = Annotated[
    list[str] | None,
    typer.Option(
        "--as",
        metavar="NAME=REGEX",
        help="Define a metric that gedanken does not recognize by itself: its value is what group 1 of REGEX "
        "matches, or the whole match if there is no group; repeatable.",
    ),
]


def parse_metrics(primary: str | None, named: list[str] | None) -> "ComparisonOptions":
    """Parse `--primary` and `--as`. Raises BadInput for an invalid `--as`."""
    from gedanken.compare.results import ComparisonOptions
    from gedanken.compare.series.user_metrics import compile_metric
    from gedanken.experiment.errors import BadInput

    pairs = []
    for text in named or []:
        name, sign, expression = text.partition("=")
        if not (sign and name.strip() and expression):
            raise BadInput(f"--as {text}: write NAME=REGEX, as in --as 'score=final score was ([0-9.]+)'")
        compile_metric(name, expression)
        pairs.append((name.strip(), expression))
    return ComparisonOptions(primary, tuple(pairs))


def expand_approve(words: list[str]) -> list[str]:
    """Return the command line, with each `--approve` that has no value replaced by `--approve=all`."""
    next_words = [*words, ""][1:]
    return [
        "--approve=all" if word == "--approve" and next_word not in ("all", "first", "none") else word
        for word, next_word in zip(words, next_words, strict=True)
    ]


def refuse_other_options(context: typer.Context, option: str, *allowed: str) -> None:
    """Raise BadInput if the command line contains a parameter other than `option` and those in `allowed`."""
    from gedanken.experiment.errors import BadInput

    for parameter in context.command.params:
        name = parameter.name or ""
        source = context.get_parameter_source(name)
        if name not in (option, *allowed) and source is not None and source.name == "COMMANDLINE":
            shown_name = parameter.opts[0] if parameter.opts[0].startswith("-") else name.upper()
            raise BadInput(
                f"--{option} repeats a run without changes, so {shown_name} cannot be combined with it; to change "
                f"something, use gedanken fork"
            )


def parse_approval(value: str) -> Literal["none", "first", "all"]:
    """Parse `--approve`. Raises BadInput for an unknown value."""
    from gedanken.experiment.errors import BadInput

    match value:
        case "none" | "first" | "all":
            return value
    raise BadInput(f"--approve={value}: must be all or first")


def parse_budget_option(text: str | None) -> "Budget | None":
    """Parse `--budget`; None if it was not given. Raises BadInput for an invalid budget."""
    from gedanken.experiment.budget import parse_budget

    return None if text is None else parse_budget(text)
