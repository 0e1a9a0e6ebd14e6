"""Every snippet of docs/python.md runs as it stands there; a server on loopback stands in for OpenAI's."""

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
from snippets import blocks
from test_run_scripted import GOOD, experiment, replies
from vllm import Server, serving

SNIPPETS = blocks("docs/python.md", "python")
NATURAL = ("In a notebook", "With pandas", "With LangChain", "In a test", "In a script")
CAT = [{"when": "nvidia-smi", "samples": ["| NVIDIA-SMI 460 |\n"]}, {"when": "pwd", "samples": ["/home/user\n"]}]

RunSnippet = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def in_python(tmp_path: Path) -> Iterator[RunSnippet]:
    """Run code in an empty folder, where a stand-in answers for OpenAI's server by the replies of a coder."""
    with serving(Server(CAT + replies(GOOD))) as server:
        env = {**os.environ, "OPENAI_API_KEY": "stand-in", "OPENAI_BASE_URL": server.address}

        def call(code: str) -> subprocess.CompletedProcess[str]:
            command = [sys.executable, "-c", code]
            return subprocess.run(
                command, capture_output=True, text=True, check=False, timeout=300, cwd=tmp_path, env=env
            )

        yield call


def snippet(title: str, **changes: str) -> str:
    """The one under this heading, with names of ours in place of some that it holds."""
    (code,) = SNIPPETS[title]
    for was, now in changes.items():
        assert was in code
        code = code.replace(f'"{was}"', f'"{now}"')
    return code


def test_the_five_are_there_and_none_is_longer_than_ten_lines() -> None:
    for title in NATURAL:
        assert sum(bool(line.strip()) for line in snippet(title).splitlines()) <= 10


def test_a_pandas_user_has_seconds_and_series_of_a_run(in_python: RunSnippet, tmp_path: Path) -> None:
    (tmp_path / "runs").mkdir()
    make_run(tmp_path / "runs" / "mnist")
    done = in_python(snippet("With pandas"))
    assert done.returncode == 0, done.stderr
    assert "train-v1  imagined    8.0" in done.stdout
    assert "last loss (train.py:32)" in done.stdout
    assert done.stdout.count("real") >= 2


def test_a_langchain_user_has_a_chat_model_be_the_machine(in_python: RunSnippet) -> None:
    done = in_python(snippet("With LangChain"))
    assert done.stdout == "| NVIDIA-SMI 460 |\n\n/home/user\n\n", done.stderr


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
    experiment(tmp_path)
    code = snippet("In a notebook", mnist="small.yaml").removesuffix("result\n")
    cell = textwrap.indent(code + "print(result._repr_html_())\n", "    ")
    done = in_python(f"import asyncio\nasync def cell():\n{cell}asyncio.run(cell())")
    assert done.returncode == 0, done.stderr
    assert "<table>" in done.stdout and "train-v1</td><td>8</td><td>6</td>" in done.stdout


@pytest.mark.docker
def test_a_script_prints_the_verdict(in_python: RunSnippet, tmp_path: Path) -> None:
    experiment(tmp_path)
    done = in_python(snippet("In a script", mnist="small.yaml"))
    assert done.returncode == 0, done.stderr
    assert "train-v1" in done.stdout and "runs/mnist" in done.stdout


@pytest.mark.docker
def test_a_script_whose_model_is_gone_is_told(in_python: RunSnippet, tmp_path: Path) -> None:
    experiment(tmp_path)
    code = snippet("In a script", mnist="small.yaml").replace("import sys", "import os, sys", 1)
    done = in_python(code.replace("import gedanken\n", "import gedanken\nos.environ['OPENAI_API_KEY'] = ''\n", 1))
    assert done.returncode == 1
    assert "gedanken.resume('runs/mnist')" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.docker
@pytest.mark.model
def test_both_kinds_of_machine_are_used_alike(in_python: RunSnippet) -> None:
    done = in_python(snippet("Both kinds of machine"))
    real, imagined = done.stdout.split("imagined, exit code")
    assert real == "docker, exit code 127:\n\n"
    assert "NVIDIA-SMI" in imagined
