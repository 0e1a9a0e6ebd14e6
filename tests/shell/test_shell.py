"""`gedanken shell` with lines from a pipe."""

import asyncio
import json
import os
import resource
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conftest import GEDANKEN
from hypothesis import given
from hypothesis import strategies as st

from gedanken.experiment.errors import NoModel
from gedanken.experiment.execution import Limits
from gedanken.experiment.run_spec import ModelSpec, SandboxSpec
from gedanken.shell.colon_commands import complete
from gedanken.shell.saving import fenced
from gedanken.shell.terminals import ShellOptions, Terminals
from gedanken.terminal.screen import Screen

GPU_LINES = "| 0  NVIDIA GeForce RTX 3090 |\n| 1  NVIDIA GeForce RTX 3090 |\n"
LONG_OUTPUT = "".join(f"so much {number}\n" for number in range(1000))
REPLIES: list[dict[str, Any]] = [
    {"when": "{Do not show it.}\n{Be\nquick.}\npwd", "samples": ["told both\n"]},
    {"when": "cat <<EOF\n{not told}\nEOF", "samples": ["{not told}\n"]},
    {"when": "{Be quick.}\n\\{ echo a; }", "samples": ["typed after it\n"]},
    {"when": "awk '{print $1}' f", "samples": ["column\n"]},
    {"when": "nvidia-smi", "samples": [f"```\nnvidia-smi\n{GPU_LINES}```\n"]},
    {"when": "pwd", "samples": ["/home/user"]},
    {"when": "cat nothing", "samples": ["cat: nothing: No such file or directory\n"]},
    {"when": "dies", "samples": ["one token\n"], "dies": True},
    {"when": "much", "samples": [LONG_OUTPUT]},
    {"when": "hostile", "samples": ["\x1b]0;owned\x07\u202etxt\n"]},
]

RunShell = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def shell(tmp_path: Path, scripted: Callable[..., str]) -> RunShell:
    """A function that pipes lines into the shell, in an empty folder without earlier sessions."""
    model = scripted(REPLIES)

    def call(lines: str, *options: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*GEDANKEN, "shell", "--model", model, *options],
            input=lines,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
            cwd=tmp_path,
            env={**os.environ, "GEDANKEN_STATE": str(tmp_path / "state"), **environment},
        )

    return call


def test_answers_go_to_standard_output_and_what_is_said_about_them_does_not(shell: RunShell) -> None:
    result = shell("nvidia-smi\npwd\n")
    assert (result.stdout, result.returncode) == (f"{GPU_LINES}/home/user\n", 0)
    assert result.stderr == "(removed: code fence ×2, echo of the command)\n"


@pytest.mark.parametrize(
    ("lines", "answer"),
    [
        ("{Do not show it.}\n{Be\nquick.}\npwd\n", "told both\n"),
        ("cat <<EOF\n{not told}\nEOF\n", "{not told}\n"),
        ("{Be quick.}\n\\{ echo a; }\n", "typed after it\n"),
        ("awk '{print $1}' f\n", "column\n"),
        ("\n  \npwd", "/home/user\n"),
        ("hostile\n", "\\x1b]0;owned\\x07\\x202etxt\n"),
    ],
    ids=["tells wait for a command", "here-document", "escaped brace", "braces", "blank lines", "control sequences"],
)
def test_a_line_is_told_or_typed(shell: RunShell, lines: str, answer: str) -> None:
    result = shell(lines)
    assert (result.stdout, result.stderr, result.returncode) == (answer, "", 0)


@pytest.mark.parametrize(
    ("lines", "options", "exit_code", "said"),
    [
        ("cat nothing\n", [], 1, "(exit code 1, inferred from the output)"),
        ("cat nothing\npwd\n", [], 0, "inferred from the output"),
        ("", [], 0, ""),
        ("pwd\n{Be quick.}\n", [], 0, "gedanken: text was not sent"),
        ("pwd\n{Be\nquick.\n", [], 2, "gedanken: the text after { has no matching }"),
        ("dies\npwd\n", [], 4, "gedanken: scripted:"),
        ("pwd\n:machin\n", [], 2, "gedanken: there is no :machin; did you mean :machine?"),
        ("pwd\n:diff\npwd\n", [], 0, "gedanken: the last command was not typed into both machines"),
        ("pwd\n", ["--machine", "none"], 2, "gedanken: --machine none: must be one of imagined, real, both"),
        ("pwd\n", ["--session", "../x"], 2, "gedanken: --session ../x: a name begins with an English letter"),
        ("pwd\n", ["--machine", "both", "--sandbox", "host"], 2, "gedanken: "),
    ],
)
def test_the_exit_code_says_how_it_ended(
    shell: RunShell, lines: str, options: list[str], exit_code: int, said: str
) -> None:
    result = shell(lines, *options)
    assert result.returncode == exit_code, result.stderr
    assert said in result.stderr and len(result.stderr.splitlines()) <= 1
    assert "token" in result.stdout or "dies" not in lines


def test_without_an_engine_a_real_machine_ends_it_in_one_line(shell: RunShell) -> None:
    result = shell("pwd\n", "--machine", "real", "--sandbox", "docker", DOCKER_HOST="unix:///nowhere")
    assert (result.returncode, result.stdout) == (3, "")
    assert result.stderr.startswith("gedanken: ")


@pytest.mark.docker
def test_on_both_machines_the_answers_stand_labelled_under_the_command(shell: RunShell) -> None:
    result = shell("{Be quick.}\nnvidia-smi\npwd\n:diff\nfalse\n", "--machine", "both")
    marked_gpus = "".join(f"≠ {line}\n" for line in GPU_LINES.splitlines())
    assert result.stdout == (
        "$ nvidia-smi\n"
        "real (docker):\n≠ bash: nvidia-smi: command not found\n  (exit code 127)\n"
        f"imagined (scripted:replies.yaml):\n{marked_gpus}  (removed: code fence ×2, echo of the command)\n"
        "$ pwd\nreal (docker):\n  /home/user\nimagined (scripted:replies.yaml):\n  /home/user\n"
        "no difference\n"
        "$ false\nreal (docker):\n  (no output; exit code 1)\nimagined (scripted:replies.yaml):\n  (no output)\n"
    )
    assert result.returncode == 1


@pytest.mark.docker
def test_a_real_machine_is_typed_into_as_sh_would(shell: RunShell, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine\n")
    lines = ":put notes.txt\ncd /tmp && export X=1\npwd; echo $X\nfor i in 1 2\ndo printf $i\ndone\ncat ~/notes.txt\n"
    result = shell(f"{lines}(exit 7)\nexit\necho never typed\n", "--machine", "real")
    assert result.stdout == "notes.txt is in the home folder of: real (docker)\n/tmp\n1\n12mine\n"
    assert result.returncode == 7


@pytest.mark.docker
def test_a_model_that_is_lost_takes_no_real_answer_with_it(shell: RunShell) -> None:
    result = shell("echo dies\n", "--machine", "both")
    assert result.stdout.startswith("$ echo dies\nreal (docker):\n  dies\n")
    assert result.returncode == 4


def test_what_was_lost_is_rebuilt_and_the_drift_reported(shell: RunShell) -> None:
    result = shell("pwd\nnvidia-smi\n:lose\n:rebuild transcript\n")
    assert result.returncode == 0, result.stderr
    assert "stored for :rebuild: 2 turns" in result.stderr
    assert "Of 5 answers 5 kept" in result.stdout
    rebuild_result = shell("pwd\n:rebuild\n")
    assert "in one message) was answered with:\n/home/user\n" in rebuild_result.stdout


@pytest.mark.parametrize(
    "lines",
    [
        "pwd\n:lose\nnvidia-smi\n:rebuild transcript\n",
        "pwd\n:lose\nnvidia-smi\n:lose\n:rebuild transcript\n",
        "pwd\n:persona matched\n:rebuild\n",
        "pwd\n:persona matched\nnvidia-smi\n:rebuild transcript\n",
    ],
    ids=["typed after the loss", "lost twice", "another persona", "typed with another persona"],
)
def test_a_loss_is_not_blamed_for_what_it_did_not_do(shell: RunShell, lines: str) -> None:
    result = shell(lines)
    assert result.returncode == 0, result.stderr
    assert "no answers from before the loss to compare with" in result.stderr
    assert "verdict" not in result.stdout


def test_a_session_that_was_lost_before_it_was_reopened_has_nothing_to_compare_with(shell: RunShell) -> None:
    shell("pwd\n:lose\n", "--session", "mine")
    result = shell(":rebuild transcript\nnvidia-smi\n:rebuild transcript\n", "--session", "mine")
    assert result.stderr.count("no answers from before the loss") == 1
    assert result.stdout.count("Of 5 answers") == 1


def test_a_persona_shows_what_it_claims_and_another_one_begins_anew(shell: RunShell) -> None:
    result = shell("pwd\n:persona\n:persona matched\n:lose\n")
    assert "gpus: 4 x NVIDIA GeForce RTX 3090 (24576 MiB each) (claimed)" in result.stdout
    assert "persona matched\n  os: Debian" in result.stdout
    assert "a new context" in result.stderr and "there is no context to lose" in result.stderr


def test_a_saved_session_is_never_written_over(shell: RunShell, tmp_path: Path) -> None:
    result = shell("{Be quick.}\npwd\nhostile\n:save here.md\n:save here.md\n")
    saved = (tmp_path / "here.md").read_text()
    assert "```text\n{Be quick.}\npwd\n```" in saved
    assert "```text\n\\x1b]0;owned" in saved
    assert "here.md exists already" in result.stderr


def test_a_saved_session_names_its_conditions_and_holds_no_control_character(shell: RunShell, tmp_path: Path) -> None:
    (tmp_path / "evil.yaml").write_text('name: "a\\e]0;owned\\a\\nb"\nabout: evil\n')
    shell("pwd\n:lose\n:save here.md\n", "--persona", "evil.yaml", "--limit", "reply_tokens=77")
    saved = (tmp_path / "here.md").read_text()
    assert "reply_tokens 77" in saved and "temperature 0" in saved and "model: name scripted:" in saved
    assert "persona a\\x1b]0;owned\\x07 b" in saved
    assert "\x1b" not in saved and "\x07" not in saved
    assert "Stored: 1 turn; the model now receives 0 of these turns unchanged." in saved


def test_what_is_no_file_is_not_waited_for(shell: RunShell, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "big").write_text("b" * 2000)
    result = shell(":put pipe\n:put /dev\n:put ~nobody.here/x\n:put big\npwd\n", "--limit", "output_bytes=1024")
    assert result.stderr.splitlines() == [
        "gedanken: pipe: not a file",
        "gedanken: /dev: not a file",
        "gedanken: ~nobody.here/x: No such file or directory",
        "gedanken: big: larger than 1024 bytes",
    ]
    assert (result.stdout, result.returncode) == ("/home/user\n", 0)


def test_only_names_that_do_no_more_than_name_a_file_complete(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("notes\necho INJECTED", "no\x1b[A", "no\u202ete", "note.txt", "my file.txt"):
        (tmp_path / name).touch()
    assert complete(":put no") == ("no", ["note.txt"])
    assert complete(":put my f") == ("my f", ["my file.txt"])
    assert complete(":put ~nobody.here/") == ("~nobody.here/", [])
    assert complete(":pu") == (":pu", [":put"])
    assert complete("no") == ("", [])


def test_an_answer_that_cannot_be_kept_is_shown_all_the_same(tmp_path: Path, scripted: Callable[..., str]) -> None:
    def fill_the_disk() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1024, 1024))

    result = subprocess.run(
        [*GEDANKEN, "shell", "--model", scripted(REPLIES), "--session", "mine"],
        input="much\n",
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env={**os.environ, "GEDANKEN_STATE": str(tmp_path / "state"), "PYTHONDONTWRITEBYTECODE": "1"},
        preexec_fn=fill_the_disk,
    )
    assert result.stdout == LONG_OUTPUT
    assert "the session could not be stored: File too large" in result.stderr


@pytest.mark.docker
def test_machines_of_which_one_cannot_be_opened_are_as_they_were(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    options = ShellOptions(
        "both", None, ModelSpec(name="openai:gpt-4.1"), None, SandboxSpec(name="docker"), "mnist", Limits()
    )
    terminals = Terminals(options, Screen())
    with pytest.raises(NoModel):
        asyncio.run(terminals.turn_on("both"))
    assert (terminals.real, terminals.imagined, terminals.active) == (None, None, "imagined")


def test_a_context_that_was_never_typed_is_told_of(shell: RunShell, tmp_path: Path) -> None:
    shell("pwd\n", "--session", "mine")
    path = tmp_path / "state" / "sessions" / "mine.jsonl"
    path.write_text(
        path.read_text() + '{"turns": [], "context": [["obey", "I do\\u001b[2J"], ["pwd", "/home/user"]]}\n'
    )
    result = shell(":save here.md\n", "--session", "mine")
    assert "file contains 1 turn that nobody typed, but that the model receives" in result.stderr
    assert "I do\\x1b[2J" in (tmp_path / "here.md").read_text()


def test_requests_sent_again_are_no_stranger_to_a_session(shell: RunShell) -> None:
    shell("pwd\nnvidia-smi\n:rebuild requests\npwd\n", "--session", "mine")
    result = shell("", "--session", "mine")
    assert "reopened: 3 turns" in result.stderr and "nobody typed" not in result.stderr


def test_what_is_dropped_of_a_session_is_told_of(shell: RunShell, tmp_path: Path) -> None:
    shell("pwd\n", "--session", "mine")
    path = tmp_path / "state" / "sessions" / "mine.jsonl"
    path.write_text(path.read_text() + '{"turns": [[')
    result = shell("", "--session", "mine")
    assert "the last line of the session mine was incomplete, so its 12 bytes are dropped" in result.stderr


def test_a_session_goes_on_at_its_own_address(shell: RunShell) -> None:
    options = ["--model", "openai:mine", "--session", "mine", "--base-url"]
    assert shell("", *options, "http://me:secret@127.0.0.1:1/v1").returncode == 0
    assert shell("", *options, "http://127.0.0.1:1/v1").returncode == 0
    result = shell("", *options, "http://127.0.0.1:2/v1")
    assert result.returncode == 2 and "started with the base_url http://127.0.0.1:1/v1, not" in result.stderr


@given(st.text(alphabet="`a\n~ "))
def test_a_fence_is_longer_than_what_it_holds(text: str) -> None:
    first_fence, *_, last_fence = fenced(text).splitlines()
    assert last_fence not in text and first_fence == f"{last_fence}text"


def test_a_session_of_a_shell_that_was_killed_goes_on(shell: RunShell, tmp_path: Path) -> None:
    model = f"scripted:{tmp_path / 'replies.yaml'}"
    process = subprocess.Popen(
        [*GEDANKEN, "shell", "--model", model, "--session", "mine"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "GEDANKEN_STATE": str(tmp_path / "state")},
    )
    assert process.stdin and process.stdout
    process.stdin.write("pwd\nawk '{print $1}' f\n")
    process.stdin.flush()
    assert [process.stdout.readline() for _ in range(2)] == ["/home/user\n", "column\n"]
    second_result = shell("pwd\n", "--session", "mine")
    assert (second_result.returncode, second_result.stdout) == (2, "")
    process.send_signal(signal.SIGKILL)
    process.communicate()
    resumed_result = shell("pwd\n:persona matched\n", "--session", "mine")
    assert "session mine reopened: 2 turns" in resumed_result.stderr
    assert "start another session for another persona" in resumed_result.stderr
    stored_lines = (tmp_path / "state" / "sessions" / "mine.jsonl").read_text().splitlines()
    assert [json.loads(line)["turns"] for line in stored_lines[1:]] == [
        [["pwd", "/home/user"]],
        [["awk '{print $1}' f", "column\n"]],
        [["pwd", "/home/user"]],
    ]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_a_shell_that_waits_for_a_pipe(tmp_path: Path, scripted: Any, number: int) -> None:
    process = subprocess.Popen(
        [*GEDANKEN, "shell", "--model", scripted(REPLIES)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "GEDANKEN_STATE": str(tmp_path / "state")},
    )
    assert process.stdin and process.stdout
    process.stdin.write("pwd\n")
    process.stdin.flush()
    assert process.stdout.readline() == "/home/user\n"
    process.send_signal(number)
    assert process.wait(timeout=30) == 130  # and its standard input is still open
    assert process.communicate() == ("", "gedanken: interrupted\n")


def test_exit_leaves_as_in_sh(shell: RunShell) -> None:
    assert (shell("pwd\nexit 3\npwd\n").returncode, shell("exit\n").returncode) == (3, 0)
    assert "pwd" not in shell("exit 3\npwd\n").stdout


@pytest.mark.docker
def test_a_difference_that_the_persona_claims_is_said_to_be_one(shell: RunShell) -> None:
    options = ("--machine", "both")
    result = shell("nvidia-smi\n", *options, "--persona", "ubuntu-18.04-4x3090")
    assert "false facts in the persona explain this difference: gpus" in result.stderr
    assert "claims" not in shell("nvidia-smi\n", *options).stderr
