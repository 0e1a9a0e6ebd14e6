"""All forms of transcripts are read into one type. Each event has its place in the file, and gaps are named."""

import gzip
import json
import time
import tracemalloc
import zipfile
from pathlib import Path
from typing import Any

import pytest
from transcript_forms import (
    ANSWER,
    CLAUDE,
    CODEX_ITEMS,
    COMMAND,
    FORMS,
    MESSAGES,
    NEW_TEXT,
    OLD_TEXT,
    OUTPUT,
    PATH,
    QUESTION,
)

from gedanken.experiment.agent_transcript import AgentTranscript
from gedanken.experiment.errors import BadInput
from gedanken.records.importers.transcripts import builder as building
from gedanken.records.importers.transcripts.read_transcripts import files_of, read_transcripts

_WITHOUT_EXIT_CODE = {"swe-agent", "inspect_ai"}


def _read_one(path: Path, text: str | bytes) -> AgentTranscript:
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return read_transcripts(path)[0]


def _lines(entries: list[Any]) -> str:
    return "".join(json.dumps(entry) + "\n" for entry in entries)


def _reasons(transcript: AgentTranscript) -> str:
    return " | ".join(gap.reason for gap in transcript.gaps)


@pytest.mark.parametrize("name", FORMS)
def test_a_command_its_output_and_what_is_said_of_it(tmp_path: Path, name: str) -> None:
    form, text = FORMS[name]
    transcript = _read_one(tmp_path / name, text)
    assert transcript.form == form
    assert transcript.has_tools
    assert not transcript.gaps
    assert not transcript.unknown
    assert [event.number for event in transcript.events] == list(range(len(transcript.events)))
    question = next(event for event in transcript.events if event.speaker == "user")
    call = next(event for event in transcript.events if event.command)
    result = next(event for event in transcript.events if event.kind == "result" and event.call_id == call.call_id)
    answer = [event for event in transcript.events if event.kind == "message"][-1]
    assert question.text == QUESTION
    assert call.command == COMMAND
    assert OUTPUT in result.text
    assert (answer.speaker, answer.text) == ("agent", ANSWER)
    assert call.number < result.number < answer.number
    if form not in _WITHOUT_EXIT_CODE and name != "responses.json":
        assert result.exit_code == 0


@pytest.mark.parametrize("name", FORMS)
def test_each_event_has_the_line_and_the_pointer_at_which_it_stands(tmp_path: Path, name: str) -> None:
    _form, text = FORMS[name]
    lines = text.splitlines()
    for event in _read_one(tmp_path / name, text).events:
        assert event.place.file == str(tmp_path / name)
        value = json.loads(lines[event.place.line - 1]) if name.endswith(".jsonl") else json.loads(text)
        for key in event.place.pointer.split("/")[1:]:
            value = value[int(key)] if isinstance(value, list) else value[key]
        expected_text = event.command or event.text.partition("\n")[0]
        assert event.kind == "result" or json.dumps(expected_text)[1:-1] in json.dumps(value).replace(
            "\\\\", "\\"
        ).replace('\\"', '"')


def test_in_a_json_file_the_line_is_that_of_the_object(tmp_path: Path) -> None:
    text = FORMS["openai.json"][1]
    answer = _read_one(tmp_path / "a.json", text).events[-1]
    assert text.splitlines()[answer.place.line - 1].strip() == "{"
    assert "".join(text.splitlines()[answer.place.line - 1 :]).count("role") == 1


@pytest.mark.parametrize(
    "name", [name for name, (_form, text) in FORMS.items() if OLD_TEXT in text and "patch" not in text.lower()]
)
def test_edits_have_path_and_both_texts(tmp_path: Path, name: str) -> None:
    edit = next(event for event in _read_one(tmp_path / name, FORMS[name][1]).events if event.kind == "edit")
    assert (edit.path, edit.old_text, edit.text) == (PATH, OLD_TEXT, NEW_TEXT)


def test_a_patch_is_an_edit_a_hunk(tmp_path: Path) -> None:
    edit = next(
        event
        for event in _read_one(tmp_path / "r.jsonl", FORMS["rollout-new.jsonl"][1]).events
        if event.kind == "edit"
    )
    assert edit.path == PATH
    assert edit.old_text == f"def add(a, b):\n    {OLD_TEXT}"
    assert edit.text == f"def add(a, b):\n    {NEW_TEXT}"


def test_an_edit_that_failed_is_none(tmp_path: Path) -> None:
    entries = json.loads(json.dumps(CLAUDE))
    entries[3]["message"]["content"][0].update(is_error=True, content="String to replace not found in file.")
    assert all(event.kind != "edit" for event in _read_one(tmp_path / "s.jsonl", _lines(entries)).events)


def _claude_with_sub_agent(agent_id: str) -> list[dict[str, Any]]:
    entries = json.loads(json.dumps(CLAUDE))
    entries[4]["message"]["content"][0].update(name="Task", input={"prompt": "run the tests"})
    entries[5]["toolUseResult"] = {"status": "completed", "agentId": agent_id, "content": []}
    return list(entries)


def test_a_sub_agents_file_is_read_where_its_result_stands(tmp_path: Path) -> None:
    agent_folder = tmp_path / "s" / "subagents"
    agent_folder.mkdir(parents=True)
    agent_entries = [
        {**entry, "uuid": f"x{entry.get('uuid')}", "parentUuid": None, "isSidechain": True} for entry in CLAUDE[4:6]
    ]
    (agent_folder / "agent-ab12.jsonl").write_text(_lines(agent_entries))
    transcript = _read_one(tmp_path / "s.jsonl", _lines(_claude_with_sub_agent("ab12")))
    assert not transcript.gaps
    agent_events = [event for event in transcript.events if event.session == "ab12"]
    assert [event.command for event in agent_events] == [COMMAND, COMMAND]
    assert {event.place.file for event in agent_events} == {str(agent_folder / "agent-ab12.jsonl")}
    assert transcript.events[agent_events[-1].number + 1].kind == "result"
    assert list(files_of([tmp_path])) == [(tmp_path / "s.jsonl", False)]


@pytest.mark.parametrize("agent_id", ["ab12", "../../etc/passwd", "/etc/passwd", "ab12\0"])
def test_a_sub_agent_whose_file_is_not_there_is_a_gap(tmp_path: Path, agent_id: str) -> None:
    transcript = _read_one(tmp_path / "s.jsonl", _lines(_claude_with_sub_agent(agent_id)))
    assert "sub-agent" in _reasons(transcript)


def test_no_link_beside_a_session_is_followed(tmp_path: Path) -> None:
    outside_file = tmp_path / "elsewhere.jsonl"
    outside_file.write_text(_lines(CLAUDE))
    folder = tmp_path / "f"
    folder.mkdir()
    (folder / "agent-ab12.jsonl").symlink_to(outside_file)
    transcript = _read_one(folder / "s.jsonl", _lines(_claude_with_sub_agent("ab12")))
    assert "sub-agent" in _reasons(transcript)


_COMPACTED = {"type": "system", "subtype": "compact_boundary", "uuid": "z", "content": "Conversation compacted"}
_INCOMPLETE: dict[str, tuple[str, str]] = {
    "compacted session": (_lines([*CLAUDE[:4], _COMPACTED, *CLAUDE[4:]]), "compacted"),
    "missing beginning": (_lines(CLAUDE[3:]), "entries that are missing"),
    "cleared result": (
        _lines([*MESSAGES[:4], {**MESSAGES[4], "content": "[Old tool result content cleared]"}, MESSAGES[5]]),
        "cleared",
    ),
    "result without content": (_lines([*MESSAGES[:4], {**MESSAGES[4], "content": None}, MESSAGES[5]]), "cleared"),
    "call without result": (_lines([*MESSAGES[:4], MESSAGES[5]]), "a tool call has no result"),
    "last line torn": (
        _lines(MESSAGES) + '{"role": "assistant", "content": "I al',
        "not complete JSON, and the file ends",
    ),
    "unknown channel": (
        _lines([*CLAUDE, {"type": "remote-shell", "data": {"command": "make", "stdout": "ok"}}]),
        "remote-shell",
    ),
    "line of zeros": (_lines(MESSAGES[:5]) + "\0\0{\0" + "\n" + _lines(MESSAGES[5:]), "not complete JSON"),
    "conversation that was summed up": (
        _lines([{**MESSAGES[0], "content": "This session is being continued from a previous conversation that …"}])
        + _lines(MESSAGES[1:]),
        "only a summary is left",
    ),
    "compacted rollout": (
        _lines([{"type": "session_meta", "payload": {}}, {"type": "compacted", "payload": {"message": "m"}}]),
        "compacted",
    ),
    "commands in code": (
        _lines(
            [
                {"type": "session_meta", "payload": {}},
                {
                    "type": "response_item",
                    "payload": {"type": "custom_tool_call", "name": "exec", "call_id": "1", "input": "x()"},
                },
            ]
        ),
        "code that calls tools",
    ),
    "copied context": (
        json.dumps(
            {
                "schema_version": "ATIF-v1.8",
                "agent": {"name": "a"},
                "steps": [{"step_id": 1, "source": "user", "message": QUESTION, "is_copied_context": True}],
            }
        ),
        "another file",
    ),
}


@pytest.mark.parametrize("name", _INCOMPLETE)
def test_what_makes_a_record_incomplete_is_told(tmp_path: Path, name: str) -> None:
    text, reason = _INCOMPLETE[name]
    assert reason in _reasons(_read_one(tmp_path / "s.jsonl", text))


def test_what_is_not_known_is_kept_and_counted(tmp_path: Path) -> None:
    transcript = _read_one(
        tmp_path / "s.jsonl", _lines([*CLAUDE, {"type": "mood", "value": "fine"}, {"type": "mood", "value": "ok"}])
    )
    assert transcript.unknown == {"mood": 2}
    assert (
        next(event.text for event in transcript.events if event.kind == "unknown")
        == '{"type": "mood", "value": "fine"}'
    )
    assert not transcript.gaps


def test_an_exit_code_is_read_off_what_the_harness_wrote(tmp_path: Path) -> None:
    entries = json.loads(json.dumps(CLAUDE))
    entries[5]["message"]["content"][0].update(is_error=True, content="Exit code 2\n1 failed")
    entries[5]["toolUseResult"] = "Error: Exit code 2\n1 failed"
    result = _read_one(tmp_path / "s.jsonl", _lines(entries)).events[4]
    assert result.exit_code == 2


def test_what_a_tool_that_is_no_shell_gave_back_has_no_exit_code(tmp_path: Path) -> None:
    call = {"id": "c1", "type": "function", "function": {"name": "read_file", "arguments": '{"path": "ci.log"}'}}
    messages = [
        {"role": "assistant", "content": "", "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c1", "content": "Process exited with code 3"},
    ]
    assert _read_one(tmp_path / "m.json", json.dumps(messages)).events[1].exit_code is None


def test_colours_and_overwritten_lines_are_taken_out_of_outputs(tmp_path: Path) -> None:
    messages = [
        *MESSAGES[:4],
        {**MESSAGES[4], "content": "10%\r100%\r\n\x1b[32m3 passed\x1b[0m\x1b]0;t\x07"},
        MESSAGES[5],
    ]
    assert _read_one(tmp_path / "m.jsonl", _lines(messages)).events[4].text == "10%\n100%\n3 passed"


def test_a_command_in_the_background_has_its_output_where_it_was_read(tmp_path: Path) -> None:
    entries = json.loads(json.dumps(CLAUDE[:6]))
    entries[5]["message"]["content"][0]["content"] = "Command running in background with ID: b1"
    entries[5]["toolUseResult"] = {"stdout": "", "backgroundTaskId": "b1"}
    assert "never read" in _reasons(_read_one(tmp_path / "a.jsonl", _lines(entries)))
    call_content = [{"type": "tool_use", "id": "c2", "name": "BashOutput", "input": {"bash_id": "b1"}}]
    result_content = [{"type": "tool_result", "tool_use_id": "c2", "content": OUTPUT}]
    entries += [
        {"type": "assistant", "uuid": "v1", "message": {"role": "assistant", "content": call_content}},
        {"type": "user", "uuid": "v2", "message": {"role": "user", "content": result_content}},
    ]
    transcript = _read_one(tmp_path / "b.jsonl", _lines(entries))
    assert not transcript.gaps
    assert (transcript.events[-1].command, transcript.events[-1].text) == (COMMAND, OUTPUT)


def test_how_a_command_in_the_background_ended_is_told_later(tmp_path: Path) -> None:
    entries = json.loads(json.dumps(CLAUDE[:6]))
    entries[5]["toolUseResult"] = {"stdout": "", "backgroundTaskId": "b1"}
    notification = "<task-notification><task-id>b1</task-id>“pytest -q” completed (exit code 1)</task-notification>"
    entries.append({"type": "user", "uuid": "v", "message": {"role": "user", "content": notification}})
    last_event = _read_one(tmp_path / "s.jsonl", _lines(entries)).events[-1]
    assert (last_event.kind, last_event.command, last_event.exit_code) == ("result", COMMAND, 1)


def test_samples_of_an_eval_archive_are_sessions(tmp_path: Path) -> None:
    log = json.loads(FORMS["inspect.json"][1])
    with zipfile.ZipFile(tmp_path / "log.eval", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("header.json", json.dumps({"eval": log["eval"]}))
        archive.writestr("samples/1_epoch_1.json", json.dumps(log["samples"][0]))
        archive.writestr("../../leads/out.json", "{}")
    transcripts = read_transcripts(tmp_path / "log.eval")
    assert [(transcript.form, transcript.events[1].command) for transcript in transcripts] == [
        ("inspect_ai", COMMAND)
    ]


def test_an_archive_that_unpacks_to_too_much_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "bomb.eval", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("samples/1_epoch_1.json", b"0" * (130 << 20))
    with pytest.raises(BadInput, match="larger than"):
        read_transcripts(tmp_path / "bomb.eval")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"role": "user", "content": "I al', "the JSON is incomplete"),
        ('{"a": 1}', "not a known kind of transcript"),
        ("[" * 100_000 + "]" * 100_000, "nested too deep"),
        ("", "the file is empty"),
    ],
)
def test_what_cannot_be_read_is_refused_in_one_line(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        _read_one(tmp_path / "x.json", text)


def test_a_line_nested_too_deep_is_a_gap(tmp_path: Path) -> None:
    deep_line = '{"role": "user", "content": ' + "[" * 100_000 + "]" * 100_000 + "}\n"
    assert "too deep" in _reasons(_read_one(tmp_path / "m.jsonl", _lines(MESSAGES) + deep_line))


def test_a_packed_session_is_read(tmp_path: Path) -> None:
    assert _read_one(tmp_path / "s.jsonl.gz", gzip.compress(_lines(CLAUDE).encode())).form == "claude-code"


def test_a_long_text_is_cut_and_says_so(tmp_path: Path) -> None:
    long_text = "x" * (building.MOST_TEXT + 100) + "the end"
    result = _read_one(
        tmp_path / "m.jsonl", _lines([*MESSAGES[:4], {**MESSAGES[4], "content": long_text}, MESSAGES[5]])
    ).events[4]
    assert result.cut
    assert len(result.text) < building.MOST_TEXT + 100
    assert result.text.endswith("the end")
    assert "characters left out" in result.text


def test_a_rollout_of_many_megabytes_is_read_in_its_lines(tmp_path: Path) -> None:
    path = tmp_path / "rollout.jsonl"
    output_item = {**CODEX_ITEMS[4], "output": "x" * 200_000}
    with path.open("w") as file:
        file.write(json.dumps({"type": "session_meta", "payload": {}}) + "\n")
        for number in range(100):
            for item in (CODEX_ITEMS[3], output_item):
                file.write(json.dumps({"type": "response_item", "payload": {**item, "call_id": f"c{number}"}}) + "\n")
    tracemalloc.start()
    start = time.monotonic()
    transcript = read_transcripts(path)[0]
    _current, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(transcript.events) == 200
    assert peak < path.stat().st_size * 1.5
    assert time.monotonic() - start < 20
