"""`gedanken probe`: a probe is a run whose programs are really executed, and it is resumed like any other run."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from conftest import GEDANKEN, Cli, requests_of
from openai_server import Server, serving

from gedanken.analysis.probe_scores import item_scores
from gedanken.records.read_run import read_run

pytestmark = pytest.mark.docker

MAX_TOKENS_PER_CALL = 300
"""Maximum number of tokens that one question takes here. A question may be asked as long as any budget is left, so
the last one may exceed the budget by this number.
"""


@pytest.fixture(scope="module")
def probed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a finished probe with the family `state` and a single size."""
    folder = tmp_path_factory.mktemp("probed")
    (folder / "replies.yaml").write_text(yaml.safe_dump([{"when": "", "samples": ["07"]}]))
    arguments = ["state", "--sizes", "2", "--n", "1", "--model", f"scripted:{folder / 'replies.yaml'}"]
    subprocess.run([*GEDANKEN, "probe", *arguments, "--out", folder / "run"], check=True, cwd=folder, timeout=600)
    return folder / "run"


def test_a_probe_that_was_killed_is_gone_on_with_and_nothing_is_asked_or_run_twice(
    gedanken: Cli, probed: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    shutil.copytree(probed, folder)
    complete_log = read_run(folder)
    ledger_times = undo_answers(folder, answers=9)

    resume_result = gedanken("resume", folder, "--json")
    assert resume_result.returncode == 0, resume_result.stderr
    resumed_log = read_run(folder)
    assert resumed_log.outcome == "done"
    assert {answer.question for answer in resumed_log.answers} == {answer.question for answer in complete_log.answers}
    assert resumed_log.answers[:9] == complete_log.answers[:9] and resumed_log.items == complete_log.items
    assert {path: path.stat().st_mtime_ns for path in ledger_times} == ledger_times
    result = json.loads(resume_result.stdout)
    assert (
        result == json.loads((folder / "probe.json").read_text()) == json.loads((probed / "probe.json").read_text())
    )


def undo_answers(folder: Path, answers: int) -> dict[Path, int]:
    """Change the folder of a probe as if its process had died after `answers` answers.

    Return the times of the files that remain in its ledger.
    """
    lines = (folder / "log.jsonl").read_text().splitlines(keepends=True)
    answer_lines = [number for number, line in enumerate(lines) if '"kind": "answer"' in line]
    (folder / "log.jsonl").write_text("".join(lines[: answer_lines[answers]]))
    for path in sorted((folder / "ledger" / "replies").iterdir(), key=lambda path: path.stat().st_mtime_ns)[20:]:
        path.unlink()
    return {path: path.stat().st_mtime_ns for path in (folder / "ledger").rglob("*.json")}


def test_every_way_of_asking_is_there_and_equal_answers_are_told_to_be(probed: Path) -> None:
    result = json.loads((probed / "probe.json").read_text())
    assert {cell["arm"] for cell in result["cells"]} == {
        *("direct", "again", "forced", "session", "later", "other order", "steps")
    }
    assert all(share["successes"] == share["trials"] > 0 for share in result["consistency"].values())


def test_the_truth_of_every_item_is_what_the_sandbox_printed(probed: Path) -> None:
    results = [
        json.loads(line)
        for path in (probed / "ledger" / "executions").glob("*.json")
        for line in json.loads(path.read_bytes().partition(b"\n")[2])["stdout"].splitlines()
    ]
    printed = {result["name"]: result["stdout"] for result in results}
    log = read_run(probed)
    assert log.items and all(probed_item.truth == printed[probed_item.item.program] for probed_item in log.items)
    assert all(
        probed_item.given == printed[probed_item.item.given] for probed_item in log.items if probed_item.item.given
    )
    assert all(score.exact in (0.0, 1.0) for score in item_scores(log))


def test_a_real_output_is_told_in_the_forced_arm_and_in_no_other(probed: Path) -> None:
    states = [probed_item.given.strip() for probed_item in read_run(probed).items if probed_item.given]
    requests = requests_of(probed, "imagined machine")
    hints = [request.partition("while it runs")[2] for request in requests if "while it runs" in request]
    assert len(hints) == len(states) == 5 < len(requests)
    assert all(any(f"is {state};" in request for request in hints) for state in states)


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["nonlinear-algebra"], "no family is called “nonlinear-algebra”"),
        (["state", "--sizes", "1,x"], "--sizes 1,x: must be whole numbers from 1 to 4096"),
        (["--answers", "x.json"], "--answers needs --suite"),
        (["--suite", "missing.jsonl"], "--suite missing.jsonl: No such file or directory"),
    ],
)
def test_what_cannot_be_asked_is_one_line(gedanken: Cli, arguments: list[str], problem: str) -> None:
    result = gedanken("probe", *arguments)
    assert result.returncode == 2 and problem in result.stderr
    assert "Traceback" not in result.stderr


def test_a_probe_stops_at_its_budget_and_goes_on_with_more(gedanken: Cli, tmp_path: Path) -> None:
    with serving(Server(text="07")) as server:
        address_options = ["--base-url", server.address]
        env = {**os.environ, "OPENAI_API_KEY": "none"}
        arguments = [
            "shortcut-twins",
            "--sizes",
            "2",
            "--n",
            "1",
            "--model",
            "openai:small",
            *address_options,
            "--out",
            "run",
        ]
        stopped_result = gedanken("probe", *arguments, "--budget", "tokens=1000", env=env)
        assert stopped_result.returncode == 7, stopped_result.stderr
        assert "; the budget is tokens 1,000" in stopped_result.stderr
        tokens = read_run(tmp_path / "run").tokens
        assert tokens is not None and 1000 <= tokens.read + tokens.written <= 1000 + MAX_TOKENS_PER_CALL
        resumed_result = gedanken("resume", "run", *address_options, "--budget", "tokens=1M", env=env)
        assert resumed_result.returncode == 0, resumed_result.stderr
        assert len(read_run(tmp_path / "run").answers) == server.replies


def test_every_truth_is_what_the_sandbox_printed_of_that_very_program(probed: Path) -> None:
    printed: dict[str, str] = {}
    for file in (probed / "ledger" / "executions").iterdir():
        execution = json.loads(file.read_text().splitlines()[1])
        if execution["command"].endswith("programs.json"):
            assert execution["origin"] == "real"
            rows = map(json.loads, execution["stdout"].splitlines())
            printed |= {row["name"]: row["stdout"] for row in rows}
    items = read_run(probed).items
    assert items
    for probed_item in items:
        assert probed_item.truth == printed[probed_item.item.program]
        assert probed_item.rival == (printed[probed_item.item.rival] if probed_item.item.rival else None)
        assert probed_item.given == (printed[probed_item.item.given] if probed_item.item.given else None)
