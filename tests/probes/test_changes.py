"""Named changes of a program: each changes what its name says, and nothing else."""

import asyncio
import difflib
import math
from importlib import resources
from typing import Any

import pytest

from gedanken.probes.interventions import CHANGES, CannotChange, apply_change
from gedanken.probes.semantics_preserving_edits import is_same_when_run

DIGITS = (resources.files("gedanken.probes") / "programs" / "digits.py").read_text()
NEUTRAL = [name for name, change in CHANGES.items() if change.neutral]


def diff(source: str, name: str) -> list[str]:
    """The lines that a change removes and adds. Blank lines and indentation are ignored."""
    lines = difflib.ndiff(source.splitlines(), apply_change(source, name).splitlines())
    return [line[0] + line[1:].strip() for line in lines if line[0] in "+-" and line[1:].strip()]


@pytest.mark.parametrize(
    ("name", "was", "is_now"),
    [
        ("learning rate 0", "lr=0.001", "lr=0"),
        ("learning rate /10", "lr=0.001", "lr=0.0001"),
        ("learning rate x10", "lr=0.001", "lr=0.01"),
        ("learning rate x1000", "lr=0.001", "lr=1"),
        ("width /8", "64), nn.ReLU(), nn.Linear(64", "8), nn.ReLU(), nn.Linear(8"),
        ("width x4", "64), nn.ReLU(), nn.Linear(64", "256), nn.ReLU(), nn.Linear(256"),
        ("epochs /3", "epoch in range(3)", "epoch in range(1)"),
        ("epochs x2", "epoch in range(3)", "epoch in range(6)"),
        ("batch /4", "batch_size=64", "batch_size=16"),
        ("batch x8", "batch_size=64", "batch_size=512"),
    ],
)
def test_a_setting_is_changed_and_nothing_else(name: str, was: str, is_now: str) -> None:
    assert apply_change(DIGITS, name) == DIGITS.replace(was, is_now)


def test_what_makes_it_learn_is_taken_away() -> None:
    assert diff(DIGITS, "no backward()") == ["-loss.backward()"]
    assert diff(DIGITS, "labels shuffled") == ["+labels = labels[torch.randperm(len(labels))]"]


@pytest.mark.parametrize("name", NEUTRAL)
def test_an_edit_that_changes_nothing_runs_the_same_and_looks_different(name: str) -> None:
    edited = apply_change(DIGITS, name)
    assert edited != DIGITS
    assert is_same_when_run(DIGITS, edited)


def test_comments_go_and_a_misleading_one_comes() -> None:
    assert "#" not in apply_change(DIGITS, "comments removed")
    assert diff(DIGITS, "a comment that misleads") == ["+# the loss does not fall"]


def test_a_number_that_has_a_name_is_changed_where_it_is_set() -> None:
    source = "RATE = 0.5\n" + DIGITS.replace("lr=0.001", "lr=RATE")
    assert diff(source, "learning rate x10") == ["-RATE = 0.5", "+RATE = 5"]


def test_a_hidden_width_is_changed_on_both_of_its_sides_and_no_other() -> None:
    layers = "a = nn.Linear(784, 64)\nb = nn.Linear(64, 32)\nc = nn.Linear(32, 10)\n"
    assert (
        apply_change(layers, "width x4")
        == "a = nn.Linear(784, 256)\nb = nn.Linear(256, 128)\nc = nn.Linear(128, 10)\n"
    )


@pytest.mark.parametrize(
    ("source", "name", "fault"),
    [
        ("print(1)\n", "learning rate 0", "nothing that"),
        ("print(1)\n", "labels shuffled", "no loop that calls backward"),
        ("f(lr=rate())\n", "learning rate 0", "is not a number"),
        ("R = 1\nR = 2\nf(lr=R)\n", "learning rate 0", "is not a number"),
        ("x = 1; loss.backward()\n", "no backward()", "line 1 must contain nothing but the call"),
        ("while True:\n    for x, y in z:\n        loss.backward()\n", "labels shuffled", "import torch"),
        (DIGITS.replace("batch_size=64", "batch_size=1"), "batch /4", "nothing that"),
        ("print(1)\n", "comments removed", "nothing that"),
        (DIGITS, "more luck", "there is no change"),
    ],
)
def test_a_change_that_has_no_place_is_refused_and_the_reason_told(source: str, name: str, fault: str) -> None:
    with pytest.raises(CannotChange, match=fault):
        apply_change(source, name)


def test_the_rule_of_thumb_expects_nothing_of_edits_that_change_nothing_and_something_of_all_others() -> None:
    assert all((change.expected == 0) == change.neutral for change in CHANGES.values())


@pytest.mark.docker
def test_really_run_what_changes_nothing_prints_the_same_and_what_cannot_learn_stays_near_ln_10(machine: Any) -> None:
    def run_source(source: str) -> str:
        machine.write("train.py", source)
        return str(asyncio.run(machine.run("python3 train.py")).stdout)

    expected_output = run_source(DIGITS)
    for name in NEUTRAL:
        assert run_source(apply_change(DIGITS, name)) == expected_output
    for name in ("learning rate 0", "no backward()", "labels shuffled"):
        last = run_source(apply_change(DIGITS, name)).splitlines()[-1]
        assert abs(float(last.split()[3]) - math.log(10)) < 0.1
