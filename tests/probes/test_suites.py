"""Suites from users: each faulty line is reported with the reason, and all other lines are scored."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import Cli

from gedanken.analysis.probe_scores import score_answer
from gedanken.experiment.errors import BadInput
from gedanken.experiment.execution import Cause, Execution
from gedanken.experiment.probe_design import ProbeDesign, Question, SuiteItem
from gedanken.experiment.probe_events import AnswerKept, ItemKept
from gedanken.experiment.run_spec import ModelSpec, SandboxSpec
from gedanken.loading.answers import read_answers
from gedanken.loading.suites import read_suite
from gedanken.probes.schedule import suite_item
from gedanken.probing.probe_spec import probe_spec
from gedanken.records.read_log import MOST_SPEC_BYTES
from gedanken.runner import check_spec

JOIN_FUNCTION = "def f(a, b):\n    return a + b"
GOOD_LINES: list[dict[str, Any]] = [
    {"id": "sample_0", "code": JOIN_FUNCTION, "input": "'a', 'b'", "output": "'ab'"},
    {"id": "sample_1", "code": "def f(n):\n    return {n: [n, n + 1]}", "input": "1", "output": "{1: [1, 2]}"},
    {
        "id": "sample_2",
        "code": "from collections import Counter\ndef f(t):\n    return Counter(t)",
        "input": "'aab'",
        "output": "Counter({'a': 2, 'b': 1})",
    },
]
BAD_LINES: list[dict[str, Any]] = [
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
    {"id": "lies", "code": JOIN_FUNCTION, "input": "1, 1", "output": "3"},
    {"id": "crashes", "code": JOIN_FUNCTION, "input": "1, 'a'", "output": "1"},
]

RIGHT_ANSWERS = [
    *("'ab'", "  'ab'  ", '"ab"  # why', "'ab'\n\n# why", "'ab'\nprint(1)", "'ab', 'why'", "('ab')", "'a' 'b'"),
    *("'ab' == 'ab'", "str('ab')", "f(*['a', 'b'])", "'ab' or 1", "'ab';", "\\\n'ab'"),
]
"""Answers to `sample_0` for which CRUXEval's rule, `assert OUTPUT == ANSWER`, holds."""
WRONG_ANSWERS = [
    *(
        "[ANSWER]'ab'[/ANSWER]",
        "assert f('a', 'b') == 'ab'",
        "f('a', 'b')",
        "'ab",
        "",
        "The output is 'ab'",
        "not 'ab'",
    ),
    *(
        "```python\n'ab'\n```",
        "exit()",
        "__import__('os')._exit(0)",
        "'ab'; 1/0",
        "'ab'[/ANSWER]",
        "None",
        "*'ab'",
        "\n'ab'",
    ),
]


def suite_file(path: Path, *lines: object) -> Path:
    path.write_text("".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines))
    return path


def test_lines_that_cannot_be_read_are_told_by_their_number(tmp_path: Path) -> None:
    incomplete_line = {"id": "x", "code": JOIN_FUNCTION, "input": "1"}
    loaded_suite = read_suite(
        suite_file(
            tmp_path / "s.jsonl",
            GOOD_LINES[0],
            '{"id": "sam',
            incomplete_line,
            "[1]",
            "",
            GOOD_LINES[0],
            GOOD_LINES[1],
        )
    )
    assert [item.id for item in loaded_suite.items] == ["sample_0", "sample_1"]
    assert [item.line for item in loaded_suite.items] == [1, 7]
    assert [bad_line.line for bad_line in loaded_suite.bad_lines] == [2, 3, 4, 6]
    problems = [bad_line.problem for bad_line in loaded_suite.bad_lines]
    assert problems[0].startswith("broken JSON: ") and problems[1] == "output: Field required"
    assert problems[2:] == ["not a JSON object", "line 1 already has this id"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le"])
@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_lines_end_where_a_line_of_json_ends_in_any_encoding_of_json(
    tmp_path: Path, encoding: str, ends: str
) -> None:
    line_with_separators = {**GOOD_LINES[0], "input": "'a\u2028', '\x85'"}
    line_with_half_pair = json.dumps({**GOOD_LINES[1], "input": "'\ud800'"})
    lines = (json.dumps(line_with_separators, ensure_ascii=False), line_with_half_pair, json.dumps(GOOD_LINES[1]))
    path = tmp_path / "s.jsonl"
    path.write_bytes("".join(line + ends for line in lines).encode(encoding))
    loaded_suite = read_suite(path)
    assert [(item.line, item.input) for item in loaded_suite.items] == [(1, line_with_separators["input"]), (3, "1")]
    assert [(bad_line.line, bad_line.problem[:28]) for bad_line in loaded_suite.bad_lines] == [
        (2, "contains half a surrogate pa")
    ]
    answers = tmp_path / "a.json"
    answers.write_bytes(json.dumps({"sample_0": "'é'"}, ensure_ascii=False).encode(encoding))
    assert read_answers(answers, loaded_suite.items).answers == {"sample_0": ("'é'",)}


def test_a_suite_without_a_line_that_can_be_used_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="contains no usable line; line 1: broken JSON"):
        read_suite(suite_file(tmp_path / "s.jsonl", "{"))


def test_a_suite_that_no_run_folder_could_be_read_again_with_is_not_asked() -> None:
    line = SuiteItem(id="x", code=JOIN_FUNCTION + "#" * MOST_SPEC_BYTES, input="1, 2", output="3")
    spec = probe_spec(ProbeDesign(suite=(line,)), ModelSpec(name="embedded"), SandboxSpec())
    with pytest.raises(BadInput, match="--suite: too large for one run"):
        check_spec(spec)


@pytest.mark.parametrize(
    ("value", "is_extracted"),
    [
        ({"sample_0": ["1", "2"]}, False),
        ({"raw_generations": {"sample_0": ["1", "2"]}, "pass_at_1": 50.0}, True),
    ],
)
def test_answers_are_taken_by_id_and_out_of_a_scored_file(tmp_path: Path, value: object, is_extracted: bool) -> None:
    path = suite_file(tmp_path / "a.json", json.dumps(value))
    suite = read_suite(suite_file(tmp_path / "s.jsonl", *GOOD_LINES)).items
    assert read_answers(path, suite) == ({"sample_0": ("1", "2")}, is_extracted, {}, None)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[", "broken JSON"),
        ("[[1]]", "must be a JSON object"),
        ('{"sample_0": [1]}', "not a list of strings"),
        ('{"other": ["1"]}', "no answer for any id of the suite"),
    ],
)
def test_a_file_that_holds_no_answers_is_refused(tmp_path: Path, text: str, problem: str) -> None:
    suite = read_suite(suite_file(tmp_path / "s.jsonl", *GOOD_LINES)).items
    with pytest.raises(BadInput, match=problem):
        read_answers(suite_file(tmp_path / "a.json", text), suite)


def score_answers(gedanken: Cli, folder: Path, answers: object, *lines: object) -> Any:
    suite = suite_file(folder / "s.jsonl", *lines)
    answers_file = suite_file(folder / "a.json", answers)
    result = gedanken("probe", "--suite", suite, "--answers", answers_file, "--json")
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


def exact_by_id(result: Any) -> dict[str, float]:
    return {item["id"]: item["exact"] for item in result["items"]}


@pytest.mark.docker
def test_recorded_answers_are_scored_by_their_values_and_a_line_that_cannot_be_run_is_told_by_its_number(
    gedanken: Cli, tmp_path: Path
) -> None:
    answers = {
        "sample_0": ['"ab"  # joined', "'a' + 'b'", "'ba'", "'ab"],
        "sample_1": ["{1: [1,2]}", "[ANSWER]{1:[1, 2]}", "So:\n[ANSWER]assert f(1) == {1: [1, 2]}[/ANSWER]", "f(1)"],
        "sample_2": ["Counter('aba')", "{'b': 1, 'a': 2}", "exit()", "__import__('os').abort()"],
        **{line["id"]: ["1"] for line in BAD_LINES},
    }
    result = score_answers(gedanken, tmp_path, answers, *GOOD_LINES, "{broken", *BAD_LINES)
    assert result["predicts"] == "output"
    assert exact_by_id(result) == {"sample_0": 0.5, "sample_1": 0.75, "sample_2": 0.5, "lies": 0.0}
    assert result["n"] == 4 and result["exact"] == pytest.approx(1.75 / 4)
    low, high = result["interval"]
    assert low < result["exact"] < high
    problems = {bad_line["line"]: bad_line["problem"] for bad_line in result["not_scored"]}
    assert list(problems) == [4, 5, 6, 7, 9]
    for line, words in zip(problems, ("broken JSON", "did not end", "printed more", "network", "fails"), strict=True):
        assert words in problems[line]


@pytest.mark.docker
def test_what_was_published_is_scored_to_the_letter_and_by_the_output_that_its_suite_gives(
    gedanken: Cli, tmp_path: Path
) -> None:
    lying_line = {"id": "lies", "code": JOIN_FUNCTION, "input": "1, 1", "output": "3"}
    published = {"sample_0": [*RIGHT_ANSWERS, *WRONG_ANSWERS], "lies": ["3", "2"]}
    result = score_answers(gedanken, tmp_path, {"raw_generations": published}, GOOD_LINES[0], lying_line)
    outcomes = result["items"][0]["outcomes"]
    outcome_by_answer = dict(zip(published["sample_0"], outcomes, strict=True))
    assert {answer for answer in outcome_by_answer if outcome_by_answer[answer] == "right"} == set(RIGHT_ANSWERS)
    assert exact_by_id(result)["lies"] == 0.5
    assert [(contradicted_line["line"], contradicted_line["id"]) for contradicted_line in result["contradicted"]] == [
        (2, "lies")
    ]
    assert result["not_scored"] == []


@pytest.mark.docker
def test_answers_that_are_calls_predict_inputs_and_are_really_run(gedanken: Cli, tmp_path: Path) -> None:
    answers = {
        "sample_0": ["f('a', 'b')", "f('', 'ab')", "assert f('ab', '') == 'ab'", "f('b', 'a')"],
        "sample_1": ["f(1)", "f(2)", "{1: [1, 2]}", "f(1"],
    }
    result = score_answers(gedanken, tmp_path, answers, *GOOD_LINES[:2])
    assert result["predicts"] == "input"
    assert exact_by_id(result) == {"sample_0": 0.75, "sample_1": 0.25}


@pytest.mark.docker
def test_a_model_is_asked_a_suite_and_its_answers_are_scored_by_their_values(gedanken: Cli, tmp_path: Path) -> None:
    rules = [{"when": "", "samples": ['"ab"']}]
    (tmp_path / "replies.yaml").write_text(yaml.safe_dump(rules))
    suite = suite_file(tmp_path / "s.jsonl", *GOOD_LINES, {})
    model = f"scripted:{tmp_path / 'replies.yaml'}"
    process_result = gedanken(
        "probe", "--suite", suite, "--model", model, "--samples", "2", "--json", "--out", tmp_path / "run"
    )
    assert process_result.returncode == 0, process_result.stderr
    result = json.loads(process_result.stdout)
    direct = [item for item in result["items"] if item["arm"] == "direct"]
    assert {item["id"]: item["exact"] for item in direct} == {"sample_0": 1.0, "sample_1": 0.0, "sample_2": 0.0}
    assert result["n"] == 3 and result["exact"] == pytest.approx(1 / 3)
    assert all(len(item["answers"]) == 2 for item in direct)
    assert result["not_scored"] == [{"line": 4, "problem": "id: Field required"}]


def test_a_line_with_the_id_of_a_generated_program_is_refused_by_its_number() -> None:
    generated = "state-hash-rounds-1-0-0-alone"
    line = SuiteItem(id=generated, code=JOIN_FUNCTION, input="'a', 'b'", output="'ab'", line=3)
    with pytest.raises(BadInput, match=f"--suite: line 3: .* the id {generated};"):
        check_spec(
            probe_spec(ProbeDesign(families=("state",), suite=(line,)), ModelSpec(name="embedded"), SandboxSpec())
        )
    check_spec(probe_spec(ProbeDesign(suite=(line,)), ModelSpec(name="embedded"), SandboxSpec()))


@pytest.mark.parametrize(
    ("said", "outcome"),
    [("sum: 5\n5", "right"), ("5", "right"), ("2 + 3", "unparsable"), ("sum: 4\n5", "unparsable")],
)
def test_what_the_terminal_really_prints_is_right_and_so_is_the_value_alone(said: str, outcome: str) -> None:
    line = SuiteItem(
        id="x", code="def f(a, b):\n    print('sum:', a + b)\n    return a + b", input="2, 3", output="5"
    )
    item = ItemKept(item=suite_item(line), truth="sum: 5\n5\n")
    execution = Execution(
        machine="imagined",
        command="python3 probe.py",
        exit_code=0,
        cause=Cause.FINISHED,
        seconds=0.0,
        stdout=said,
        terminal=said,
    )
    score = score_answer(item, AnswerKept(question=Question("x", "direct"), execution=execution), line)
    assert score is not None and score.outcome == outcome


@pytest.mark.bubblewrap
def test_of_a_suite_whose_answers_are_all_there_nothing_is_opened_again(gedanken: Cli, tmp_path: Path) -> None:
    (tmp_path / "replies.yaml").write_text(yaml.safe_dump([{"when": "", "samples": ["3"]}]))
    suite = suite_file(tmp_path / "s.jsonl", *GOOD_LINES[:2])
    model = f"scripted:{tmp_path / 'replies.yaml'}"
    arguments = ["probe", "--suite", suite, "--model", model, "--sandbox", "bubblewrap", "--json", "--out", "run"]
    first_result = gedanken(*arguments)
    assert first_result.returncode == 0, first_result.stderr
    (tmp_path / "replies.yaml").unlink()
    log_before = (tmp_path / "run" / "log.jsonl").read_bytes()
    resume_result = gedanken("resume", "run", "--json", env=os.environ | {"PATH": "/nonexistent"})
    assert resume_result.returncode == 0, resume_result.stderr
    assert "there is nothing to resume" in resume_result.stderr and resume_result.stdout == first_result.stdout
    assert (tmp_path / "run" / "log.jsonl").read_bytes() == log_before
