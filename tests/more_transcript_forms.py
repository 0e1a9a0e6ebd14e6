"""More formats of the same small session: Gemini CLI, Qwen Code, Copilot, opencode and Cline."""

import json
from typing import Any

QUESTION, COMMAND, OUTPUT, ANSWER = "Do the tests pass?", "pytest -q", "3 passed in 0.12s", "All 3 tests pass."
PATH, OLD_TEXT, NEW_TEXT = "calc.py", "return a - b", "return a + b"
_REPORT = f"Command: {COMMAND}\nDirectory: (root)\nOutput: {OUTPUT}\nError: (none)\nExit Code: 0\nSignal: (none)"
_EDIT_ARGUMENTS = {"file_path": PATH, "old_string": OLD_TEXT, "new_string": NEW_TEXT}


def _lines(entries: list[Any]) -> str:
    return "".join(json.dumps(entry) + "\n" for entry in entries)


def _function_response(name: str, text: str) -> dict[str, Any]:
    return {"functionResponse": {"id": name, "name": name, "response": {"output": text}}}


def _function_call(name: str, args: dict[str, Any], text: str) -> dict[str, Any]:
    return {"id": name, "name": name, "args": args, "status": "success", "result": [_function_response(name, text)]}


_EDIT_CALL = _function_call("replace", _EDIT_ARGUMENTS, "Successfully modified file.")
_RUN_CALL = _function_call("run_shell_command", {"command": COMMAND}, _REPORT)
_GEMINI: list[dict[str, Any]] = [
    {"id": "1", "type": "user", "content": [{"text": QUESTION}]},
    {"id": "2", "type": "gemini", "model": "gemini-3", "content": "", "toolCalls": [_EDIT_CALL, _RUN_CALL]},
    {"id": "3", "type": "gemini", "content": ANSWER},
]
_HEADER = {"sessionId": "s", "projectHash": "h", "startTime": "t", "kind": "main"}
_STARTED_MESSAGE = {**_GEMINI[1], "toolCalls": [_EDIT_CALL, {**_RUN_CALL, "status": "executing", "result": None}]}
_CONTENTS: list[dict[str, Any]] = [
    {"role": "user", "parts": [{"text": QUESTION}]},
    {"role": "model", "parts": [{"functionCall": {"id": "replace", "name": "replace", "args": _EDIT_ARGUMENTS}}]},
    {"role": "user", "parts": [_function_response("replace", "Successfully modified file.")]},
    {
        "role": "model",
        "parts": [{"functionCall": {"id": "c", "name": "run_shell_command", "args": {"command": COMMAND}}}],
    },
    {
        "role": "user",
        "parts": [{"functionResponse": {"id": "c", "name": "run_shell_command", "response": {"output": _REPORT}}}],
    },
    {"role": "model", "parts": [{"text": ANSWER}]},
]
_QWEN_KINDS = {"user": "user", "model": "assistant"}


def _opencode_tool(name: str, tool_input: dict[str, Any], output: str, metadata: dict[str, Any]) -> dict[str, Any]:
    state = {"status": "completed", "input": tool_input, "output": output, "title": "", "metadata": metadata}
    return {"type": "tool", "callID": name, "tool": name, "state": state}


_OPENCODE_PARTS = [
    {"type": "step-start"},
    _opencode_tool("edit", {"filePath": PATH, "oldString": OLD_TEXT, "newString": NEW_TEXT}, "", {"diff": ""}),
    _opencode_tool("bash", {"command": COMMAND}, OUTPUT, {"exit": 0}),
    {"type": "text", "text": ANSWER},
]
_OPENCODE = {
    "info": {"id": "ses_1"},
    "messages": [
        {"info": {"role": "user"}, "parts": [{"type": "text", "text": QUESTION}]},
        {"info": {"role": "assistant", "modelID": "m"}, "parts": _OPENCODE_PARTS},
    ],
}
_COPILOT_CLI = [
    {"type": "session.start", "data": {"sessionId": "s"}},
    {"type": "user.message", "data": {"content": QUESTION}},
    {
        "type": "assistant.message",
        "data": {
            "content": "",
            "toolRequests": [
                {
                    "toolCallId": "e",
                    "name": "edit",
                    "arguments": {"command": "str_replace", "path": PATH, "old_str": OLD_TEXT, "new_str": NEW_TEXT},
                },
                {"toolCallId": "b", "name": "bash", "arguments": {"command": COMMAND}},
            ],
        },
    },
    {"type": "tool.execution_start", "data": {"toolCallId": "e", "toolName": "edit", "arguments": {}}},
    {"type": "tool.execution_complete", "data": {"toolCallId": "e", "success": True, "result": {"content": "ok"}}},
    {
        "type": "tool.execution_complete",
        "data": {
            "toolCallId": "b",
            "success": True,
            "result": {"content": f"{OUTPUT}\n<exited with exit code 0>"},
        },
    },
    {"type": "assistant.message", "data": {"content": ANSWER}},
]
TERMINAL = {
    "kind": "toolInvocationSerialized",
    "toolCallId": "c",
    "toolId": "run_in_terminal",
    "toolSpecificData": {
        "kind": "terminal",
        "commandLine": {"original": COMMAND},
        "terminalCommandState": {"exitCode": 0},
        "terminalCommandOutput": {"text": OUTPUT},
    },
}
REQUEST = {"message": {"text": QUESTION}, "response": [TERMINAL, {"value": ANSWER}]}


def _cline(text: str, tool: str = "", target: str = "") -> dict[str, Any]:
    content = f"[{tool} for '{target}'] Result:\n{text}" if tool else text
    return {"role": "user", "content": [{"type": "text", "text": content}]}


_DIFF = f"------- SEARCH\n{OLD_TEXT}\n=======\n{NEW_TEXT}\n+++++++ REPLACE"
CLINE: list[dict[str, Any]] = [
    _cline(f"{QUESTION}<environment_details># Mode</environment_details>"),
    {
        "role": "assistant",
        "content": f"<replace_in_file>\n<path>{PATH}</path>\n<diff>\n{_DIFF}\n</diff>\n</replace_in_file>",
    },
    _cline("The content was successfully saved.", "replace_in_file", PATH),
    {"role": "assistant", "content": f"<execute_command>\n<command>{COMMAND}</command>\n</execute_command>"},
    _cline(f"Command executed in terminal.\nExit code: 0\nOutput:\n{OUTPUT}", "execute_command", COMMAND),
    {"role": "assistant", "content": f"<attempt_completion>\n<result>{ANSWER}</result>\n</attempt_completion>"},
]
MORE_FORMS: dict[str, tuple[str, str]] = {
    "gemini.json": ("gemini-cli", json.dumps({"sessionId": "s", "messages": _GEMINI}, indent=1)),
    "gemini.jsonl": (
        "gemini-cli",
        _lines([_HEADER, _GEMINI[0], _STARTED_MESSAGE, {"$set": {"lastUpdated": "t"}}, *_GEMINI[1:]]),
    ),
    "contents.json": ("gemini-cli", json.dumps(_CONTENTS)),
    "qwen.jsonl": (
        "gemini-cli",
        _lines(
            [{"sessionId": "s", "type": _QWEN_KINDS[content["role"]], "message": content} for content in _CONTENTS]
        ),
    ),
    "opencode.json": ("opencode", json.dumps(_OPENCODE, indent=1)),
    "copilot-events.jsonl": ("copilot", _lines(_COPILOT_CLI)),
    "cline.json": ("cline", json.dumps(CLINE, indent=1)),
}
"""For each file name: the name of its format, and the content of the file."""
