"""Every snippet of docs/python.md runs as it is written there. A server on loopback takes the place of OpenAI's."""

import os
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from builders import SHAPE, TRAIN, lines
from folders import make_run
from scripted_runs import GOOD_PROGRAM, scripted_replies, write_experiment
from snippets import blocks
from vllm import Server, serving

SNIPPETS = blocks("docs/python.md", "python")
SHORT_SNIPPETS = ("In a notebook", "With pandas", "With LangChain", "In a test", "In a script")
MACHINE_REPLIES = [
    {"when": "nvidia-smi", "samples": ["| NVIDIA-SMI 460 |\n"]},
    {"when": "pwd", "samples": ["/home/user\n"]},
]

RunSnippet = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def in_python(tmp_path: Path) -> Iterator[RunSnippet]:
    """A function that runs code in an empty folder. A server on loopback takes the place of OpenAI's, and replies as
    a coder does.
    """
    with serving(Server(MACHINE_REPLIES + scripted_replies(GOOD_PROGRAM))) as server:
        env = {**os.environ, "OPENAI_API_KEY": "stand-in", "OPENAI_BASE_URL": server.address}

        def call(code: str) -> subprocess.CompletedProcess[str]:
            command = [sys.executable, "-c", code]
            return subprocess.run(
                command, capture_output=True, text=True, check=False, timeout=300, cwd=tmp_path, env=env
            )

        yield call


def snippet(title: str, **changes: str) -> str:
    """The snippet under this heading, with some of its names replaced."""
    (code,) = SNIPPETS[title]
    for old_name, new_name in changes.items():
        assert old_name in code
        code = code.replace(f'"{old_name}"', f'"{new_name}"')
    return code


def test_the_five_are_there_and_none_is_longer_than_ten_lines() -> None:
    for title in SHORT_SNIPPETS:
        assert sum(bool(line.strip()) for line in snippet(title).splitlines()) <= 10


def test_a_pandas_user_has_seconds_and_series_of_a_run(in_python: RunSnippet, tmp_path: Path) -> None:
    (tmp_path / "runs").mkdir()
    make_run(tmp_path / "runs" / "mnist")
    result = in_python(snippet("With pandas"))
    assert result.returncode == 0, result.stderr
    assert "train-v1  imagined    8.0" in result.stdout
    assert "last loss (train.py:32)" in result.stdout
    assert result.stdout.count("real") >= 2


def test_a_langchain_user_has_a_chat_model_be_the_machine(in_python: RunSnippet) -> None:
    result = in_python(snippet("With LangChain"))
    assert result.stdout == "| NVIDIA-SMI 460 |\n\n/home/user\n\n", result.stderr


@pytest.mark.parametrize("said, passes", [(0.41, True), (0.91, False)])
def test_a_test_author_is_told_where_a_report_differs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: float, passes: bool
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "logs").mkdir()
    for seed in range(7):
        (tmp_path / "logs" / f"{seed}.log").write_text(SHAPE + lines((0.8, 0.6, 0.4 + seed / 200)))
    (tmp_path / "train.py").write_text(TRAIN)
    (tmp_path / "reported.log").write_text(SHAPE + lines((0.81, 0.61, said), (0.7, 0.8, 0.87)))
    space: dict[str, Any] = {}
    exec(snippet("In a test"), space)
    (test,) = (value for name, value in space.items() if name.startswith("test_"))
    if passes:
        test()
    else:
        with pytest.raises(AssertionError, match="differs"):
            test()


@pytest.mark.docker
def test_a_notebook_user_sees_the_result(in_python: RunSnippet, tmp_path: Path) -> None:
    write_experiment(tmp_path)
    code = snippet("In a notebook", mnist="small.yaml").removesuffix("result\n")
    cell = textwrap.indent(code + "print(result._repr_html_())\n", "    ")
    result = in_python(f"import asyncio\nasync def cell():\n{cell}asyncio.run(cell())")
    assert result.returncode == 0, result.stderr
    assert "<table>" in result.stdout and "train-v1</td><td>8</td><td>6</td>" in result.stdout


@pytest.mark.docker
def test_a_script_prints_the_verdict(in_python: RunSnippet, tmp_path: Path) -> None:
    write_experiment(tmp_path)
    result = in_python(snippet("In a script", mnist="small.yaml"))
    assert result.returncode == 0, result.stderr
    assert "train-v1" in result.stdout and "runs/mnist" in result.stdout


@pytest.mark.docker
def test_a_script_whose_model_is_gone_is_told(in_python: RunSnippet, tmp_path: Path) -> None:
    write_experiment(tmp_path)
    code = snippet("In a script", mnist="small.yaml").replace("import sys", "import os, sys", 1)
    result = in_python(code.replace("import gedanken\n", "import gedanken\nos.environ['OPENAI_API_KEY'] = ''\n", 1))
    assert result.returncode == 1
    assert "gedanken.resume('runs/mnist')" in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.docker
@pytest.mark.model
def test_both_kinds_of_machine_are_used_alike(in_python: RunSnippet) -> None:
    result = in_python(snippet("Both kinds of machine"))
    real, imagined = result.stdout.split("imagined, exit code")
    assert real == "docker, exit code 127:\n\n"
    assert "NVIDIA-SMI" in imagined
