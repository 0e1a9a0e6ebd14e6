"""The formats as real tools fill them: reasoning, parallel tool calls, threads of sub-agents, notes of the
software.
"""

import json
from collections.abc import Iterator
from typing import Any

from benchmarks.audit.script import Script, Step
from benchmarks.audit.writers import Writer, _edit, _lines, _patch

Entry = dict[str, Any]


def turns(script: Script) -> Iterator[list[Step]]:
    """Group the steps: commands without a message between them were called at once."""
    together: list[Step] = []
    for step in script.steps:
        if together and (step.kind != "ran" or step.session != together[-1].session):
            yield together
            together = []
        if step.kind == "ran":
            together.append(step)
        else:
            yield [step]
    if together:
        yield together


def openai(script: Script) -> str:
    """Write chat messages with several calls in one message, results in JSON, and content in parts."""
    messages: list[Entry] = [{"role": "developer", "content": "You are a careful engineer."}]
    number = 0
    for turn in turns(script):
        first = turn[0]
        if first.kind in ("asked", "said"):
            role = "user" if first.kind == "asked" else "assistant"
            messages.append({"role": role, "content": [{"type": "text", "text": first.text}]})
            continue
        calls, results = [], []
        for step in turn:
            number += 1
            if step.kind == "ran":
                name, given = "run_command", {"command": step.command, "cwd": "/srv"}
                text = json.dumps({"stdout": step.text, "stderr": "", "exit_code": step.code}, ensure_ascii=False)
            else:
                name, given, text = _edit_of(step)
            function = {"name": name, "arguments": json.dumps(given)}
            calls.append({"id": f"tc_{number}", "type": "function", "function": function})
            results.append({"role": "tool", "tool_call_id": f"tc_{number}", "name": name, "content": text})
        messages += [{"role": "assistant", "content": "", "tool_calls": calls}, *results]
    return json.dumps({"model": "some-model", "messages": messages}, ensure_ascii=False)


def _edit_of(step: Step) -> tuple[str, Entry, str]:
    if step.old is None:
        return "write_file", {"path": step.path, "content": step.text}, "ok"
    return "edit_file", {"path": step.path, "old_string": step.old, "new_string": step.text}, "ok"


class Claude:
    """Writes a session file of Claude Code: one entry for each block of a message."""

    def __init__(self) -> None:
        self.entries: list[Entry] = [{"type": "summary", "summary": "Cleaning up a source file", "leafUuid": "u0"}]

    def add(self, kind: str, content: Any, *, side: str = "", **more: Any) -> None:
        """Add one entry."""
        number = len(self.entries)
        message: Entry = {"role": kind, "content": content}
        if kind == "assistant":
            message |= {"id": f"msg_{number}", "type": "message", "model": "claude-y", "usage": {"output_tokens": 42}}
        self.entries.append(
            {"parentUuid": f"u{number - 1}" if number > 1 else None, "isSidechain": bool(side),
             "userType": "external", "cwd": "/srv", "sessionId": "s-1", "version": "2.0.14", "gitBranch": "main",
             "type": kind, "uuid": f"u{number}",
             "timestamp": f"2026-03-01T09:{number // 60 % 60:02}:{number % 60:02}.{number:03}Z",
             **({"agentId": side} if side else {}), "message": message, **more}
        )  # fmt: skip

    def use(self, key: str, name: str, given: Entry, *, side: str = "") -> None:
        """Add a tool call."""
        self.add("assistant", [{"type": "tool_use", "id": key, "name": name, "input": given}], side=side)

    def got(self, key: str, text: str, *, failed: bool = False, side: str = "", **more: Any) -> None:
        """Add the result of a call."""
        block = {"type": "tool_result", "tool_use_id": key, "content": text, **({"is_error": True} if failed else {})}
        self.add("user", [block], side=side, **more)


def claude_code(script: Script) -> str:
    """Write a session with reasoning, a to-do list, parallel tool calls, and a sub-agent in a side chain."""
    c, number = Claude(), 0
    for turn in turns(script):
        first, side = turn[0], turn[0].session
        if first.kind == "asked":
            c.add("user", first.text)
            todos = [{"content": "Look at it", "status": "in_progress", "activeForm": "Looking at it"}]
            c.use(f"toolu_t{number}", "TodoWrite", {"todos": todos})
            c.got(f"toolu_t{number}", "Todos have been modified successfully.")
        elif first.kind == "said":
            c.add("assistant", [{"type": "thinking", "thinking": "I write that down.", "signature": "c2ln"}])
            c.add("assistant", [{"type": "text", "text": first.text}])
        else:
            task = f"toolu_s{number}"
            if side:
                prompt = "Look at the state of this project."
                c.use(task, "Task", {"description": "Review", "prompt": prompt, "subagent_type": side})
                c.add("user", prompt, side=side)
            for at, step in enumerate(turn):
                _claude_call(c, f"toolu_{number + at}", step, side)
            for at, step in enumerate(turn):
                _claude_result(c, f"toolu_{number + at}", step, side)
            if side:
                c.add("assistant", [{"type": "text", "text": "That is what I saw."}], side=side)
                c.got(task, "That is what I saw.")
        number += len(turn)
    return _lines(c.entries)


def _claude_call(c: Claude, key: str, step: Step, side: str) -> None:
    path = f"/srv/{step.path}"
    if step.kind == "ran":
        c.use(key, "Bash", {"command": step.command, "description": "Run a command", "timeout": 120000}, side=side)
    elif step.old is None:
        c.use(key, "Write", {"file_path": path, "content": step.text}, side=side)
    else:
        c.use(key, "Edit", {"file_path": path, "old_string": step.old, "new_string": step.text}, side=side)


def _claude_result(c: Claude, key: str, step: Step, side: str) -> None:
    if step.kind == "ran":
        text = f"Exit code {step.code}\n{step.text}" if step.code else step.text
        result = {"stdout": step.text, "stderr": "", "interrupted": False, "isImage": False}
        c.got(key, text, failed=step.code != 0, side=side, **({} if step.code else {"toolUseResult": result}))
    else:
        c.got(key, f"The file /srv/{step.path} has been updated.", side=side)


def codex(script: Script) -> str:
    """Write a session with the model's context, reasoning, duplicated messages, and commands in a running shell."""
    entries: list[Entry] = []

    def add(kind: str, payload: Entry) -> None:
        stamp = f"2026-03-01T09:{len(entries) // 60 % 60:02}:{len(entries) % 60:02}.000Z"
        entries.append({"timestamp": stamp, "type": kind, "payload": payload})

    add("session_meta", {"id": "s-2", "cwd": "/srv", "originator": "codex_cli_rs", "cli_version": "0.72.0"})
    add("turn_context", {"cwd": "/srv", "approval_policy": "never", "model": "gpt-x-codex", "summary": "auto"})
    for at, step in enumerate(script.steps):
        call = f"call_{at:04}"
        if step.kind in ("asked", "said"):
            _codex_message(add, step)
        elif step.kind == "ran":
            thought = [{"type": "summary_text", "text": "**Looking further**"}]
            add(
                "response_item",
                {"type": "reasoning", "summary": thought, "content": None, "encrypted_content": "gAAA"},
            )
            given = json.dumps({"cmd": step.command, "workdir": "/srv", "yield_time_ms": 10000})
            add(
                "response_item",
                {"type": "function_call", "name": "exec_command", "arguments": given, "call_id": call},
            )
            head = f"Chunk ID: {at:06x}\nWall time: 0.4127 seconds\nProcess exited with code {step.code}"
            text = f"{head}\nOriginal token count: {len(step.text) // 4}\nOutput:\n{step.text}"
            add("response_item", {"type": "function_call_output", "call_id": call, "output": text})
            add("event_msg", {"type": "token_count", "info": None, "rate_limits": None})
        else:
            patch = {"type": "custom_tool_call", "status": "completed", "name": "apply_patch", "input": _patch(step)}
            add("response_item", {**patch, "call_id": call})
            done = f"Success. Updated the following files:\nM {step.path}\n"
            output = json.dumps({"output": done, "metadata": {"exit_code": 0, "duration_seconds": 0.0}})
            add("response_item", {"type": "custom_tool_call_output", "call_id": call, "output": output})
    return _lines(entries)


def _codex_message(add: Any, step: Step) -> None:
    role, kind = ("user", "input_text") if step.kind == "asked" else ("assistant", "output_text")
    note = {"type": "user_message" if role == "user" else "agent_message", "message": step.text}
    if role == "assistant":
        add("event_msg", note)
    add("response_item", {"type": "message", "role": role, "content": [{"type": kind, "text": step.text}]})
    if role == "user":
        add("event_msg", note)


def atif(script: Script) -> str:
    """Write steps that contain messages and calls together, with costs."""
    steps: list[Entry] = []
    for turn in turns(script):
        first = turn[0]
        if first.kind in ("asked", "said"):
            source = "user" if first.kind == "asked" else "agent"
            steps.append({"step_id": len(steps) + 1, "source": source, "message": first.text})
            continue
        if not steps or steps[-1]["source"] != "agent" or "tool_calls" in steps[-1]:
            steps.append({"step_id": len(steps) + 1, "source": "agent", "message": ""})
        calls, results = [], []
        for at, step in enumerate(turn):
            key = f"c{len(steps)}_{at}"
            if step.kind == "ran":
                name, given = "bash_command", {"keystrokes": step.command + "\n", "duration": 1.0}
            else:
                name, given = "str_replace_editor", _edit(step)
            calls.append({"tool_call_id": key, "function_name": name, "arguments": given})
            text = step.text if step.kind == "ran" else "The file has been edited."
            results.append({"source_call_id": key, "content": text})
        metrics = {"prompt_tokens": 812, "completion_tokens": 57, "cost_usd": 0.002}
        steps[-1] |= {"tool_calls": calls, "observation": {"results": results}, "metrics": metrics}
    agent = {"name": "another-agent", "version": "0.9", "model_name": "m-2"}
    total = {"total_prompt_tokens": 812 * len(steps), "total_steps": len(steps)}
    return json.dumps(
        {"schema_version": "ATIF-v1.5", "session_id": "s-3", "agent": agent, "steps": steps, "final_metrics": total},
        ensure_ascii=False,
    )


def openhands(script: Script) -> str:
    """Write events in which a message is part of the next action, or of the last one."""
    events: list[Entry] = []
    thought = ""

    def act(kind: str, given: Entry, **more: Any) -> None:
        begin = {
            "id": len(events),
            "timestamp": "2026-03-01T09:00:00",
            "source": "agent",
            "message": f"Doing: {kind}",
        }
        events.append({**begin, "action": kind, "args": given, **more})

    def saw(kind: str, text: str, extras: Entry) -> None:
        begin = {"id": len(events), "source": "agent", "cause": len(events) - 1, "message": "Done."}
        events.append({**begin, "observation": kind, "content": text, "extras": extras, "success": True})

    for step in script.steps:
        if step.kind == "asked":
            given = {"content": step.text, "image_urls": None, "wait_for_response": False}
            events.append(
                {"id": len(events), "source": "user", "message": step.text, "action": "message", "args": given}
            )
        elif step.kind == "said":
            if thought:
                act("think", {"thought": thought})
                saw("think", "Your thought has been logged.", {})
            thought = step.text
        elif step.kind == "ran":
            act("run", {"command": step.command, "is_input": False, "thought": thought, "blocking": False})
            metadata = {"exit_code": step.code, "working_dir": "/srv", "pid": -1}
            saw("run", step.text, {"command": step.command, "metadata": metadata, "hidden": False})
            thought = ""
        else:
            act("edit", {**_edit(step), "thought": thought, "security_risk": None})
            saw("edit", "The file has been edited.", {"path": step.path, "prev_exist": True})
            thought = ""
    act("finish", {"final_thought": thought, "task_completed": "true", "outputs": {}, "thought": ""})
    return json.dumps(events, ensure_ascii=False)


def markdown(script: Script) -> str:
    """Write a chat with the speakers' names in bold."""
    names = {"asked": "**User:**", "said": "**Assistant:**"}
    return "\n\n".join(f"{names[step.kind]}\n\n{step.text}" for step in script.steps if step.kind in names) + "\n"


FORMS: dict[str, tuple[str, Writer]] = {
    "openai, parallel": ("json", openai),
    "claude-code, full": ("jsonl", claude_code),
    "codex, exec": ("jsonl", codex),
    "atif, together": ("json", atif),
    "openhands, thoughts": ("json", openhands),
    "markdown, bold": ("md", markdown),
}
