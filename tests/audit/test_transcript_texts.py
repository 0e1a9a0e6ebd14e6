"""Transcripts in text form: their speakers, and the parts that a tool printed."""

import json
from pathlib import Path
from typing import Any

import pytest
from transcript_forms import ANSWER, COMMAND, MESSAGES, OUTPUT, QUESTION

from gedanken.experiment.agent_transcript import AgentTranscript
from gedanken.records.importers.transcripts.read_transcripts import read_transcripts


def _read_one(path: Path, text: str) -> AgentTranscript:
    path.write_text(text)
    return read_transcripts(path)[0]


def _reasons(transcript: AgentTranscript) -> str:
    return " | ".join(gap.reason for gap in transcript.gaps)


@pytest.mark.parametrize(
    ("text", "who"),
    [
        ("# Chat\n\n## User\n\nhi\n\n## Assistant\n\n```\n$ ls\nUser: x\n```\n", ["system", "user", "agent"]),
        ("**You:** hi\n\n**ChatGPT:** hello\n", ["user", "agent"]),
        ("You said:\nhi\nChatGPT said:\nhello\n", ["user", "agent"]),
        ("User: hi\nAssistant: hello\n```\nnever closed\nUser: again\n", ["user", "agent", "user"]),
        ("I ran the tests and all pass.\n", ["agent"]),
    ],
)
def test_a_chat_export_tells_who_speaks_and_proves_nothing_of_tools(
    tmp_path: Path, text: str, who: list[str]
) -> None:
    transcript = _read_one(tmp_path / "chat.md", text)
    assert transcript.form == "text"
    assert not transcript.has_tools
    assert [event.speaker for event in transcript.events] == who
    assert all(text.splitlines()[event.place.line - 1].strip() for event in transcript.events)


_SCREEN_TEXTS = {
    "claude": "❯ test it   \n\n⏺ Bash(pytest -q 2>&1)\n  ⎿  3 passed in 0.1s\n     … +12 lines (ctrl+o to expand)\n\n"
    "⏺ All 3 tests pass.\n",
    "codex": "› test it\n\n• Ran pytest -q 2>&1\n  └ 3 passed in 0.1s\n    … +12 lines\n\n• All 3 tests pass.\n",
}


@pytest.mark.parametrize("name", _SCREEN_TEXTS)
def test_what_a_terminal_of_an_agent_showed_is_not_all_the_agents_words(tmp_path: Path, name: str) -> None:
    transcript = _read_one(tmp_path / "export.txt", _SCREEN_TEXTS[name])
    assert [(event.kind, event.speaker) for event in transcript.events] == [
        ("message", "user"),
        ("call", "agent"),
        ("result", "tool"),
        ("message", "agent"),
    ]
    assert (transcript.events[1].command, transcript.events[3].text) == ("pytest -q 2>&1", ANSWER)
    assert transcript.events[2].cut
    assert transcript.has_tools
    assert "a terminal shortens outputs" in _reasons(transcript)


def test_calls_whose_outputs_an_export_leaves_out_are_calls_all_the_same(tmp_path: Path) -> None:
    transcript = _read_one(tmp_path / "export.txt", "❯ go on\n⏺ Bash(make test)\n⏺ All tests pass.\n")
    assert [event.kind for event in transcript.events] == ["message", "call", "message"]
    assert "a tool call has no result" in _reasons(transcript)


def test_what_the_terminal_says_of_a_background_command_is_no_claim(tmp_path: Path) -> None:
    screen_text = '⏺ Bash(make)\n  ⎿  Running\n\n⏺ Background command "make" completed (exit code 0)\n'
    last_event = _read_one(tmp_path / "export.txt", screen_text).events[-1]
    assert (last_event.kind, last_event.speaker, last_event.exit_code) == ("result", "tool", 0)


def test_an_aider_history_tells_the_users_commands_from_the_agents_words(tmp_path: Path) -> None:
    transcript = _read_one(
        tmp_path / "history.md",
        "# aider chat started at 2024-08-06 08:47:10\n\n> Aider v0.47\n\n#### Add a test\n\n"
        "Done.\n```\n>>>>>>> REPLACE\n```\n\n> Applied edit to calc.py\n\n#### /test pytest -q\n"
        "> === test session starts ===\ncollected 7 items\n"
        "=== 1 failed, 6 passed in 3.28s ===  \n\nIt fails.\n",
    )
    events_without_marks = [(event.kind, event.text) for event in transcript.events if event.kind != "mark"]
    assert events_without_marks[2:] == [
        ("message", "Done.\n```\n>>>>>>> REPLACE\n```"),
        ("edit", ""),
        ("call", ""),
        ("result", "collected 7 items\n=== 1 failed, 6 passed in 3.28s ==="),
        ("message", "It fails."),
    ]
    assert [event.command for event in transcript.events if event.kind == "call"] == ["pytest -q"]


def test_tools_that_an_export_shows_are_read_as_such(tmp_path: Path) -> None:
    transcript = _read_one(
        tmp_path / "export.md",
        f"### Human\n\n{QUESTION}\n\n### Assistant\n\n**Tool: Bash**\n```bash\n{COMMAND}\n```\n\n### Human\n\n"
        f"<details><summary>Tool output</summary>\n\n```\n{OUTPUT}\n```\n</details>\n\n### Assistant\n\n{ANSWER}\n",
    )
    assert [(event.kind, event.command, event.text) for event in transcript.events] == [
        ("message", None, QUESTION),
        ("call", COMMAND, ""),
        ("result", COMMAND, OUTPUT),
        ("message", None, ANSWER),
    ]
    assert transcript.has_tools
    assert transcript.gaps


def test_messages_without_any_tool_may_be_a_chat_that_somebody_converted(tmp_path: Path) -> None:
    assert not _read_one(tmp_path / "m.json", json.dumps([MESSAGES[0], MESSAGES[-1]])).has_tools


def test_chatgpts_export_follows_its_branch_and_survives_a_circle(tmp_path: Path) -> None:
    def node(parent: str, role: str, text: str) -> dict[str, Any]:
        return {
            "parent": parent,
            "message": {"author": {"role": role}, "content": {"content_type": "text", "parts": [text]}},
        }

    mapping = {
        "a": node("c", "user", QUESTION),
        "b": node("a", "assistant", ANSWER),
        "c": node("b", "user", "thanks"),
    }
    transcript = _read_one(
        tmp_path / "conversations.json", json.dumps([{"title": "t", "mapping": mapping, "current_node": "c"}])
    )
    assert [event.text for event in transcript.events] == [QUESTION, ANSWER, "thanks"]
