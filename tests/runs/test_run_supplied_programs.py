"""A run on the real sandbox with programs that the script supplies. The scripted model neither writes nor repairs
them.
"""

import json
import subprocess
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml
from conftest import GEDANKEN, Cli, requests_of
from pydantic import ValidationError

from gedanken.experiment.script import Experiment

TRAIN = """\
import random, secrets

random.gauss(0, 1)
for epoch in range(3):
    for x, y in [(1, 2)]:
        class loss:
            backward = lambda: None
        loss.backward()
    print(f"epoch {epoch + 1} loss {1 / (epoch + 1) + random.random() / 99:.4f}")
# mark
print("mark", secrets.token_hex(16))
"""
CRASHING = "print('loss 1.0')\nraise SystemExit(3)\n"
RUN = "python3 train.py"
SCRIPT = [
    {"give": "train.py", "program": "mine.py"},
    RUN,
    {"give": "train.py", "program": "mine.py", "change": "epochs /3"},
    RUN,
    {"give": "train.py", "program": "mine.py", "change": "comments removed"},
    RUN,
    {"give": "crash.py", "source": CRASHING},
    "python3 crash.py",
]
REPLIES = [
    {"when": "python3", "samples": [f"epoch 1 loss 0.9\nepoch 2 loss 0.{n}173\n" for n in (3, 4, 5)]},
    {"when": "nvidia-smi", "samples": ["bash: nvidia-smi: command not found\n"]},
]


class FinishedRun(NamedTuple):
    """A finished run: what its screen showed, and its folder."""

    screen: str
    out: Path

    @property
    def result(self) -> Any:
        return json.loads((self.out / "run.json").read_text())


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> FinishedRun:
    folder = tmp_path_factory.mktemp("given")
    (folder / "mine.py").write_text(TRAIN)
    (folder / "replies.yaml").write_text(yaml.safe_dump(REPLIES))
    content = {"name": "given", "script": SCRIPT, "conditions": {"session": "fresh"}}
    (folder / "given.yaml").write_text(yaml.safe_dump(content))
    options = ["--model", f"scripted:{folder / 'replies.yaml'}", "--real", "5", "--imagined", "2"]
    result = subprocess.run(
        [*GEDANKEN, "run", str(folder / "given.yaml"), *options, "--out", str(folder / "out")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    return FinishedRun(result.stdout + result.stderr, folder / "out")


@pytest.mark.docker
def test_given_programs_are_placed_changed_run_and_imagined_and_no_coder_is_asked(ran: FinishedRun) -> None:
    assert [
        (program["label"], program["change"], program["base"], program["prompt"])
        for program in ran.result["programs"]
    ] == [
        ("train-v1", None, None, "given"),
        ("train-v2", "epochs /3", "train-v1", "given"),
        ("train-v3", "comments removed", "train-v1", "given"),
        ("crash-v1", None, None, "given"),
    ]
    assert requests_of(ran.out, "coder") == []
    for label in ("train-v1", "train-v2", "train-v3", "crash-v1"):
        seeds = [run["seed"] for run in ran.result["real"] if run["program"] == label]
        samples = [run["sample"] for run in ran.result["imagined"] if run["program"] == label]
        assert (seeds, samples) == (list(range(6)), [0, 1, 2])
    assert "-for epoch in range(3):\n+for epoch in range(1):\n" in (ran.out / "programs/train-v2.diff").read_text()


@pytest.mark.docker
def test_a_given_program_that_fails_is_measured_as_it_is_and_nobody_mends_it(ran: FinishedRun) -> None:
    assert [program["works"] for program in ran.result["programs"]] == [True, True, True, False]
    assert {run["exit_code"] for run in ran.result["real"] if run["program"] == "crash-v1"} == {3}
    assert ran.result["outcome"] == "done"


@pytest.mark.docker
def test_each_version_is_imagined_in_a_session_in_which_no_other_output_stands(ran: FinishedRun) -> None:
    requests = [request for request in requests_of(ran.out, "imagined machine") if "cat > " in request]
    assert len(requests) == 12
    output_paths = [
        run["stdout"] for run in ran.result["real"] if run["program"] and run["program"].startswith("train")
    ]
    random_marks = [(ran.out / path).read_text().splitlines()[-1].removeprefix("mark ") for path in output_paths]
    assert len(set(random_marks)) == 18
    for request in requests:
        assert request.count("cat > ") == 1
        assert "0173" not in request and not any(f"0.{digit}173" in request for digit in (3, 4, 5))
        assert not any(mark in request for mark in random_marks)


@pytest.mark.docker
def test_what_the_changes_come_to_is_kept_and_shown(ran: FinishedRun) -> None:
    (effects,) = json.loads((ran.out / "comparison.json").read_text())["effects"]
    fewer_epochs, without_comments = effects["loss"]["effects"]
    assert (fewer_epochs["change"], fewer_epochs["imagined"]["effect"]) == ("epochs /3", 0)
    assert fewer_epochs["real"]["effect"] > 0.5
    assert (fewer_epochs["same_way"], without_comments["same_way"], without_comments["neutral"]) == (
        False,
        None,
        True,
    )
    assert effects["imagined_shown"][:2] == [6, 6]
    words = " ".join(ran.screen.split())
    assert "last loss, 0 (" in words and "move the imagined one in the same direction" in words
    assert "comments removed" in words


def refusal_of(gedanken: Cli, folder: Path, *lines: object, options: tuple[str, ...] = ()) -> str:
    (folder / "mine.py").write_text(TRAIN)
    (folder / "x.yaml").write_text(yaml.safe_dump({"name": "x", "script": lines}))
    result = gedanken("run", folder / "x.yaml", "--model", "scripted:none.yaml", *options)
    assert result.returncode == 2
    return result.stderr


def test_what_cannot_be_given_is_refused_before_anything_runs(gedanken: Cli, tmp_path: Path) -> None:
    give_line = {"give": "train.py", "program": "mine.py"}
    assert "script line 1: there is no change “luck”" in refusal_of(
        gedanken, tmp_path, {**give_line, "change": "luck"}, RUN
    )
    assert "script line 1: the program has nothing that “batch x8”" in refusal_of(
        gedanken, tmp_path, {**give_line, "change": "batch x8"}, RUN
    )
    assert "No such file" in refusal_of(gedanken, tmp_path, {**give_line, "program": "yours.py"}, RUN)
    assert "script line 1: not valid Python" in refusal_of(
        gedanken, tmp_path, {"give": "train.py", "source": "print("}, RUN
    )
    assert "use --source shown" in refusal_of(gedanken, tmp_path, give_line, RUN, options=("--source", "hidden"))


@pytest.mark.parametrize(
    ("lines", "fault"),
    [
        ([{"give": "train.py"}, RUN], "needs the program that it gives"),
        ([{"give": "train.py", "program": "digits", "source": "1"}, RUN], "needs the program that it gives"),
        ([{"give": "train.py", "source": "1", "change": "batch x8"}, RUN], "is allowed only beside `program`"),
        ([{"give": "train.py", "program": "digits", "tell": "Write it."}, RUN], "may have only `program`"),
        ([{"type": "ls", "program": "digits"}], "are allowed only beside `give`"),
        ([{"give": "../train.py", "program": "digits"}, RUN], "give"),
        ([{"give": "train.py", "program": "digits"}], "never runs it"),
        (
            [
                {"give": "train.py", "program": "digits"},
                {"tell": "Edit it.", "edit": "train.py", "task": {"layers": 2, "epochs": 3}},
                RUN,
            ],
            "which the script supplies",
        ),
    ],
)
def test_a_script_line_that_gives_makes_sense_or_is_refused(lines: list[Any], fault: str) -> None:
    with pytest.raises(ValidationError, match=fault):
        Experiment.model_validate({"name": "x", "script": lines})
