"""The readers for Copilot, Gemini CLI, opencode and Cline: parts of transcripts that only these agents write."""

import json
from pathlib import Path
from typing import Any

import pytest
from more_transcript_forms import ANSWER, CLINE, COMMAND, OUTPUT, QUESTION, REQUEST, TERMINAL

from gedanken.experiment.agent_transcript import AgentTranscript
from gedanken.records.importers.transcripts.read_transcripts import read_transcripts


def _read_one(path: Path, text: str) -> AgentTranscript:
    path.write_text(text)
    (transcript,) = read_transcripts(path)
    return transcript


def _lines(entries: list[Any]) -> str:
    return "".join(json.dumps(entry) + "\n" for entry in entries)


def test_a_chat_of_vs_code_is_put_together_from_its_changes(tmp_path: Path) -> None:
    first_entry: dict[str, Any] = {"kind": 0, "v": {"sessionId": "s", "requests": []}}
    begun_request = {**REQUEST, "response": [{"value": "I look."}]}
    later_parts = {"kind": 2, "k": ["requests", 0, "response"], "i": 0, "v": REQUEST["response"]}
    transcript = _read_one(
        tmp_path / "a.jsonl", _lines([first_entry, {"kind": 2, "k": ["requests"], "v": [begun_request]}, later_parts])
    )
    assert [event.text for event in transcript.events if event.kind == "message"] == [QUESTION, ANSWER]
    assert {event.place.line for event in transcript.events} == {2}
    assert not transcript.gaps


def test_an_exported_chat_tells_where_each_tool_stands(tmp_path: Path) -> None:
    transcript = _read_one(tmp_path / "chat.json", json.dumps({"requests": [REQUEST]}, indent=1))
    result = next(event for event in transcript.events if event.kind == "result")
    assert (result.text, result.exit_code, result.command) == (OUTPUT, 0, COMMAND)
    assert result.place.pointer == "/requests/0/response/0"


@pytest.mark.parametrize("part", [{**TERMINAL, "toolSpecificData": {}}, {"kind": "textEditGroup", "edits": []}])
def test_a_chat_that_keeps_no_output_or_no_edit_is_incomplete(tmp_path: Path, part: dict[str, Any]) -> None:
    request = {**REQUEST, "response": [part, {"value": ANSWER}]}
    assert _read_one(tmp_path / "chat.json", json.dumps({"requests": [request]})).gaps


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
    messages = [{"id": "1", "type": "gemini", "content": "", "toolCalls": [call]}]
    transcript = _read_one(tmp_path / "session.json", json.dumps({"sessionId": "s", "messages": messages}))
    result = next(event for event in transcript.events if event.kind == "result")
    assert result.text == "a\nb"
    assert result.exit_code == (int(code) if code.isdigit() else None)


def test_a_session_of_gemini_that_was_taken_back_is_incomplete(tmp_path: Path) -> None:
    message = {"id": "1", "type": "gemini", "content": "Done."}
    transcript = _read_one(
        tmp_path / "session.jsonl", _lines([{"sessionId": "s", "projectHash": "h"}, message, {"$rewindTo": "1"}])
    )
    assert [gap.reason for gap in transcript.gaps] == ["the user went back to an earlier message"]


@pytest.mark.parametrize("part", [{"type": "compaction"}, {"type": "subtask", "prompt": "look"}])
def test_a_session_of_opencode_that_lacks_something_is_incomplete(tmp_path: Path, part: dict[str, Any]) -> None:
    messages = [{"info": {"role": "assistant"}, "parts": [part, {"type": "text", "text": ANSWER}]}]
    assert _read_one(tmp_path / "a.json", json.dumps({"messages": messages})).gaps


def test_a_task_of_cline_that_was_exported_is_read_like_its_messages(tmp_path: Path) -> None:
    texts = [
        message["content"] if isinstance(message["content"], str) else message["content"][0]["text"]
        for message in CLINE
    ]
    names = {"user": "User", "assistant": "Assistant"}
    parts = [f"**{names[message['role']]}:**\n\n{text}" for message, text in zip(CLINE, texts, strict=True)]
    exported = _read_one(tmp_path / "task.md", "\n\n---\n\n".join(parts))
    native = _read_one(tmp_path / "task.json", json.dumps(CLINE))
    assert [
        (message.kind, message.speaker, message.text.strip(), message.command, message.path)
        for message in exported.events
    ] == [
        (message.kind, message.speaker, message.text.strip(), message.command, message.path)
        for message in native.events
    ]
    assert exported.events[-1].place.line > 20


def test_what_a_user_refused_changed_nothing(tmp_path: Path) -> None:
    refusal = {"role": "user", "content": "[replace_in_file for 'calc.py'] Result:\nThe user denied this operation."}
    transcript = _read_one(tmp_path / "task.json", json.dumps([*CLINE[:2], refusal]))
    assert not [event for event in transcript.events if event.kind == "edit"]


SPECSTORY = f"""<!-- Generated by SpecStory, Markdown v2.1.0 -->

_**User (2026-01-03 05:21Z)**_

{QUESTION}

---

_**Agent (model some-model, mode Agent)**_

<think><details><summary>Thought Process</summary>
All 9 tests pass, I guess.</details></think>

---

<tool-use data-tool-type="write" data-tool-name="search_replace">
<details><summary>Tool use: **search_replace** • Edit file: calc.py</summary>

```diff
+ </tool-use>
```
</details>
</tool-use>

---

<tool-use data-tool-type="shell" data-tool-name="run_terminal_cmd">
<details><summary>Tool use: **run_terminal_cmd** • Run command: {COMMAND}</summary>

```bash
{COMMAND}
```

```
{OUTPUT}
```
</details>
</tool-use>

---

{ANSWER}
"""
OLDER_SPECSTORY = f"""<!-- Generated by SpecStory -->

_**User**_

{QUESTION}

---

_**Assistant**_

Tool use: **run_terminal_cmd**

```bash
{COMMAND}
```

```
---
{OUTPUT}
```

---

{ANSWER}

---
"""


_SHELL_USE = (
    '<tool-use data-tool-type="shell" data-tool-name="Bash"><details>\n<summary>Tool use: **Bash**</summary>\n'
)
_HISTORY_HEAD = (
    f"<!-- Generated by SpecStory -->\n\n_**User**_\n\n{QUESTION}\n\n_**Agent (m 2026-07-13 13:40Z)**_\n\n"
)
_HISTORY_TAIL = f"</details></tool-use>\n\n{_SHELL_USE}\n</details></tool-use>\n\n_**Agent (m)**_\n\n{ANSWER}\n"
INLINE_SPECSTORY = f"{_HISTORY_HEAD}{_SHELL_USE}\n`{COMMAND}`\n\n```text\n{OUTPUT}\n```\n{_HISTORY_TAIL}"
PROMPTED_SPECSTORY = f"{_HISTORY_HEAD}{_SHELL_USE}\n```bash\n$ {COMMAND}\n{OUTPUT}\n```\n{_HISTORY_TAIL}"


@pytest.mark.parametrize("history", [SPECSTORY, OLDER_SPECSTORY, INLINE_SPECSTORY, PROMPTED_SPECSTORY])
def test_a_history_of_specstory_keeps_what_tools_printed_apart_from_what_was_said(
    tmp_path: Path, history: str
) -> None:
    transcript = _read_one(tmp_path / "history.md", history)
    assert [event.text for event in transcript.events if event.kind == "message" and event.speaker != "system"] == [
        QUESTION,
        ANSWER,
    ]
    result = next(event for event in transcript.events if event.kind == "result" and event.command)
    assert result.command == COMMAND
    assert OUTPUT in result.text
    assert history.splitlines()[transcript.events[-1].place.line - 1].strip() in ("", "---", ANSWER)
    assert transcript.has_tools
    assert transcript.gaps


def test_a_history_of_specstory_tells_which_file_was_changed(tmp_path: Path) -> None:
    transcript = _read_one(tmp_path / "history.md", SPECSTORY)
    assert [event.path for event in transcript.events if event.kind == "edit"] == ["calc.py"]


def test_what_ends_a_session_of_mini_swe_agent_is_the_result_of_handing_in(tmp_path: Path) -> None:
    function = {"arguments": json.dumps({"command": "echo COMPLETE_TASK_AND_SUBMIT_FINAL_OUTPUT"}), "name": "bash"}
    call = {
        "role": "assistant",
        "content": ANSWER,
        "tool_calls": [{"id": "c", "type": "function", "function": function}],
    }
    messages = [{"role": "user", "content": QUESTION}, call, {"role": "exit", "content": "diff --git a/x b/x"}]
    text = json.dumps(
        {"info": {"exit_status": "Submitted"}, "messages": messages, "trajectory_format": "mini-swe-agent-1.1"}
    )
    assert not _read_one(tmp_path / "a.traj.json", text).gaps


@pytest.mark.parametrize(
    ("handed_in", "status", "is_whole"),
    [
        ("diff --git a/x b/x\n", "Submitted", True),
        ("another text", "Submitted", False),
        ("", "LimitsExceeded", False),
    ],
)
def test_version_1_of_mini_swe_agent_ends_with_the_bare_output_of_handing_in(
    tmp_path: Path, handed_in: str, status: str, is_whole: bool
) -> None:
    last_reply = f"{ANSWER}\n\n```bash\necho COMPLETE_TASK_AND_SUBMIT_FINAL_OUTPUT && git diff\n```"
    messages = [
        {"role": "user", "content": QUESTION},
        {"role": "assistant", "content": last_reply},
        {"role": "user", "content": "diff --git a/x b/x\n"},
    ]
    info = {"exit_status": status, "submission": handed_in, "mini_version": "1.17.5"}
    transcript = _read_one(tmp_path / "a.traj.json", json.dumps({"info": info, "messages": messages}))
    assert bool(transcript.gaps) is not is_whole
    assert [event.speaker for event in transcript.events][-1] == ("tool" if is_whole else "user")
