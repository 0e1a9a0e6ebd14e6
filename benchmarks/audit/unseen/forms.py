"""Writes transcripts as real tools do: with reasoning, parallel tool calls, sub-agents, and notes of the software."""

import json
from collections.abc import Iterator
from typing import Any

from benchmarks.audit.script import Script, Step
from benchmarks.audit.writers import Writer, _edit_arguments, _format_patch, _to_json_lines

Entry = dict[str, Any]


def turns(script: Script) -> Iterator[list[Step]]:
    """Group the steps of a session. Commands without a message or edit between them form a group, as if they were
    called at once; any other step is a group of its own.
    """
    commands: list[Step] = []
    for step in script.steps:
        if commands and (step.kind != "ran" or step.session != commands[-1].session):
            yield commands
            commands = []
        if step.kind == "ran":
            commands.append(step)
        else:
            yield [step]
    if commands:
        yield commands


def openai(script: Script) -> str:
    """Write a session as OpenAI chat messages, with several calls in one message, results in JSON, and content in
    parts.
    """
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
                name, arguments = "run_command", {"command": step.command, "cwd": "/srv"}
                text = json.dumps({"stdout": step.text, "stderr": "", "exit_code": step.code}, ensure_ascii=False)
            else:
                name, arguments, text = _edit_call(step)
            function = {"name": name, "arguments": json.dumps(arguments)}
            calls.append({"id": f"tc_{number}", "type": "function", "function": function})
            results.append({"role": "tool", "tool_call_id": f"tc_{number}", "name": name, "content": text})
        messages += [{"role": "assistant", "content": "", "tool_calls": calls}, *results]
    return json.dumps({"model": "some-model", "messages": messages}, ensure_ascii=False)


def _edit_call(step: Step) -> tuple[str, Entry, str]:
    if step.old is None:
        return "write_file", {"path": step.path, "content": step.text}, "ok"
    return "edit_file", {"path": step.path, "old_string": step.old, "new_string": step.text}, "ok"


class ClaudeSession:
    """Writes a session file of Claude Code: one entry for each block of a message."""

    def __init__(self) -> None:
        self.entries: list[Entry] = [{"type": "summary", "summary": "Cleaning up a source file", "leafUuid": "u0"}]

    def add(self, kind: str, content: Any, *, side: str = "", **extra: Any) -> None:
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
             **({"agentId": side} if side else {}), "message": message, **extra}
        )  # fmt: skip

    def use(self, call_id: str, name: str, arguments: Entry, *, side: str = "") -> None:
        """Add a tool call."""
        self.add("assistant", [{"type": "tool_use", "id": call_id, "name": name, "input": arguments}], side=side)

    def got(self, call_id: str, text: str, *, failed: bool = False, side: str = "", **extra: Any) -> None:
        """Add the result of a call."""
        block = {
            "type": "tool_result",
            "tool_use_id": call_id,
            "content": text,
            **({"is_error": True} if failed else {}),
        }
        self.add("user", [block], side=side, **extra)


def claude_code(script: Script) -> str:
    """Write a session file of Claude Code, with reasoning, a to-do list, parallel tool calls, and a sub-agent."""
    session, number = ClaudeSession(), 0
    for turn in turns(script):
        first, side = turn[0], turn[0].session
        if first.kind == "asked":
            session.add("user", first.text)
            todos = [{"content": "Look at it", "status": "in_progress", "activeForm": "Looking at it"}]
            session.use(f"toolu_t{number}", "TodoWrite", {"todos": todos})
            session.got(f"toolu_t{number}", "Todos have been modified successfully.")
        elif first.kind == "said":
            session.add("assistant", [{"type": "thinking", "thinking": "I write that down.", "signature": "c2ln"}])
            session.add("assistant", [{"type": "text", "text": first.text}])
        else:
            task = f"toolu_s{number}"
            if side:
                prompt = "Look at the state of this project."
                session.use(task, "Task", {"description": "Review", "prompt": prompt, "subagent_type": side})
                session.add("user", prompt, side=side)
            for index, step in enumerate(turn):
                _claude_call(session, f"toolu_{number + index}", step, side)
            for index, step in enumerate(turn):
                _claude_result(session, f"toolu_{number + index}", step, side)
            if side:
                session.add("assistant", [{"type": "text", "text": "That is what I saw."}], side=side)
                session.got(task, "That is what I saw.")
        number += len(turn)
    return _to_json_lines(session.entries)


def _claude_call(session: ClaudeSession, call_id: str, step: Step, side: str) -> None:
    path = f"/srv/{step.path}"
    if step.kind == "ran":
        session.use(
            call_id, "Bash", {"command": step.command, "description": "Run a command", "timeout": 120000}, side=side
        )
    elif step.old is None:
        session.use(call_id, "Write", {"file_path": path, "content": step.text}, side=side)
    else:
        session.use(call_id, "Edit", {"file_path": path, "old_string": step.old, "new_string": step.text}, side=side)


def _claude_result(session: ClaudeSession, call_id: str, step: Step, side: str) -> None:
    if step.kind == "ran":
        text = f"Exit code {step.code}\n{step.text}" if step.code else step.text
        result = {"stdout": step.text, "stderr": "", "interrupted": False, "isImage": False}
        session.got(
            call_id, text, failed=step.code != 0, side=side, **({} if step.code else {"toolUseResult": result})
        )
    else:
        session.got(call_id, f"The file /srv/{step.path} has been updated.", side=side)


def codex(script: Script) -> str:
    """Write a session file of Codex, with reasoning, duplicated messages, and commands in a running shell."""
    entries: list[Entry] = []

    def add(kind: str, payload: Entry) -> None:
        timestamp = f"2026-03-01T09:{len(entries) // 60 % 60:02}:{len(entries) % 60:02}.000Z"
        entries.append({"timestamp": timestamp, "type": kind, "payload": payload})

    add("session_meta", {"id": "s-2", "cwd": "/srv", "originator": "codex_cli_rs", "cli_version": "0.72.0"})
    add("turn_context", {"cwd": "/srv", "approval_policy": "never", "model": "gpt-x-codex", "summary": "auto"})
    for index, step in enumerate(script.steps):
        call = f"call_{index:04}"
        if step.kind in ("asked", "said"):
            _codex_message(add, step)
        elif step.kind == "ran":
            thought = [{"type": "summary_text", "text": "**Looking further**"}]
            add(
                "response_item",
                {"type": "reasoning", "summary": thought, "content": None, "encrypted_content": "gAAA"},
            )
            arguments = json.dumps({"cmd": step.command, "workdir": "/srv", "yield_time_ms": 10000})
            add(
                "response_item",
                {"type": "function_call", "name": "exec_command", "arguments": arguments, "call_id": call},
            )
            head = f"Chunk ID: {index:06x}\nWall time: 0.4127 seconds\nProcess exited with code {step.code}"
            text = f"{head}\nOriginal token count: {len(step.text) // 4}\nOutput:\n{step.text}"
            add("response_item", {"type": "function_call_output", "call_id": call, "output": text})
            add("event_msg", {"type": "token_count", "info": None, "rate_limits": None})
        else:
            patch = {
                "type": "custom_tool_call",
                "status": "completed",
                "name": "apply_patch",
                "input": _format_patch(step),
            }
            add("response_item", {**patch, "call_id": call})
            message = f"Success. Updated the following files:\nM {step.path}\n"
            output = json.dumps({"output": message, "metadata": {"exit_code": 0, "duration_seconds": 0.0}})
            add("response_item", {"type": "custom_tool_call_output", "call_id": call, "output": output})
    return _to_json_lines(entries)


def _codex_message(add: Any, step: Step) -> None:
    role, kind = ("user", "input_text") if step.kind == "asked" else ("assistant", "output_text")
    note = {"type": "user_message" if role == "user" else "agent_message", "message": step.text}
    if role == "assistant":
        add("event_msg", note)
    add("response_item", {"type": "message", "role": role, "content": [{"type": kind, "text": step.text}]})
    if role == "user":
        add("event_msg", note)


def atif(script: Script) -> str:
    """Write a session in the format ATIF. Its steps contain both a message and calls, and their costs."""
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
        for index, step in enumerate(turn):
            call_id = f"c{len(steps)}_{index}"
            if step.kind == "ran":
                name, arguments = "bash_command", {"keystrokes": step.command + "\n", "duration": 1.0}
            else:
                name, arguments = "str_replace_editor", _edit_arguments(step)
            calls.append({"tool_call_id": call_id, "function_name": name, "arguments": arguments})
            text = step.text if step.kind == "ran" else "The file has been edited."
            results.append({"source_call_id": call_id, "content": text})
        metrics = {"prompt_tokens": 812, "completion_tokens": 57, "cost_usd": 0.002}
        steps[-1] |= {"tool_calls": calls, "observation": {"results": results}, "metrics": metrics}
    agent = {"name": "another-agent", "version": "0.9", "model_name": "m-2"}
    total = {"total_prompt_tokens": 812 * len(steps), "total_steps": len(steps)}
    return json.dumps(
        {"schema_version": "ATIF-v1.5", "session_id": "s-3", "agent": agent, "steps": steps, "final_metrics": total},
        ensure_ascii=False,
    )


def openhands(script: Script) -> str:
    """Write a session as events of OpenHands. Each message of the agent becomes the thought of its next action."""
    events: list[Entry] = []
    thought = ""

    def add_action(kind: str, arguments: Entry, **extra: Any) -> None:
        base = {
            "id": len(events),
            "timestamp": "2026-03-01T09:00:00",
            "source": "agent",
            "message": f"Doing: {kind}",
        }
        events.append({**base, "action": kind, "args": arguments, **extra})

    def add_observation(kind: str, text: str, extras: Entry) -> None:
        base = {"id": len(events), "source": "agent", "cause": len(events) - 1, "message": "Done."}
        events.append({**base, "observation": kind, "content": text, "extras": extras, "success": True})

    for step in script.steps:
        if step.kind == "asked":
            arguments = {"content": step.text, "image_urls": None, "wait_for_response": False}
            events.append(
                {"id": len(events), "source": "user", "message": step.text, "action": "message", "args": arguments}
            )
        elif step.kind == "said":
            if thought:
                add_action("think", {"thought": thought})
                add_observation("think", "Your thought has been logged.", {})
            thought = step.text
        elif step.kind == "ran":
            add_action("run", {"command": step.command, "is_input": False, "thought": thought, "blocking": False})
            metadata = {"exit_code": step.code, "working_dir": "/srv", "pid": -1}
            add_observation("run", step.text, {"command": step.command, "metadata": metadata, "hidden": False})
            thought = ""
        else:
            add_action("edit", {**_edit_arguments(step), "thought": thought, "security_risk": None})
            add_observation("edit", "The file has been edited.", {"path": step.path, "prev_exist": True})
            thought = ""
    add_action("finish", {"final_thought": thought, "task_completed": "true", "outputs": {}, "thought": ""})
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
