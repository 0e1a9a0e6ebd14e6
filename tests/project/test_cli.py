"""The command line: help, bad input, exit codes. Without Docker and without a model."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import Cli

NO_ENGINE = {**os.environ, "DOCKER_HOST": "unix:///nowhere/docker.sock"}
GOOD: dict[str, Any] = {
    "name": "mine",
    "script": [{"tell": "Write it.", "write": "train.py", "task": {"layers": 4, "epochs": 3}}, "python3 train.py"],
}


def write_file(folder: Path, content: object, name: str = "mine.yaml") -> Path:
    path = folder / name
    path.write_text(content if isinstance(content, str) else yaml.safe_dump(content, sort_keys=False))
    return path


def refusal(gedanken: Cli, *arguments: object) -> str:
    completed = gedanken(*arguments)
    assert completed.returncode == 2, completed.stderr
    assert completed.stdout == ""
    assert "Traceback" not in completed.stderr
    assert "\x1b" not in completed.stderr
    lines = completed.stderr.strip().splitlines()
    assert len(lines) == 1
    return lines[0]


def test_help_comes_at_once_and_names_the_exit_codes() -> None:
    completed = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "gedanken", "--help"], capture_output=True, text=True, check=True
    )
    heavy = (
        "langchain",
        "langgraph",
        "docker",
        "openai",
        "numpy",
        "scipy",
        "matplotlib",
        "jinja2",
        "pydantic",
        "xllamacpp",
    )
    assert not [line for line in completed.stderr.splitlines() if line.split("|")[-1].strip().split(".")[0] in heavy]
    assert "Exit codes: 0 done" in completed.stdout


@pytest.mark.parametrize("group", [[], ["probe"], ["sandbox"], ["traces"], ["runs"], ["models"]])
def test_no_command_is_described_in_half_a_sentence(gedanken: Cli, group: list[str]) -> None:
    command_list = (
        gedanken(*group, "--help", env={**os.environ, "COLUMNS": "80"})
        .stdout.partition("Commands:")[2]
        .partition("\n\n")[0]
    )
    descriptions = [line for line in command_list.splitlines() if line.strip()]
    assert descriptions
    assert [line for line in descriptions if not line.endswith(".") or line.endswith("...")] == []


@pytest.mark.parametrize("example", ["run article", "compare runs/", "report runs/"])
def test_help_has_examples(gedanken: Cli, example: str) -> None:
    assert f"gedanken {example}" in gedanken(example.split(maxsplit=1)[0], "--help").stdout


def test_second_spellings_are_accepted_but_not_shown(gedanken: Cli) -> None:
    help_text = gedanken("run", "--help").stdout
    assert "--working / --no-working" in help_text
    assert not [
        spelling for spelling in ("--steps", "--no-steps", "--surprise", "--no-surprise") if spelling in help_text
    ]
    arguments = ("run", "mnist", "--steps", "--no-surprise", "--model", "gpt-5")
    assert "name the provider, as in openai:gpt-5" in refusal(gedanken, *arguments)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"persoan": "matched"}, "mine.yaml:9: persoan: unknown key"),
        ({"dataset": "imagenet"}, "mine.yaml:9: dataset: Input should be 'mnist' or 'cifar10'"),
        ({"conditions": {"source": "seen"}}, "conditions.source: Input should be 'shown' or 'hidden'"),
        ({"conditions": {"sorce": "shown"}}, "mine.yaml:10: conditions.sorce: unknown key"),
        ({"limits": {"wall_seconds": -1}}, "mine.yaml:10: limits.wall_seconds: Input should be greater than 0"),
        ({"script": ["python3 train.py"]}, "script line 1 uses train.py, which no earlier line writes or gives"),
        ({"script": GOOD["script"][:1]}, "the script writes train.py but never runs it"),
        ({"script": []}, "script: Tuple should have at least 1 item"),
    ],
)
def test_a_fault_in_an_experiment_is_named_with_its_line(
    gedanken: Cli, tmp_path: Path, change: dict[str, object], said: str
) -> None:
    assert said in refusal(gedanken, "run", write_file(tmp_path, GOOD | change))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["run", "nosuch"], "no experiment is called nosuch; packaged ones are all-gpus, article"),
        (["run", "nosuch.yaml"], "nosuch.yaml: No such file"),
        (["run", "mnist", "--model", "gpt-5"], "name the provider, as in openai:gpt-5"),
        (["run", "mnist", "--model", "scripted:nosuch"], "nosuch: No such file"),
        (["run", "mnist", "--base-url", "http://127.0.0.1:1"], "--base-url only applies to a model on a server"),
        (["run", "mnist", "--source", "seen"], "--source seen: Input should be 'shown' or 'hidden'"),
        (["run", "mnist", "--temperature", "3"], "--temperature 3.0: Input should be less than or equal to 2"),
        (["run", "mnist", "--persona", "nosuch"], "no persona is called nosuch"),
        (
            ["run", "mnist", "--sandbox", "chroot"],
            "--sandbox chroot: must be one of auto, docker, podman, bubblewrap, host",
        ),
        (["run", "mnist", "--sandbox", "host"], "--sandbox host isolates nothing"),
        (["run", "mnist", "--gpus", "many"], "--gpus many: must be auto, none, all, a number"),
        (
            ["run", "mnist", "--limit", "memory=1"],
            "--limit memory=1: write NAME=VALUE, where NAME is one of wall_seconds",
        ),
        (["run", "mnist", "--limit", "memory_mib=lots"], "--limit memory_mib=lots: Input should be a valid integer"),
        (
            ["run", "mnist", "--limit", "memory_mib=1"],
            "--limit memory_mib=1: Input should be greater than or equal to 64",
        ),
        (["sandbox", "check", "--only", "nosuch"], "no check and no group of checks is called 'nosuch'"),
        (
            ["sandbox", "check", "--loose", "--sandbox", "podman"],
            "--loose removes the hardening of a Docker",
        ),
        (["sandbox", "build", "--sandbox", "host"], "--sandbox host: only docker and podman use images"),
        (["run", "mnist", "--out", "/proc/nowhere"], "--out /proc/nowhere"),
        (["compare", "nosuch.log", "--imagined", "nosuch.log"], "nosuch.log: No such file"),
    ],
)
def test_bad_input_gets_one_clear_line(gedanken: Cli, arguments: list[str], said: str) -> None:
    assert said in refusal(gedanken, *arguments)


@pytest.mark.parametrize(
    ("persona", "said"),
    [
        (
            "name: mine\ngpus: {count: -1}\n",
            "persona.yaml:2: gpus.Gpus.count: Input should be greater than",
        ),
        ("name: mine\ngpu: 4\n", "persona.yaml:2: gpu: unknown key"),
        ("name: [\n", "persona.yaml:2: not valid YAML"),
        ("- a\n", "persona.yaml:1: must contain keys and values"),
        ("name: 2024-13-45\n", "persona.yaml: contains an impossible value"),
        (f"name: x\ngpus: {{count: {'9' * 5000}}}\n", "persona.yaml: contains an impossible value"),
        ('name: x\n"\\e[2J\\n": x\n', "unknown key"),
    ],
)
def test_a_fault_in_a_persona_is_named_with_its_line(gedanken: Cli, tmp_path: Path, persona: str, said: str) -> None:
    path = write_file(tmp_path, persona, "persona.yaml")
    assert said in refusal(gedanken, "run", "mnist", "--persona", path)


def test_a_folder_in_use_is_not_written_into(gedanken: Cli, tmp_path: Path) -> None:
    kept_file = tmp_path / "out" / "kept"
    kept_file.parent.mkdir()
    kept_file.write_text("mine")
    assert "not empty" in refusal(gedanken, "run", "mnist", "--out", kept_file.parent)
    assert kept_file.read_text() == "mine"


def test_without_an_engine_it_says_what_to_do_with_exit_code_3_and_leaves_nothing(
    gedanken: Cli, tmp_path: Path
) -> None:
    completed = gedanken("run", "mnist", "--sandbox", "docker", "--out", tmp_path / "out", env=NO_ENGINE)
    assert completed.returncode == 3
    assert "apt-get install docker.io" in completed.stderr
    assert not (tmp_path / "out").exists()


def test_auto_names_what_each_sandbox_lacks_and_never_takes_the_host(gedanken: Cli, tmp_path: Path) -> None:
    variables = {"PATH": "/nonexistent", "CONTAINER_HOST": "unix:///nonexistent.sock"}
    completed = gedanken("run", "mnist", "--out", tmp_path / "out", env={**NO_ENGINE, **variables})
    assert completed.returncode == 3
    for remedy in ("docker.io", "apt-get install podman", "apt-get install bubblewrap"):
        assert remedy in completed.stderr


LOG = "".join(f"Epoch {n}/3 - loss: {1 / n:.4f} - acc: 0.{n}000\n" for n in (1, 2, 3))


def test_compare_takes_log_files_that_anybody_brings(gedanken: Cli, tmp_path: Path) -> None:
    real = write_file(tmp_path, LOG, "real.log")
    imagined = write_file(tmp_path, LOG.replace("Epoch 2/3", "Epoch 3/3", 1), "imagined.log")
    completed = gedanken("compare", real, "--imagined", imagined, "--json")
    assert completed.returncode == 0, completed.stderr
    findings = json.loads(completed.stdout)["findings"]
    assert "epochs silently missing" in {finding["kind"] for finding in findings}


def test_equal_logs_have_no_findings_but_may_be_copies(gedanken: Cli, tmp_path: Path) -> None:
    real = write_file(tmp_path, LOG, "real.log")
    completed = gedanken("compare", real, "--imagined", real)
    assert completed.returncode == 0
    assert "no findings\n" in completed.stdout and completed.stdout.startswith(
        "Undecided: whether real.log-2 is a copy of"
    )


@pytest.mark.parametrize("content", ["", "\n \n", "a\x00b"])
def test_compare_refuses_what_is_no_log(gedanken: Cli, tmp_path: Path, content: str) -> None:
    path = write_file(tmp_path, content, "bad.log")
    assert str(path) in refusal(gedanken, "compare", path, "--imagined", path)


def test_compare_takes_every_path_after_imagined_as_imagined(gedanken: Cli, tmp_path: Path) -> None:
    real = [write_file(tmp_path, LOG, f"real{number}.log") for number in (1, 2)]
    good, bad = write_file(tmp_path, LOG, "good.log"), write_file(tmp_path, LOG + "well done\n", "bad.log")
    result = json.loads(gedanken("compare", *real, "--imagined", good, bad, "--json").stdout)
    assert result["title"] == "real1.log, real2.log compared with good.log, bad.log"
    assert {line["source"] for finding in result["findings"] for line in finding["lines"]} >= {"bad.log"}


def test_json_on_standard_output_holds_nothing_that_a_terminal_obeys(gedanken: Cli, tmp_path: Path) -> None:
    hostile = "\x9b2J \u202e \x7f \ud800"
    real = write_file(tmp_path, LOG, "real.log")
    imagined = tmp_path / "imagined.log"
    imagined.write_text(f"{LOG}done {hostile}\n", errors="surrogatepass")
    completed = gedanken("compare", real, "--imagined", imagined, "--json")
    assert completed.returncode == 0, completed.stderr
    assert completed.stdout.isascii() and "\x7f" not in completed.stdout
    (finding,) = json.loads(completed.stdout)["findings"]
    assert "\x9b2J \u202e \x7f" in finding["lines"][0]["text"]


@pytest.mark.parametrize(
    "arguments", [["probe", "memory", "--script"], ["probe", "edits", "--program"], ["run"], ["run", "--persona"]]
)
@pytest.mark.parametrize(
    ("content", "said"),
    [(b"\xff\xfe", "not a text file"), (b"#" * (1 << 20) + b"\n", "larger than 1048576 bytes")],
    ids=["bytes", "size"],
)
def test_a_file_that_no_person_wrote_is_refused(
    gedanken: Cli, tmp_path: Path, arguments: list[str], content: bytes, said: str
) -> None:
    path = tmp_path / "mine.yaml"
    path.write_bytes(content)
    assert said in refusal(gedanken, *arguments, path)
