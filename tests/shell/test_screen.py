"""The progress of a run as it is shown without a terminal, and on a narrow terminal."""

import io
import re
import time
from collections.abc import Iterator

import pytest
from rich.console import Console

from gedanken.loading.experiments_and_personas import load_experiment
from gedanken.terminal.run_plan import RunPlan, plan_steps
from gedanken.terminal.screen import Screen


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[float]]:
    time = [1000.0]
    monkeypatch.setattr("time.monotonic", lambda: time[0])
    yield time


def screen_and_file() -> tuple[Screen, io.StringIO]:
    file = io.StringIO()
    screen = Screen()
    screen.console = Console(file=file, width=60, highlight=False)
    return screen, file


def test_one_line_tells_of_all_workers_with_tokens_limit_and_speed(clock: list[float]) -> None:
    screen, file = screen_and_file()
    with screen.run(1024):
        screen.hear("simulate", "sample 1", "")
        screen.hear("execute", "seed 2", "a\nb\n")
        for _token in range(21):
            screen.hear("simulate", "sample 1", "x")
            clock[0] += 1
        screen.hear("simulate", "sample 1", "y\x1b[2J")
        screen.log()
    (line,) = file.getvalue().splitlines()
    assert "imagined sample 1: 22 tokens of at most 1024, 1.0 a second; real run seed 2: 2 lines" in line
    assert "\x1b" not in line


def test_a_model_that_says_nothing_for_long_is_told_of_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gedanken.terminal.screen.LOG_SECONDS", 0.05)
    screen, file = screen_and_file()
    with screen.run(64):
        screen.hear("simulate", "sample 0", "")
        deadline = time.monotonic() + 10
        while "reads the question" not in file.getvalue() and time.monotonic() < deadline:
            time.sleep(0.02)
    assert "imagined sample 0: reads the question" in file.getvalue()


def test_a_reply_of_the_persona_is_counted_in_tokens(clock: list[float]) -> None:
    screen, file = screen_and_file()
    with screen.run(64):
        screen.hear("persona", "imagined", "", 32)
        screen.hear("persona", "imagined", "x")
        clock[0] += 2
        screen.hear("persona", "imagined", "y")
        screen.log()
    assert "boot imagined: 2 tokens of at most 32, 0.5 a second" in file.getvalue()


def test_a_log_begins_with_how_long_it_will_take() -> None:
    screen, file = screen_and_file()
    with screen.run(64, RunPlan(plan_steps(load_experiment("article"), 7, 3, True))):
        assert re.match(r"  step 1 of 5, about \d+ min left in all \(a first guess\): ", file.getvalue())


def test_a_worker_that_ends_takes_no_other_off_the_screen() -> None:
    screen, file = screen_and_file()
    with screen.run(64):
        for sample in (1, 10):
            screen.hear("simulate", f"sample {sample}", "x")
        screen.finished("simulate", "sample 10 finished, 1.0 s: sample 1", "sample 10")
        screen.log()
    assert "imagined sample 1: 1 token" in file.getvalue()
    assert "imagined sample 10: " not in file.getvalue()


@pytest.mark.parametrize("width", [60, 80, 100])
def test_what_is_live_fits_a_narrow_terminal(width: int) -> None:
    screen, file = screen_and_file()
    screen.console = Console(file=file, width=width, force_terminal=True, highlight=False)
    plan = RunPlan(plan_steps(load_experiment("article"), 7, 3, True))
    with screen.run(1024, plan):
        screen.hear("simulate", "sample 1", "")
        screen.hear("simulate", "sample 1", "Epoch 1/10 - loss: 0.5 - accuracy: 0.9, and much more of it\n" * 3)
    lines = [re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", line) for line in file.getvalue().splitlines()]
    assert any("step 1 of 5, about" in line and " left in all" in line for line in lines)
    assert any(re.match(r"  imagined  sample 1, \d+ s: 1 token of at most 1024", line) for line in lines)
    assert all(len(line.strip("\r")) <= width for line in lines)


def test_a_step_that_takes_longer_than_guessed_is_not_said_to_have_no_time_left(clock: list[float]) -> None:
    screen, file = screen_and_file()
    with screen.step("downloading MNIST", 4, "seconds") as update:
        for seconds in (2.0, 4.0, 4.0):
            clock[0] += 6
            update(seconds)
    assert file.getvalue().splitlines() == [
        "downloading MNIST …",
        "downloading MNIST: 50 %, about 6 s left",
        "downloading MNIST: 12 s so far, longer than usual",
        "downloading MNIST: 18 s so far, longer than usual",
    ]


def test_a_sign_of_life_of_a_model_that_reasons_is_no_new_beginning(clock: list[float]) -> None:
    screen, _file = screen_and_file()
    plan = RunPlan(plan_steps(load_experiment("article"), 7, 3, True))
    with screen.run(64, plan):
        screen.hear("simulate", "sample 1", "")
        clock[0] += 100
        seconds_before = plan.seconds_left()
        screen.hear("simulate", "sample 1", "")
        assert plan.seconds_left() == seconds_before


def test_those_who_wait_for_cores_are_counted_and_not_said_to_read(clock: list[float]) -> None:  # noqa: ARG001
    screen, file = screen_and_file()
    with screen.run(64):
        screen.hear("simulate", "sample 1", "")
        screen.waits("simulate", "sample 2", 1)
        screen.waits("simulate", "sample 3", 2)
        screen.log()
    assert "imagined sample 1: reads the question; 2 more tasks wait for cores" in " ".join(file.getvalue().split())
