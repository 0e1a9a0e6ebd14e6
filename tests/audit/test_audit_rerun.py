"""Commands of a transcript are really run again: on a copy, without a network, several times."""

import copy
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from conftest import Cli
from transcript_forms import CLAUDE, NEW_TEXT, OLD_TEXT

import gedanken
from gedanken.auditing.output_comparison import compare_outputs
from gedanken.auditing.plan import plan_of
from gedanken.auditing.programs import program_of
from gedanken.experiment.claim import Claim
from gedanken.records.importers.transcripts.read_transcripts import read_transcripts

FOLDER = "/home/somebody/project"


def _command_entries(number: int, command: str, printed: str) -> list[dict[str, Any]]:
    tool_use = {"type": "tool_use", "id": f"r{number}", "name": "Bash", "input": {"command": command}}
    tool_result = {"type": "tool_result", "tool_use_id": f"r{number}", "content": printed}
    result_fields = {"stdout": printed, "stderr": "", "interrupted": False}
    return [
        {
            "type": "assistant",
            "uuid": f"a{number}",
            "cwd": FOLDER,
            "message": {"role": "assistant", "content": [tool_use]},
        },
        {
            "type": "user",
            "uuid": f"b{number}",
            "message": {"role": "user", "content": [tool_result]},
            "toolUseResult": result_fields,
        },
    ]


def _write_session(path: Path, commands: int = 6) -> Path:
    """Write a session of an agent that fixes a bug and reports one output that no machine printed."""
    edit = copy.deepcopy(CLAUDE[2:4])
    edit[0]["message"]["content"][0]["input"]["file_path"] = f"{FOLDER}/calc.py"
    entries = [
        CLAUDE[1],
        *_command_entries(1, f"cd {FOLDER} && python3 -c 'import calc; print(calc.add(2, 1))'", "1"),
        *edit,
        *_command_entries(2, "python3 -c 'import calc; print(calc.add(2, 1))'; pwd", f"3\n{FOLDER}"),
        *_command_entries(3, "python3 -c 'import calc; print(calc.add(20, 22))'", "43"),
        *_command_entries(4, "python3 -c 'import random; print(random.random())'", "0.25"),
        *_command_entries(5, "nowhere-to-be-found --version", "1.2.3"),
        *_command_entries(6, "python3 -c 'print(open(\"made\").read())'", "by the setup"),
    ]
    written_entries = entries[: 5 + 2 * (commands - 1)]
    path.write_text("".join(json.dumps(entry) + "\n" for entry in written_entries))
    return path


def _make_workspace(folder: Path, body: str) -> Path:
    folder.mkdir()
    (folder / "calc.py").write_text(f"def add(a, b):\n    {body}\n")
    return folder


@pytest.mark.docker
@pytest.mark.usefixtures("docker_engine")
def test_each_recorded_output_beside_real_ones(tmp_path: Path) -> None:
    folder = _make_workspace(tmp_path / "w", OLD_TEXT)
    reach = 'import socket; socket.create_connection(("8.8.8.8", 53), 1)'
    setup = f"ls /sys/class/net > net; printf 'by the setup' > made; python3 -c '{reach}'; true"
    audited = gedanken.audit(
        _write_session(tmp_path / "s.jsonl"), workspace=folder, setup=setup, rerun="all"
    ).audited[0]
    assert audited.state
    assert "all edits in the transcript were applied" in audited.state
    outcomes = [(run.outcome, run.real[0].terminal.strip()) for run in audited.reruns]
    assert [outcome for outcome, _printed in outcomes] == [
        "reproduced",
        "reproduced",
        "differs",
        "not reproducible here",
        "not reproducible here",
        "reproduced",
    ]
    assert audited.kinds() == {"differs"}
    differing_rerun = audited.reruns[2]
    (difference,) = differing_rerun.differences
    assert (difference.said, difference.real) == ("43", "42")
    assert differing_rerun.place.line == 9
    assert "real runs" in audited.reruns[3].reason
    assert "command not found" in audited.reruns[4].reason
    assert (folder / "calc.py").read_text().endswith(f"{OLD_TEXT}\n")
    assert not (folder / "made").exists()


@pytest.mark.docker
@pytest.mark.usefixtures("docker_engine")
def test_a_workspace_that_was_edited_since_is_taken_back_to_its_commit(tmp_path: Path) -> None:
    folder = _make_workspace(tmp_path / "w", OLD_TEXT)
    for arguments in (
        ["init", "-q"],
        ["add", "."],
        ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "m"],
    ):
        subprocess.run(["git", "-C", str(folder), *arguments], check=True)
    (folder / "calc.py").write_text(f"def add(a, b):\n    {NEW_TEXT}\n")
    audited = gedanken.audit(_write_session(tmp_path / "s.jsonl", 3), workspace=folder, rerun="all").audited[0]
    assert audited.state
    assert audited.state.startswith("commit ")
    assert [run.outcome for run in audited.reruns] == ["reproduced", "reproduced", "differs"]


@pytest.mark.docker
@pytest.mark.usefixtures("docker_engine")
def test_at_a_state_that_is_not_the_transcripts_nothing_is_held_against_it(
    tmp_path: Path,
) -> None:
    folder = _make_workspace(tmp_path / "w", NEW_TEXT)
    audited = gedanken.audit(_write_session(tmp_path / "s.jsonl", 3), workspace=folder, rerun="all").audited[0]
    assert audited.state
    assert "differs from its state" in audited.state
    assert not audited.differing_reruns
    assert "not in the state it was in" in audited.reruns[0].reason


@pytest.mark.docker
@pytest.mark.usefixtures("docker_engine")
def test_a_program_in_a_chat_is_run_and_its_output_shown_beside(gedanken: Cli, tmp_path: Path) -> None:
    chat = tmp_path / "chat.md"
    chat.write_text(
        "## User\n\nRun this.\n\n```python\nprint(sum(i * i for i in range(10)))\nprint('done')\n```\n\n"
        "## Assistant\n\nI ran it. The output:\n\n```\n284\ndone\n```\n"
    )
    completed = gedanken("audit", chat, "--rerun", "claimed", "--json", "--fail-on", "differs")
    (run,) = json.loads(completed.stdout)["transcripts"][0]["reruns"]
    assert completed.returncode == 1
    assert (run["claimed"], run["outcome"], run["differences"][0]["said"], run["differences"][0]["real"]) == (
        True,
        "differs",
        "284",
        "285",
    )


@pytest.mark.docker
def test_the_network_is_there_for_the_setup_alone(docker_engine: Any, open_machine: Any) -> None:
    from dataclasses import replace

    machine = open_machine()
    order = machine._order("a", "true")
    assert docker_engine.options(order)["network_mode"] == "none"
    assert docker_engine.options(replace(machine, network=True)._order("b", "true"))["network_mode"] == "bridge"


def test_only_what_claims_rest_on_is_run_and_what_changes_files_before(tmp_path: Path) -> None:
    entries = [
        *_command_entries(1, "ls", "a"),
        *_command_entries(2, "echo x > made", ""),
        *_command_entries(3, "pytest -q", "3 passed in 0.1s"),
        *_command_entries(4, "cat made", "x"),
        {
            "type": "assistant",
            "uuid": "z",
            "message": {"role": "assistant", "content": [{"type": "text", "text": "All 3 tests pass."}]},
        },
    ]
    (tmp_path / "s.jsonl").write_text("".join(json.dumps(entry) + "\n" for entry in entries))
    (audited,) = gedanken.audit(tmp_path / "s.jsonl").audited
    plan = plan_of(audited.transcript, audited.claims, "claimed")
    assert [(step.command, step.recorded) for step in plan.commands] == [
        ("echo x > made", None),
        ("pytest -q", "3 passed in 0.1s"),
    ]
    assert len(plan_of(audited.transcript, audited.claims, "all").commands) == 4


def test_the_program_of_an_output_is_the_last_one_before_it(tmp_path: Path) -> None:
    (tmp_path / "c.md").write_text(
        "## User\n\n```\nprint(1)\n```\n\nand\n\n```python\nprint(2)\n```\n\n"
        "## Assistant\n\nIt prints\n\n```\n2\n```\n"
    )
    transcript = read_transcripts(tmp_path / "c.md")[0]
    claim = Claim("output", 1, transcript.events[1].text.index("\n2"), 20, "2", transcript.events[1].place)
    assert program_of(transcript, claim) == ("python3 program-1.py", {"program-1.py": "print(2)\n"})


@pytest.mark.parametrize(
    ("said", "real"),
    [
        ("Ran 2 tests in 0.001s\n\nOK\n", ["Ran 2 tests in 0.412s\n\nOK\n"]),
        ("loss 0.31\nepoch 1\n", ["loss 0.30\nepoch 1\n", "loss 0.29\nepoch 1\n", "loss 0.33\nepoch 1\n"]),
        ("out\nerr\n", ["err\nout\n"]),
        ("out\nerr\n", ["err\nout\n", "out\nerr\n"]),
        ("==== 2 passed in 0.1s ====", ["======= 2 passed in 0.2s ======="]),
        ("platform linux -- Python 3.12\n2 passed", ["platform linux -- Python 3.11\n2 passed"]),
    ],
)
def test_what_real_runs_differ_in_is_no_difference(said: str, real: list[str]) -> None:
    assert not compare_outputs(said, real).differences


@pytest.mark.parametrize(
    ("said", "real", "part", "line"),
    [
        ("a 1\nb 2\n", ["a 1\nb 3\n"] * 3, False, 2),
        ("a 1\n", ["a 1\nb 2\n"] * 3, False, None),
        ("b 2\nc 9\n", ["a 1\nb 2\nc 3\n"] * 3, True, 2),
        ("9\n", ["2\nan error\n", "an error\n2\n"], True, 1),
    ],
)
def test_what_no_real_run_printed_is_one(said: str, real: list[str], part: bool, line: int | None) -> None:
    (difference,) = compare_outputs(said, real, part=part).differences
    assert difference.said_line == line


def test_a_part_of_an_output_may_leave_lines_out() -> None:
    assert not compare_outputs("a\n...\nc\n", ["a\nb\nc\nd\n"] * 3, part=True).differences
