"""The command `gedanken probe [FAMILY…]`: asks a model what small programs print, or a suite's functions return."""

import asyncio
import os
from pathlib import Path
from typing import Annotated, Any

import typer

from gedanken.cli.completion import complete_family
from gedanken.cli.errors import exit_codes, handle_errors
from gedanken.cli.help_text import examples
from gedanken.cli.options import BaseUrl, BudgetText, Json, ModelName, Parallel, Sandbox, Trust, parse_budget_option

FAMILIES_APP = typer.Typer(rich_markup_mode=None, add_completion=False)
COMMAND_NAME = "families"


@FAMILIES_APP.command(
    short_help="Test how well a model knows what programs print.",
    epilog=examples(
        "gedanken probe --minutes 60",
        "gedanken probe state --sizes 1,2,4,8 --n 5",
        "gedanken probe --model openai:gpt-4.1 --samples 5 --budget usd=2",
        "gedanken probe --suite cruxeval.jsonl --answers generations.json --json",
    )
    + exit_codes(0, 2, 3, 4, 7, 130),
)
def families(  # noqa: PLR0913 (each is an option of the command)
    context: typer.Context,
    family: Annotated[
        list[str] | None,
        typer.Argument(
            help="Names of families of programs, for example `state`; by default all.",
            autocompletion=complete_family,
        ),
    ] = None,
    model: ModelName = "embedded",
    base_url: BaseUrl = None,
    parallel: Parallel = 8,
    sizes: Annotated[
        str,
        typer.Option(
            help="Sizes of the programs, as numbers of operations, such as 1,2,4,8; by default 1,2,4,8,16,32.",
            metavar="N,N,…",
        ),
    ] = "",
    n: Annotated[
        int,
        typer.Option(
            "--n", min=1, max=1000, help="Number of programs, or pairs of programs, for each operation and size."
        ),
    ] = 4,
    seed: Annotated[int, typer.Option(help="Seed that selects the programs; another seed gives other programs.")] = 0,
    samples: Annotated[
        int,
        typer.Option(
            min=1,
            max=1000,
            help="Number of answers to each direct question, which asks for the output alone, without working "
            "steps. The first answer is drawn at temperature 0, all others at temperature 1.",
        ),
    ] = 1,
    minutes: Annotated[
        float | None,
        typer.Option(
            min=0.1,
            max=10_000,
            help="Time limit in minutes; the model's speed decides how many questions it is asked.",
        ),
    ] = None,
    suite: Annotated[
        Path | None,
        typer.Option(
            help="File with your own programs, each a line of JSON with the fields of CRUXEval: id, code, input, "
            "output."
        ),
    ] = None,
    answers: Annotated[
        Path | None,
        typer.Option(
            help="JSON file with recorded answers to the suite: an object with a list of answers for each id. No "
            "model is asked."
        ),
    ] = None,
    predicts: Annotated[
        str | None,
        typer.Option(
            help="What the recorded answers predict: output or input; by default, this is inferred from the answers.",
            metavar="output|input",
        ),
    ] = None,
    budget: BudgetText = None,
    sandbox: Sandbox = "auto",
    trust: Trust = False,
    as_json: Json = False,
    out: Annotated[
        Path | None,
        typer.Option(
            help="The run folder, new or empty; by default a new one under runs/. With --answers, this folder is "
            "written only if --out is given, and contains only probe.json."
        ),
    ] = None,
) -> None:
    """Ask a model what small programs print, really run them, and count the right answers by program size."""
    from gedanken.cli.recorded_answers import check_options, score_recorded_answers
    from gedanken.cli.result_output import print_probe
    from gedanken.experiment.budget import Budget
    from gedanken.experiment.run_spec import ModelSpec, SandboxSpec
    from gedanken.terminal.screen import Screen

    with handle_errors():
        check_options(context)
        sandbox_spec, screen = SandboxSpec(name=sandbox, trusted=trust), Screen()
        if suite is not None and answers is not None:
            print_probe(score_recorded_answers(suite, answers, predicts, sandbox_spec, screen, out), as_json)
            return
        specs = (
            ModelSpec(name=model, base_url=base_url, parallel=parallel),
            sandbox_spec,
            parse_budget_option(budget) or Budget(),
        )
        print_probe(
            _run_probe(family or [], _parse_sizes(sizes), (n, seed, samples, minutes), suite, specs, screen, out),
            as_json,
        )


def _run_probe(  # noqa: PLR0913 (the options of the command)
    family: list[str],
    sizes: tuple[int, ...],
    counts: tuple[int, int, int, float | None],
    suite: Path | None,
    specs: tuple[Any, Any, Any],
    screen: Any,
    out: Path | None,
) -> dict[str, Any]:
    from gedanken.analysis.probe_result import probe_result
    from gedanken.experiment.probe_design import ProbeDesign
    from gedanken.loading.suites import read_suite
    from gedanken.probes.families.built_in import FAMILIES as ALL
    from gedanken.probes.families.built_in import find_family as family_of
    from gedanken.probing.probe_spec import probe_spec
    from gedanken.runner import run

    groups, seed, samples, minutes = counts
    loaded_suite = read_suite(suite) if suite else None
    names = [family_of(name).name for name in family] or ([] if suite else [built_in.name for built_in in ALL])
    design = ProbeDesign(
        families=tuple(dict.fromkeys(names)),
        sizes=sizes,
        groups=groups,
        seed=seed,
        samples=samples,
        minutes=minutes,
        suite=loaded_suite.items if loaded_suite else (),
    )
    model, sandbox, budget = specs
    run_spec = probe_spec(design, model, sandbox, cores=os.cpu_count() or 1, budget=budget)
    run_result = asyncio.run(run(run_spec, screen, out))
    result = probe_result(run_result.log)
    if loaded_suite:
        result["not_scored"] = [*(bad_line._asdict() for bad_line in loaded_suite.bad_lines), *result["not_scored"]]
    screen.say(f"questions and answers: {run_result.log.folder}")
    return result


def _parse_sizes(text: str) -> tuple[int, ...]:
    from gedanken.experiment.errors import BadInput
    from gedanken.probing.design_checks import MOST_SIZE

    try:
        return tuple(int(part) for part in text.split(",") if part.strip())
    except ValueError as error:
        raise BadInput(f"--sizes {text}: must be whole numbers from 1 to {MOST_SIZE}, separated by commas") from error
