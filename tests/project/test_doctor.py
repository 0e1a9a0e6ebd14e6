"""The output of `gedanken doctor`, on this machine as it is and on a machine where everything is missing."""

import io
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from gedanken import doctor
from gedanken.doctor import KEYS, Line, examine, print_doctor

SECRET = "sk-never-to-be-shown"
GROUPS = ["versions", "engines", "GPU", "images", "data", "models", "plug-ins", "disk", "leftovers"]


def page(lines: list[Line], **options: Any) -> str:
    """The output of `gedanken doctor` as a terminal shows it."""
    output = io.StringIO()
    print_doctor(lines, Console(file=output, width=100, highlight=False, **options))
    return output.getvalue()


@pytest.fixture
def nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Lets this machine look like one without engines, programs and a cache."""
    monkeypatch.setenv("DOCKER_HOST", "unix:///nonexistent")
    monkeypatch.setenv("PATH", "")
    monkeypatch.setenv("GEDANKEN_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("GEDANKEN_CIFAR10", raising=False)


@pytest.mark.docker  # without an engine there are no images to tell of
def test_this_machine_is_looked_at_in_full_and_whatever_is_not_well_has_a_remedy() -> None:
    lines = examine()
    assert list(dict.fromkeys(line.group for line in lines)) == GROUPS
    assert all(bool(line.remedy) == (line.state != "ok") for line in lines)
    assert all(len(page([line]).splitlines()) < 12 for line in lines)


@pytest.mark.docker
def test_what_docker_has_is_told_as_docker_tells_it(docker_engine: Any) -> None:
    lines = {(line.group, line.name): line for line in examine()}
    assert docker_engine.client.info()["ServerVersion"] in lines["engines", "docker"].detail
    assert lines["images", docker_engine.image].state == "ok"


@pytest.mark.usefixtures("nothing")
def test_a_machine_with_nothing_gets_red_lines_with_remedies_and_no_traceback() -> None:
    lines = examine()
    assert not [line for line in lines if line.group in ("versions", "GPU") and line.state == "missing"]
    remedies = {line.name: line.remedy for line in lines if line.state == "missing"}
    assert {"docker", "podman", "bubblewrap", "mnist", "cifar10", "embedded"} <= remedies.keys()
    assert "apt-get install docker.io" in remedies["docker"]
    assert all(remedies.values())
    assert "Traceback" not in page(lines)
    assert f"{sum(line.state == 'missing' for line in lines)} items are missing" in page(lines)


def test_an_engine_that_says_nothing_does_not_hold_up_the_page(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(doctor, "ANSWER_SECONDS", 60)
    monkeypatch.setattr(doctor, "EXAMINATION_SECONDS", 2)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "s"))
        listener.listen()
        monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/s")
        lines = examine()
    silent = [line for line in lines if line.detail == "no answer within 2 s"]
    assert {"engines", "images"} <= {line.group for line in silent}
    assert all(line.state == "missing" and line.remedy for line in silent)


def test_keys_are_told_to_be_set_and_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    for key in KEYS:
        monkeypatch.setenv(key, SECRET)
    lines = examine()
    assert [line.detail for line in lines if line.name in KEYS] == ["set"] * len(KEYS)
    assert SECRET not in page(lines)
    assert SECRET not in str(lines)


def test_what_an_engine_calls_itself_is_not_obeyed() -> None:
    hostile = Line("engines", "docker\x1b[2J", "missing", "[red]version\x1b]0;owned\x07 \u202e", "rm \x1b[1m")
    text = page([hostile], force_terminal=False)
    assert "\x1b" not in text
    assert "\\x1b[2J" in text
    assert "[red]version" in text


def test_the_page_has_no_colours_where_none_are_wanted() -> None:
    program = "from gedanken.doctor import *; print_doctor([Line('a', 'b', 'missing', 'c', 'd')], Console())"
    for variables in ({"FORCE_COLOR": "1"}, {"FORCE_COLOR": "1", "NO_COLOR": "1"}):
        completed = subprocess.run(
            [sys.executable, "-c", program],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, **variables},
        )
        assert ("\x1b[1;31m" in completed.stdout) == ("NO_COLOR" not in variables)
