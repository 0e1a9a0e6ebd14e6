"""The commands `gedanken sandbox …`: list sandboxes, build their images, check what they enforce, and clean up."""

import asyncio
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gedanken.cli.completion import complete_check
from gedanken.cli.errors import exit_codes, handle_errors
from gedanken.cli.help_text import examples
from gedanken.cli.options import Json, Sandbox, Trust

if TYPE_CHECKING:
    from gedanken.sandbox.conformance import CheckResult

CODES = exit_codes(0, 2, 3, 130)
CHECK_CODES = "Exit codes: 0 done; 1 a check failed; 2 bad input; 3 no sandbox; 130 interrupted."


sandbox_app = typer.Typer(
    help="Manage sandboxes (the real machines): list them, check which limits they enforce, build images, clean up.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@sandbox_app.command("list", epilog=examples("gedanken sandbox list --json"))
def list_sandboxes(as_json: Json = False) -> None:
    """List the containers and sessions of running and of dead runs."""
    from gedanken.sandbox.leftovers import list_leftovers
    from gedanken.sandbox.open_engine import find_engines

    with handle_errors():
        engines = find_engines()
        items = list_leftovers(engines.clients)
    _print_unexamined(engines.unreachable)
    if as_json:
        from gedanken.terminal.screen import print_json

        print_json({"things": [item._asdict() for item in items], "silent": engines.unreachable})
        return
    _print_table(
        ("kind", "name", "state", "owner"), [(item.kind, item.name, item.state, item.owner) for item in items]
    )


@sandbox_app.command(
    short_help="Build the image that programs run in.",
    epilog=examples(
        "gedanken sandbox build",
        "gedanken sandbox build --cuda --base pytorch/pytorch:…",
    )
    + CODES,
)
def build(
    cuda: Annotated[
        bool, typer.Option("--cuda", help="Build the image for GPUs, on an official PyTorch image.")
    ] = False,
    base: Annotated[
        str | None, typer.Option(help="Base image to build on; if it contains PyTorch, that PyTorch is used.")
    ] = None,
    sandbox: Sandbox = "docker",
) -> None:
    """Build the image that programs run in, if it is missing or out of date."""
    from gedanken.experiment.errors import BadInput
    from gedanken.sandbox.connect import connect_docker, connect_podman
    from gedanken.sandbox.image import ensure_image
    from gedanken.terminal.screen import Screen

    with handle_errors():
        if sandbox not in ("docker", "podman"):
            raise BadInput(f"--sandbox {sandbox}: only docker and podman use images")
        client = connect_docker() if sandbox == "docker" else connect_podman()
        print(ensure_image(client, Screen(), cuda=cuda, base=base))


@sandbox_app.command(
    short_help="Check from inside that a sandbox enforces its limits.",
    epilog=examples(
        "gedanken sandbox check",
        "gedanken sandbox check --sandbox podman --json",
        "gedanken sandbox check --loose",
        "gedanken sandbox check --only fork-bomb",
    )
    + CHECK_CODES,
)
def check(
    sandbox: Sandbox = "auto",
    loose: Annotated[
        bool,
        typer.Option("--loose", help="Check a temporary container without hardening, to see the checks fail."),
    ] = False,
    only: Annotated[str | None, typer.Option(help="Run only this check.", autocompletion=complete_check)] = None,
    trust: Trust = False,
    as_json: Json = False,
) -> None:
    """Attack a sandbox from inside. Check that it withstands the attacks, and that ordinary programs still work."""
    from gedanken.machines.checking import check_machine
    from gedanken.terminal.screen import Screen, print_json

    with handle_errors():
        machine, not_enforced, results = asyncio.run(
            check_machine(sandbox, Screen(), loose=loose, only=only, trusted=trust)
        )
    if as_json:
        checks = [{"name": result.name, "held": result.held, "detail": result.detail} for result in results]
        print_json({"machine": machine, "checks": checks, "not_enforced": not_enforced})
    else:
        _print_checks(machine, not_enforced, results)
    raise typer.Exit(any(not result.held for result in results))


@sandbox_app.command(epilog=examples("gedanken sandbox clean") + CODES)
def clean(as_json: Json = False) -> None:
    """Remove what dead runs left behind: containers and sessions."""
    from gedanken.sandbox.leftovers import clean as remove
    from gedanken.sandbox.open_engine import find_engines

    with handle_errors():
        engines = find_engines()
        removed = remove(engines.clients, engines.unreachable)
    _print_unexamined(engines.unreachable)
    if as_json:
        from gedanken.terminal.screen import print_json

        print_json({"removed": removed, "silent": engines.unreachable})
        return
    for name in removed:
        print(f"removed {name}")
    print(f"containers and sessions of dead runs removed: {len(removed)}")


@sandbox_app.command(
    short_help="Download the data sets for training.",
    epilog=examples(
        "gedanken sandbox data",
        "gedanken sandbox data --json",
    )
    + CODES,
)
def data(as_json: Json = False) -> None:
    """Download the data sets that experiments train on, and say where each one came from."""
    from gedanken.sandbox.datasets import DATASETS, ensure_dataset
    from gedanken.terminal.screen import Screen, print_json

    with handle_errors():
        datasets = [(ensure_dataset(name, Screen())) for name in DATASETS]
    if as_json:
        print_json({"datasets": [{**dataset.model_dump(), "folder": str(folder)} for dataset, folder in datasets]})
        return
    rows = [(str(dataset), dataset.source, str(folder)) for dataset, folder in datasets]
    _print_table(("data", "source", "folder"), rows)


def _print_unexamined(reasons: dict[str, str]) -> None:
    from gedanken.experiment.escaping import harmless

    for name, reason in reasons.items():
        print(harmless(f"gedanken: {name} could not be examined: {reason}"), file=sys.stderr)


def _print_checks(machine: str, not_enforced: Sequence[str], results: "list[CheckResult]") -> None:
    from rich.console import Console
    from rich.text import Text

    passed = sum(result.held for result in results)
    _print_table(
        ("check", "passed", "detail"),
        [
            (result.name, Text("yes", "green") if result.held else Text("NO", "bold red"), result.detail)
            for result in sorted(results, key=lambda check: check.held)
        ],
    )
    Console(highlight=False).print(f"{machine}: {passed} of {len(results)} checks passed")
    for line in not_enforced:
        print(f"cannot enforce {line}")


def _print_table(columns: tuple[str, ...], rows: list[tuple[Any, ...]]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from gedanken.experiment.escaping import harmless

    table = Table(box=None, pad_edge=False)
    for column in columns:
        table.add_column(column, header_style="bold", overflow="fold")
    for row in rows:
        table.add_row(*(cell if isinstance(cell, Text) else Text(harmless(cell)) for cell in row))
    Console(highlight=False).print(table if rows else Text("nothing"))
