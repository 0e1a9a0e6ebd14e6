"""Recorded answers to a suite: the formats in which they are published, and answers that cannot be scored."""

import asyncio
import gzip
import json
from collections.abc import Callable
from pathlib import Path
from time import process_time
from typing import Any

import pytest
from conftest import Cli
from test_suites import GOOD_LINES, JOIN_FUNCTION, exact_by_id, score_answers, suite_file

from gedanken.compare.answers.values import check_program, parse_check_results
from gedanken.experiment.errors import BadInput
from gedanken.experiment.probe_design import SuiteItem
from gedanken.loading import suites
from gedanken.loading.answers import read_answers
from gedanken.loading.suites import read_suite
from gedanken.machines.batches import LIMITS
from gedanken.machines.suites import judge_by_running

ADD_FUNCTION = "def addAll(nums: List[int], by = 1) -> int:\n    return sum(nums) + by"
EXECUTION_LINES = [
    {
        "question_id": 7,
        "id": "sample_0",
        "function_name": "addAll",
        "code": ADD_FUNCTION,
        "input": "addAll(nums = [1, 2])",
        "output": "4",
        "numsteps": 3,
    },
    {
        "question_id": 8,
        "id": "sample_1",
        "function_name": "table",
        "code": "def table(s):\n    d = defaultdict(int)\n    for c in s:\n        d[c] += 1\n    return d",
        "input": "table(s = 'aab')",
        "output": "{'a': 2, 'b': 1}",
    },
]
"""Lines in LiveCodeBench's format. Their functions are not called `f`, and they use imports that are not written in
them.
"""
ODD_LINES: list[dict[str, Any]] = [
    {"id": "nan", "code": "def f(x):\n    return x * 0", "input": "float('inf')", "output": "float('nan')"},
    {"id": "no name", "code": "def f(x):\n    return x * 0", "input": "float('inf')", "output": "nan"},
    {"id": "object", "code": "def f(x):\n    return object", "input": "1", "output": "<class 'object'>"},
    {"id": "leaves", "code": "def f(x):\n    raise SystemExit", "input": "1", "output": "1"},
    {
        "id": "offline",
        "code": "import socket\ndef f(x):\n    try:\n        return socket.gethostbyname(x)\n"
        "    except OSError:\n        return ''",
        "input": "'example.org'",
        "output": "'93.184.216.34'",
    },
    {"id": "named", "code": "def f(requests):\n    return requests", "input": "1", "output": "2"},
    {"id": "long", "code": "def f(x):\n    return 10 ** x", "input": "5000", "output": "10 ** 5000"},
    {"id": "status", "code": "import sys\ndef f(x):\n    sys.exit(3)", "input": "1", "output": "1"},
]


def test_what_cannot_be_used_of_the_answers_is_told_of_its_item(tmp_path: Path) -> None:
    suite = read_suite(suite_file(tmp_path / "s.jsonl", *GOOD_LINES)).items
    text = '{"sample_0": ["1"], "sample_1": [null], "sample_2": ["a"], "sample_2": ["b"], "seed": 3}'
    recorded = read_answers(suite_file(tmp_path / "a.json", text), suite)
    assert recorded.answers == {"sample_0": ("1",)}
    assert recorded.problems == {
        "sample_1": "the recorded answers are not a list of strings",
        "sample_2": "its answers are recorded more than once",
        "seed": "the recorded answers are not a list of strings",
    }


def test_a_field_that_stands_twice_in_a_line_or_a_byte_that_is_no_text_is_told_by_its_line(tmp_path: Path) -> None:
    path = suite_file(tmp_path / "s.jsonl", GOOD_LINES[0], '{"id": "x", "code": "1", "code": "2"}', "[" * 100_000)
    path.write_bytes(
        path.read_bytes() + json.dumps({**GOOD_LINES[1], "id": 7, "code": "A"}).replace("A", "é").encode("l1")
    )
    path.write_bytes(path.read_bytes() + b"\n\xef\xbb\xbf" + json.dumps({**GOOD_LINES[1], "id": 7}).encode())
    loaded_suite = read_suite(path)
    assert [(item.id, item.line) for item in loaded_suite.items] == [("sample_0", 1), ("7", 5)]
    assert [(bad_line.line, bad_line.problem.partition(",")[0]) for bad_line in loaded_suite.bad_lines] == [
        (2, "contains code more than once"),
        (3, "broken JSON: nested too deeply"),
        (4, "contains half a surrogate pair"),
    ]


@pytest.mark.parametrize(
    ("code", "given", "call"),
    [
        (ADD_FUNCTION, "addAll([1])", "addAll([1])"),
        (ADD_FUNCTION, "[1]", "f([1])"),
        (f"{ADD_FUNCTION}\ndef f(x):\n    return x", "addAll([1])", "f(addAll([1]))"),
        (f"{ADD_FUNCTION}\nf = addAll", "addAll([1])", "f(addAll([1]))"),
        (JOIN_FUNCTION, "int('1'), 2", "f(int('1'), 2)"),
    ],
)
def test_a_call_that_is_written_out_is_known_without_the_name_of_its_function(
    tmp_path: Path, code: str, given: str, call: str
) -> None:
    line = {"id": "x", "code": code, "input": given, "output": "1"}
    assert read_suite(suite_file(tmp_path / "s.jsonl", line)).items[0].call == call


@pytest.mark.parametrize(
    ("name", "predicts"),
    [
        ("phi-1_temp0.2_input.json", "input"),
        ("gpt_output/generations.json", "output"),
        ("input.json", None),
        ("outputs.json", None),
    ],
)
def test_a_file_named_as_published_ones_are_tells_what_it_predicts(
    tmp_path: Path, name: str, predicts: str | None
) -> None:
    suite = read_suite(suite_file(tmp_path / "s.jsonl", *GOOD_LINES)).items
    (tmp_path / name).parent.mkdir(exist_ok=True)
    assert read_answers(suite_file(tmp_path / name, '{"sample_0": "1"}'), suite).predicts == predicts


@pytest.mark.parametrize(("whole", "is_extracted"), [(0, True), (1, True), (2, False), (8, False)])
@pytest.mark.parametrize("name", ["gpt_temp0.2_output", "answers"])
def test_what_looks_like_a_reply_among_published_answers_is_scored_as_it_was_published(
    tmp_path: Path, name: str, whole: int, is_extracted: bool
) -> None:
    suite = read_suite(suite_file(tmp_path / "s.jsonl", *GOOD_LINES)).items
    replies = ["assert f('a', 'b') == 'ab'", "[ANSWER]'ab'[/ANSWER]"] * 4
    answers = [*replies[:whole], *["'ab'"] * (9 - whole)]
    path = suite_file(tmp_path / f"{name}.json", json.dumps({"sample_0": answers}))
    assert read_answers(path, suite).is_extracted is (is_extracted and name != "answers")


def test_lists_in_the_order_of_the_suite_are_its_answers(tmp_path: Path) -> None:
    suite = read_suite(suite_file(tmp_path / "s.jsonl", *GOOD_LINES)).items
    path = suite_file(tmp_path / "a.json", '[["1"], [], ["2", "3"]]')
    assert read_answers(path, suite).answers == {"sample_0": ("1",), "sample_1": (), "sample_2": ("2", "3")}
    scored_file = suite_file(tmp_path / "b.json", '{"raw_generations": [["1"], [], []]}')
    assert read_answers(scored_file, suite).is_extracted
    with pytest.raises(BadInput, match="with one list of answers for each line of the suite"):
        read_answers(path, suite[:2])


def test_files_may_be_packed_and_a_small_one_that_would_be_huge_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packed = gzip.compress(suite_file(tmp_path / "s.jsonl", *GOOD_LINES).read_bytes())
    (tmp_path / "s.jsonl.gz").write_bytes(packed)
    suite = read_suite(tmp_path / "s.jsonl.gz").items
    assert suite == read_suite(tmp_path / "s.jsonl").items
    (tmp_path / "a.json.gz").write_bytes(gzip.compress(b'{"sample_0": ["1"]}'))
    assert read_answers(tmp_path / "a.json.gz", suite).answers == {"sample_0": ("1",)}
    (tmp_path / "cut.gz").write_bytes(packed[:-12])
    with pytest.raises(BadInput, match=r"cut\.gz: packed with gzip, and damaged"):
        read_suite(tmp_path / "cut.gz")
    monkeypatch.setattr(suites, "MOST_BYTES", 1 << 16)
    (tmp_path / "huge.gz").write_bytes(gzip.compress(b" " * (1 << 20)))
    with pytest.raises(BadInput, match="when unpacked"):
        read_suite(tmp_path / "huge.gz")


def test_a_name_that_stands_twice_is_found_among_very_many(tmp_path: Path) -> None:
    suite = read_suite(suite_file(tmp_path / "s.jsonl", *GOOD_LINES)).items
    text = ", ".join(f'"id {number % 100_000}": ["1"]' for number in range(100_001))
    start = process_time()
    recorded = read_answers(suite_file(tmp_path / "a.json", f'{{{text}, "sample_0": ["1"]}}'), suite)
    assert list(recorded.problems) == ["id 0"] and process_time() - start < 20


@pytest.mark.parametrize(
    ("key", "is_extracted", "answer"), [("pred_list", True, " 4"), ("output_list", False, "[ANSWER]4[/ANSWER]")]
)
def test_a_list_of_objects_with_ids_holds_answers_too(
    tmp_path: Path, key: str, is_extracted: bool, answer: str
) -> None:
    suite = read_suite(suite_file(tmp_path / "s.jsonl", *EXECUTION_LINES)).items
    path = suite_file(tmp_path / "a.json", json.dumps([{"id": "sample_0", key: [answer]}]))
    recorded = read_answers(path, suite)
    assert recorded.answers == {"sample_0": (answer,)} and recorded.is_extracted is is_extracted
    with pytest.raises(BadInput, match="must be a JSON object"):
        read_answers(suite_file(tmp_path / "b.json", "[]"), suite)


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["--sizes", "1,2"], "--sizes has no effect with --answers, because no model is asked"),
        (["--budget", "usd=1", "--minutes", "3"], "--minutes, --budget has no effect with --answers"),
        (["--model", "openai:gpt-4.1"], "--model has no effect with --answers"),
        (["--samples", "1"], "--samples has no effect with --answers"),
        (["state", "mutations"], "the family state, mutations has no effect with --answers"),
        (["--predicts", "code"], "--predicts code: must be output or input"),
        (["--out", "full"], "--out full: the folder is not empty; name a new one"),
    ],
)
def test_what_has_no_effect_on_recorded_answers_is_refused(
    gedanken: Cli, tmp_path: Path, arguments: list[str], problem: str
) -> None:
    suite_file(tmp_path / "s.jsonl", *GOOD_LINES)
    suite_file(tmp_path / "a.json", '{"sample_0": ["1"]}')
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine").touch()
    result = gedanken("probe", *arguments, "--suite", "s.jsonl", "--answers", "a.json")
    assert result.returncode == 2 and problem in result.stderr
    assert len(result.stderr.splitlines()) == 1 and not result.stdout


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["--suite", "s.jsonl", "--sizes", "1,2"], "--sizes has no effect on the lines of a suite; name a family"),
        (["--suite", "s.jsonl", "--n", "4", "--seed", "3"], "--n, --seed has no effect on the lines of a suite"),
        (
            ["--suite", "s.jsonl", "--predicts", "input"],
            "--predicts describes recorded answers, so it needs --answers",
        ),
    ],
)
def test_what_has_no_effect_on_a_suite_is_refused(
    gedanken: Cli, tmp_path: Path, arguments: list[str], problem: str
) -> None:
    suite_file(tmp_path / "s.jsonl", *GOOD_LINES)
    result = gedanken("probe", *arguments)
    assert result.returncode == 2 and problem in result.stderr
    assert len(result.stderr.splitlines()) == 1


@pytest.mark.docker
def test_what_is_scored_is_kept_where_that_is_asked_for(gedanken: Cli, tmp_path: Path) -> None:
    suite_file(tmp_path / "s.jsonl", *GOOD_LINES)
    suite_file(tmp_path / "a.json", {"sample_0": ["'ab'", "f('a', 'b')"], "other": ["1"]})
    arguments = ("probe", "--suite", "s.jsonl", "--answers", "a.json", "--json", "--out", "kept/here")
    first_result = gedanken(*arguments)
    assert first_result.returncode == 0, first_result.stderr
    result = json.loads(first_result.stdout)
    assert result == json.loads((tmp_path / "kept" / "here" / "probe.json").read_text())
    assert result["notes"] == ["no usable line of the suite has the id of 1 recorded item: other"]
    second_result = gedanken(*arguments)
    assert second_result.returncode == 2 and "the folder is not empty" in second_result.stderr


@pytest.mark.docker
def test_whole_replies_that_repeat_the_call_predict_outputs(gedanken: Cli, tmp_path: Path) -> None:
    answers = {
        "sample_0": ["assert f('a', 'b') == 'ba'", "[ANSWER]\nassert f('a', 'b') == \"ab\"\n[/ANSWER]"],
        "sample_1": ["assert f(1) == {1: [1, 3]}", "f(1) == {1: [1, 2]}"],
    }
    result = score_answers(gedanken, tmp_path, answers, *GOOD_LINES[:2])
    assert result["predicts"] == "output" and exact_by_id(result) == {"sample_0": 0.5, "sample_1": 0.5}


@pytest.mark.docker
def test_functions_of_other_names_are_called_as_the_suite_writes_it(gedanken: Cli, tmp_path: Path) -> None:
    answers = [
        {"id": "sample_0", "pred_list": ["4", "floor(4.5)", "3", "addAll(nums = [1, 2])"]},
        {"id": "sample_1", "pred_list": ["Counter('aab')", "table(s = 'aab') == 1"]},
    ]
    result = score_answers(gedanken, tmp_path, answers, *EXECUTION_LINES)
    assert result["predicts"] == "output" and not result["not_scored"]
    assert exact_by_id(result) == {"sample_0": pytest.approx(2 / 3), "sample_1": 1.0}


@pytest.mark.docker
def test_a_line_that_no_answer_can_meet_is_told_and_not_scored(gedanken: Cli, tmp_path: Path) -> None:
    answers = {line["id"]: [line["output"], "1"] for line in (*ODD_LINES, GOOD_LINES[0])}
    result = score_answers(gedanken, tmp_path, answers, *ODD_LINES, GOOD_LINES[0])
    assert exact_by_id(result) == {"named": 0.5, "long": 0.5, "sample_0": 0.5}
    problems = {bad_line["id"]: bad_line["problem"] for bad_line in result["not_scored"]}
    for name, words in {
        "nan": "no answer can be right, because its output does not equal itself",
        "no name": "its output cannot be evaluated: NameError: name 'nan' is not defined",
        "object": "its output is not a Python expression",
        "leaves": "its function ends Python instead of returning a value",
        "offline": "it may need the network, which is not available",
        "status": "it fails: it ended with exit code 3",
    }.items():
        assert words in problems.pop(name)
    assert not problems and [bad_line["id"] for bad_line in result["contradicted"]] == ["named"]


@pytest.mark.docker
def test_what_an_answer_does_to_the_machine_costs_no_other_answer(gedanken: Cli, tmp_path: Path) -> None:
    harmful_answers = [
        "__import__('os').kill(-1, 9)",
        "[x for x in iter(int, 1)]",
        "'a' * 10 ** 12",
        "__import__('shutil').rmtree('/home', True)",
        "print('x' * 10 ** 8) or 'ab'",
        "input()",
        "(lambda f: f(f))(lambda f: f(f))",
        "__import__('os').kill(__import__('os').getppid(), 9)",
        "__import__('os').kill(__import__('os').getpid(), 19)",
        "__import__('os')._exit(0)",
    ]
    result = score_answers(
        gedanken,
        tmp_path,
        {"sample_0": ["str('ab')", *harmful_answers, "'a' + 'b'"]},
        {**GOOD_LINES[0], "code": JOIN_FUNCTION},
    )
    outcomes = result["items"][0]["outcomes"]
    assert outcomes == ["right", *["wrong"] * 4, "right", *["wrong"] * 5, "right"]


FORGING_ANSWER = """[open(name, 'w').write('["SIGN", true]\\n') for name in
__import__('glob').glob(f"/proc/{__import__('os').getppid()}/fd/*")] and 'cd'"""


@pytest.mark.docker
def test_answers_that_are_asserted_together_say_nothing_for_each_other(open_machine: Callable[..., Any]) -> None:
    line = SuiteItem(id="x", code=JOIN_FUNCTION, input="'a', 'b'", output="'ab'")
    wrong_program = check_program(line, "str('ba')")
    forging_program = check_program(line, FORGING_ANSWER.replace("SIGN", wrong_program.token))
    programs = {"forging": forging_program, "wrong": wrong_program, "right": check_program(line, "str('ab')")}
    judgements = asyncio.run(judge_by_running(open_machine(limits=LIMITS), programs))
    assert judgements == {"forging": False, "wrong": False, "right": True}


PLANTING_ANSWER = """[open(f'{folder}/{name}.py', 'w').write('raise SystemExit')
for folder in ['.', *__import__('sys').path, *__import__('glob').glob('/tmp/*')] if __import__('os').access(folder, 2)
for name in ('statistics', 'heapq')] and 0"""


@pytest.mark.docker
def test_an_answer_that_leaves_modules_behind_is_no_part_of_another_ones_imports(
    open_machine: Callable[..., Any],
) -> None:
    code = "import heapq, statistics\ndef f(x):\n    return statistics.mode(heapq.nsmallest(1, [x]))"
    line = SuiteItem(id="x", code=code, input="7", output="7")
    programs = {"plants": check_program(line, PLANTING_ANSWER)}
    programs |= {str(number): check_program(line, f"int('7') or {number}") for number in range(25)}
    judgements = asyncio.run(judge_by_running(open_machine(limits=LIMITS), programs))
    assert judgements == {name: name != "plants" for name in programs}


def test_what_a_program_tells_of_checks_is_read_up_to_where_it_was_stopped() -> None:
    assert parse_check_results('["a", true]\n["b", false]\n3\n["c", tr') == {"a": True, "b": False}
