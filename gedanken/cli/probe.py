"""The command `gedanken probe` and its subcommands, one for each installed probe.

An entry point in `gedanken.probes` names a `typer.Typer` with one command; it is imported only when used.
"""

from collections.abc import Callable
from functools import wraps
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

from gedanken.cli.errors import exit_codes, fail, handle_errors
from gedanken.cli.probe_families import COMMAND_NAME, FAMILIES_APP


class _ProbeGroup(TyperGroup):
    def list_commands(self, _context: object) -> list[str]:
        from gedanken.experiment.plugins import PROBES, plugins_by_name

        with handle_errors():
            return [COMMAND_NAME, *plugins_by_name(PROBES)]

    def resolve_command(self, context: Any, args: list[str]) -> Any:
        """Return the subcommand. It is `families` if the command line names no probe, as in `gedanken probe state --n
        5`, where `state` is a family."""
        is_named = args and args[0] in self.list_commands(context)
        return super().resolve_command(context, args if is_named else [COMMAND_NAME, *args])

    def get_command(self, _context: object, name: str) -> Any:
        from gedanken.experiment.errors import BadInput
        from gedanken.experiment.plugins import PROBES, Plugin, plugins_by_name

        if name == COMMAND_NAME:
            return get_command(FAMILIES_APP)
        with handle_errors():
            plugin: Plugin | None = plugins_by_name(PROBES).get(name)
        if plugin is None:
            return None
        try:
            app = plugin.load()
            if not isinstance(app, typer.Typer):
                raise plugin.wrong_type_error(app, "a Typer")
            with plugin.guarded():
                command = get_command(app)
                if not isinstance(command, TyperCommand):
                    raise plugin.wrong_type_error(command, "a single command")
        except BadInput as error:
            return _unusable_command(str(error))
        command.callback = _with_clear_errors(command.callback, plugin.guarded)
        return command


def _with_clear_errors(callback: Any, guarded: Callable[..., Any]) -> Any:
    """Wrap a command's function. Every exception except Typer's own then ends the command with one line."""

    @wraps(callback)
    def call(*arguments: Any, **options: Any) -> Any:
        with handle_errors(), guarded(typer.Exit, typer.Abort, typer.BadParameter):
            return callback(*arguments, **options)

    return call


def _unusable_command(reason: str) -> Any:
    app = typer.Typer(rich_markup_mode=None, add_completion=False)

    @app.command(help=f"Cannot be used: {reason}", context_settings={"ignore_unknown_options": True})
    def say(_arguments: Annotated[list[str] | None, typer.Argument()] = None) -> None:
        fail(reason, 2)

    return get_command(app)


probe_app = typer.Typer(
    cls=_ProbeGroup,
    help="Test one ability of a model with many small programs or commands. Without the name of a probe, "
    "`gedanken probe [FAMILY…]` means `gedanken probe families [FAMILY…]`.",
    epilog=exit_codes(0, 2, 3, 4, 130),
    no_args_is_help=True,
    context_settings={"ignore_unknown_options": True},  # the options of `families`
    rich_markup_mode=None,
)
