"""The command line. Heavy libraries are imported where they are used, so that help comes at once."""

import io
import json
import sys
from pathlib import Path
from typing import Annotated, NoReturn

import typer

EXIT_CODES = """Exit codes: 0 done; 1 the experiment ended without a working program; 2 bad input; 3 no sandbox;
4 no model; 130 interrupted."""

app = typer.Typer(
    help="When a language model tells you what your program prints, did it run the program, or imagine the run?",
    epilog=EXIT_CODES,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


def _version(wanted: bool) -> None:
    if wanted:
        from gedanken import __version__

        print(f"gedanken {__version__}")
        raise typer.Exit


@app.callback()
def _main(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    pass


def _complete_experiment(incomplete: str) -> list[str]:
    from gedanken.loading import packaged

    return [name for name in packaged("experiments") if name.startswith(incomplete)]


def _complete_persona(incomplete: str) -> list[str]:
    from gedanken.loading import packaged

    return [name for name in packaged("personas") if name.startswith(incomplete)]


@app.command(
    epilog=(
        "Examples:  gedanken run article   |   gedanken run mnist --json   |   "
        "gedanken run my.yaml --model openai:gpt-4.1 --imagined 5   |   "
        "gedanken run mnist --model openai:llama3 --base-url http://127.0.0.1:8000/v1.   " + EXIT_CODES
    )
)
def run(
    experiment: Annotated[
        str,
        typer.Argument(
            help="A packaged experiment (article, mnist, cifar10-shape, hundred-epochs, all-gpus) or a YAML file.",
            autocompletion=_complete_experiment,
        ),
    ] = "article",
    model: Annotated[
        str,
        typer.Option(help="`embedded`, or PROVIDER:NAME such as openai:gpt-4.1 or ollama:llama3, or scripted:FILE."),
    ] = "embedded",
    base_url: Annotated[
        str | None, typer.Option(help="Address of an OpenAI-compatible server, for a model named openai:….")
    ] = None,
    persona: Annotated[
        str | None,
        typer.Option(
            help="A packaged persona or a YAML file, instead of the experiment's.",
            autocompletion=_complete_persona,
        ),
    ] = None,
    sandbox: Annotated[str, typer.Option(help="Where programs really run: auto or docker.")] = "auto",
    real: Annotated[int, typer.Option(min=0, max=1000, help="Real seeds beside the trunk's.")] = 7,
    imagined: Annotated[int, typer.Option(min=0, max=1000, help="Imagined samples beside the trunk's.")] = 3,
    simulate: Annotated[
        bool, typer.Option("--simulate/--no-simulate", help="Whether the model imagines the runs.")
    ] = True,
    out: Annotated[Path | None, typer.Option(help="Run folder; by default a new one under runs/.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output.")] = False,
) -> None:
    """Have a model write a program, really run it, have the model imagine the run, and compare."""
    from experiment.errors import BadInput, GedankenError
    from gedanken.loading import load_experiment, load_persona
    from gedanken.screen import Screen

    screen = Screen()
    try:
        if sandbox not in ("auto", "docker"):
            raise BadInput(f"--sandbox {sandbox}: there are auto and docker")
        chosen = load_experiment(experiment)
        player = load_persona(persona or chosen.persona)
        from gedanken.running import Wishes, run_until_interrupted

        wishes = Wishes(chosen, player, model, base_url, real, imagined, simulate, out)
        record, outcome = run_until_interrupted(wishes, screen)
    except GedankenError as error:
        _fail(str(error), error.exit_code)
    except KeyboardInterrupt:
        _fail("interrupted", 130)
    if as_json:
        result = record.as_json(prefix=f"{record.folder}/")
        print(json.dumps({**result, "folder": str(record.folder)}, ensure_ascii=False, default=str))
    else:
        from rich.console import Console

        from gedanken.summary import print_summary

        print_summary(record, outcome, Console(highlight=False))
    raise typer.Exit(0 if outcome == "done" else 1)


@app.command(
    epilog="Example:  gedanken compare seed1.log seed2.log --imagined gpt.log --program train.py.   " + EXIT_CODES
)
def compare(
    real: Annotated[list[Path], typer.Argument(help="Outputs of real runs, one file each.")],
    imagined: Annotated[list[Path], typer.Option(help="Outputs of imagined runs: all paths that follow.")],
    program: Annotated[Path | None, typer.Option(help="The program that was run.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output.")] = False,
) -> None:
    """Compare log files that you bring: real runs beside imagined ones. Needs no model and no Docker."""
    from experiment.errors import GedankenError
    from gedanken.logs import compare_logs

    try:
        findings = compare_logs(real, imagined, program)
    except GedankenError as error:
        _fail(str(error), error.exit_code)
    if as_json:
        from dataclasses import asdict

        print(json.dumps({"findings": [asdict(finding) for finding in findings]}, ensure_ascii=False))
        return
    from rich.console import Console

    from gedanken.summary import print_findings

    print_findings(findings, Console(highlight=False))


@app.command(epilog=EXIT_CODES)
def setup() -> None:
    """Get ahead of time what `run` would get at first use: sandbox image, data, embedded model."""
    from experiment.errors import GedankenError
    from gedanken.loading import load_experiment, packaged
    from gedanken.running import set_up
    from gedanken.screen import Screen

    try:
        set_up(Screen(), [load_experiment(name) for name in packaged("experiments")])
    except GedankenError as error:
        _fail(str(error), error.exit_code)
    except KeyboardInterrupt:
        _fail("interrupted", 130)


def _fail(message: str, exit_code: int) -> NoReturn:
    from gedanken.screen import harmless

    print(f"gedanken: {harmless(' '.join(message.split()))}", file=sys.stderr)
    raise typer.Exit(exit_code)


def main() -> None:
    """Entry point."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a terminal that knows no “ must not end the run
            stream.reconfigure(errors="backslashreplace")
    app(_spread_imagined(sys.argv[1:]))


def _spread_imagined(arguments: list[str]) -> list[str]:
    """Have `--imagined` of `compare` take every path that follows it, as `--imagined a.log b.log`."""
    if arguments[:1] != ["compare"]:
        return arguments
    spread: list[str] = []
    taking = False
    for argument in arguments:
        if argument.startswith("-"):
            taking = argument == "--imagined"
            if not taking:
                spread.append(argument)
        else:
            spread += ["--imagined", argument] if taking else [argument]
    return spread
