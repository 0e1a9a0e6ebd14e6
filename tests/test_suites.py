"""Suites of functions that somebody brought: what is wrong with a line is told of it, and the rest is scored."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import Cli

from gedanken.experiment.errors import BadInput
from gedanken.loading.suites import read_answers, read_suite

JOINS = "def f(a, b):\n    return a + b"
GOOD: list[dict[str, Any]] = [
    {"id": "sample_0", "code": JOINS, "input": "'a', 'b'", "output": "'ab'"},
    {"id": "sample_1", "code": "def f(n):\n    return {n: [n, n + 1]}", "input": "1", "output": "{1: [1, 2]}"},
    {
        "id": "sample_2",
        "code": "from collections import Counter\ndef f(t):\n    return Counter(t)",
        "input": "'aab'",
        "output": "Counter({'a': 2, 'b': 1})",
    },
]
BAD: list[dict[str, Any]] = [
    {"id": "endless", "code": "def f(x):\n    while True: pass", "input": "1", "output": "1"},
    {
        "id": "flood",
        "code": "def f(x):\n    for _ in range(1 << 20): print('x' * 1023)",
        "input": "1",
        "output": "None",
    },
    {
        "id": "network",
        "code": "import urllib.request\ndef f(x):\n    return urllib.request.urlopen(x).status",
        "input": "'http://example.org'",
        "output": "200",
    },
    {"id": "lies", "code": JOINS, "input": "1, 1", "output": "3"},
    {"id": "crashes", "code": JOINS, "input": "1, 'a'", "output": "1"},
]


def suite_file(path: Path, *lines: object) -> Path:
    path.write_text("".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines))
    return path


def test_lines_that_cannot_be_read_are_told_by_their_number(tmp_path: Path) -> None:
    lacks = {"id": "x", "code": JOINS, "input": "1"}
    read = read_suite(suite_file(tmp_path / "s.jsonl", GOOD[0], '{"id": "sam', lacks, "[1]", "", GOOD[0], GOOD[1]))
    assert [item.id for item in read.items] == ["sample_0", "sample_1"]
    assert [item.line for item in read.items] == [1, 7]
    assert [bad.line for bad in read.bad] == [2, 3, 4, 6]
    told = [bad.problem for bad in read.bad]
    assert told[0].startswith("broken JSON: ") and told[1] == "output: Field required"
    assert told[2:] == ["no JSON object", "its id stands in line 1 already"]


def test_a_suite_without_a_line_that_can_be_used_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="contains no usable line; line 1: broken JSON"):
        read_suite(suite_file(tmp_path / "s.jsonl", "{"))


@pytest.mark.parametrize(
    "value",
    [{"sample_0": ["1", "2"]}, {"raw_generations": {"sample_0": ["1", "2"]}, "pass_at_1": 50.0}],
)
def test_answers_are_taken_by_id_and_out_of_a_scored_file(tmp_path: Path, value: object) -> None:
    path = suite_file(tmp_path / "a.json", json.dumps(value))
    suite = read_suite(suite_file(tmp_path / "s.jsonl", *GOOD)).items
    assert read_answers(path, suite) == {"sample_0": ("1", "2")}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[", "broken JSON"),
        ("[[1]]", "not an object"),
        ('{"sample_0": [1]}', "no list of texts"),
        ('{"other": ["1"]}', "none under any id of the suite"),
    ],
)
def test_a_file_that_holds_no_answers_is_refused(tmp_path: Path, text: str, problem: str) -> None:
    suite = read_suite(suite_file(tmp_path / "s.jsonl", *GOOD)).items
    with pytest.raises(BadInput, match=problem):
        read_answers(suite_file(tmp_path / "a.json", text), suite)


@pytest.mark.docker
def test_recorded_answers_are_scored_by_their_values_and_what_no_function_returns_is_not(
    gedanken: Cli, tmp_path: Path
) -> None:
    answers = {
        "sample_0": ['"ab"', "'a' + 'b'", "'ba'", "'ab"],
        "sample_1": ["{1: [1,2]}", "{1:[1, 2]}", "[ANSWER]assert f(1) == {1: [1, 2]}[/ANSWER]", "f(1)"],
        "sample_2": ["Counter('aba')", "{'b': 1, 'a': 2}", "exit()", "__import__('os').abort()"],
        **{line["id"]: ["1"] for line in BAD},
    }
    suite = suite_file(tmp_path / "s.jsonl", *GOOD, "{broken", *BAD)
    recorded = suite_file(tmp_path / "a.json", answers)
    done = gedanken("probe", "--suite", suite, "--answers", recorded, "--json")
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert {item["id"]: item["exact"] for item in result["items"]} == {
        "sample_0": 0.5,
        "sample_1": 0.75,
        "sample_2": 0.5,
    }
    assert result["n"] == 3 and result["exact"] == pytest.approx(1.75 / 3)
    low, high = result["interval"]
    assert low < result["exact"] < high
    problems = {bad["line"]: bad["problem"] for bad in result["not_scored"]}
    assert list(problems) == [4, 5, 6, 7, 8, 9]
    for line, words in zip(
        problems, ("broken JSON", "did not end", "printed more", "network", "not what", "fails"), strict=True
    ):
        assert words in problems[line]


@pytest.mark.docker
def test_a_model_is_asked_a_suite_and_its_answers_are_scored_by_their_values(gedanken: Cli, tmp_path: Path) -> None:
    rules = [{"when": "", "samples": ['"ab"']}]
    (tmp_path / "replies.yaml").write_text(yaml.safe_dump(rules))
    suite = suite_file(tmp_path / "s.jsonl", *GOOD, {})
    model = f"scripted:{tmp_path / 'replies.yaml'}"
    done = gedanken(
        "probe", "--suite", suite, "--model", model, "--samples", "2", "--json", "--out", tmp_path / "run"
    )
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    direct = [item for item in result["items"] if item["arm"] == "direct"]
    assert {item["id"]: item["exact"] for item in direct} == {"sample_0": 1.0, "sample_1": 0.0, "sample_2": 0.0}
    assert result["n"] == 3 and result["exact"] == pytest.approx(1 / 3)
    assert all(len(item["answers"]) == 2 for item in direct)
    assert result["not_scored"] == [{"line": 4, "problem": "id: Field required"}]
