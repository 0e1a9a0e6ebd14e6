"""The report as Markdown has the same contents as the page, without a link, mention, tag or formula."""

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_summary import HOSTILE, large_analysis
from weighed_effects import weigh_changes

from gedanken.compare.interventions import Outcomes
from gedanken.experiment.markdown import escape_sentence, format_code
from gedanken.report.markdown import to_markdown

MARKDOWN_SYNTAX = (
    "`` ``` @you #1 www.evil.example https://evil.example <img onerror=x> $\\frac{1}$ [a](b) ![x](y) __x__ | ~~~"
)
_CODE = re.compile(r"(?<!`)(`+)(?!`)(.*?)(?<!`)\1(?!`)", re.DOTALL)


def without_code(text: str) -> str:
    """The text without its code spans."""
    return _CODE.sub("", text)


@given(st.text(alphabet="`a|\n @<", max_size=30))
def test_code_holds_all_of_a_line_and_ends_where_it_should(text: str) -> None:
    (code_span,) = [match[0] for match in [_CODE.fullmatch(format_code(text))] if match]
    assert " ".join(text.split()) in code_span and "\n" not in code_span


@given(st.text(alphabet="a`@#<>$\\[]()_*|~/:.w \n&!{}", max_size=60))
def test_a_sentence_leaves_nothing_outside_of_code_that_means_something(text: str) -> None:
    assert not set("@#<>$\\[]_*|~/&`") & set(without_code(escape_sentence(text)))


@pytest.mark.parametrize(
    "word", ["(www.evil.example)", "WWW.evil.example", "(GH-1)", ":smile:", "(:+1:)", "0a1b2c3d"]
)
def test_what_a_reader_of_markdown_turns_into_something_stands_as_code(word: str) -> None:
    assert escape_sentence(f"it prints {word} twice") == f"it prints `{word}` twice"


def test_a_sentence_of_ours_stays_as_it_is() -> None:
    text = "2 of 3 imagined runs differ from the real runs (train-v1): “9 of 10” × 2; p = .008, −0.1 to 0.2 (95 %)."
    assert escape_sentence(text) == text


def test_it_tells_what_the_page_tells_in_200_lines() -> None:
    text = to_markdown(large_analysis())
    assert len(text.splitlines()) <= 200
    for part in (
        "Conditions",
        "40 findings",
        "Numbers",
        "First difference",
        "Undecided",
        "Programs",
        "How to repeat this",
    ):
        assert f"## {part}" in text
    assert "gedanken run small.yaml --model openai:x --persona matched --sandbox docker --gpus none --source" in text
    assert "give the path of its YAML file" in text
    assert "0.24 to 0.4 (3)" in text and "(primary)" in text
    assert "differs from the real runs" in text


def test_a_change_goes_to_the_same_side_to_the_other_or_to_none() -> None:
    effects = weigh_changes(lambda does_change, _expected: 1 + does_change)
    same_side, other_side, no_side = effects.loss.effects[:3]
    effects_by_side = (
        same_side,
        replace(other_side, same_way=False),
        replace(no_side, same_way=False, imagined=Outcomes((None, 1.0, None), None, None)),
    )
    text = to_markdown(
        replace(large_analysis(), effects=(replace(effects, loss=replace(effects.loss, effects=effects_by_side)),))
    )
    assert re.findall(r"^\| `change \d` \|[^|]*\|[^|]*\| (\S+) \| yes", text, re.MULTILINE) == [
        "yes",
        "**no**",
        "**none**",
    ]


def test_nothing_that_was_printed_means_anything() -> None:
    for hostile in (HOSTILE, MARKDOWN_SYNTAX):
        analysis = large_analysis(hostile)
        hostile_run = replace(analysis.versions[0].imagined[1], stdout=f"{hostile}\n" * 3)
        samples = (analysis.versions[0].imagined[0], hostile_run, *analysis.versions[0].imagined[2:])
        text = to_markdown(replace(analysis, versions=(replace(analysis.versions[0], imagined=samples),)))
        assert len(text) < 100_000 and len(text.splitlines()) <= 200
        assert not {"\x1b", "\u202e", "\x07"} & set(text)
        prose_only = re.sub(r"^(`{3,})\w*\n.*?^\1$", "", text, flags=re.DOTALL | re.MULTILINE)
        for marker in ("<", "@you", "www.", "https:", "$", "](", "#1"):
            assert marker not in without_code(prose_only), marker
