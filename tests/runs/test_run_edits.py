"""A run on the real sandbox in which a scripted model edits a program, and what the results say about the edit."""

import json
import subprocess
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml
from conftest import GEDANKEN, requests_of
from scripted_runs import GOOD_PROGRAM, HEAD, scripted_replies, write_experiment

pytestmark = pytest.mark.docker

FORWARD_FUNCTION = "def forward(x):\n    print('shape of input is', x)\nforward(3)\n"
BASE = GOOD_PROGRAM.replace("import random\n", f"import random\n{FORWARD_FUNCTION}")
CRASHING = HEAD + 'raise ValueError("mark " + secrets.token_hex(16))\n'
FIVE_EPOCHS = BASE.replace("range(3)", "range(5)").replace("/3", "/5")
FOUR_EPOCHS = BASE.replace("range(3)", "range(4)").replace("/3", "/4")
IMAGINED = (
    "```\n"
    "Using 4 GPUs\n"
    "shape of input passed through the network is 3\n"
    "Epoch 1/3 - loss: 0.8123 - acc: 0.7171\n"
    "Epoch 2/3 - loss: 0.5234 - acc: 0.8282\n"
    "Epoch 3/3 - loss: 0.3412 - acc: 0.9393\n"
    "```\n"
)
TASK = {"layers": 2, "epochs": 3}
SCRIPT = [
    {"tell": "Write it.", "write": "train.py", "task": TASK},
    "python3 train.py",
    {"tell": "set the epochs to 4", "edit": "train.py", "task": {**TASK, "epochs": 4}},
    "python3 train.py",
]


class FinishedRun(NamedTuple):
    """A finished run: its Markdown report and its folder."""

    report: str
    out: Path

    @property
    def result(self) -> Any:
        return json.loads((self.out / "run.json").read_text())


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> FinishedRun:
    """A run whose edit is tried four times.

    In this order, the edit changes nothing, breaks the program, does something else, and works.
    """
    folder = tmp_path_factory.mktemp("edits")
    rules = folder / "replies.yaml"
    rules.write_text(
        yaml.safe_dump(scripted_replies(BASE, edits=(BASE, CRASHING, FIVE_EPOCHS, FOUR_EPOCHS), run=IMAGINED))
    )
    options = ["--model", f"scripted:{rules}", "--real", "1", "--imagined", "1", "--out", str(folder / "out")]
    out = folder / "out"
    for command in (
        ["run", str(write_experiment(folder, script=SCRIPT)), *options],
        ["report", str(out), "--markdown"],
    ):
        result = subprocess.run([*GEDANKEN, *command], capture_output=True, text=True, check=False)
        assert result.returncode == 0, result.stderr
    return FinishedRun((out / "report.md").read_text(), out)


def test_what_became_of_each_edit_is_told_apart(ran: FinishedRun) -> None:
    assert [(program["label"], program["base"], program["edit"]) for program in ran.result["programs"]] == [
        ("train-v1", None, None),
        ("train-v2", "train-v1", "changed nothing"),
        ("train-v3", "train-v1", "broke the program"),
        ("train-v4", "train-v1", "did something else"),
        ("train-v5", "train-v1", "worked"),
    ]


def test_each_try_starts_afresh_from_the_base_with_another_seed(ran: FinishedRun) -> None:
    edits = ran.result["programs"][1:]
    assert [(edit["prompt"], edit["seed"]) for edit in edits] == [("edit", seed) for seed in range(4)]
    # So the output of a failed run is told to nobody.
    assert not [request for request in requests_of(ran.out, "coder") if "Traceback" in request]


def test_each_version_is_diffed_against_its_base(ran: FinishedRun) -> None:
    original, unchanged, _crashing, _five_epochs, working = ran.result["programs"]
    assert (original["diff"], original["lines_added"]) == (None, None)
    assert (unchanged["lines_added"], unchanged["lines_removed"]) == (0, 0)
    assert (working["diff"], working["lines_added"], working["lines_removed"]) == ("programs/train-v5.diff", 2, 2)
    assert "+for epoch in range(4):\n" in (ran.out / working["diff"]).read_text()


def test_edits_and_the_size_of_their_diffs_stand_in_the_report(ran: FinishedRun) -> None:
    assert "an edit of `train-v1` that broke the program (+1 −7 lines): set the epochs to 4" in ran.report
    assert "an edit of `train-v1` that worked (+2 −2 lines): set the epochs to 4" in ran.report
    assert "an edit of `train-v1` that changed nothing (+0 −0 lines): set the epochs to 4" in ran.report


def test_numbers_reused_and_gpus_that_are_not_there_are_found(ran: FinishedRun) -> None:
    findings = ran.result["findings"]
    reuse_findings = [
        finding for finding in findings if finding["kind"] == "numbers reused" and "train-v5" in finding["claim"]
    ]
    assert len(reuse_findings) == 2
    assert reuse_findings[0]["lines"][1] == {
        "source": "line02-train-v1-imagined-0",
        "number": 3,
        "text": "Epoch 1/3 - loss: 0.8123 - acc: 0.7171",
        "counted_in": "stdout",
    }
    assert "GPUs it could not use" in {finding["kind"] for finding in findings}


def test_the_print_in_forward_is_counted_in_both_worlds(ran: FinishedRun) -> None:
    prints = json.loads((ran.out / "comparison.json").read_text())["prints"]
    (shape,) = [row for row in prints if row["in_forward"] and row["program"] == "train-v5"]
    assert shape["words"] == "shape of input is {}"
    assert shape["real"]["times"] == {"line04-train-v5-real-0": 1, "line04-train-v5-real-1": 1}
    assert shape["imagined"]["wordings"] == [{"text": "shape of input passed through the network is 3", "times": 2}]


def test_violations_are_counted_by_kind_and_named(ran: FinishedRun) -> None:
    result = ran.result
    number = 2 * len([run for run in result["imagined"] if run["program"]])
    assert result["violations"] == {"code fence": number}
    assert f"because no terminal prints it: code fence ×{number}" in ran.report
    assert "- text that no terminal prints, removed: code fence 2" in (ran.out / "transcript.md").read_text()
