"""Whether a program did what it was asked to do. Exit 0 is not success."""

import math

from compare.curves import read_curves
from compare.source import Source
from compare.training_settings import batch_size, holds_number, learning_rate
from experiment.execution import Cause, Execution
from experiment.script import Task

FAR_ABOVE_MAJORITY = 2.0
"""How many times the share of the most frequent class an accuracy must reach to count as learned."""


def problems_of(source: str, execution: Execution, task: Task, majority_share: float) -> tuple[str, ...]:
    """Say in plain sentences what is wrong with a program that was run; empty if nothing is."""
    try:
        parsed = Source(source)
    except SyntaxError as error:
        return (f"it is not valid Python: {error.msg or error}",)
    problems = list(_problems_in_code(parsed, task))
    if execution.cause is not Cause.FINISHED:
        problems.append(_ending(execution))
        return tuple(problems)
    return tuple(problems + _problems_in_output(execution.stdout, task, majority_share))


def _problems_in_code(parsed: Source, task: Task) -> list[str]:
    problems = []
    layers = parsed.layer_count()
    if layers not in (None, task.layers):
        problems.append(f"the network must have {task.layers} layers with weights, and has {layers}")
    problems += _problem_in_setting(parsed, "batch size", task.batch_size, batch_size(parsed))
    problems += _problem_in_setting(parsed, "learning rate", task.learning_rate, learning_rate(parsed))
    if task.all_gpus and not parsed.uses_all_gpus():
        problems.append("it must use all GPUs, for example with nn.DataParallel(model), and uses one")
    return problems


def _problem_in_setting(parsed: Source, name: str, wanted: float | None, found: float | None) -> list[str]:
    """What is wrong with a setting. One that the source does not tell is wrong where the number is nowhere in it."""
    if wanted is None or found == wanted:
        return []
    if found is not None:
        return [f"the {name} must be {wanted:g}, and is {found:g}"]
    if holds_number(parsed, wanted):
        return []
    return [f"the {name} must be {wanted:g}: the source does not tell it, and {wanted:g} stands nowhere in it"]


def _ending(execution: Execution) -> str:
    if execution.cause is Cause.FAILED:
        return f"it ended with exit code {execution.exit_code}"
    return f"it did not come to its end: {execution.cause}"


def _problems_in_output(stdout: str, task: Task, majority_share: float) -> list[str]:
    curves = read_curves(stdout)
    problems = []
    shown = {epoch for _line, epoch in curves.epochs}
    # Programs count from 0 or from 1.
    if len(shown) != task.epochs:
        problems.append(f"it must print a line for each of {task.epochs} epochs, and printed {len(shown)}")
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
        problems.append(f"the loss does not fall: it goes from {losses[0]:g} to {losses[-1]:g}")
    if accuracy is None or not FAR_ABOVE_MAJORITY * majority_share <= accuracy <= 1:
        problems.append(
            f"the accuracy of {accuracy if accuracy is not None else 'nothing'} shows no learning: "
            f"always guessing the most frequent class reaches {majority_share:.3f}"
        )
    return problems
