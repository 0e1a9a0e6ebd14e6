"""`gedanken run`, `shell` and `probe edits` to their ends, with stand-ins that behave as models that people have."""

import json
import os
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from conftest import GEDANKEN, Cli
from providers.openai_chat import OpenAIChat
from providers.players import FAMILIES, Player, playing, sent
from test_probe_semantics_preserving_edits import ONCE_ONLY
from test_run_scripted import GOOD, replies

PROGRAM = GOOD.replace("layers = [", "layers = [nn.Linear(4, 4), nn.Linear(4, 4), ").replace("3", "10")
PROGRAM = PROGRAM.replace("epoch / 10:", "epoch / 30:")
IMAGINED = "".join(f"Epoch {n}/10 - loss: {0.99 - n / 20:.4f} - acc: 0.9000\n" for n in range(1, 11))
RULES = [{"when": "Create train.py", "samples": [f"```python\n{PROGRAM}```\n"]}, *replies(PROGRAM, run=IMAGINED)]
FEW = ("--real", "1", "--imagined", "1", "--no-surprise")


@pytest.mark.docker
@pytest.mark.parametrize("family", FAMILIES)
def test_a_run_of_mnist_comes_to_its_end_on_each(gedanken: Cli, tmp_path: Path, family: str) -> None:
    with playing(Player(FAMILIES[family], RULES)) as player:
        out = tmp_path / "out"
        done = gedanken("run", "mnist", *player.arguments, *FEW, "--json", "--out", out)
        assert done.returncode == 0, done.stderr
        result = json.loads(done.stdout)
    programs = [path.read_text() for path in (out / "programs").iterdir()]
    assert programs == [PROGRAM.lstrip("\n")]  # and no draft out of its reasoning
    imagined = [run for run in result["imagined"] if run["program"]]
    assert [(run["cause"], Path(run["stdout"]).read_text()) for run in imagined] == [("finished", IMAGINED)] * 2
    assert [run["cause"] for run in result["real"] if run["program"]] == ["finished"] * 2
    assert_settings(result, family)


@pytest.mark.docker
def test_the_page_of_a_run_knows_what_its_model_turned_out_not_to_take(gedanken: Cli, tmp_path: Path) -> None:
    unheard_of = replace(FAMILIES["gpt-5"], wire=OpenAIChat("openai:of-tomorrow"))
    out, again = tmp_path / "out", tmp_path / "again.html"
    with playing(Player(unheard_of, RULES)) as player:
        done = gedanken("run", "mnist", *player.arguments, "--real", 0, "--imagined", 0, "--json", "--out", out)
    assert done.returncode == 0, done.stderr
    assert "temperature" in json.loads(done.stdout)["model"]["not_taken"]
    assert "the model&#39;s own temperature" in (out / "report.html").read_text()
    assert gedanken("compare", out, "--html", again).returncode == 0
    assert again.read_bytes() == (out / "report.html").read_bytes()


def once(folder: Path) -> tuple[object, ...]:
    """A small program to edit, and no samples beside."""
    (folder / "once.py").write_text(ONCE_ONLY)
    return "--program", folder / "once.py", "--samples", 0


def assert_settings(result: dict[str, Any], family: str) -> None:
    """What was not taken is said in the result."""
    told = json.dumps(result["model"])
    refused = {"gpt-5": ("temperature", "top_p"), "claude-opus-4-7": ("temperature", "top_p", "seed")}
    assert [name for name in refused.get(family, ()) if name not in told] == []


@pytest.mark.parametrize("family", FAMILIES)
def test_the_shell_answers_on_each(tmp_path: Path, family: str) -> None:
    rules = [{"when": "pwd", "samples": ["/home/user\n"]}, {"when": "ls", "samples": ["train.py\n"]}]
    with playing(Player(FAMILIES[family], rules)) as player:
        done = shell(tmp_path, player, "cd /tmp\npwd\nls\n")
    assert (done.stdout, done.returncode) == ("/home/user\ntrain.py\n", 0), done.stderr


def shell(folder: Path, player: Player, lines: str) -> subprocess.CompletedProcess[str]:
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
    with playing(Player(FAMILIES["gemini"], rules, ending="SAFETY")) as player:
        done = shell(tmp_path, player, "pwd\n")
    assert "filtered" in done.stderr and "SAFETY" in done.stderr


@pytest.mark.docker
@pytest.mark.parametrize("family", FAMILIES)
def test_neutral_edits_are_probed_on_each(gedanken: Cli, tmp_path: Path, family: str) -> None:
    with playing(Player(FAMILIES[family], [{"when": "python3", "samples": ["it is 0\n"]}])) as player:
        done = gedanken("probe", "edits", *player.arguments, *once(tmp_path), "--json")
    assert done.returncode == 0, done.stderr
    assert "edits" in done.stdout


@pytest.mark.docker
def test_a_probe_whose_replies_were_all_filtered_does_not_say_that_nothing_changed(
    gedanken: Cli, tmp_path: Path
) -> None:
    rules = [{"when": "python3", "samples": ["it is 0\n"]}]
    with playing(Player(FAMILIES["gpt-5"], rules, ending="content_filter")) as player:
        done = gedanken("probe", "edits", *player.arguments, *once(tmp_path))
        assert sent(player)
    assert "filtered" in done.stdout + done.stderr
    assert "None of" not in done.stdout
