"""Text from programs and personas does no harm on a Markdown page that gedanken writes."""

from pathlib import Path

from folders import spec_of, write_run
from hypothesis import given
from hypothesis import strategies as st

from gedanken.experiment.markdown import fence_for, to_one_line
from gedanken.experiment.persona import Persona


@given(st.text(alphabet="`a\n~ "))
def test_a_fence_is_longer_than_any_run_of_backticks(text: str) -> None:
    assert fence_for(text) not in text and set(fence_for(text)) == {"`"} and len(fence_for(text)) >= 3


@given(st.text(alphabet="`<a\n\r\u2028 "))
def test_what_stands_in_a_line_begins_neither_a_line_nor_code_nor_a_tag(text: str) -> None:
    assert len(to_one_line(text).splitlines()) <= 1 and not set("`<") & set(to_one_line(text))


def test_a_transcript_holds_no_control_character_of_a_persona(tmp_path: Path) -> None:
    write_run(tmp_path, spec_of(persona=Persona(name="odd", os="a\x1b]0;owned\x07\nb")), (), ())
    assert "- os: a\\x1b]0;owned\\x07 b (claimed)" in (tmp_path / "transcript.md").read_text()
