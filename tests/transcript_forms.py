"""The same small session in the format of each tool: question, command, result, edit, answer."""

import json
from typing import Any

from more_transcript_forms import MORE_FORMS

QUESTION, COMMAND, OUTPUT, ANSWER = "Do the tests pass?", "pytest -q", "3 passed in 0.12s", "All 3 tests pass."
PATH, OLD_TEXT, NEW_TEXT = "calc.py", "return a - b", "return a + b"


def _lines(entries: list[Any]) -> str:
    return "".join(json.dumps(entry) + "\n" for entry in entries)


def _tool_call(call_id: str, name: str, arguments: dict[str, Any]) -> dict[str, Any]:
    function = {"name": name, "arguments": json.dumps(arguments)}
    return {
        "role": "assistant",
        "content": None,
        "tool_calls": [{"id": call_id, "type": "function", "function": function}],
    }


EDIT_ARGUMENTS = {"command": "str_replace", "path": PATH, "old_str": OLD_TEXT, "new_str": NEW_TEXT}
MESSAGES: list[dict[str, Any]] = [
    {"role": "user", "content": QUESTION},
    _tool_call("e1", "str_replace_editor", EDIT_ARGUMENTS),
    {"role": "tool", "tool_call_id": "e1", "content": "The file was edited."},
    _tool_call("c1", "bash", {"command": COMMAND}),
    {"role": "tool", "tool_call_id": "c1", "content": f"{OUTPUT}\n\n[Command finished with exit code 0]"},
    {"role": "assistant", "content": ANSWER},
]
PATCH = (
    f"*** Begin Patch\n*** Update File: {PATH}\n@@\n def add(a, b):\n-    {OLD_TEXT}\n+    {NEW_TEXT}\n*** End Patch"
)


def _claude(kind: str, parts: Any, number: int, **fields: Any) -> dict[str, Any]:
    role = "assistant" if kind == "assistant" else "user"
    return {
        "type": kind,
        "uuid": f"u{number}",
        "parentUuid": f"u{number - 1}" if number else None,
        "sessionId": "s",
        "isSidechain": False,
        "version": "2.1.0",
        "message": {"role": role, "content": parts, **({"model": "claude-x"} if role == "assistant" else {})},
        **fields,
    }


def _tool_use(call_id: str, name: str, tool_input: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"type": "tool_use", "id": call_id, "name": name, "input": tool_input}]


def _tool_result(call_id: str, text: str, **fields: Any) -> list[dict[str, Any]]:
    return [{"type": "tool_result", "tool_use_id": call_id, "content": text, **fields}]


CLAUDE = [
    {"type": "file-history-snapshot", "messageId": "m"},
    _claude("user", QUESTION, 0),
    _claude(
        "assistant", _tool_use("e1", "Edit", {"file_path": PATH, "old_string": OLD_TEXT, "new_string": NEW_TEXT}), 1
    ),
    _claude("user", _tool_result("e1", "The file has been updated."), 2, toolUseResult={"filePath": PATH}),
    _claude("assistant", _tool_use("c1", "Bash", {"command": COMMAND, "description": "Run tests"}), 3),
    _claude(
        "user", _tool_result("c1", OUTPUT), 4, toolUseResult={"stdout": OUTPUT, "stderr": "", "interrupted": False}
    ),
    _claude("assistant", [{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": ANSWER}], 5),
]


def _codex(kind: str, payload: dict[str, Any]) -> dict[str, Any]:
    return {"timestamp": "2026-01-01T00:00:00Z", "type": kind, "payload": payload}


def _codex_message(role: str, text: str) -> dict[str, Any]:
    kind = "input_text" if role == "user" else "output_text"
    return {"type": "message", "role": role, "content": [{"type": kind, "text": text}]}


_CODEX_OUTPUT = (
    f"Chunk ID: 1a\nWall time: 0.2 seconds\nProcess exited with code 0\nOriginal token count: 9\nOutput:\n{OUTPUT}\n"
)
CODEX_ITEMS: list[dict[str, Any]] = [
    _codex_message("user", QUESTION),
    {"type": "custom_tool_call", "name": "apply_patch", "input": PATCH, "call_id": "e1"},
    {
        "type": "custom_tool_call_output",
        "call_id": "e1",
        "output": '{"output":"Success.","metadata":{"exit_code":0}}',
    },
    {"type": "function_call", "name": "exec_command", "arguments": json.dumps({"cmd": COMMAND}), "call_id": "c1"},
    {"type": "function_call_output", "call_id": "c1", "output": _CODEX_OUTPUT},
    _codex_message("assistant", ANSWER),
]
_CODEX_OLD = [
    *CODEX_ITEMS[:3],
    {
        "type": "local_shell_call",
        "call_id": "c1",
        "status": "completed",
        "action": {"type": "exec", "command": ["bash", "-lc", COMMAND]},
    },
    {
        "type": "function_call_output",
        "call_id": "c1",
        "output": json.dumps({"output": OUTPUT, "metadata": {"exit_code": 0, "duration_seconds": 0.1}}),
    },
    CODEX_ITEMS[-1],
]


def _atif(version: str) -> dict[str, Any]:
    return {
        "schema_version": f"ATIF-v{version}",
        "session_id": "s",
        "agent": {"name": "some-agent", "version": "1", "model_name": "m"},
        "steps": [
            {"step_id": 1, "source": "user", "message": QUESTION},
            {
                "step_id": 2,
                "source": "agent",
                "message": "",
                "tool_calls": [
                    {"tool_call_id": "e1", "function_name": "str_replace_editor", "arguments": EDIT_ARGUMENTS}
                ],
                "observation": {"results": [{"source_call_id": "e1", "content": "edited"}]},
            },
            {
                "step_id": 3,
                "source": "agent",
                "message": "",
                "tool_calls": [
                    {
                        "tool_call_id": "c1",
                        "function_name": "bash_command",
                        "arguments": {"keystrokes": COMMAND + "\n"},
                    }
                ],
                "observation": {"results": [{"content": OUTPUT, "extra": {"exit_code": 0}}]},
            },
            {"step_id": 4, "source": "agent", "message": ANSWER},
        ],
    }


_MINI = {
    "trajectory_format": "mini-swe-agent-1",
    "info": {"mini_version": "1.14", "exit_status": "Submitted", "config": {"model": {"model_name": "m"}}},
    "messages": [
        {"role": "system", "content": "You are helpful."},
        {"role": "user", "content": QUESTION},
        {"role": "assistant", "content": f"THOUGHT: run it\n\n```bash\n{COMMAND}\n```"},
        {"role": "user", "content": f"<returncode>0</returncode>\n<output>\n{OUTPUT}\n</output>"},
        {"role": "assistant", "content": ANSWER},
    ],
}
_MINI_2 = {
    **_MINI,
    "trajectory_format": "mini-swe-agent-1.1",
    "messages": [
        {"role": "user", "content": QUESTION},
        _tool_call("c1", "bash", {"command": COMMAND}),
        {
            "role": "tool",
            "tool_call_id": "c1",
            "content": f"<returncode>0</returncode>\n<output>\n{OUTPUT}</output>",
            "extra": {"returncode": 0, "raw_output": OUTPUT},
        },
        {"role": "assistant", "content": ANSWER},
    ],
}
_SWE = {
    "environment": "swe_main",
    "history": [
        {"role": "system", "content": "s"},
        {"role": "user", "content": "somebody else's", "message_type": "demonstration", "is_demo": True},
        {"role": "user", "content": QUESTION},
    ],
    "trajectory": [
        {
            "action": f"str_replace_editor str_replace {PATH} --old_str '{OLD_TEXT}' --new_str '{NEW_TEXT}'",
            "observation": "The file was edited.",
            "thought": "Fix it",
            "response": "Fix it",
        },
        {"action": f"{COMMAND}\n", "observation": OUTPUT, "thought": "Run them", "response": "Run them"},
        {"action": "submit\n", "observation": "", "thought": ANSWER, "response": ANSWER},
    ],
    "info": {"exit_status": "submitted"},
}
_OPENHANDS = [
    {"id": 0, "source": "user", "action": "message", "args": {"content": QUESTION}, "message": QUESTION},
    {"id": 1, "source": "agent", "action": "edit", "args": {"path": PATH, **EDIT_ARGUMENTS}},
    {"id": 2, "cause": 1, "source": "agent", "observation": "edit", "content": "edited", "extras": {"path": PATH}},
    {"id": 3, "source": "agent", "action": "run", "args": {"command": COMMAND, "thought": ""}},
    {
        "id": 4,
        "cause": 3,
        "source": "agent",
        "observation": "run",
        "content": OUTPUT,
        "extras": {"command": COMMAND, "metadata": {"exit_code": 0}},
    },
    {"id": 5, "source": "agent", "action": "message", "args": {"content": ANSWER}},
]
_OPENHANDS_SDK = [
    {
        "kind": "MessageEvent",
        "id": "a",
        "source": "user",
        "llm_message": {"role": "user", "content": [{"type": "text", "text": QUESTION}]},
    },
    {
        "kind": "ActionEvent",
        "id": "b",
        "source": "agent",
        "thought": [],
        "tool_name": "terminal",
        "tool_call_id": "c1",
        "action": {"kind": "TerminalAction", "command": COMMAND},
    },
    {
        "kind": "ObservationEvent",
        "id": "c",
        "source": "environment",
        "tool_name": "terminal",
        "tool_call_id": "c1",
        "action_id": "b",
        "observation": {
            "kind": "TerminalObservation",
            "content": [{"type": "text", "text": OUTPUT}],
            "exit_code": 0,
        },
    },
    {
        "kind": "MessageEvent",
        "id": "d",
        "source": "agent",
        "llm_message": {"role": "assistant", "content": [{"type": "text", "text": ANSWER}]},
    },
]
_INSPECT = {
    "version": 2,
    "status": "success",
    "eval": {"task": "t", "model": "m"},
    "samples": [
        {
            "id": 1,
            "epoch": 1,
            "input": QUESTION,
            "attachments": {"abc": OUTPUT},
            "messages": [
                {"role": "user", "content": QUESTION},
                {
                    "role": "assistant",
                    "content": "",
                    "tool_calls": [{"id": "c1", "function": "bash", "arguments": {"cmd": COMMAND}}],
                },
                {"role": "tool", "tool_call_id": "c1", "function": "bash", "content": "attachment://abc"},
                {
                    "role": "assistant",
                    "content": [{"type": "reasoning", "reasoning": "hm"}, {"type": "text", "text": ANSWER}],
                },
            ],
        }
    ],
}
_LANGSMITH = [
    {
        "id": "1",
        "trace_id": "1",
        "name": "agent",
        "run_type": "chain",
        "inputs": {"q": QUESTION},
        "dotted_order": "a",
        "outputs": {},
    },
    {
        "id": "2",
        "trace_id": "1",
        "parent_run_id": "1",
        "dotted_order": "a.b",
        "name": "ChatX",
        "run_type": "llm",
        "inputs": {
            "messages": [[{"lc": 1, "id": ["x", "HumanMessage"], "kwargs": {"content": QUESTION, "type": "human"}}]]
        },
        "outputs": {
            "generations": [
                [
                    {
                        "message": {
                            "kwargs": {"content": "", "type": "ai", "tool_calls": [{"name": "shell", "args": {}}]}
                        }
                    }
                ]
            ]
        },
    },
    {
        "id": "3",
        "trace_id": "1",
        "parent_run_id": "1",
        "dotted_order": "a.c",
        "name": "shell",
        "run_type": "tool",
        "inputs": {"input": str({"command": COMMAND})},
        "outputs": {"output": {"content": OUTPUT, "type": "tool", "artifact": None, "exit_code": 0}},
    },
    {
        "id": "4",
        "trace_id": "1",
        "parent_run_id": "1",
        "dotted_order": "a.d",
        "name": "ChatX",
        "run_type": "llm",
        "inputs": {
            "messages": [
                [{"kwargs": {"content": QUESTION, "type": "human"}}, {"kwargs": {"content": OUTPUT, "type": "tool"}}]
            ]
        },
        "outputs": {"generations": [[{"message": {"kwargs": {"content": ANSWER, "type": "ai"}}}]]},
    },
]

FORMS: dict[str, tuple[str, str]] = {
    "openai.json": ("openai", json.dumps(MESSAGES, indent=1)),
    "openai-whole.json": ("openai", json.dumps({"model": "m", "messages": MESSAGES})),
    "openai.jsonl": ("openai", _lines(MESSAGES)),
    "conversations.jsonl": ("openai", _lines([{"messages": MESSAGES}, {"messages": MESSAGES}])),
    "responses.json": ("openai", json.dumps(_CODEX_OLD[:1] + CODEX_ITEMS[1:])),
    "claude.jsonl": ("claude-code", _lines(CLAUDE)),
    "rollout-new.jsonl": (
        "codex",
        _lines(
            [
                _codex("session_meta", {"id": "s", "cli_version": "0.99"}),
                *[_codex("response_item", item) for item in CODEX_ITEMS],
            ]
        ),
    ),
    "rollout-old.jsonl": ("codex", _lines([{"id": "s", "timestamp": "t", "instructions": None}, *_CODEX_OLD])),
    **{
        f"atif-{version}.json": ("atif", json.dumps(_atif(version), indent=2))
        for version in ("1.5", "1.6", "1.7", "1.8")
    },
    "mini.traj.json": ("mini-swe-agent", json.dumps(_MINI)),
    "mini2.traj.json": ("mini-swe-agent", json.dumps(_MINI_2, indent=2)),
    "swe.traj": ("swe-agent", json.dumps(_SWE)),
    "openhands.json": ("openhands", json.dumps(_OPENHANDS)),
    "openhands.jsonl": (
        "openhands",
        _lines([{"instance_id": "i", "history": _OPENHANDS}, {"instance_id": "j", "history": _OPENHANDS}]),
    ),
    "openhands-sdk.json": ("openhands", json.dumps(_OPENHANDS_SDK)),
    "inspect.json": ("inspect_ai", json.dumps(_INSPECT)),
    "runs.json": ("langsmith", json.dumps(_LANGSMITH)),
    "runs.jsonl": ("langsmith", _lines(_LANGSMITH)),
    **MORE_FORMS,
}
"""For each file name: the name of its format, and the content of the file."""
