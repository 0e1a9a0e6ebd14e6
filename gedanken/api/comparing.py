"""The functions `gedanken.compare` and `gedanken.load_run`, which return an Analysis."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory

from gedanken.analysis.analysis import Analysis
from gedanken.analysis.analyze import analyze
from gedanken.analysis.inputs import compare_inputs
from gedanken.compare.results import ComparisonOptions
from gedanken.compare.series.user_metrics import compile_metric
from gedanken.experiment.errors import BadInput
from gedanken.experiment.execution import Execution
from gedanken.experiment.run_log import RunLog
from gedanken.records.read_run import read_run

Runs = str | Path | Execution | RunLog | Analysis


def load_run(folder: str | Path) -> Analysis:
    """Read the run in a folder, even an unfinished one, and compare its real with its imagined executions.

    The `log` of the Analysis is the stored RunLog. For a run of `article`, this takes about a second. Raises BadInput
    for a folder that is not a run folder, or is damaged.
    """
    return analyze(read_run(Path(folder)))


def compare(
    real: Runs | Iterable[Runs],
    imagined: Runs | Iterable[Runs] = (),
    *,
    program: str | Path | None = None,
    primary: str | None = None,
    named: Mapping[str, str] | None = None,
) -> Analysis:
    """Compare real runs with imagined ones. No model is asked and nothing is run.

    Args:
        real: the real runs: executions, paths of logs (also compressed ones, and folders of logs), or one run, given
            as its folder, its RunLog or its Analysis.
        imagined: the imagined runs, in the same forms; omit it if `real` is one run, which contains both.
        program: path of the program that was run; it allows more findings.
        primary: name of the series whose last value is the primary endpoint, such as `val_loss`.
        named: regular expressions for further metrics, by name. The number is group 1; without groups in the
            expression, it is the whole match.

    Returns:
        An Analysis: `verdict`, `findings`, `versions[0].compared` (series, p-values, undecided questions).

    Raises:
        BadInput: something cannot be read, or does not exist. A difference between runs is never an exception.

    docs/comparison.md describes what is compared, and with which tests.
    """
    for name, expression in (named or {}).items():
        compile_metric(name, expression)
    options = ComparisonOptions(primary, tuple((named or {}).items()))
    with TemporaryDirectory(prefix="gedanken-") as folder:
        real_paths = list(_paths(real, Path(folder) / "real", imagined=False))
        imagined_paths = list(_paths(imagined, Path(folder) / "imagined", imagined=True))
        return compare_inputs(real_paths, imagined_paths, Path(program) if program else None, options)


def _paths(runs: Runs | Iterable[Runs], folder: Path, *, imagined: bool) -> Iterator[Path]:
    """Yield the paths of the given runs; runs without a file are first written to `folder`."""
    for item in [runs] if isinstance(runs, Runs) else runs:
        if isinstance(item, str | Path):
            yield Path(item)
        elif isinstance(item, Execution):
            yield _write_execution(item, folder)
        elif isinstance(item, RunLog | Analysis):
            log = item if isinstance(item, RunLog) else item.log
            if log.folder:
                yield log.folder
            else:
                yield from (
                    _write_execution(execution, folder)
                    for execution in log.executions
                    if execution.imagined == imagined
                )
        else:
            argument = "imagined" if imagined else "real"
            raise BadInput(
                f"compare({argument}=…): {type(item).__name__} is not accepted; give a path, an Execution, "
                "a RunLog or an Analysis, or a list of these"
            )


def _write_execution(execution: Execution, folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / f"{folder.name}-{len(list(folder.iterdir())) + 1}.json"
    path.write_text(json.dumps(asdict(execution), default=str), encoding="utf-8", errors="backslashreplace")
    return path
