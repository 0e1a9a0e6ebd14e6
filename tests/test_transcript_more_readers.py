"""What the readers of Copilot, Gemini CLI, opencode and Cline make of what these agents alone write."""

import json
from pathlib import Path
from typing import Any

import pytest
from transcript_forms_2 import ANSWER, ASKED, CLINE, COMMAND, PRINTED, REQUEST, TERMINAL

from gedanken.experiment.agent_transcript import AgentTranscript
from gedanken.records.importers.transcripts.reading import read_transcripts


def _one(path: Path, text: str) -> AgentTranscript:
    path.write_text(text)
    (found,) = read_transcripts(path)
    return found


def _lines(entries: list[Any]) -> str:
    return "".join(json.dumps(entry) + "\n" for entry in entries)


def test_a_chat_of_vs_code_is_put_together_from_its_changes(tmp_path: Path) -> None:
    first: dict[str, Any] = {"kind": 0, "v": {"sessionId": "s", "requests": []}}
    begun = {**REQUEST, "response": [{"value": "I look."}]}
    more = {"kind": 2, "k": ["requests", 0, "response"], "i": 0, "v": REQUEST["response"]}
    read = _one(tmp_path / "a.jsonl", _lines([first, {"kind": 2, "k": ["requests"], "v": [begun]}, more]))
    assert [event.text for event in read.events if event.kind == "message"] == [ASKED, ANSWER]
    assert {event.place.line for event in read.events} == {2}
    assert not read.gaps


def test_an_exported_chat_tells_where_each_tool_stands(tmp_path: Path) -> None:
    read = _one(tmp_path / "chat.json", json.dumps({"requests": [REQUEST]}, indent=1))
    result = next(event for event in read.events if event.kind == "result")
    assert (result.text, result.exit_code, result.command) == (PRINTED, 0, COMMAND)
    assert result.place.pointer == "/requests/0/response/0"


@pytest.mark.parametrize("part", [{**TERMINAL, "toolSpecificData": {}}, {"kind": "textEditGroup", "edits": []}])
def test_a_chat_that_keeps_no_output_or_no_edit_is_incomplete(tmp_path: Path, part: dict[str, Any]) -> None:
    request = {**REQUEST, "response": [part, {"value": ANSWER}]}
    assert _one(tmp_path / "chat.json", json.dumps({"requests": [request]})).gaps


@pytest.mark.parametrize("code", ["0", "(none)", "2"])
def test_what_geminis_shell_reports_is_taken_apart(tmp_path: Path, code: str) -> None:
    report = f"Command: make\nDirectory: (root)\nOutput: a\nb\nError: (none)\nExit Code: {code}\nSignal: (none)"
    answer = {"functionResponse": {"name": "run_shell_command", "response": {"output": report}}}
    call = {
        "id": "c",
        "name": "run_shell_command",
        "args": {"command": "make"},
        "status": "success",
        "result": [answer],
    }
    told = [{"id": "1", "type": "gemini", "content": "", "toolCalls": [call]}]
    read = _one(tmp_path / "session.json", json.dumps({"sessionId": "s", "messages": told}))
    result = next(event for event in read.events if event.kind == "result")
    assert result.text == "a\nb"
    assert result.exit_code == (int(code) if code.isdigit() else None)


def test_a_session_of_gemini_that_was_taken_back_is_incomplete(tmp_path: Path) -> None:
    said = {"id": "1", "type": "gemini", "content": "Done."}
    read = _one(
        tmp_path / "session.jsonl", _lines([{"sessionId": "s", "projectHash": "h"}, said, {"$rewindTo": "1"}])
    )
    assert [gap.reason for gap in read.gaps] == ["it was taken back to an earlier message"]


@pytest.mark.parametrize("part", [{"type": "compaction"}, {"type": "subtask", "prompt": "look"}])
def test_a_session_of_opencode_that_lacks_something_is_incomplete(tmp_path: Path, part: dict[str, Any]) -> None:
    told = [{"info": {"role": "assistant"}, "parts": [part, {"type": "text", "text": ANSWER}]}]
    assert _one(tmp_path / "a.json", json.dumps({"messages": told})).gaps


def test_a_task_of_cline_that_was_exported_is_read_like_its_messages(tmp_path: Path) -> None:
    texts = [one["content"] if isinstance(one["content"], str) else one["content"][0]["text"] for one in CLINE]
    names = {"user": "User", "assistant": "Assistant"}
    parts = [f"**{names[one['role']]}:**\n\n{text}" for one, text in zip(CLINE, texts, strict=True)]
    exported = _one(tmp_path / "task.md", "\n\n---\n\n".join(parts))
    native = _one(tmp_path / "task.json", json.dumps(CLINE))
    assert [(one.kind, one.speaker, one.text.strip(), one.command, one.path) for one in exported.events] == [
        (one.kind, one.speaker, one.text.strip(), one.command, one.path) for one in native.events
    ]
    assert exported.events[-1].place.line > 20


def test_what_a_user_refused_changed_nothing(tmp_path: Path) -> None:
    refused = {"role": "user", "content": "[replace_in_file for 'calc.py'] Result:\nThe user denied this operation."}
    read = _one(tmp_path / "task.json", json.dumps([*CLINE[:2], refused]))
    assert not [event for event in read.events if event.kind == "edit"]
