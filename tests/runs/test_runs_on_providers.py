"""`gedanken run`, `shell` and `probe edits` from start to end, with servers that take the place of common models."""

import json
import os
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from builders import LOOP_PROGRAM
from conftest import GEDANKEN, Cli
from providers.openai_chat import OpenAIChat
from providers.players import FAMILIES, Player, request_bodies, serve_player
from scripted_runs import GOOD_PROGRAM, scripted_replies

PROGRAM = GOOD_PROGRAM.replace("layers = [", "layers = [nn.Linear(4, 4), nn.Linear(4, 4), ").replace("3", "10")
PROGRAM = PROGRAM.replace("epoch / 10:", "epoch / 30:")
IMAGINED = "".join(f"Epoch {n}/10 - loss: {0.99 - n / 20:.4f} - acc: 0.9000\n" for n in range(1, 11))
RULES = [
    {"when": "Create train.py", "samples": [f"```python\n{PROGRAM}```\n"]},
    *scripted_replies(PROGRAM, run=IMAGINED),
]
FEW_RUNS = ("--real", "1", "--imagined", "1", "--no-surprise")


@pytest.mark.docker
@pytest.mark.parametrize("family", FAMILIES)
def test_a_run_of_mnist_comes_to_its_end_on_each(gedanken: Cli, tmp_path: Path, family: str) -> None:
    with serve_player(Player(FAMILIES[family], RULES)) as player:
        folder = tmp_path / "out"
        run_result = gedanken("run", "mnist", *player.arguments, *FEW_RUNS, "--json", "--out", folder)
        assert run_result.returncode == 0, run_result.stderr
        result = json.loads(run_result.stdout)
    programs = [path.read_text() for path in (folder / "programs").iterdir()]
    assert programs == [PROGRAM.lstrip("\n")]  # and no draft out of its reasoning
    imagined = [run for run in result["imagined"] if run["program"]]
    assert [(run["cause"], Path(run["stdout"]).read_text()) for run in imagined] == [("finished", IMAGINED)] * 2
    assert [run["cause"] for run in result["real"] if run["program"]] == ["finished"] * 2
    assert_settings(result, family)


@pytest.mark.docker
def test_the_page_of_a_run_knows_what_its_model_turned_out_not_to_take(gedanken: Cli, tmp_path: Path) -> None:
    unknown_family = replace(FAMILIES["gpt-5"], wire=OpenAIChat("openai:of-tomorrow"))
    folder, page = tmp_path / "out", tmp_path / "again.html"
    with serve_player(Player(unknown_family, RULES)) as player:
        run_result = gedanken(
            "run", "mnist", *player.arguments, "--real", 0, "--imagined", 0, "--json", "--out", folder
        )
    assert run_result.returncode == 0, run_result.stderr
    assert "temperature" in json.loads(run_result.stdout)["model"]["not_taken"]
    assert "the model&#39;s own temperature" in (folder / "report.html").read_text()
    assert gedanken("compare", folder, "--html", page).returncode == 0
    assert page.read_bytes() == (folder / "report.html").read_bytes()


def small_program_options(folder: Path) -> tuple[object, ...]:
    """Write a small program to be edited. Return the options that name it and ask for no samples."""
    (folder / "once.py").write_text(LOOP_PROGRAM)
    return "--program", folder / "once.py", "--samples", 0


def assert_settings(result: dict[str, Any], family: str) -> None:
    """Assert that the result names each setting that the model did not accept."""
    model_json = json.dumps(result["model"])
    refused_settings = {"gpt-5": ("temperature", "top_p"), "claude-opus-4-7": ("temperature", "top_p", "seed")}
    assert [name for name in refused_settings.get(family, ()) if name not in model_json] == []


@pytest.mark.parametrize("family", FAMILIES)
def test_the_shell_answers_on_each(tmp_path: Path, family: str) -> None:
    rules = [{"when": "pwd", "samples": ["/home/user\n"]}, {"when": "ls", "samples": ["train.py\n"]}]
    with serve_player(Player(FAMILIES[family], rules)) as player:
        result = run_shell(tmp_path, player, "cd /tmp\npwd\nls\n")
    assert (result.stdout, result.returncode) == ("/home/user\ntrain.py\n", 0), result.stderr


def run_shell(folder: Path, player: Player, lines: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*GEDANKEN, "shell", *player.arguments],
        input=lines,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        cwd=folder,
        env={**os.environ, "GEDANKEN_STATE": str(folder / "state")},
    )


def test_the_shell_says_that_a_reply_was_filtered(tmp_path: Path) -> None:
    rules = [{"when": "pwd", "samples": ["/home"]}]
    with serve_player(Player(FAMILIES["gemini"], rules, ending="SAFETY")) as player:
        result = run_shell(tmp_path, player, "pwd\n")
    assert "filtered" in result.stderr and "SAFETY" in result.stderr


@pytest.mark.docker
@pytest.mark.parametrize("family", FAMILIES)
def test_neutral_edits_are_probed_on_each(gedanken: Cli, tmp_path: Path, family: str) -> None:
    with serve_player(Player(FAMILIES[family], [{"when": "python3", "samples": ["it is 0\n"]}])) as player:
        result = gedanken("probe", "edits", *player.arguments, *small_program_options(tmp_path), "--json")
    assert result.returncode == 0, result.stderr
    assert "edits" in result.stdout


@pytest.mark.docker
def test_a_probe_whose_replies_were_all_filtered_does_not_say_that_nothing_changed(
    gedanken: Cli, tmp_path: Path
) -> None:
    rules = [{"when": "python3", "samples": ["it is 0\n"]}]
    with serve_player(Player(FAMILIES["gpt-5"], rules, ending="content_filter")) as player:
        result = gedanken("probe", "edits", *player.arguments, *small_program_options(tmp_path))
        assert request_bodies(player)
    assert "filtered" in result.stdout + result.stderr
    assert "None of" not in result.stdout
