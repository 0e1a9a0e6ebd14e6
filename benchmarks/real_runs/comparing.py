"""Compares stored real runs with texts that are passed off as imagined."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from benchmarks.real_runs.stored import Run
from gedanken.agents.terminal import infer_exit_code
from gedanken.compare.compare_runs import compare_runs
from gedanken.compare.results import ComparisonResult
from gedanken.experiment.execution import Execution, Origin
from gedanken.experiment.program import Program

Mode = Literal["program", "logs"]
"""Whether a comparison is given the program's source, or only logs."""


def compare(source: str, given: Mode, real: Sequence[Run], imagined: Sequence[str]) -> ComparisonResult:
    """Compare real runs with texts as if the texts were imagined.

    Seeds and samples are numbered from 1, so that none is a trunk and all count.
    """
    if given == "logs":
        ours = [_log(run.output, "log", seed=seed) for seed, run in enumerate(real, start=1)]
        theirs = [_log(text, "imagined", sample=sample) for sample, text in enumerate(imagined, start=1)]
        return compare_runs(None, ours, theirs)
    program = Program("train.py", 1, source, told="", prompt="", seed=0)
    label = program.label
    ours = [
        replace(_log(run.output, "docker", seed=seed, program=label), stdout=run.stdout, seconds=run.seconds)
        for seed, run in enumerate(real, start=1)
    ]
    theirs = [_log(text, "imagined", sample=sample, program=label) for sample, text in enumerate(imagined, start=1)]
    return compare_runs(program, ours, theirs)


def kinds_of(result: ComparisonResult) -> Counter[str]:
    """Count the findings of each kind."""
    return Counter(finding.check for finding in result.findings)


def _log(
    text: str, machine: str, *, seed: int | None = None, sample: int | None = None, program: str | None = None
) -> Execution:
    exit_code, cause = infer_exit_code(text, cut=False)
    origin = Origin.REAL if sample is None else Origin.IMAGINED
    log = Execution(machine, "python3 train.py", exit_code, cause, 0.0, text, text, line=0, origin=origin)
    return replace(log, seed=seed, sample=sample, program=program)
