"""`gedanken probe`: a probe is a run, whose programs are really run, and which is gone on with like any other."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from busy import Server, serving
from conftest import GEDANKEN, Cli, requests_of

from gedanken.analysis.probe_scores import item_scores
from gedanken.records.read_run import read_run

pytestmark = pytest.mark.docker

MOST_OF_A_CALL = 300
"""Tokens of one question of these. The last one may be asked while anything of the budget is left."""


@pytest.fixture(scope="module")
def probed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a probe that came to its end: all of the family `state`, of one size."""
    folder = tmp_path_factory.mktemp("probed")
    (folder / "replies.yaml").write_text(yaml.safe_dump([{"when": "", "samples": ["07"]}]))
    asked = ["state", "--sizes", "2", "--n", "1", "--model", f"scripted:{folder / 'replies.yaml'}"]
    subprocess.run([*GEDANKEN, "probe", *asked, "--out", folder / "run"], check=True, cwd=folder, timeout=600)
    return folder / "run"


def test_a_probe_that_was_killed_is_gone_on_with_and_nothing_is_asked_or_run_twice(
    gedanken: Cli, probed: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    shutil.copytree(probed, folder)
    whole = read_run(folder)
    kept = killed_while_asking(folder, answers=9)

    resumed = gedanken("resume", folder, "--json")
    assert resumed.returncode == 0, resumed.stderr
    after = read_run(folder)
    assert after.outcome == "done"
    assert {answer.question for answer in after.answers} == {answer.question for answer in whole.answers}
    assert after.answers[:9] == whole.answers[:9] and after.items == whole.items
    assert {path: path.stat().st_mtime_ns for path in kept} == kept
    result = json.loads(resumed.stdout)
    assert (
        result == json.loads((folder / "probe.json").read_text()) == json.loads((probed / "probe.json").read_text())
    )


def killed_while_asking(folder: Path, answers: int) -> dict[Path, int]:
    """Leave what a process leaves that dies after so many answers; return what it had run and heard, and when."""
    lines = (folder / "log.jsonl").read_text().splitlines(keepends=True)
    at = [number for number, line in enumerate(lines) if '"kind": "answer"' in line]
    (folder / "log.jsonl").write_text("".join(lines[: at[answers]]))
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
    ran = [
        json.loads(line)
        for path in (probed / "ledger" / "executions").glob("*.json")
        for line in json.loads(path.read_bytes().partition(b"\n")[2])["stdout"].splitlines()
    ]
    printed = {one["name"]: one["stdout"] for one in ran}
    log = read_run(probed)
    assert log.items and all(kept.truth == printed[kept.item.program] for kept in log.items)
    assert all(kept.given == printed[kept.item.given] for kept in log.items if kept.item.given)
    assert all(score.exact in (0.0, 1.0) for score in item_scores(log))


def test_a_real_output_is_told_in_the_forced_arm_and_in_no_other(probed: Path) -> None:
    given = [kept.given.strip() for kept in read_run(probed).items if kept.given]
    asked = requests_of(probed, "imagined machine")
    told = [request.partition("while it runs")[2] for request in asked if "while it runs" in request]
    assert len(told) == len(given) == 5 < len(asked)
    assert all(any(f"is {state};" in request for request in told) for state in given)


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
    done = gedanken("probe", *arguments)
    assert done.returncode == 2 and problem in done.stderr
    assert "Traceback" not in done.stderr


def test_a_probe_stops_at_its_budget_and_goes_on_with_more(gedanken: Cli, tmp_path: Path) -> None:
    with serving(Server(text="07")) as server:
        named = ["--base-url", server.address]
        env = {**os.environ, "OPENAI_API_KEY": "none"}
        asked = ["shortcut-twins", "--sizes", "2", "--n", "1", "--model", "openai:small", *named, "--out", "run"]
        stopped = gedanken("probe", *asked, "--budget", "tokens=1000", env=env)
        assert stopped.returncode == 7, stopped.stderr
        assert "; the budget is tokens 1,000" in stopped.stderr
        taken = read_run(tmp_path / "run").tokens
        assert taken is not None and 1000 <= taken.read + taken.written <= 1000 + MOST_OF_A_CALL
        done = gedanken("resume", "run", *named, "--budget", "tokens=1M", env=env)
        assert done.returncode == 0, done.stderr
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
    for kept in items:
        assert kept.truth == printed[kept.item.program]
        assert kept.rival == (printed[kept.item.rival] if kept.item.rival else None)
        assert kept.given == (printed[kept.item.given] if kept.item.given else None)
