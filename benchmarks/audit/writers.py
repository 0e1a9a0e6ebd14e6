"""Writes scripted sessions in the formats of other tools."""

import json
import shlex
from collections.abc import Callable
from typing import Any

from benchmarks.audit.script import Script, Step

Writer = Callable[[Script], str]


def _to_json_lines(entries: list[Any]) -> str:
    return "".join(json.dumps(entry, ensure_ascii=False) + "\n" for entry in entries)


def _edit_arguments(step: Step) -> dict[str, Any]:
    if step.old is None:
        return {"command": "create", "path": step.path, "file_text": step.text}
    return {"command": "str_replace", "path": step.path, "old_str": step.old, "new_str": step.text}


def _chat_messages(
    script: Script, *, exit_note: str = "\n\n[Command finished with exit code {code}]"
) -> list[dict[str, Any]]:
    """Return messages in OpenAI's format. A call is part of the message whose text comes before it."""
    messages: list[dict[str, Any]] = [{"role": "system", "content": "You are a coding agent."}]
    for index, step in enumerate(script.steps):
        if step.kind == "asked":
            messages.append({"role": "user", "content": step.text})
        elif step.kind == "said":
            messages.append({"role": "assistant", "content": step.text})
        else:
            name, arguments = (
                ("bash", {"command": step.command})
                if step.kind == "ran"
                else ("str_replace_editor", _edit_arguments(step))
            )
            call = {
                "id": f"call_{index}",
                "type": "function",
                "function": {"name": name, "arguments": json.dumps(arguments)},
            }
            last = messages[-1]
            if last["role"] == "assistant" and "tool_calls" not in last:
                last["tool_calls"] = [call]
            else:
                messages.append({"role": "assistant", "content": None, "tool_calls": [call]})
            text = step.text + exit_note.format(code=step.code) if step.kind == "ran" else "The file has been edited."
            messages.append({"role": "tool", "tool_call_id": f"call_{index}", "content": text})
    return messages


def openai(script: Script) -> str:
    """Write a list of chat messages."""
    return json.dumps(_chat_messages(script), ensure_ascii=False, indent=1)


def claude_code(script: Script) -> str:
    """Write the entries of a session file, with sub-agents in a side chain."""
    entries: list[dict[str, Any]] = []
    for index, step in enumerate(script.steps):
        if step.kind in ("asked", "said"):
            content: Any = step.text if step.kind == "asked" else [{"type": "text", "text": step.text}]
            entries.append(_claude_entry(entries, "user" if step.kind == "asked" else "assistant", content, step))
            continue
        if step.kind == "ran":
            name, arguments = "Bash", {"command": step.command, "description": "Run it"}
        elif step.old is None:
            name, arguments = "Write", {"file_path": f"/srv/{step.path}", "content": step.text}
        else:
            name, arguments = (
                "Edit",
                {"file_path": f"/srv/{step.path}", "old_string": step.old, "new_string": step.text},
            )
        call = [{"type": "tool_use", "id": f"toolu_{index}", "name": name, "input": arguments}]
        entries.append(_claude_entry(entries, "assistant", call, step))
        failed = step.kind == "ran" and step.code != 0
        text = (
            (f"Exit code {step.code}\n{step.text}" if failed else step.text)
            if step.kind == "ran"
            else "The file has been updated."
        )
        result = [
            {
                "type": "tool_result",
                "tool_use_id": f"toolu_{index}",
                "content": text,
                **({"is_error": True} if failed else {}),
            }
        ]
        entries.append(_claude_entry(entries, "user", result, step))
    return _to_json_lines(entries)


def _claude_entry(entries: list[dict[str, Any]], kind: str, content: Any, step: Step) -> dict[str, Any]:
    number = len(entries)
    extra = {"model": "claude-x"} if kind == "assistant" else {}
    chain = {"isSidechain": True, "agentId": step.session} if step.session else {"isSidechain": False}
    return {
        "type": kind,
        "uuid": f"u{number}",
        "parentUuid": f"u{number - 1}" if number else None,
        "sessionId": "s",
        "version": "2.1.0",
        "timestamp": f"2026-01-01T00:{number // 60:02}:{number % 60:02}Z",
        "message": {"role": kind, "content": content, **extra},
        **chain,
    }


def codex(script: Script) -> str:
    """Write a rollout file."""
    items: list[dict[str, Any]] = []
    for index, step in enumerate(script.steps):
        call = f"call_{index}"
        if step.kind in ("asked", "said"):
            role, kind = ("user", "input_text") if step.kind == "asked" else ("assistant", "output_text")
            items.append({"type": "message", "role": role, "content": [{"type": kind, "text": step.text}]})
        elif step.kind == "ran":
            arguments = json.dumps({"command": ["bash", "-lc", step.command]})
            items.append({"type": "function_call", "name": "shell", "arguments": arguments, "call_id": call})
            output = json.dumps({"output": step.text, "metadata": {"exit_code": step.code, "duration_seconds": 0.4}})
            items.append({"type": "function_call_output", "call_id": call, "output": output})
        else:
            items.append(
                {"type": "custom_tool_call", "name": "apply_patch", "input": _format_patch(step), "call_id": call}
            )
            result = (
                '{"output":"Success. Updated the following files:\\nM '
                + step.path
                + '\\n","metadata":{"exit_code":0}}'
            )
            items.append({"type": "custom_tool_call_output", "call_id": call, "output": result})
    metadata = {"id": "s", "cwd": "/srv", "cli_version": "0.60.0", "originator": "codex_cli_rs"}
    timestamp = "2026-01-01T00:00:00Z"
    entries = [{"timestamp": timestamp, "type": "session_meta", "payload": metadata}]
    return _to_json_lines(
        [*entries, *({"timestamp": timestamp, "type": "response_item", "payload": item} for item in items)]
    )


def _format_patch(step: Step) -> str:
    if step.old is None:
        added = "\n".join(f"+{line}" for line in step.text.splitlines())
        return f"*** Begin Patch\n*** Add File: {step.path}\n{added}\n*** End Patch"
    lines = [*(f"-{line}" for line in step.old.splitlines()), *(f"+{line}" for line in step.text.splitlines())]
    return f"*** Begin Patch\n*** Update File: {step.path}\n@@\n" + "\n".join(lines) + "\n*** End Patch"


def atif(script: Script) -> str:
    """Write a trajectory in Harbor's format."""
    steps: list[dict[str, Any]] = []
    for index, step in enumerate(script.steps):
        entry: dict[str, Any] = {
            "step_id": index + 1,
            "source": "user" if step.kind == "asked" else "agent",
            "message": "",
        }
        if step.kind in ("asked", "said"):
            entry["message"] = step.text
        else:
            name, arguments = (
                ("bash_command", {"keystrokes": step.command + "\n"})
                if step.kind == "ran"
                else ("str_replace_editor", _edit_arguments(step))
            )
            entry["tool_calls"] = [{"tool_call_id": f"c{index}", "function_name": name, "arguments": arguments}]
            text = step.text if step.kind == "ran" else "The file has been edited."
            entry["observation"] = {"results": [{"source_call_id": f"c{index}", "content": text}]}
        steps.append(entry)
    agent = {"name": "some-agent", "version": "1", "model_name": "m"}
    return json.dumps(
        {"schema_version": "ATIF-v1.6", "session_id": "s", "agent": agent, "steps": steps}, ensure_ascii=False
    )


def _edit_as_shell_command(step: Step) -> str:
    if step.old is None or "\n" in step.old + step.text:
        return f"cat > {step.path} <<'EOF'\n{step.text}\nEOF"
    old, new = (text.replace("/", r"\/").replace("*", r"\*") for text in (step.old, step.text))
    return f"sed -i {shlex.quote(f's/{old}/{new}/')} {step.path}"


def mini_swe_agent(script: Script) -> str:
    """Write a trajectory of version 1, in which each message contains a thought and one block of bash."""
    messages: list[dict[str, Any]] = [{"role": "system", "content": "You are a helpful assistant."}]
    thought = "I go on."
    for step in script.steps:
        if step.kind == "asked":
            messages.append({"role": "user", "content": step.text})
        elif step.kind == "said":
            if thought != "I go on.":
                messages += _mini_messages(thought, "true", "", 0)
            thought = step.text
        else:
            messages += _mini_messages(
                thought,
                *(
                    (step.command, step.text, step.code)
                    if step.kind == "ran"
                    else (_edit_as_shell_command(step), "", 0)
                ),
            )
            thought = "I go on."
    if thought != "I go on.":
        messages += _mini_messages(thought, "echo COMPLETE_TASK_AND_SUBMIT_FINAL_OUTPUT", "", 0)
    info = {"mini_version": "1.14", "exit_status": "Submitted", "config": {"model": {"model_name": "m"}}}
    return json.dumps(
        {"trajectory_format": "mini-swe-agent-1", "info": info, "messages": messages}, ensure_ascii=False
    )


def _mini_messages(thought: str, command: str, output: str, code: int) -> list[dict[str, Any]]:
    message = {"role": "assistant", "content": f"THOUGHT: {thought}\n\n```bash\n{command}\n```"}
    return [message, {"role": "user", "content": f"<returncode>{code}</returncode>\n<output>\n{output}</output>"}]


def swe_agent(script: Script) -> str:
    """Write a `.traj` file, whose steps have a thought, an action and an observation."""
    steps: list[dict[str, Any]] = []
    thought, request = "", "Please see to it."
    for step in script.steps:
        if step.kind == "asked":
            request = step.text
            continue
        if step.kind == "said":
            if thought:
                steps.append(_swe_step(thought, "true\n", ""))
            thought = step.text
        elif step.kind == "ran":
            steps.append(_swe_step(thought, step.command + "\n", step.text))
            thought = ""
        else:
            steps.append(
                _swe_step(thought, _swe_edit_command(step), f"The file {step.path} has been edited successfully.")
            )
            thought = ""
    steps.append(_swe_step(thought, "submit\n", ""))
    history = [{"role": "system", "content": "s"}, {"role": "user", "content": request}]
    return json.dumps(
        {"environment": "swe_main", "history": history, "trajectory": steps, "info": {"exit_status": "submitted"}},
        ensure_ascii=False,
    )


def _swe_step(thought: str, action: str, observation: str) -> dict[str, Any]:
    return {
        "action": action,
        "observation": observation,
        "thought": thought,
        "response": f"{thought}\n\n```\n{action}```",
        "state": {},
    }


def _swe_edit_command(step: Step) -> str:
    if step.old is None:
        return f"str_replace_editor create {step.path} --file_text {shlex.quote(step.text)}\n"
    old, new = shlex.quote(step.old), shlex.quote(step.text)
    return f"str_replace_editor str_replace {step.path} --old_str {old} --new_str {new}\n"


def openhands(script: Script) -> str:
    """Write OpenHands events."""
    events: list[dict[str, Any]] = []
    for step in script.steps:
        number = len(events)
        if step.kind in ("asked", "said"):
            source = "user" if step.kind == "asked" else "agent"
            events.append(
                {
                    "id": number,
                    "source": source,
                    "action": "message",
                    "args": {"content": step.text},
                    "message": step.text,
                }
            )
        elif step.kind == "ran":
            events.append(
                {"id": number, "source": "agent", "action": "run", "args": {"command": step.command, "thought": ""}}
            )
            extras = {"command": step.command, "metadata": {"exit_code": step.code}}
            events.append(
                {
                    "id": number + 1,
                    "cause": number,
                    "source": "agent",
                    "observation": "run",
                    "content": step.text,
                    "extras": extras,
                }
            )
        else:
            events.append({"id": number, "source": "agent", "action": "edit", "args": _edit_arguments(step)})
            events.append(
                {
                    "id": number + 1,
                    "cause": number,
                    "source": "agent",
                    "observation": "edit",
                    "content": "The file has been edited.",
                    "extras": {"path": step.path},
                }
            )
    return json.dumps(events, ensure_ascii=False)


def inspect(script: Script) -> str:
    """Write a log of inspect_ai."""
    messages = _chat_messages(script, exit_note="")
    for message in messages:
        message["tool_calls"] = [
            {
                "id": call["id"],
                "function": call["function"]["name"],
                "arguments": json.loads(call["function"]["arguments"]),
            }
            for call in message.get("tool_calls", [])
        ]
        message["content"] = message["content"] or ""
    sample = {"id": 1, "epoch": 1, "input": "Please see to it.", "messages": messages}
    return json.dumps(
        {"version": 2, "status": "success", "eval": {"task": "t", "model": "m"}, "samples": [sample]},
        ensure_ascii=False,
    )


def langsmith(script: Script) -> str:
    """Write the runs of a trace: the model's messages, and each tool call."""
    runs: list[dict[str, Any]] = [_langsmith_run(0, "agent", "chain", {"q": "see to it"}, {})]
    history: list[dict[str, Any]] = []
    for step in script.steps:
        if step.kind == "asked":
            history.append({"kwargs": {"content": step.text, "type": "human"}})
        elif step.kind == "said":
            message = {"kwargs": {"content": step.text, "type": "ai"}}
            runs.append(
                _langsmith_run(
                    len(runs),
                    "ChatX",
                    "llm",
                    {"messages": [list(history)]},
                    {"generations": [[{"message": message}]]},
                )
            )
            history.append(message)
        elif step.kind == "ran":
            output = {"output": {"content": step.text, "type": "tool", "exit_code": step.code}}
            runs.append(_langsmith_run(len(runs), "shell", "tool", {"input": str({"command": step.command})}, output))
        else:
            runs.append(
                _langsmith_run(
                    len(runs),
                    "str_replace_editor",
                    "tool",
                    {"input": str(_edit_arguments(step))},
                    {"output": {"content": "edited", "type": "tool"}},
                )
            )
    return json.dumps(runs, ensure_ascii=False)


def _langsmith_run(number: int, name: str, kind: str, inputs: Any, outputs: Any) -> dict[str, Any]:
    parent = {"parent_run_id": "r0"} if number else {}
    order = "20260101T000000" + ("" if number == 0 else f".{number:06}")
    return {
        "id": f"r{number}",
        "trace_id": "r0",
        "name": name,
        "run_type": kind,
        "inputs": inputs,
        "outputs": outputs,
        "dotted_order": order,
        **parent,
    }


def markdown(script: Script) -> str:
    """Write a chat without tool calls, as people export it."""
    names = {"asked": "User", "said": "Assistant"}
    return "\n\n".join(f"## {names[step.kind]}\n\n{step.text}" for step in script.steps if step.kind in names) + "\n"


WRITERS: dict[str, tuple[str, Writer]] = {
    "openai": ("json", openai),
    "claude-code": ("jsonl", claude_code),
    "codex": ("jsonl", codex),
    "atif": ("json", atif),
    "mini-swe-agent": ("traj.json", mini_swe_agent),
    "swe-agent": ("traj", swe_agent),
    "openhands": ("json", openhands),
    "inspect": ("json", inspect),
    "langsmith": ("json", langsmith),
    "markdown": ("md", markdown),
}
