"""Reads trajectories of OpenHands, old and new, alone or as `history` in the results of an evaluation."""

from collections.abc import Iterator
from typing import Any

from gedanken.experiment.agent_transcript import Speaker
from gedanken.records.importers.transcripts.builder import Builder, text_of
from gedanken.records.importers.transcripts.commands import arguments_of
from gedanken.records.importers.transcripts.source import Entry, Source

FORM = "openhands"
_LISTS = ("/history", "/trajectory", "/events")
_KINDS = ("MessageEvent", "ActionEvent", "ObservationEvent", "SystemPromptEvent", "AgentErrorEvent")
_NOTES = frozenset(
    [
        "system",
        "recall",
        "agent_state_changed",
        "change_agent_state",
        "null",
        "null_observation",
        "think",
        "finish",
        "task_tracking",
        "ConversationStateUpdateEvent",
        "TokenEvent",
        "LLMCompletionLogEvent",
        "PauseEvent",
    ]
)
_COMPACTS = (
    "condensation",
    "condensation_request",
    "Condensation",
    "CondensationRequest",
    "CondensationSummaryEvent",
)
_TOOLS = frozenset(
    ["run", "run_ipython", "read", "write", "edit", "browse", "browse_interactive", "call_tool_mcp", "mcp"]
)


def read(source: Source) -> list[Builder] | None:
    """Return the sessions in a file; None if the file is not from OpenHands."""
    if source.is_lines:
        whole = [entry.value for entry in source.head if isinstance(entry.value, dict)]
        if whole and all(_list_in(value) is not None for value in whole):
            return [
                _read(source, _under(entry), f"#{entry.line}")
                for entry in source.entries()
                if isinstance(entry.value, dict)
            ]
        return [_read(source, source.entries(), "")] if whole and all(map(_is_event, whole)) else None
    document = source.document
    if isinstance(document, list):
        return [_read(source, _flat(source.entries()), "")] if _are_events(document) else None
    pointer = _list_in(document)
    return [_read(source, _flat(source.entries(pointer)), "")] if pointer else None


def _list_in(value: Any) -> str | None:
    if not isinstance(value, dict):
        return None
    return next((pointer for pointer in _LISTS if _are_events(value.get(pointer[1:]))), None)


def _are_events(value: Any) -> bool:
    flat = (
        [one for part in value[:10] for one in (part if isinstance(part, list) else [part])]
        if isinstance(value, list)
        else []
    )
    return bool(flat) and all(_is_event(one) for one in flat)


def _is_event(value: Any) -> bool:
    if not isinstance(value, dict):
        return False
    if value.get("kind") in _KINDS or value.get("kind") in _COMPACTS or value.get("kind") in _NOTES:
        return True
    has = isinstance(value.get("action"), str) or isinstance(value.get("observation"), str)
    return has and bool({"args", "extras", "source", "content", "cause"} & value.keys())


def _under(entry: Entry) -> Iterator[Entry]:
    pointer = _list_in(entry.value)
    for at, one in enumerate(entry.value[pointer[1:]] if pointer else ()):
        yield from _flat(iter([Entry(one, entry.line, f"{pointer}/{at}")]))


def _flat(entries: Iterator[Entry]) -> Iterator[Entry]:
    """Yield one entry for each event. In old files, an entry may be a pair of events: both are yielded."""
    for entry in entries:
        if isinstance(entry.value, list):
            yield from (Entry(one, entry.line, f"{entry.pointer}/{at}") for at, one in enumerate(entry.value))
        else:
            yield entry


def _read(source: Source, entries: Iterator[Entry], suffix: str) -> Builder:
    builder = Builder(source.path.name + suffix, FORM, source.name)
    builder.agent = FORM
    for entry in entries:
        if entry.problem or not isinstance(entry.value, dict):
            builder.broken(
                entry if entry.problem else Entry(None, entry.line, entry.pointer, "an entry that is not an event")
            )
        elif "kind" in entry.value and not isinstance(entry.value.get("action"), str):
            _new(builder, entry)
        elif isinstance(entry.value.get("observation"), str):
            _observation(builder, entry)
        else:
            _action(builder, entry)
    return builder


def _action(builder: Builder, entry: Entry) -> None:
    event, place = entry.value, builder.place(entry)
    kind = str(event.get("action"))
    args = arguments_of(event.get("args"))
    about = event.get("tool_call_metadata")
    name = str(about.get("function_name") or kind) if isinstance(about, dict) else kind
    call_id = _call_id(event, event.get("id"))
    if kind == "message":
        speaker: Speaker = "user" if event.get("source") == "user" else "agent"
        builder.say(speaker, text_of(args.get("content") or event.get("content") or event.get("message")), place)
        return
    if isinstance(args.get("thought"), str):
        builder.say("agent", args["thought"], builder.place(entry, "args", "thought"))
    if kind in ("run", "run_ipython"):
        command = args.get("command") if kind == "run" else f"python3 - <<'EOF'\n{args.get('code')}\nEOF"
        builder.call(name, {}, place, call_id, command if isinstance(command, str) else "")
    elif kind == "edit":
        given = {
            **args,
            "old_str": args.get("old_str"),
            "new_str": args.get("new_str"),
            "command": args.get("command") or "edit",
        }
        builder.call("edit", given, place, call_id, None)
    elif kind in _COMPACTS:
        builder.mark("compaction", place)
        builder.gap("the conversation was compacted", place)
    elif kind == "delegate":
        builder.mark("delegate", place)
    elif kind == "finish":
        said = (
            args.get("final_thought") or args.get("message") or text_of(args.get("outputs")) or event.get("message")
        )
        builder.say("agent", text_of(said), place)
    elif kind in _NOTES or kind in ("reject", "pause", "resume", "stop", "initialize", "start"):
        builder.mark(kind, place)
    elif kind in _TOOLS:
        builder.call(name, args, place, call_id)
    else:
        builder.unknown_entry(f"action {kind}", event, place)


def _observation(builder: Builder, entry: Entry) -> None:
    event, place = entry.value, builder.place(entry)
    kind = str(event.get("observation"))
    extras = event["extras"] if isinstance(event.get("extras"), dict) else {}
    call_id = _call_id(event, event.get("cause"))
    if kind in _COMPACTS or kind == "condense":
        builder.mark("compaction", place)
        builder.gap("the conversation was compacted", place)
    elif (kind in _NOTES and not builder.is_open(call_id)) or (
        kind in ("success", "user_rejected") and not builder.is_open(call_id)
    ):
        builder.mark(kind, place)
    elif kind == "delegate" or kind in _TOOLS or kind == "error" or builder.is_open(call_id):
        told = (extras, extras.get("metadata"), event.get("metadata"), event)
        failed = kind == "error" or (kind == "edit" and text_of(event.get("content")).lstrip().startswith("ERROR"))
        builder.result(text_of(event.get("content")), place, call_id, told=told, failed=failed, tool=kind)
    else:
        builder.unknown_entry(f"observation {kind}", event, place)


def _new(builder: Builder, entry: Entry) -> None:
    """Add an event in the new format, which OpenHands' agent SDK writes."""
    event, place = entry.value, builder.place(entry)
    kind = str(event.get("kind"))
    call_id = _call_id(event, event.get("action_id") or event.get("id"))
    if kind == "MessageEvent":
        message = event["llm_message"] if isinstance(event.get("llm_message"), dict) else event
        speaker: Speaker = "user" if event.get("source") == "user" else "agent"
        builder.say(speaker, text_of(message.get("content")), place)
    elif kind == "SystemPromptEvent":
        builder.say("system", text_of(event.get("system_prompt")), place)
    elif kind == "ActionEvent":
        builder.say("agent", text_of(event.get("thought")), builder.place(entry, "thought"))
        action = event["action"] if isinstance(event.get("action"), dict) else {}
        name = str(event.get("tool_name") or action.get("kind"))
        if name == "finish":
            builder.say("agent", text_of(action.get("message")), place)
            return
        builder.call(
            name, {key: value for key, value in action.items() if key != "kind" and value is not None}, place, call_id
        )
    elif kind == "ObservationEvent" and event.get("tool_name") == "finish":
        builder.mark("finish", place)
    elif kind == "ObservationEvent":
        seen = event["observation"] if isinstance(event.get("observation"), dict) else {}
        told = (seen, seen.get("metadata"))
        failed = seen.get("is_error") is True or bool(seen.get("error"))
        text = text_of(seen.get("content") or seen.get("output") or seen.get("error"))
        builder.result(text, place, call_id, told=told, failed=failed, tool=str(event.get("tool_name")))
    elif kind in ("AgentErrorEvent", "UserRejectObservation"):
        builder.result(text_of(event.get("error")), place, call_id, failed=True)
    elif kind in _COMPACTS:
        builder.mark("compaction", place)
        builder.gap("the conversation was compacted", place)
    elif kind in _NOTES:
        builder.mark(kind, place)
    else:
        builder.unknown_entry(kind, event, place)


def _call_id(event: dict[str, Any], otherwise: Any) -> str | None:
    """Return the id that connects an action with its observation: the tool call's, or an id made of `otherwise`."""
    if isinstance(event.get("tool_call_id"), str):
        return str(event["tool_call_id"])
    about = event.get("tool_call_metadata")
    if isinstance(about, dict) and isinstance(about.get("tool_call_id"), str):
        return str(about["tool_call_id"])
    return None if otherwise is None else f"e{otherwise}"
