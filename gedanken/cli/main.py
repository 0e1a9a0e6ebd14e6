"""The commands `gedanken run`, `setup` and `doctor`; all other commands are registered here."""

import io
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from gedanken.cli.approve import EPILOG as APPROVE_EPILOG
from gedanken.cli.approve import approve
from gedanken.cli.audit import EPILOG as AUDIT_EPILOG
from gedanken.cli.audit import audit, expand_fail_on
from gedanken.cli.compare import EPILOG as COMPARE_EPILOG
from gedanken.cli.compare import compare, expand_imagined
from gedanken.cli.completion import complete_experiment
from gedanken.cli.errors import exit_codes, handle_errors
from gedanken.cli.execute_run import execute_and_show
from gedanken.cli.extend import EPILOG as EXTEND_EPILOG
from gedanken.cli.extend import extend
from gedanken.cli.fork import EPILOG as FORK_EPILOG
from gedanken.cli.fork import fork
from gedanken.cli.help_text import examples
from gedanken.cli.models import models_app
from gedanken.cli.options import (
    Approval,
    BaseUrl,
    BudgetText,
    Json,
    LimitSettings,
    ModelName,
    Parallel,
    PersonaName,
    Primary,
    Sandbox,
    TraceOtlp,
    Trust,
    expand_approve,
    parse_approval,
    parse_budget_option,
    refuse_other_options,
)
from gedanken.cli.probe import probe_app
from gedanken.cli.redaction import redact_library_output
from gedanken.cli.report import EPILOG as REPORT_EPILOG
from gedanken.cli.report import report
from gedanken.cli.resume import EPILOG as RESUME_EPILOG
from gedanken.cli.resume import resume
from gedanken.cli.runs import runs_app
from gedanken.cli.sandbox import sandbox_app
from gedanken.cli.shell import EPILOG as SHELL_EPILOG
from gedanken.cli.shell import shell
from gedanken.cli.traces import traces_app
from gedanken.cli.verdict import EPILOG as VERDICT_EPILOG
from gedanken.cli.verdict import verdict
from gedanken.experiment.proxies import keep_loopback_direct

app = typer.Typer(
    help="When a language model tells you what your program prints, did it run the program, or imagine the run?",
    epilog=exit_codes(),
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


_OPTION_ALIASES = {
    "--steps": "--working",
    "--no-steps": "--no-working",
    "--surprise": "--surprisal",
    "--no-surprise": "--no-surprisal",
}


class _RunCommand(TyperCommand):
    """The command `run`. It also accepts options that its help does not show, such as `--steps` for `--working`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        return super().parse_args(ctx, [_OPTION_ALIASES.get(word, word) for word in args])


def _print_version(wanted: bool) -> None:
    if wanted:
        from gedanken.experiment.version import __version__

        print(f"gedanken {__version__}")
        raise typer.Exit


@app.callback()
def _main(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    pass


@app.command(
    cls=_RunCommand,
    short_help="Run a program for real, and let a model imagine the run.",
    epilog=(
        examples(
            "gedanken run article",
            "gedanken run mnist --json",
            "gedanken run my.yaml --model openai:gpt-4.1 --imagined 5",
            "gedanken run mnist --model openai:llama3 --base-url http://127.0.0.1:8000/v1",
            "gedanken run --replay runs/article-20261128-222335",
        )
        + exit_codes()
    ),
)
def run(  # noqa: PLR0913 (each is an option of the command)
    context: typer.Context,
    experiment: Annotated[
        str,
        typer.Argument(
            help="A packaged experiment (article, mnist, cifar10-shape, changing, hundred-epochs, all-gpus, "
            "cause-and-effect) or a YAML file.",
            autocompletion=complete_experiment,
        ),
    ] = "article",
    model: ModelName = "embedded",
    base_url: BaseUrl = None,
    parallel: Parallel = 8,
    persona: PersonaName = "",
    sandbox: Sandbox = "auto",
    trust: Trust = False,
    gpus: Annotated[
        str,
        typer.Option(help="GPUs for programs: auto, none, all, a number, or ids such as 0,2 or device=1."),
    ] = "none",
    limit: LimitSettings = None,
    real: Annotated[
        int,
        typer.Option(
            min=0,
            max=1000,
            help="Number of real runs of each program, each with its own seed, in addition to the run with seed 0.",
        ),
    ] = 7,
    imagined: Annotated[
        int,
        typer.Option(
            min=0,
            max=1000,
            help="Number of imagined runs of each program, in addition to the imagined run at temperature 0.",
        ),
    ] = 3,
    simulate: Annotated[
        bool,
        typer.Option(
            "--simulate/--no-simulate", help="Let the model imagine runs, or (--no-simulate) make only real runs."
        ),
    ] = True,
    source: Annotated[
        str | None, typer.Option(help="shown: the imagined machine sees the programs; hidden: it does not.")
    ] = None,
    session: Annotated[
        str | None,
        typer.Option(
            help="running: the model sees all earlier lines of the session when it imagines a run; fresh: it starts "
            "without them."
        ),
    ] = None,
    claims: Annotated[
        bool | None,
        typer.Option(
            "--claims/--no-claims", help="Let the persona claim hardware that the real machine lacks, such as GPUs."
        ),
    ] = None,
    steps: Annotated[
        bool | None,
        typer.Option(
            "--working/--no-working",
            help="Let the model write working steps before the output.",
        ),
    ] = None,
    temperature: Annotated[
        float | None,
        typer.Option(help="Sampling temperature of the imagined runs, 0 to 2; by default, the experiment decides."),
    ] = None,
    surprisal: Annotated[
        bool,
        typer.Option(
            "--surprisal/--no-surprisal",
            help="Measure, at the end, how probable the model finds the real output.",
        ),
    ] = True,
    replay: Annotated[
        Path | None,
        typer.Option(
            help="Repeat the run in this folder from its stored results, without a model, an engine or an API key."
        ),
    ] = None,
    approval: Approval = "none",
    budget: BudgetText = None,
    primary: Primary = None,
    trace_otlp: TraceOtlp = None,
    out: Annotated[Path | None, typer.Option(help="Run folder; by default a new one under runs/.")] = None,
    as_json: Json = False,
) -> None:
    """Let a model write a program, really run it, let the model imagine the run, and compare the two."""
    from gedanken.loading.experiments_and_personas import load_experiment, load_persona, with_conditions, with_limits
    from gedanken.sandbox.gpus import parse_gpus
    from gedanken.terminal.screen import Screen

    screen = Screen()
    with handle_errors():
        if replay is not None:
            from gedanken.resuming import replay as repeat

            refuse_other_options(context, "replay", "out", "as_json")
            execute_and_show(repeat(replay, screen, out), as_json)
        loaded_experiment = load_experiment(experiment)
        flags = {"source": source, "session": session, "claims": claims, "steps": steps, "temperature": temperature}
        changes = {
            "limits": with_limits(loaded_experiment.limits, limit or []),
            "conditions": with_conditions(loaded_experiment.conditions, flags),
        }
        loaded_experiment = loaded_experiment.model_copy(update=changes)
        loaded_persona = load_persona(persona or loaded_experiment.persona)
        from gedanken.experiment.budget import Budget
        from gedanken.experiment.run_spec import ModelSpec, RunSpec, SandboxSpec
        from gedanken.runner import run as run_experiment

        parse_gpus(gpus)
        spec = RunSpec(
            experiment=loaded_experiment,
            persona=loaded_persona,
            model=ModelSpec(name=model, base_url=base_url, parallel=parallel),
            sandbox=SandboxSpec(name=sandbox, trusted=trust, gpus=gpus),
            real=real,
            imagined=imagined,
            simulate=simulate,
            surprisal=surprisal,
            primary=primary,
            approve=parse_approval(approval),
            budget=parse_budget_option(budget) or Budget(),
        )
        execute_and_show(run_experiment(spec, screen, out, trace_otlp), as_json)


@app.command(
    short_help="Download and build what `run` needs.",
    epilog=examples("gedanken setup --sandbox podman") + exit_codes(0, 2, 3, 4, 130),
)
def setup(sandbox: Sandbox = "auto") -> None:
    """Download and build in advance what `run` needs: the sandbox image, the data sets and the embedded model."""
    from gedanken.loading.experiments_and_personas import load_experiment, packaged
    from gedanken.setting_up import set_up
    from gedanken.terminal.screen import Screen

    with handle_errors():
        set_up(Screen(), [load_experiment(name) for name in packaged("experiments")], sandbox)


@app.command(
    short_help="Check what is installed, and say what is missing.",
    epilog=examples("gedanken doctor --json") + "Exit codes: 0 nothing is missing; 1 something is missing.",
)
def doctor(
    as_json: Json = False,
) -> None:
    """Check engines, GPU, images, data, models and disk, and say what to do about anything missing."""
    from gedanken.doctor import examine, print_doctor

    lines = examine()
    if as_json:
        from gedanken.terminal.screen import print_json

        print_json({"lines": [line._asdict() for line in lines]})
    else:
        from rich.console import Console

        print_doctor(lines, Console(highlight=False))
    raise typer.Exit(any(line.state == "missing" for line in lines))


app.add_typer(sandbox_app, name="sandbox", short_help="List, check, build and clean up sandboxes.")
app.add_typer(probe_app, name="probe", short_help="Test a model with many small programs or commands.")
app.add_typer(models_app, name="models", short_help="Check which models can be used.")
app.add_typer(traces_app, name="traces", short_help="Show or export what happened in a run, as a tree.")
app.add_typer(runs_app, name="runs", short_help="List or remove runs.")
app.command(epilog=SHELL_EPILOG, short_help="Open a shell on an imagined or a real machine, or both.")(shell)
app.command(epilog=COMPARE_EPILOG, short_help="Compare real runs with imagined ones.")(compare)
app.command(epilog=AUDIT_EPILOG, short_help="Check agents' claims about what they ran.")(audit)
app.command(epilog=REPORT_EPILOG, short_help="Write the report of a run.")(report)
app.command(epilog=VERDICT_EPILOG, short_help="Say how a model answers: by computing, imitating or shortcuts.")(
    verdict
)
app.command(epilog=RESUME_EPILOG, short_help="Continue a run that stopped early.")(resume)
app.command(epilog=APPROVE_EPILOG, short_help="Approve or reject the waiting program of a run.")(approve)
app.command(epilog=EXTEND_EPILOG, short_help="Add real and imagined runs to a run.")(extend)
app.command(epilog=FORK_EPILOG, short_help="Start a variant of a run from one line of its script.")(fork)


def main() -> None:
    """Run the command line."""
    keep_loopback_direct()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a terminal that cannot show “ must not end the run
            stream.reconfigure(errors="backslashreplace")
    redact_library_output()
    app(expand_approve(expand_fail_on(expand_imagined(sys.argv[1:]))))
