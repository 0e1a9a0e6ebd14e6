"""Reads trajectories of OpenHands, old and new, alone or as `history` in the results of an evaluation."""

from collections.abc import Iterator
from typing import Any

from gedanken.experiment.agent_transcript import Speaker
from gedanken.records.importers.transcripts.builder import TranscriptBuilder, text_of
from gedanken.records.importers.transcripts.commands import arguments_of
from gedanken.records.importers.transcripts.source import Entry, Source

FORM = "openhands"
_LIST_POINTERS = ("/history", "/trajectory", "/events")
_EVENT_KINDS = ("MessageEvent", "ActionEvent", "ObservationEvent", "SystemPromptEvent", "AgentErrorEvent")
_NOTE_KINDS = frozenset(
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
_COMPACTION_KINDS = (
    "condensation",
    "condensation_request",
    "Condensation",
    "CondensationRequest",
    "CondensationSummaryEvent",
)
_TOOL_KINDS = frozenset(
    ["run", "run_ipython", "read", "write", "edit", "browse", "browse_interactive", "call_tool_mcp", "mcp"]
)


def read(source: Source) -> list[TranscriptBuilder] | None:
    """Return the sessions in a file; None if the file is not from OpenHands."""
    if source.is_lines:
        values = [entry.value for entry in source.head if isinstance(entry.value, dict)]
        if values and all(_event_list_pointer(value) is not None for value in values):
            return [
                _read_events(source, _events_of_entry(entry), f"#{entry.line}")
                for entry in source.entries()
                if isinstance(entry.value, dict)
            ]
        return [_read_events(source, source.entries(), "")] if values and all(map(_is_event, values)) else None
    document = source.document
    if isinstance(document, list):
        return [_read_events(source, _flatten_pairs(source.entries()), "")] if _are_events(document) else None
    pointer = _event_list_pointer(document)
    return [_read_events(source, _flatten_pairs(source.entries(pointer)), "")] if pointer else None


def _event_list_pointer(value: Any) -> str | None:
    if not isinstance(value, dict):
        return None
    return next((pointer for pointer in _LIST_POINTERS if _are_events(value.get(pointer[1:]))), None)


def _are_events(value: Any) -> bool:
    events = (
        [event for part in value[:10] for event in (part if isinstance(part, list) else [part])]
        if isinstance(value, list)
        else []
    )
    return bool(events) and all(_is_event(event) for event in events)


def _is_event(value: Any) -> bool:
    if not isinstance(value, dict):
        return False
    if (
        value.get("kind") in _EVENT_KINDS
        or value.get("kind") in _COMPACTION_KINDS
        or value.get("kind") in _NOTE_KINDS
    ):
        return True
    has_kind = isinstance(value.get("action"), str) or isinstance(value.get("observation"), str)
    return has_kind and bool({"args", "extras", "source", "content", "cause"} & value.keys())


def _events_of_entry(entry: Entry) -> Iterator[Entry]:
    pointer = _event_list_pointer(entry.value)
    for index, element in enumerate(entry.value[pointer[1:]] if pointer else ()):
        yield from _flatten_pairs(iter([Entry(element, entry.line, f"{pointer}/{index}")]))


def _flatten_pairs(entries: Iterator[Entry]) -> Iterator[Entry]:
    """Yield one entry for each event. In old files, an entry may be a pair of events: both are yielded."""
    for entry in entries:
        if isinstance(entry.value, list):
            yield from (
                Entry(element, entry.line, f"{entry.pointer}/{index}") for index, element in enumerate(entry.value)
            )
        else:
            yield entry


def _read_events(source: Source, entries: Iterator[Entry], suffix: str) -> TranscriptBuilder:
    builder = TranscriptBuilder(source.path.name + suffix, FORM, source.name)
    builder.agent = FORM
    for entry in entries:
        if entry.problem or not isinstance(entry.value, dict):
            builder.unreadable_entry(
                entry if entry.problem else Entry(None, entry.line, entry.pointer, "an entry that is not an event")
            )
        elif "kind" in entry.value and not isinstance(entry.value.get("action"), str):
            _add_new_event(builder, entry)
        elif isinstance(entry.value.get("observation"), str):
            _add_observation(builder, entry)
        else:
            _add_action(builder, entry)
    return builder


def _add_action(builder: TranscriptBuilder, entry: Entry) -> None:
    event, place = entry.value, builder.place(entry)
    kind = str(event.get("action"))
    args = arguments_of(event.get("args"))
    metadata = event.get("tool_call_metadata")
    name = str(metadata.get("function_name") or kind) if isinstance(metadata, dict) else kind
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
        arguments = {
            **args,
            "old_str": args.get("old_str"),
            "new_str": args.get("new_str"),
            "command": args.get("command") or "edit",
        }
        builder.call("edit", arguments, place, call_id, None)
    elif kind in _COMPACTION_KINDS:
        builder.mark("compaction", place)
        builder.gap("the conversation was compacted", place)
    elif kind == "delegate":
        builder.mark("delegate", place)
    elif kind == "finish":
        message = (
            args.get("final_thought") or args.get("message") or text_of(args.get("outputs")) or event.get("message")
        )
        builder.say("agent", text_of(message), place)
    elif kind in _NOTE_KINDS or kind in ("reject", "pause", "resume", "stop", "initialize", "start"):
        builder.mark(kind, place)
    elif kind in _TOOL_KINDS:
        builder.call(name, args, place, call_id)
    else:
        builder.unknown_entry(f"action {kind}", event, place)


def _add_observation(builder: TranscriptBuilder, entry: Entry) -> None:
    event, place = entry.value, builder.place(entry)
    kind = str(event.get("observation"))
    extras = event["extras"] if isinstance(event.get("extras"), dict) else {}
    call_id = _call_id(event, event.get("cause"))
    if kind in _COMPACTION_KINDS or kind == "condense":
        builder.mark("compaction", place)
        builder.gap("the conversation was compacted", place)
    elif (kind in _NOTE_KINDS and not builder.is_open(call_id)) or (
        kind in ("success", "user_rejected") and not builder.is_open(call_id)
    ):
        builder.mark(kind, place)
    elif kind == "delegate" or kind in _TOOL_KINDS or kind == "error" or builder.is_open(call_id):
        sources = (extras, extras.get("metadata"), event.get("metadata"), event)
        failed = kind == "error" or (kind == "edit" and text_of(event.get("content")).lstrip().startswith("ERROR"))
        builder.result(text_of(event.get("content")), place, call_id, told=sources, failed=failed, tool=kind)
    else:
        builder.unknown_entry(f"observation {kind}", event, place)


def _add_new_event(builder: TranscriptBuilder, entry: Entry) -> None:
    """Add an event in the new format, which the agent SDK of OpenHands writes."""
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
        observation = event["observation"] if isinstance(event.get("observation"), dict) else {}
        sources = (observation, observation.get("metadata"))
        failed = observation.get("is_error") is True or bool(observation.get("error"))
        text = text_of(observation.get("content") or observation.get("output") or observation.get("error"))
        builder.result(text, place, call_id, told=sources, failed=failed, tool=str(event.get("tool_name")))
    elif kind in ("AgentErrorEvent", "UserRejectObservation"):
        builder.result(text_of(event.get("error")), place, call_id, failed=True)
    elif kind in _COMPACTION_KINDS:
        builder.mark("compaction", place)
        builder.gap("the conversation was compacted", place)
    elif kind in _NOTE_KINDS:
        builder.mark(kind, place)
    else:
        builder.unknown_entry(kind, event, place)


def _call_id(event: dict[str, Any], fallback: Any) -> str | None:
    """Return the id that connects an action with its observation: the tool call's id, or one made of `fallback`."""
    if isinstance(event.get("tool_call_id"), str):
        return str(event["tool_call_id"])
    metadata = event.get("tool_call_metadata")
    if isinstance(metadata, dict) and isinstance(metadata.get("tool_call_id"), str):
        return str(metadata["tool_call_id"])
    return None if fallback is None else f"e{fallback}"
