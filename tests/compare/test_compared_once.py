"""A run is compared only once for findings, page and JSON. Comparing its folder later gives the same result."""

import json
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml
from conftest import Cli
from scripted_runs import CRASHING_PROGRAM, GOOD_PROGRAM, scripted_replies, write_experiment
from typer.testing import CliRunner

from gedanken.cli.main import app
from gedanken.compare.compare_runs import compare_runs

pytestmark = pytest.mark.docker
TRAINS_TWICE = [
    {"tell": "Write it.", "write": "train.py", "task": {"layers": 2, "epochs": 3}},
    "python3 train.py",
    "python3 train.py",
]


class FinishedRun(NamedTuple):
    folder: Path
    printed: dict[str, Any]
    compared: Counter[tuple[str, int]]
    """How often each version was compared. The key is the version, and the script line that ran it."""


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> FinishedRun:
    """A run whose first program version fails, and whose second version works and is run twice."""
    tmp_path = tmp_path_factory.mktemp("run")
    (tmp_path / "replies.yaml").write_text(yaml.safe_dump(scripted_replies(CRASHING_PROGRAM, GOOD_PROGRAM)))
    comparison_counts: Counter[tuple[str, int]] = Counter()

    def count_comparison(program: Any, real: Any, *arguments: Any, **options: Any) -> Any:
        comparison_counts[program.label, real[0].line] += 1
        return compare_runs(program, real, *arguments, **options)

    run_arguments = [
        write_experiment(tmp_path, script=TRAINS_TWICE),
        "--model",
        f"scripted:{tmp_path / 'replies.yaml'}",
    ]
    run_options = ["--sandbox", "docker", "--real", 3, "--imagined", 2, "--json", "--out", tmp_path / "out"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("gedanken.analysis.analyze.compare_runs", count_comparison)
        result = CliRunner().invoke(app, ["run", *map(str, [*run_arguments, *run_options])])
    assert result.exit_code == 0, result.output
    return FinishedRun(tmp_path / "out", json.loads(result.stdout), comparison_counts)


def test_each_version_is_compared_once_in_a_whole_run(ran: FinishedRun) -> None:
    assert ran.compared == {("train-v1", 1): 1, ("train-v2", 1): 1, ("train-v2", 2): 1}


def test_the_page_and_the_json_of_a_run_are_those_of_comparing_its_folder(
    gedanken: Cli, ran: FinishedRun, tmp_path: Path
) -> None:
    page = tmp_path / "again.html"
    result = gedanken("compare", ran.folder, "--html", page, "--json")
    assert result.returncode == 0, result.stderr
    comparison = json.loads(result.stdout)
    assert comparison["findings"] and comparison["series"]
    assert {key: ran.printed[key] for key in comparison} == comparison
    assert json.loads((ran.folder / "comparison.json").read_text()) == comparison
    assert (ran.folder / "report.html").read_bytes() == page.read_bytes()
