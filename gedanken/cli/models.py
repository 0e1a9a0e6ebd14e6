"""The command `gedanken models check`: finds out which settings a model accepts, and how it replies."""

import asyncio
from typing import Annotated

import typer

from gedanken.cli.errors import fail, handle_errors
from gedanken.cli.help_text import examples
from gedanken.cli.options import BaseUrl, Json

models_app = typer.Typer(help="Check which models can be used.", no_args_is_help=True, rich_markup_mode=None)


@models_app.callback()
def _models() -> None:
    pass


@models_app.command(
    short_help="Ask a model which settings it accepts.",
    epilog=examples(
        "gedanken models check openai:gpt-4.1",
        "gedanken models check openai:my-model --base-url http://127.0.0.1:8000/v1 --json",
    )
    + "Exit codes: 0 the model can be used; 2 bad input; 4 the model cannot be used; 130 interrupted.",
)
def check(
    name: Annotated[str, typer.Argument(help="`embedded`, or PROVIDER:NAME such as openai:gpt-4.1.")] = "embedded",
    base_url: BaseUrl = None,
    as_json: Json = False,
) -> None:
    """Ask a model up to eight short questions, and report which settings it accepts, how its replies end, and how
    fast it is.
    """
    from gedanken.experiment.run_spec import ModelSpec
    from gedanken.probing.model_check import as_values, ask, print_checked
    from gedanken.terminal.screen import Screen, print_json

    with handle_errors():
        result = asyncio.run(ask(ModelSpec(name=name, base_url=base_url), Screen()))
        if as_json:
            print_json(as_values(result))
        else:
            from rich.console import Console

            print_checked(result, Console(highlight=False))
        if result.unusable:
            fail(f"{result.model} cannot be used: {result.unusable}", 4)
