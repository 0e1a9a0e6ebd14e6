"""On a busy server, a probe loses only the failed sample and keeps all other replies."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from conftest import Cli
from openai_server import Refusal, Server, serving

PROGRAM = """\
def show(x):
    # say it once

    y = x + 1
    print("it is", y)


for turn in range(3):
    show(turn)
"""
REPLY = "it is 1\n"


def probe_edits(gedanken: Cli, folder: Path, server: Server, *options: object) -> "subprocess.CompletedProcess[str]":
    (folder / "once.py").write_text(PROGRAM)
    options = ("--program", "once.py", *options)
    model_options = ("--model", "openai:small", "--base-url", server.address)
    return gedanken(
        "probe", "edits", "--samples", 1, *model_options, "--sandbox", "docker", "--out", "edits.json", *options
    )


def replies_of(folder: Path) -> list[dict[str, Any]]:
    result = json.loads((folder / "edits.json").read_text())
    return [reply for edit in result["edited"] for reply in (edit["trunk"], edit["again"], *edit["samples"])]


@pytest.mark.docker
def test_the_requests_of_a_probe_go_side_by_side(gedanken: Cli, tmp_path: Path) -> None:
    with serving(Server(seconds=1.0, text=REPLY)) as server:
        result = probe_edits(gedanken, tmp_path, server)
    assert result.returncode == 0, result.stderr
    assert [reply["sample"] for reply in replies_of(tmp_path)] == [0, 0, 1] * 6
    assert (len(server.came), server.most_at_once) == (18, 8)


@pytest.mark.docker
def test_a_probe_whose_last_request_fails_keeps_what_came(gedanken: Cli, tmp_path: Path) -> None:
    with serving(Server(lambda number, _request: Refusal(401, "revoked") if number == 18 else None)) as server:
        result = probe_edits(gedanken, tmp_path, server, "--parallel", 1)
    assert result.returncode == 4
    assert "revoked" in result.stderr.splitlines()[-1]
    causes = [reply["cause"] for reply in replies_of(tmp_path)]
    assert causes == ["finished"] * 17 + ["no reply"]
    assert json.loads((tmp_path / "edits.json").read_text())["stopped"]


@pytest.mark.docker
def test_a_probe_that_got_no_reply_ends_with_4_and_keeps_nothing(gedanken: Cli, tmp_path: Path) -> None:
    with serving(Server(lambda *_: Refusal(401, "invalid key"))) as server:
        result = probe_edits(gedanken, tmp_path, server)
    assert result.returncode == 4
    assert not (tmp_path / "edits.json").exists()
    assert len(server.came) <= 8
