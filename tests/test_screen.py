"""What is under way, as a log without a terminal shows it."""

import io
from collections.abc import Iterator

import pytest
from rich.console import Console

from gedanken.screen import LOG_SECONDS, Screen


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[float]]:
    now = [1000.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    yield now


def log() -> tuple[Screen, io.StringIO]:
    file = io.StringIO()
    screen = Screen()
    screen.console = Console(file=file, width=60, highlight=False)
    return screen, file


def test_all_workers_stand_in_one_line_every_30_seconds_with_tokens_limit_and_speed(clock: list[float]) -> None:
    screen, file = log()
    with screen.run(1024):
        screen.hear("simulate", "sample 1", "")
        screen.hear("execute", "seed 2", "a\nb\n")
        for _token in range(21):
            screen.hear("simulate", "sample 1", "x")
            clock[0] += 1
        assert file.getvalue() == ""
        clock[0] += LOG_SECONDS - 21
        screen.hear("simulate", "sample 1", "y\x1b[2J")
    (line,) = file.getvalue().splitlines()
    assert "simulate sample 1: 22 tokens of at most 1024, 0.7 a second; execute seed 2: 2 lines" in line
    assert "\x1b" not in line


def test_a_line_that_says_nothing_new_is_not_repeated(clock: list[float]) -> None:
    screen, file = log()
    for _time in range(5):
        clock[0] += LOG_SECONDS
        screen.hear("simulate", "sample 0", "")
    assert file.getvalue().splitlines() == ["  simulate sample 0: reads the question"]


def test_a_reply_of_the_persona_is_counted_in_tokens(clock: list[float]) -> None:
    screen, file = log()
    with screen.run(64):
        screen.hear("persona", "imagined", "x")
        clock[0] += LOG_SECONDS
        screen.hear("persona", "imagined", "y")
    assert "persona imagined: 2 tokens of at most 64" in file.getvalue()
