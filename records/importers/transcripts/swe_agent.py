"""Reads trajectories of mini-swe-agent (versions 1 and 2) and of SWE-agent."""

import re
import shlex
from itertools import pairwise
from typing import Any

from gedanken.experiment.agent_transcript import Place
from gedanken.records.importers.transcripts import commands
from gedanken.records.importers.transcripts.builder import TranscriptBuilder, text_of
from gedanken.records.importers.transcripts.messages import read_message
from gedanken.records.importers.transcripts.source import Entry, Source

MINI, FULL = "mini-swe-agent", "swe-agent"
_BASH_BLOCK = re.compile(r"^```(?:bash|sh|mswea_bash_command)[ \t]*\n(.*?)\n?^```[ \t]*$", re.DOTALL | re.MULTILINE)
_RETURN_CODE = re.compile(r"<returncode>\s*(-?\d{1,4})\s*</returncode>")
_OUTPUT = re.compile(r"<output>\n?(.*?)\n?</output>", re.DOTALL)
_SHORTENED_OUTPUT = re.compile(
    r"<output_head>\n?(.*?)\n?</output_head>.*?<elided_chars>\s*(.*?)\s*</elided_chars>.*?<output_tail>\n?(.*?)\n?</output_tail>",
    re.DOTALL,
)
_EDITOR = "str_replace_editor"
_EDITOR_FLAGS = {
    "--file_text": "file_text",
    "--old_str": "old_str",
    "--new_str": "new_str",
    "--insert_line": "insert_line",
}
_LINE_EDIT = re.compile(r"edit (\d+):(\d+)\b|(?:create|insert|append|edit)\b")
_SUBMIT_MARKER = "COMPLETE_TASK_AND_SUBMIT_FINAL_OUTPUT"
"""Part of the command that submits the work. The message that ends the session is the result of this command."""
_SPECIAL_ACTIONS = ("submit", "exit_cost", "exit_context", "exit_format", "exit_forfeit", "exit_error", "exit_api")
_CLIPPED_NOTICE = "response clipped"


def read(source: Source) -> list[TranscriptBuilder] | None:
    """Return the trajectory in a file; None if neither mini-swe-agent nor SWE-agent wrote it."""
    if source.is_lines and len(source.head) > 1:
        return None
    document = source.document
    if not isinstance(document, dict):
        return None
    if isinstance(document.get("trajectory"), list) and all(
        isinstance(step, dict) and "action" in step and "observation" in step for step in document["trajectory"][:20]
    ):
        return [_read_full(source, document)]
    info = document.get("info")
    if str(document.get("trajectory_format", "")).startswith(MINI) or (
        isinstance(document.get("messages"), list)
        and isinstance(info, dict)
        and {"mini_version", "exit_status"} & info.keys()
    ):
        return [_read_mini(source, document)]
    return None


def _read_mini(source: Source, document: dict[str, Any]) -> TranscriptBuilder:
    info = document["info"] if isinstance(document.get("info"), dict) else {}
    builder = TranscriptBuilder(source.path.name, MINI, source.name)
    builder.agent = _agent_name(MINI, info)
    config = info["config"] if isinstance(info.get("config"), dict) else {}
    if isinstance(config.get("environment"), dict):
        builder.set_folder(config["environment"].get("cwd"))
    action_commands: list[str] = []
    messages = document.get("messages")
    for entry in source.entries("/messages") if isinstance(messages, list) else ():
        message = entry.value
        if not isinstance(message, dict):
            builder.unknown_entry("message", message, builder.place(entry))
            continue
        role, text, place = message.get("role"), text_of(message.get("content")), builder.place(entry)
        extra = message["extra"] if isinstance(message.get("extra"), dict) else {}
        if role == "assistant" and not message.get("tool_calls"):
            builder.say("agent", text, place)
            action_commands = _commands_in_message(text, extra)
            for index, command in enumerate(action_commands):
                builder.call("bash", {}, place, f"m{entry.line}.{entry.pointer}.{index}", command)
        elif role == "tool" or _RETURN_CODE.search(text[:400]) or "<exception>" in text[:200]:
            _add_observation(builder, message, text, extra, place)
        elif role == "exit":
            for call_id in builder.open_call_ids():
                if _SUBMIT_MARKER in (builder.command_of(call_id) or ""):
                    builder.result(text, place, call_id)
            builder.mark("exit", place, text)
        elif (
            role == "user"
            and _is_submission(messages, message, text, info)
            and (open_calls := builder.open_call_ids())
        ):
            builder.result(text, place, open_calls[-1])
        else:
            read_message(builder, message, entry)
    return builder


def _is_submission(messages: Any, message: dict[str, Any], text: str, info: dict[str, Any]) -> bool:
    """Return whether a message of mini-swe-agent 1 is the output of the command that submits the work.

    This message is the last in the file.
    """
    is_last = isinstance(messages, list) and bool(messages) and message == messages[-1]
    return is_last and info.get("exit_status") == "Submitted" and text == info.get("submission")


def _commands_in_message(text: str, extra: dict[str, Any]) -> list[str]:
    action_values = [
        action.get("command", action.get("action"))
        for action in extra.get("actions") or ()
        if isinstance(action, dict)
    ]
    found_commands = [command for command in action_values if isinstance(command, str)]
    return found_commands or _BASH_BLOCK.findall(text)[:1]


def _add_observation(
    builder: TranscriptBuilder, message: dict[str, Any], text: str, extra: dict[str, Any], place: Place
) -> None:
    call_id = message.get("tool_call_id")
    exit_match = _RETURN_CODE.search(text)
    output = extra.get("raw_output")
    if not isinstance(output, str):
        shortened, complete = _SHORTENED_OUTPUT.search(text), _OUTPUT.search(text)
        plain_text = _RETURN_CODE.sub("", text).strip()
        output = (
            f"{shortened[1]}\n[{shortened[2]}, output truncated]\n{shortened[3]}"
            if shortened
            else complete[1]
            if complete
            else plain_text
        )
    builder.result(
        output,
        place,
        call_id if isinstance(call_id, str) else None,
        told=(extra,),
        exit_code=int(exit_match[1]) if exit_match else None,
    )


def _read_full(source: Source, document: dict[str, Any]) -> TranscriptBuilder:
    info = document["info"] if isinstance(document.get("info"), dict) else {}
    builder = TranscriptBuilder(source.path.name, FULL, source.name)
    builder.agent = _agent_name(FULL, info)
    _add_task(source, builder, document.get("history"))
    for entry in source.entries("/trajectory"):
        step = entry.value
        if not isinstance(step, dict):
            builder.unknown_entry("step", step, builder.place(entry))
            continue
        thought = step.get("thought")
        message = thought if isinstance(thought, str) and thought.strip() else step.get("response")
        builder.say("agent", text_of(message), builder.place(entry, "thought" if message is thought else "response"))
        action = text_of(step.get("action"))
        if action.strip():
            _add_action(builder, action, step.get("observation"), entry)
        elif step.get("observation"):
            builder.say("system", text_of(step["observation"]), builder.place(entry, "observation"))
    return builder


def _add_task(source: Source, builder: TranscriptBuilder, history: Any) -> None:
    """Add the system prompt and the user's task. Demonstrations are skipped, because they show another agent's
    work."""
    if not isinstance(history, list):
        return
    for entry in source.entries("/history"):
        message = entry.value
        if not isinstance(message, dict) or message.get("role") not in ("system", "user"):
            return
        if message.get("is_demo") or message.get("message_type") == "demonstration":
            continue
        builder.say(
            "system" if message["role"] == "system" else "user", text_of(message.get("content")), builder.place(entry)
        )


def _add_action(builder: TranscriptBuilder, action: str, observation: Any, entry: Entry) -> None:
    place, call_id = builder.place(entry, "action"), f"t{entry.pointer}"
    editor_arguments = _editor_arguments(action)
    text = None if observation is None else text_of(observation)
    failed = False
    if editor_arguments is not None:
        builder.call(_EDITOR, editor_arguments, place, call_id)
        failed = bool(text and re.match(r"\s*(?:Error|ERROR|No replacement|Invalid|Usage|usage)", text))
    elif _LINE_EDIT.match(action) and ("end_of_edit" in action or action.startswith("create ")):
        builder.call("edit", {"input": action}, place, call_id)
        path = action.split()[1] if action.startswith("create ") and len(action.split()) == 2 else "?"
        builder.edit("edit", commands.Edit(path, "", ""), place, call_id)
        failed = bool(text and "has NOT been applied" in text)
    elif action.split(maxsplit=1)[0] in _SPECIAL_ACTIONS:
        builder.call(action.split(maxsplit=1)[0], {}, place, call_id)
    else:
        builder.call("bash", {}, place, call_id, action.rstrip("\n"))
    if text and _CLIPPED_NOTICE in text and not commands.was_cut(text):
        text += "\n[output truncated]"
    builder.result(text, builder.place(entry, "observation"), call_id, failed=failed)


def _editor_arguments(action: str) -> dict[str, Any] | None:
    """Return the arguments of a call of `str_replace_editor`; None if `action` is another command or unreadable."""
    if not action.startswith(_EDITOR):
        return None
    try:
        words = shlex.split(action)[1:]
    except ValueError:
        return None
    if len(words) < 2:
        return None
    arguments: dict[str, Any] = {"command": words[0], "path": words[1]}
    for flag, value in pairwise(words[2:]):
        if flag in _EDITOR_FLAGS:
            arguments[_EDITOR_FLAGS[flag]] = int(value) if flag == "--insert_line" and value.isdigit() else value
    return arguments


def _agent_name(name: str, info: dict[str, Any]) -> str:
    config = info.get("config")
    model = config.get("model") if isinstance(config, dict) else None
    model_name = model.get("model_name") if isinstance(model, dict) else info.get("model")
    version = info.get("mini_version") or info.get("swe_agent_version")
    return " ".join(str(part)[:80] for part in (name, version, model_name) if isinstance(part, str) and part)
