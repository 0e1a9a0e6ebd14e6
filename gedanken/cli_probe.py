"""`gedanken probe`: small experiments, each on one question."""

import typer

from gedanken.cli_errors import EXIT_CODES

probe_app = typer.Typer(
    help="Ask one question of an imagined machine, with many small programs or commands.",
    epilog=EXIT_CODES,
    no_args_is_help=True,
    rich_markup_mode=None,
)
