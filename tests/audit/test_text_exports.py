"""Chats that were exported or copied as text: the speaker of each turn is recognized."""

from pathlib import Path

import pytest

from gedanken.experiment.errors import BadInput
from gedanken.records.importers.transcripts.read_transcripts import read_transcripts

QUESTION, ANSWER = "I ran `npm test`.", "All 9 tests pass."


def turns_of(path: Path, text: str) -> list[tuple[str, str]]:
    path.write_text(text)
    events = read_transcripts(path)[0].events
    return [(event.speaker, event.text) for event in events if event.speaker in ("user", "agent")]


@pytest.mark.parametrize(
    "text",
    [
        f"# Title\n_Exported from Cursor_\n\n---\n\n**User**\n\n{QUESTION}\n\n---\n\n**Cursor**\n\n{ANSWER}\n",
        f"# Title\n\n---\n\n**User**\n\n{QUESTION}\n\n---\n\n**Zed Agent**\n\n{ANSWER}\n",
        f"### User Input\n\n{QUESTION}\n\n### Planner Response\n\n{ANSWER}\n",
        f"**Q:** {QUESTION}\n\n**A:** {ANSWER}\n",
        f"```user\n{QUESTION}\n```\n\n```assistant\n{ANSWER}\n```\n",
    ],
)
def test_who_speaks_is_read(tmp_path: Path, text: str) -> None:
    assert turns_of(tmp_path / "chat.md", text) == [("user", QUESTION), ("agent", ANSWER)]


def test_a_bold_line_in_an_answer_is_nobody(tmp_path: Path) -> None:
    text = f"**User**\n\n{QUESTION}\n\n**Assistant**\n\nDone.\n\n---\n\n**Notes**\n\n{ANSWER}\n"
    assert [speaker for speaker, _text in turns_of(tmp_path / "chat.md", text)] == ["user", "agent"]


def test_a_text_in_which_no_agent_speaks_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="names a user but no agent"):
        turns_of(tmp_path / "chat.md", f"**User**\n\n{QUESTION}\n\nkim-bot\n\n{ANSWER}\n")


def test_the_output_of_a_command_that_an_aider_user_typed_is_a_result(tmp_path: Path) -> None:
    path = tmp_path / ".aider.chat.history.md"
    path.write_text(
        "\n# aider chat started at 2026-02-01 09:12:44\n\n> Aider v0.86.1  \n\n#### /run pytest -q  \n\n"
        "> 1 failed, 4 passed in 0.03s  \n> Added 6 lines of output to the chat.  \n\n"
        "#### fix it  \n\nOne test fails.\n"
    )
    results = [event.text for event in read_transcripts(path)[0].events if event.kind == "result"]
    assert results == ["1 failed, 4 passed in 0.03s"]
