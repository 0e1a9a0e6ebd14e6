"""The commands in README.md work. Servers on loopback take the place of hosted models.

If a command cannot be run here, at least its command line must be accepted.
"""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
import typer
from builders import SHAPE, TRAIN, lines
from conftest import GEDANKEN
from folders import make_run
from scripted_runs import GOOD_PROGRAM, scripted_replies, write_experiment
from snippets import ROOT, blocks
from transcript_forms import FORMS
from vllm import Server, serving

from gedanken.cli.audit import expand_fail_on
from gedanken.cli.compare import expand_imagined
from gedanken.cli.main import app

README_LINES = 90
SMALL_RUN_OPTIONS = "--real 1 --imagined 1 --sandbox bubblewrap"
COMMAND_PREFIX = ".venv/bin/gedanken "
NOT_EXECUTED = {
    "script/demo": "installs as root, and trains for minutes: script/test and test_bootstrap.py do its steps",
    "script/test": "is what runs this",
}
NEEDS_THE_EMBEDDED_MODEL = [".venv/bin/gedanken shell"]


def commands_of(document: str) -> list[str]:
    """The commands in a document, without their comments."""
    lines = [
        line
        for code_blocks in blocks(document, "sh").values()
        for block in code_blocks
        for line in block.splitlines()
    ]
    return [line.split(" # ")[0].split("  #")[0].strip() for line in lines if line.strip()]


IN_README = commands_of("README.md")
IN_USAGE = commands_of("docs/usage.md")


def test_it_is_shorter_than_two_screens_and_shows_a_picture_that_is_there() -> None:
    text = (ROOT / "README.md").read_text()
    assert len(text.splitlines()) <= README_LINES
    assert "(docs/report.png)" in text
    assert 0 < (ROOT / "docs" / "report.png").stat().st_size < 200_000


@pytest.mark.parametrize("document", ["README.md", "docs/usage.md", "docs/python.md", "docs/langgraph.md"])
def test_what_it_links_to_is_there(document: str) -> None:
    text = (ROOT / document).read_text()
    targets = [part.split(")")[0].split("#")[0] for part in text.split("](")[1:]]
    folder = (ROOT / document).parent
    assert [link for link in targets if link and not link.startswith("http") and not (folder / link).exists()] == []


@pytest.mark.parametrize("command", [command for command in IN_README + IN_USAGE if COMMAND_PREFIX in command])
def test_the_command_line_understands_each(command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "runs" / "article-…").mkdir(parents=True)
    (tmp_path / "runs" / "article-…" / "log.jsonl").touch()
    shell_free = re.split(r" <\(| < ", command.split(COMMAND_PREFIX, 1)[1])[0]
    arguments = expand_fail_on(expand_imagined(shlex.split(shell_free)))
    parser = typer.main.get_command(app)
    while isinstance(parser, click.Group) and arguments:
        _, subcommand, arguments = parser.resolve_command(click.Context(parser), arguments)
        assert subcommand, command
        parser = subcommand
    parser.make_context("gedanken", arguments)


def test_each_command_of_readme_is_executed_or_listed_with_the_reason() -> None:
    assert set(IN_README) == {*EXECUTED, *NOT_EXECUTED, *NEEDS_THE_EMBEDDED_MODEL}
    for script in NOT_EXECUTED:
        subprocess.run(["bash", "-n", ROOT / script], check=True)


@pytest.fixture
def server() -> Iterator[Server]:
    """A server that takes the place of OpenAI's, with the replies of a coder and of a machine."""
    with serving(
        Server([*scripted_replies(GOOD_PROGRAM), {"when": "", "samples": ["one two three\n"]}])
    ) as started_server:
        yield started_server


def type_command(command: str, folder: Path, address: str) -> subprocess.CompletedProcess[str]:
    """Run a command of README.md in a folder in which a small experiment replaces `mnist`."""
    write_experiment(folder)
    adapted_command = command.replace(" mnist", " small.yaml").replace("http://127.0.0.1:8000/v1", address)
    env = {**os.environ, "OPENAI_API_KEY": "stand-in", "OPENAI_BASE_URL": address}
    arguments = [*GEDANKEN, *shlex.split(adapted_command.removeprefix(COMMAND_PREFIX))]
    return subprocess.run(arguments, cwd=folder, env=env, capture_output=True, text=True, check=False, timeout=600)


EXECUTED = {
    ".venv/bin/gedanken models check openai:gpt-4.1": "temperature              accepted",
    ".venv/bin/gedanken run mnist --model openai:gpt-4.1": "Confidence:",
    ".venv/bin/gedanken run mnist --model openai:my-model --base-url http://127.0.0.1:8000/v1": "Confidence:",
    ".venv/bin/gedanken compare seed1.log seed2.log --imagined said.log --program train.py": "imagined run",
    ".venv/bin/gedanken compare logs/ --imagined said.log --html both.html": "both.html",
    ".venv/bin/gedanken audit session.jsonl": "The record does not contradict the only claim.",
    ".venv/bin/gedanken resume": "Confidence:",
}
"""For each command that is executed: words that it must print."""


@pytest.mark.parametrize("command", [command for command in EXECUTED if " compare " in command])
def test_logs_are_compared_as_it_tells(command: str, tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    for name, loss in {
        "seed1.log": 0.41,
        "seed2.log": 0.42,
        "said.log": 0.9,
        "logs/1.log": 0.4,
        "logs/2": 0.43,
    }.items():
        (tmp_path / name).write_text(SHAPE + lines((0.8, 0.6, loss)))
    (tmp_path / "train.py").write_text(TRAIN)
    result = type_command(command, tmp_path, "")
    assert result.returncode == 0, result.stderr
    assert EXECUTED[command] in result.stdout


def test_a_session_is_audited_as_it_tells(tmp_path: Path) -> None:
    command = next(command for command in EXECUTED if " audit " in command)
    (tmp_path / "session.jsonl").write_text(FORMS["claude.jsonl"][1])
    result = type_command(command, tmp_path, "")
    assert result.returncode == 0, result.stderr
    assert EXECUTED[command] in result.stdout


def test_a_hosted_model_is_checked_as_it_tells(tmp_path: Path, server: Server) -> None:
    command = next(command for command in EXECUTED if " models check " in command)
    result = type_command(command, tmp_path, server.address)
    assert result.returncode == 0, result.stderr
    assert EXECUTED[command] in result.stdout
    assert server.requests


@pytest.mark.bubblewrap
def test_a_run_on_a_hosted_model_that_is_lost_is_gone_on_with(tmp_path: Path, server: Server) -> None:
    run_command, run_elsewhere, resume_command = (
        command for command in EXECUTED if " run " in command or "resume" in command
    )
    lost_result = type_command(f"{run_command} {SMALL_RUN_OPTIONS}", tmp_path, "http://127.0.0.1:9/v1")
    assert lost_result.returncode == 4, lost_result.stderr
    for command in (resume_command, f"{run_elsewhere} {SMALL_RUN_OPTIONS}"):
        result = type_command(command, tmp_path, server.address)
        assert result.returncode == 0, result.stderr
        assert EXECUTED[resume_command] in result.stdout and "report.html" in result.stdout
    assert len(list((tmp_path / "runs").iterdir())) == 2


@pytest.mark.docker
def test_the_python_of_readme_runs(tmp_path: Path, server: Server) -> None:
    (code,) = blocks("README.md", "python")["From Python"]
    assert '"mnist"' in code
    write_experiment(tmp_path)
    env = {**os.environ, "OPENAI_API_KEY": "stand-in", "OPENAI_BASE_URL": server.address}
    arguments = [sys.executable, "-c", code.replace('"mnist"', '"small.yaml"')]
    result = subprocess.run(
        arguments, cwd=tmp_path, env=env, capture_output=True, text=True, check=False, timeout=600
    )
    assert result.returncode == 0, result.stderr
    assert "runs/small-" in result.stdout and "imagined" in result.stdout and "mean" in result.stdout


@pytest.mark.docker
@pytest.mark.model
def test_the_shell_opens_as_it_tells(tmp_path: Path) -> None:
    (command,) = NEEDS_THE_EMBEDDED_MODEL
    arguments = [*GEDANKEN, *shlex.split(command.removeprefix(COMMAND_PREFIX))]
    result = subprocess.run(
        arguments, cwd=tmp_path, input="exit\n", capture_output=True, text=True, check=False, timeout=600
    )
    assert result.returncode == 0, result.stderr


def test_a_run_folder_can_be_looked_at_as_usage_tells(tmp_path: Path) -> None:
    (tmp_path / "runs").mkdir()
    make_run(tmp_path / "runs" / "article-…")
    report = next(command for command in IN_USAGE if " report " in command)
    result = type_command(report.replace(" --open", " --markdown"), tmp_path, "")
    assert result.returncode == 0, result.stderr
