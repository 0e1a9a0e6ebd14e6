"""How answers are scored: exactly right, equal to the rival's output, or wrong. A reply without an answer has its own
outcomes.
"""

from time import process_time
from typing import Any

import pytest
from builders import imagined

from gedanken.compare.answers.replies import (
    Predicts,
    is_whole_reply,
    predicted_call,
    predicted_execution_value,
    predicted_value,
    prediction_kind,
)
from gedanken.compare.answers.scoring import score
from gedanken.compare.answers.shares import mean_exactness, pass_at
from gedanken.compare.answers.values import check_answer, judge_call
from gedanken.experiment.execution import Cause, FormatViolation
from gedanken.experiment.probe_design import SuiteItem


def make_item(output: str, call_input: str = "'y'", function: str = "") -> SuiteItem:
    return SuiteItem(id="x", code="def f(s): ...", input=call_input, output=output, function=function)


TRUTH = "12 07 55 80\n"
UNMARKED = (FormatViolation("no mark before the output", ""),)
SPEAKS_AS_AI = (FormatViolation("speaks as an AI", "As an AI I cannot run this."),)


def outcome(reply: str, rival: str | None = None, **changes: Any) -> str:
    answer_score = score(imagined(reply, **changes), TRUTH, rival)
    assert answer_score is not None
    return answer_score.outcome


def test_an_answer_is_right_to_the_letter_and_blank_ends_are_nobodys_letters() -> None:
    assert outcome("12 07 55 80") == outcome("12 07 55 80  \n\n") == "right"
    assert outcome("12 7 55 80") == outcome("12 07 55 81") == "wrong"


def test_what_the_rival_prints_is_told_from_what_is_merely_wrong() -> None:
    assert outcome("12 07 55 81", "12 07 55 81\n") == "rival"
    assert outcome("12 07 55 80", TRUTH) == "right"


@pytest.mark.parametrize(
    ("said", "changes", "expected"),
    [
        ("", {}, "unparsable"),
        ("I would multiply the rows by the columns.", {}, "unparsable"),
        ("First 12, then 07.\nSo\nit\nis\n12 07", {}, "unparsable"),
        ("12 07", {"violations": UNMARKED}, "unparsable"),
        ("12 07 55 80", {"violations": UNMARKED}, "right"),
        ("", {"violations": SPEAKS_AS_AI}, "refused"),
        ("", {"cause": Cause.REFUSED}, "refused"),
        ("12 07 55", {"cause": Cause.CUT}, "cut"),
        ("", {"cause": Cause.ONLY_REASONED}, "cut"),
    ],
)
def test_what_is_no_answer_is_a_class_of_its_own(said: str, changes: dict[str, Any], expected: str) -> None:
    assert outcome(said, **changes) == expected


def test_no_reply_says_nothing_of_the_model() -> None:
    assert score(imagined("", cause=Cause.NO_REPLY), TRUTH) is None


def test_elements_count_where_they_stand() -> None:
    answer_score = score(imagined("12 07 80 55"), TRUTH)
    assert answer_score is not None and answer_score.parts_right == 0.5


def test_tokens_of_reasoning_stand_beside_the_outcome() -> None:
    answer_score = score(imagined("1", notes=("the model reasons by itself: 4096 tokens before the reply",)), TRUTH)
    assert answer_score is not None and answer_score.reasoning_tokens == 4096


@pytest.mark.parametrize(
    ("output", "answer", "expected"),
    [
        ("'ab'", '"ab"', "right"),
        ("[1, 2]", "[1,2]", "right"),
        ("{'a': 1, 'b': 2}", '{"b": 2, "a": 1}', "right"),
        ("1.0", "1", "right"),
        ("'1'", "1", "wrong"),
        ("(1, 2)", "[1, 2]", "wrong"),
        ("'ab'", "'ab", "unparsable"),
        ("'ab'", "", "unparsable"),
        ("'ab'", "'a' + 'b'", "run"),
        ("True", "__import__('os').system('true') == 0", "run"),
        ("3", "3\nprint(1)", "run"),
        ("3", "3 or 4", "run"),
        ("'x'", "f('y')", "wrong"),
        ("1", "(" * 500 + "1" + ")" * 500, "unparsable"),
    ],
)
def test_equal_values_are_equal_answers_however_they_are_written(output: str, answer: str, expected: str) -> None:
    assert check_answer(make_item(output), answer) == expected


@pytest.mark.parametrize(
    "reply",
    ["'ab'", " 'ab'\n", "assert f(1) == 'ab'", "so\n[ANSWER]\nassert f(1) == 'ab'\n[/ANSWER] done"],
)
def test_the_answer_is_found_between_its_marks(reply: str) -> None:
    assert predicted_value(reply) == "'ab'"


def test_samples_of_one_item_are_no_items_of_their_own() -> None:
    mixed = mean_exactness([1.0, 0.0, 0.5, 0.5])
    assert mixed is not None and mixed.mean == 0.5 and mixed.items == 4
    assert mixed.high - mixed.low > 0.9
    all_right = mean_exactness([1.0] * 10)
    assert all_right is not None and all_right.mean == all_right.high == 1.0 and 0.6 < all_right.low < 0.8
    for count in (1, 4, 5):
        half = mean_exactness([0.5] * count)
        assert half is not None and half.low == pytest.approx(1 - half.high)
    assert mean_exactness([]) is None


@pytest.mark.parametrize(
    "reply", ["f(1, 2)", " f(1, 2) == 3", "assert f(1, 2) == 3", "So:\n[ANSWER]f(1, 2) == 3[/ANSWER]"]
)
def test_a_predicted_input_is_the_call_in_a_reply(reply: str) -> None:
    assert predicted_call(reply) == "f(1, 2)"


def predicted(*answers: str, named: Predicts | None = None) -> str:
    return prediction_kind([(make_item("3"), answer) for answer in answers], named)


def test_a_file_whose_answers_are_calls_predicts_inputs() -> None:
    assert predicted("f(1)", "f('a')", "3") == "input"
    assert predicted("3", "f(1)", "'a'") == predicted("3") == predicted() == "output"
    assert [judge_call(make_item("3"), answer) for answer in ("f(1)", "3", "f(1", "")] == [
        "run",
        "wrong",
        "unparsable",
        "unparsable",
    ]


@pytest.mark.parametrize(
    ("replies", "expected"),
    [
        (["assert f('y') == 3", "assert f('y') == 4", "[ANSWER]assert f( 'y' ) == 3[/ANSWER]"], "output"),
        (["assert f('z') == 3", "assert f('y') == 3", "[ANSWER]f('zz') == 3[/ANSWER]"], "input"),
        (["Let us run f('y').\n1. s is 'y' in f(s)\n[ANSWER]3", "f(s) returns f('y')", "So f( is", "4"], "output"),
        (["f('z", "f('z')", "No idea", "No idea", "No idea"], "input"),
    ],
)
def test_an_assertion_tells_what_is_predicted_by_the_side_that_the_question_had(
    replies: list[str], expected: str
) -> None:
    assert predicted(*replies) == expected


def test_a_name_decides_where_the_answers_do_not_and_is_not_believed_where_none_of_them_agrees() -> None:
    poor = ["3"] * 8 + ["f('z')"] * 2
    assert predicted(*poor) == "output" and predicted(*poor, named="input") == "input"
    assert predicted(*["3"] * 40, named="input") == predicted(*["3"] * 40) == "output"


@pytest.mark.parametrize(
    ("reply", "value", "call"),
    [
        ("assert f('a==b') == 'c'", "'c'", "f('a==b')"),
        ("f('a') == 'c=='", "'c=='", "f('a')"),
        ("def f(s):\n    return s\nassert f('a') == 'c'", "'c'", "f('a')"),
        ("assert f('a') == 'c'\n[/ANSWER]", "'c'", "f('a')"),
        ("[ANSWER]assert f((1, '(')) == '\\''[ANSWER] or not", "'\\''", "f((1, '('))"),
        ("assert f('a) == 3", "3", "f('a)"),
        ("'ab' == 'ab'", "'ab' == 'ab'", "'ab'"),
        ("f(1, a == b)", "f(1, a == b)", "f(1, a == b)"),
    ],
)
def test_the_sides_of_an_assertion_are_told_apart_where_they_hold_its_sign_themselves(
    reply: str, value: str, call: str
) -> None:
    assert (predicted_value(reply), predicted_call(reply)) == (value, call)


@pytest.mark.parametrize("reply", ["'[ANSWER]x'", "'x'  # [/ANSWER]", "{'[ANSWER]': 1}", "f('[ANSWER]')"])
def test_marks_that_a_value_quotes_are_part_of_it(reply: str) -> None:
    assert predicted_value(reply) == predicted_call(reply) == reply and not is_whole_reply(reply)


@pytest.mark.parametrize("reply", ["[ANSWER][1, 2]", "[ANSWER](1, 2)", "[ANSWER] - 5", "[ANSWER]\n'a'", "[ANSWER]"])
def test_a_mark_before_a_value_is_none_of_it_though_python_reads_both_as_one(reply: str) -> None:
    assert predicted_value(reply) == reply.removeprefix("[ANSWER]").strip() and is_whole_reply(reply)


@pytest.mark.parametrize(
    ("reply", "value"),
    [
        ("assert add(a = 1) == 3\n\nFor 1 + 2 is 3.", "3"),
        ("```python\nassert add(a = 1) == 3\n```", "3"),
        ("3\nas 1 + 2 is 3", "3"),
        ("So:\n[ANSWER]\n3\nor 4\n[/ANSWER]", "3\nor 4"),
        ("add(a = 1) == [\n3,\n]", "[\n3,\n]"),
    ],
)
def test_of_a_reply_to_code_execution_the_first_line_counts(reply: str, value: str) -> None:
    assert predicted_execution_value(reply, "add") == value


@pytest.mark.parametrize("text", ["assert x\n", "assert f(1\n", "assert x == 1\n", "assert f((( ==\n", "'x\n"])
def test_no_reply_takes_long_to_be_read(text: str) -> None:
    reply = text * (1_000_000 // len(text))
    started = process_time()
    prediction_kind([(make_item("3"), reply)])
    assert predicted_value(reply) and predicted_call(reply) is not None and process_time() - started < 30


def test_an_answer_that_repeats_the_call_is_not_counted_where_its_figures_do_not() -> None:
    call = "add(a = 1)"
    assert check_answer(make_item("3", call, "add"), f"{call} == 3") == "left out"
    assert check_answer(make_item("3", call, "add"), "3") == "right"
    assert check_answer(make_item("3", "1"), "f(1) == 3") == "wrong"


def test_a_number_of_any_length_is_a_number() -> None:
    assert (
        check_answer(make_item("1" + "0" * 5000), "10 ** 5000") == check_answer(make_item("3"), "9" * 5000) == "run"
    )


def test_the_second_figure_is_the_chance_that_one_of_five_is_right() -> None:
    assert pass_at(5, [(10, 0), (10, 10)]) == 0.5
    assert pass_at(5, [(10, 1)]) == pytest.approx(0.5) and pass_at(5, [(5, 1)]) == 1
    assert pass_at(5, [(10, 1), (4, 4)]) is None and pass_at(5, []) is None
