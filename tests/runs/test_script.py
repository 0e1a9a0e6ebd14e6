"""Scripts: lines that are told to the model, lines that are typed, and the programs that they use."""

from typing import Any

import pytest
from pydantic import ValidationError

from gedanken.experiment.script import Experiment, ScriptLine, Task

TASK = {"layers": 4, "epochs": 3}
WRITE = {"tell": "Write it.", "write": "train.py", "task": TASK}
EDIT = {"tell": "Set the epochs to 9.", "edit": "train.py", "task": {"layers": 4, "epochs": 9}}


def make_script(*lines: object) -> Experiment:
    return Experiment.model_validate({"name": "small", "script": lines})


def make_line(value: object) -> ScriptLine:
    return ScriptLine.model_validate(value)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("ls", {"type": "ls"}),
        ("  {Do not show it.} ", {"tell": "Do not show it."}),
        ("awk '{print $1}' f", {"type": "awk '{print $1}' f"}),
        ("{a,b} {c}", {"type": "{a,b} {c}"}),
        ("\\{ echo a; }", {"type": "{ echo a; }"}),
    ],
)
def test_a_plain_line_is_typed_unless_it_stands_in_braces(text: str, meant: dict[str, str]) -> None:
    assert make_line(text) == ScriptLine.model_validate(meant)


@pytest.mark.parametrize(
    ("value", "fault"),
    [
        ("", "must not be empty"),
        ("  ", "must not be empty"),
        ("{ }", "must not be empty"),
        ("{never closed", "must end with the matching }"),
        ({}, "either `type` or `tell`"),
        ({"type": "ls", "tell": "Hello."}, "either `type` or `tell`"),
        ({"type": "ls", "write": "train.py", "task": TASK}, "are allowed only beside `tell`"),
        ({**WRITE, "edit": "train.py"}, "cannot both write and edit"),
        ({"tell": "Write it.", "write": "train.py"}, "needs a `task`"),
        ({"tell": "Hello.", "task": TASK}, "no other line may have a `task`"),
        ({**WRITE, "write": "../train.py"}, "write"),
        ({**WRITE, "write": "train.py\n"}, "write"),
        ({**WRITE, "write": "train.sh"}, "write"),
        ({**WRITE, "write": "-c.py"}, "write"),
        ({**WRITE, "task": {**TASK, "layer": 1}}, "layer"),
        ({**WRITE, "task": {**TASK, "layers": 0}}, "layers"),
        ({**WRITE, "task": {**TASK, "batch_size": 0}}, "batch_size"),
        ({**WRITE, "task": {**TASK, "learning_rate": float("nan")}}, "learning_rate"),
        ({"typ": "ls"}, "typ"),
    ],
)
def test_a_line_that_makes_no_sense_is_refused_and_the_fault_named(value: object, fault: str) -> None:
    with pytest.raises(ValidationError, match=fault):
        make_line(value)


@pytest.mark.parametrize(
    ("command", "file"),
    [
        ("python3 train.py", "train.py"),
        ("cd /tmp && python3.11 -u train.py --fast", "train.py"),
        ("time python train.py | tail", "train.py"),
        ("cat train.py", None),
        ("python3 -c 'print(1)'", None),
        ("ipython3 notebook.py", None),
    ],
)
def test_the_program_that_a_line_runs_is_read_off_its_command(command: str, file: str | None) -> None:
    assert make_line(command).runs == file


@pytest.mark.parametrize(
    ("lines", "fault"),
    [
        (["python3 train.py"], "line 1 uses train.py"),
        ([EDIT], "line 1 uses train.py"),
        ([WRITE, "python3 test.py"], "line 2 uses test.py"),
        (["python3 train.py", WRITE], "line 1 uses train.py"),
        ([], "script"),
    ],
)
def test_a_file_must_be_written_before_it_is_used(lines: list[Any], fault: str) -> None:
    with pytest.raises(ValidationError, match=fault):
        make_script(*lines)


@pytest.mark.parametrize("name", ["", ".hidden", "a/b", "a b", "x" * 65])
def test_a_name_must_do_for_a_folder(name: str) -> None:
    with pytest.raises(ValidationError, match="name"):
        Experiment.model_validate({"name": name, "script": ["ls"]})


ARTICLE = make_script(
    WRITE, "cat train.py", "{Be quick.}", "{Hide it.}", "python3 train.py", EDIT, "python3 train.py"
)


def test_a_command_is_told_what_stands_directly_before_it() -> None:
    assert [ARTICLE.texts_before(index) for index in (1, 4, 6)] == [(), ("Be quick.", "Hide it."), ()]


def test_a_run_is_held_against_the_newest_task_of_its_program() -> None:
    epochs = [task.epochs if task else None for task in map(ARTICLE.task_at, range(7))]
    assert epochs == [3, None, None, None, 3, 9, 9]


def test_steps_pass_over_what_is_only_told() -> None:
    steps = [-1]
    while (step := ARTICLE.next_step(steps[-1])) is not None:
        steps.append(step)
    assert steps[1:] == [0, 1, 4, 5, 6]


def test_a_task_is_learned_and_needs_no_special_prints_by_default() -> None:
    assert Task.model_validate(TASK) == Task(layers=4, epochs=3, learns=True, shape_print=False, all_gpus=False)
