"""The options `--suite FILE --answers FILE` of `gedanken probe`: score recorded answers without a model."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import typer

_MODEL_OPTIONS = ("family", "model", "base_url", "parallel", "sizes", "n", "seed", "samples", "minutes", "budget")
"""The parameters of `gedanken probe` that say which questions a model is asked, and how."""
_FAMILY_OPTIONS = ("sizes", "n", "seed")


def check_options(context: typer.Context) -> None:
    """Raise BadInput for an option that needs another option, has an unknown value, or would have no effect."""
    from gedanken.experiment.errors import BadInput

    values = context.params
    if values["answers"] is not None and values["suite"] is None:
        raise BadInput("--answers needs --suite, which contains the questions")
    if values["predicts"] is not None and values["answers"] is None:
        raise BadInput("--predicts describes recorded answers, so it needs --answers")
    if values["predicts"] not in (None, "output", "input"):
        raise BadInput(f"--predicts {values['predicts']}: must be output or input")
    if values["answers"] is not None and (given_options := _format_given_options(context, _MODEL_OPTIONS)):
        raise BadInput(f"{given_options} has no effect with --answers, because no model is asked; leave it out")
    if (
        values["suite"] is not None
        and not values["family"]
        and (given_options := _format_given_options(context, _FAMILY_OPTIONS))
    ):
        raise BadInput(f"{given_options} has no effect on the lines of a suite; name a family too, or leave it out")


def _format_given_options(context: typer.Context, names: tuple[str, ...]) -> str:
    """Name those parameters in `names` that the command line contains, for a message; empty if there are none."""
    return ", ".join(
        f"the family {', '.join(context.params['family'])}" if parameter.name == "family" else parameter.opts[0]
        for parameter in context.command.params
        if parameter.name in names and _is_given(context, parameter.name)
    )


def _is_given(context: typer.Context, name: str) -> bool:
    source = context.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"


def score_recorded_answers(  # noqa: PLR0913 (the options of the command)
    suite: Path, answers: Path, predicts: Any, sandbox_spec: Any, screen: Any, out: Path | None
) -> dict[str, Any]:
    """Score recorded answers and return the result, which is also written to the folder `out` if one is given."""
    from gedanken.loading.answers import read_answers
    from gedanken.loading.suites import read_suite
    from gedanken.probing.recorded_answers import score_recorded
    from gedanken.report.writing import write_probe

    loaded_suite = read_suite(suite)
    recorded_answers = read_answers(answers, loaded_suite.items)
    with _created_folder(out):
        result = asyncio.run(score_recorded(loaded_suite, recorded_answers, sandbox_spec, screen, predicts))
        if out is not None:
            screen.say(f"the scores are in {write_probe(out, result)}")
    return result


@contextmanager
def _created_folder(out: Path | None) -> Iterator[None]:
    """Create the folder `out`, if given. If the `with` block fails, remove the folder, unless it existed before."""
    from gedanken.records.run_folder import make_folder

    is_new = out is not None and not out.exists()
    if out is not None:
        make_folder(out)
    try:
        yield
    except BaseException:
        if out is not None and is_new:
            with suppress(OSError):
                out.rmdir()
        raise
