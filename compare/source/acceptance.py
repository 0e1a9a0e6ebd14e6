"""Checks whether a program did its task. Exit code 0 alone is not enough."""

import math
from typing import NamedTuple

from gedanken.compare.output.metrics import read_curves
from gedanken.compare.source.program_source import Source
from gedanken.compare.source.training_settings import batch_size, count_number, learning_rate
from gedanken.experiment.execution import Cause, Execution
from gedanken.experiment.script import Task

MIN_ACCURACY_RATIO = 2.0
"""Minimum accuracy of a program that has learned, as a multiple of the share of the most frequent class."""


class PreviousVersion(NamedTuple):
    """The program version from which an edit starts."""

    source: str
    task: Task | None


def find_problems(
    source: str, execution: Execution, task: Task, majority_share: float, before: PreviousVersion | None = None
) -> tuple[str, ...]:
    """Say in plain sentences what is wrong with a program that was run; empty if nothing is wrong.

    `majority_share` is the share of the most frequent class. The sentences contain nothing that the run printed or
    counted (fairness rule 2).
    """
    try:
        parsed = Source(source)
    except SyntaxError as error:
        return (f"it is not valid Python: {error.msg or error}",)
    # A coder may copy these sentences into the corrected program, which the imagined machine sees.
    problems = _problems_in_code(parsed, task) + _problems_in_settings(parsed, task, before)
    if execution.cause is not Cause.FINISHED:
        problems.append(_ending_problem(execution))
        return tuple(problems)
    return tuple(problems + _problems_in_output(execution.stdout, task, majority_share))


def _problems_in_code(parsed: Source, task: Task) -> list[str]:
    problems = []
    layers = parsed.layer_count()
    if layers not in (None, task.layers):
        problems.append(f"the network must have {task.layers} layers with weights, and has {layers}")
    if task.all_gpus and not parsed.uses_all_gpus():
        problems.append("it must use all GPUs, for example with nn.DataParallel(model), and uses one")
    return problems


def _problems_in_settings(parsed: Source, task: Task, previous: PreviousVersion | None) -> list[str]:
    previous_task = previous.task if previous else None
    settings = (
        ("batch size", task.batch_size, previous_task and previous_task.batch_size, batch_size(parsed)),
        ("learning rate", task.learning_rate, previous_task and previous_task.learning_rate, learning_rate(parsed)),
    )
    problems = []
    for name, required, previous_value, value in settings:
        if required is None or value == required:
            continue
        if value is not None:
            problems.append(f"the {name} must be {required:g}, and is {value:g}")
        elif not _may_be_set(parsed, required, previous if previous_value != required else None):
            occurrences = count_number(parsed, required)
            reason = f"the edit adds no {required:g}" if occurrences else f"{required:g} stands nowhere in it"
            problems.append(f"the {name} must be {required:g}: the source does not tell it, and {reason}")
    return problems


def _may_be_set(parsed: Source, required: float, previous: PreviousVersion | None) -> bool:
    """Return whether the source contains the number `required` more often than the version `previous`.

    Without a previous version, once is enough.
    """
    try:
        previous_count = count_number(Source(previous.source), required) if previous else 0
    except SyntaxError:
        previous_count = 0
    return count_number(parsed, required) > previous_count


def _ending_problem(execution: Execution) -> str:
    if execution.cause is Cause.FAILED:
        return "it ended with an error"
    return f"it did not come to its end: {execution.cause}"


def _problems_in_output(stdout: str, task: Task, majority_share: float) -> list[str]:
    curves = read_curves(stdout)
    problems = []
    printed_epochs = {epoch for _line, epoch in curves.epochs}
    # Programs number epochs from 0 or from 1.
    if len(printed_epochs) != task.epochs:
        amount = "none" if not printed_epochs else "fewer" if len(printed_epochs) < task.epochs else "more"
        problems.append(f"it must print a line for each of {task.epochs} epochs, and printed {amount}")
    for name in ("loss", "accuracy"):
        if name not in curves.series:
            problems.append(f"it must print the {name} after each epoch, and printed none")
    if task.shape_print and "torch.Size" not in stdout and "shape" not in stdout:
        problems.append("forward must print the shape of its input, and nothing of it was printed")
    if task.learns and not problems:
        problems += _problems_in_learning(
            [point.value for point in curves.series["loss"]], curves.last("accuracy"), majority_share
        )
    return problems


def _problems_in_learning(losses: list[float], accuracy: float | None, majority_share: float) -> list[str]:
    problems = []
    if not all(math.isfinite(loss) for loss in losses):
        problems.append("the loss is not a number")
    elif len(losses) > 1 and losses[-1] >= losses[0]:
        problems.append("the loss does not fall from the first epoch to the last")
    if accuracy is None or not 0 <= accuracy <= 1:
        problems.append("the accuracy is no number between 0 and 1")
    elif accuracy < MIN_ACCURACY_RATIO * majority_share:
        problems.append(
            f"the accuracy shows no learning: always guessing the most frequent class reaches {majority_share:.3f}"
        )
    return problems
