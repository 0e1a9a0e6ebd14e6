"""Whether a program did what it was asked to do. Exit code 0 is not enough."""

import pytest
from builders import SHAPE, TRACEBACK, TRAIN, lines, real

from gedanken.compare.source.acceptance import PreviousVersion, find_problems
from gedanken.experiment.execution import Cause, Execution
from gedanken.experiment.script import Task

TASK = Task(layers=2, epochs=3)
GOOD = lines([0.95, 0.4, 0.3], [0.7, 0.88, 0.91])


def problems(
    stdout: str = GOOD, task: Task = TASK, source: str = TRAIN, run: Execution | None = None, majority: float = 0.11
) -> tuple[str, ...]:
    return find_problems(source, run or real(stdout), task, majority)


def test_a_program_that_trains_as_told_has_no_problems() -> None:
    assert problems() == ()


def test_a_program_that_counts_from_zero_trains_as_told() -> None:
    assert problems("".join(f"Epoch {n}: loss {3 - n}, accuracy 0.{n + 5}\n" for n in range(3))) == ()


@pytest.mark.parametrize(
    ("stdout", "problem"),
    [
        ("", "a line for each of 3 epochs, and printed none"),
        (lines([0.9, 0.4]), "a line for each of 3 epochs, and printed fewer"),
        (lines([0.9, 0.5, 0.4, 0.3]), "a line for each of 3 epochs, and printed more"),
        ("Epoch 1 acc 0.5\nEpoch 2 acc 0.6\nEpoch 3 acc 0.7\n", "must print the loss"),
        ("Epoch 1 loss 3\nEpoch 2 loss 2\nEpoch 3 loss 1\n", "must print the accuracy"),
        (lines([0.4, 0.5, 0.6], [0.7, 0.8, 0.9]), "the loss does not fall from the first epoch to the last"),
        (lines([0.4, 0.4, 0.4], [0.7, 0.8, 0.9]), "the loss does not fall"),
        (GOOD.replace("0.3000", "nan"), "the loss is not a number"),
        (lines([0.9, 0.5, 0.4], [0.1, 0.1, 0.2]), "the accuracy shows no learning: always guessing"),
        (
            GOOD.replace("0.9100", "nan").replace("0.8800", "nan").replace("0.7000", "nan"),
            "the accuracy is no number between 0 and 1",
        ),
        (GOOD.replace("0.9100", "9100"), "the accuracy is no number between 0 and 1"),
    ],
)
def test_what_is_wrong_with_an_output_is_said_in_words(stdout: str, problem: str) -> None:
    (message,) = [message for message in problems(stdout) if problem in message]
    assert message


def test_a_program_that_need_not_learn_need_not_have_a_falling_loss() -> None:
    assert problems(lines([0.4, 0.5, 0.6]), Task(layers=2, epochs=3, learns=False)) == ()


def test_layers_are_counted_in_the_code() -> None:
    assert problems(task=Task(layers=4, epochs=3)) == ("the network must have 4 layers with weights, and has 2",)


SETTINGS = Task(layers=2, epochs=3, batch_size=512, learning_rate=10)


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (TRAIN, ("the batch size must be 512, and is 64", "the learning rate must be 10, and is 0.001")),
        (TRAIN.replace("=64", "=512").replace("lr=0.001", "lr=10"), ()),
        (TRAIN.replace("=64", "=n or 512").replace("lr=0.001", "lr=rate or 10.0"), ()),
        (
            TRAIN.replace("=64", "=n or 256").replace("lr=0.001", "**rate"),
            ("the batch size must be 512: the source does not tell it, and 512 stands nowhere in it",),
        ),
    ],
    ids=["others", "as told", "not told, and may be", "not told, and cannot be"],
)
def test_settings_are_looked_for_in_the_code(source: str, said: tuple[str, ...]) -> None:
    assert problems(task=SETTINGS, source=source) == said


UNKNOWN_RATE = TRAIN.replace("lr=0.001", "lr=args.lr")
RATE = Task(layers=2, epochs=3, learning_rate=10)


@pytest.mark.parametrize(
    ("source", "before", "said"),
    [
        (UNKNOWN_RATE, PreviousVersion(TRAIN, TASK), "the source does not tell it, and the edit adds no 10"),
        (UNKNOWN_RATE + "default = 10\n", PreviousVersion(TRAIN, TASK), None),
        (UNKNOWN_RATE, PreviousVersion(UNKNOWN_RATE, RATE), None),
        (UNKNOWN_RATE, None, None),
        (UNKNOWN_RATE, PreviousVersion("def", TASK), None),
    ],
    ids=["stood there before", "is new", "was so before", "no edit", "of no program"],
)
def test_a_setting_that_an_edit_does_not_tell_must_be_a_new_number(
    source: str, before: PreviousVersion | None, said: str | None
) -> None:
    """For example, the 10 of `nn.Linear(64, 10)` is not a learning rate."""
    actual = find_problems(source, real(GOOD), RATE, 0.11, before)
    assert actual == ((f"the learning rate must be 10: {said}",) if said else ())


def test_no_problem_holds_anything_that_the_run_printed() -> None:
    messages = problems(lines([0.934182, 0.951277, 0.961277], [0.123456, 0.123457, 0.123458]))
    assert len(messages) == 2
    crashed = problems(run=real("0.934182", exit_code=93, cause=Cause.FAILED))
    assert not [message for message in (*messages, *crashed) for number in ("0.9", "0.12", "93") if number in message]


def test_the_use_of_all_gpus_is_looked_for_in_the_code() -> None:
    task = Task(layers=2, epochs=3, all_gpus=True)
    assert "must use all GPUs" in problems(task=task)[0]
    assert problems(task=task, source=TRAIN + "model = nn.DataParallel(model)\n") == ()


def test_a_shape_that_was_asked_for_must_be_printed() -> None:
    task = Task(layers=2, epochs=3, shape_print=True)
    assert "must print the shape" in problems(task=task)[0]
    assert problems(SHAPE + GOOD, task) == ()


def test_a_crash_is_told_with_what_is_wrong_in_the_code_and_nothing_of_its_output() -> None:
    crashed = real(TRACEBACK, exit_code=1, cause=Cause.FAILED)
    assert problems(run=crashed, task=Task(layers=3, epochs=3)) == (
        "the network must have 3 layers with weights, and has 2",
        "it ended with an error",
    )


@pytest.mark.parametrize("cause", [Cause.TIMED_OUT, Cause.OUT_OF_MEMORY, Cause.OUTPUT_CAP, Cause.ENGINE_LOST])
def test_a_program_that_was_stopped_is_not_judged_by_what_it_printed(cause: Cause) -> None:
    assert problems(run=real(GOOD, exit_code=137, cause=cause)) == (f"it did not come to its end: {cause}",)


@pytest.mark.parametrize("source", ["def", "a\0b", "-" * 99_999 + "1"], ids=["syntax", "null", "depth"])
def test_what_is_not_python_is_said_to_be_so(source: str) -> None:
    (problem,) = problems(source=source)
    assert problem.startswith("it is not valid Python: ")
