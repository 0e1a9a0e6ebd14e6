"""Templates are inferred from real logs if there is no program."""

import random
import tracemalloc

from hypothesis import given
from hypothesis import strategies as st

from gedanken.compare.output.transcript import Transcript, form_of_line
from gedanken.compare.parsed.templates import Templates


def templates_of(*logs: str) -> Templates:
    return Templates(lambda: [Transcript(log) for log in logs])


def template_words(*logs: str) -> list[str]:
    return [site.words for site in templates_of(*logs).sites]


def test_there_is_one_template_for_each_form() -> None:
    assert template_words("Epoch 1\nloss 0.5%\nEpoch 2\n") == ["Epoch {}", "loss {}"]


def test_a_word_that_varies_from_log_to_log_is_a_hole() -> None:
    assert template_words("run in /tmp/abc\nend", "run in /tmp/xyz\nend") == ["run in {}", "end"]


def test_words_that_each_log_has_are_no_values() -> None:
    assert template_words("phase one\nphase two", "phase one\nphase two") == ["phase one", "phase two"]


def test_a_line_that_one_log_lacks_is_no_other_word_of_another() -> None:
    assert template_words("model saved\nmodel loaded", "model saved") == ["model saved", "model loaded"]


def test_a_word_that_no_log_has_may_stand_where_words_vary() -> None:
    known_templates = templates_of("run in /tmp/abc", "run in /tmp/xyz")
    assert known_templates.find_templates(["run in /tmp/new", "walk in /tmp/new"]) == [0, None]


def test_a_template_is_odd_that_one_log_has_to_itself() -> None:
    assert templates_of("a\nb", "a\nb").odd_templates == [[], []]
    assert templates_of("a\nb", "a").odd_templates == [["b"], []]


@given(st.lists(st.lists(st.sampled_from(["a b", "a c", "b 1", "c  2", "", "a #"])).map("\n".join), max_size=4))
def test_every_line_of_every_log_has_its_template(logs: list[str]) -> None:
    known_templates = templates_of(*logs)
    forms = [form_of_line(line) for log in logs for line in log.splitlines() if line.strip()]
    assert set(known_templates.find_templates(forms)) <= set(range(len(known_templates.sites)))


def test_lines_of_many_words_that_have_nothing_in_common_are_held_in_little_memory() -> None:
    rng = random.Random(0)
    words = ["".join(rng.choices("abcdefgh", k=6)) for _ in range(500)]
    logs = [Transcript("\n".join(" ".join(rng.choices(words, k=50)) for _ in range(1000))) for _ in range(2)]
    size = sum(len(line) for log in logs for line in log.lines)
    assert len(Templates(lambda: logs).sites) == sum(len(log.forms) for log in logs) == 2000
    tracemalloc.start()
    try:
        known_templates = Templates(lambda: logs)
        assert known_templates.find_templates(["none of these"]) == [None]
        assert tracemalloc.get_traced_memory()[1] < 10 * size
    finally:
        tracemalloc.stop()


def test_rules_are_one_template_whatever_their_width_where_real_logs_show_that_it_varies() -> None:
    logs = ["=====\na #\n========\n+---+----+\n", "=====\na #\n+-----+---+\n", "=====\na #\n====\n+---+----+\n"]
    found_templates = templates_of(*logs)
    assert [site.words for site in found_templates.sites] == ["=====", "a #", "+---+----+"]
    assert found_templates.find_templates(["=" * 50, "+---+---+", "*****", "==", "+---+"]) == [0, 2, None, None, None]
    assert found_templates.odd_templates == [[], [], []]


def test_rules_that_all_logs_have_in_the_same_widths_are_two() -> None:
    found_templates = templates_of("=====\n===\n---\n", "=====\n===\n", "=====\n===\n-----\n")
    assert found_templates.find_templates(["=====", "===", "====", "---", "-----", "----"]) == [
        0,
        1,
        None,
        2,
        3,
        None,
    ]
