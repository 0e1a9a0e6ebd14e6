"""Reads runs of models and tools that LangSmith exported, flat or nested."""

from collections.abc import Iterator
from typing import Any

from gedanken.records.importers.transcripts.builder import TranscriptBuilder, text_of
from gedanken.records.importers.transcripts.messages import read_message
from gedanken.records.importers.transcripts.source import Entry, Source

FORM = "langsmith"
_RUN_TYPES = frozenset(["llm", "tool", "chain", "retriever", "prompt", "parser", "embedding"])
_ROLES = {"human": "user", "ai": "assistant", "system": "system", "tool": "tool", "function": "function"}
_LIST_POINTERS = ("/runs", "/child_runs")
_MAX_DEPTH = 60


def read(source: Source) -> list[TranscriptBuilder] | None:
    """Return the runs in a file, one session for each trace; None if the file contains no runs."""
    if source.is_lines:
        values = [entry.value for entry in source.head if isinstance(entry.value, dict)]
        entries = source.entries() if values and all(map(_is_run, values)) else None
    else:
        document = source.document
        list_document = document if isinstance(document, list) else None
        pointer = (
            ""
            if list_document is not None
            else next(
                (
                    list_pointer
                    for list_pointer in _LIST_POINTERS
                    if isinstance(document, dict) and list_pointer[1:] in document
                ),
                None,
            )
        )
        if isinstance(document, dict) and _is_run(document):
            entries = iter([Entry(document, 1)])
        elif pointer is not None and (
            list_document or (isinstance(document, dict) and isinstance(document[pointer[1:]], list))
        ):
            entries = source.entries(pointer)
            first_runs = list_document or document[pointer[1:]]
            entries = entries if first_runs and all(map(_is_run, first_runs[:20])) else None
        else:
            entries = None
    if entries is None:
        return None
    traces: dict[str, list[Entry]] = {}
    broken = []
    for entry in entries:
        if entry.problem or not isinstance(entry.value, dict):
            broken.append(entry)
        for run in _nested_runs(entry, 0):
            traces.setdefault(str(run.value.get("trace_id") or _root_run_id(run.value)), []).append(run)
    builders = [_read_trace(source, name, runs, is_only=len(traces) == 1) for name, runs in traces.items()]
    for entry in broken if builders else ():
        builders[-1].unreadable_entry(
            entry if entry.problem else Entry(None, entry.line, entry.pointer, "an entry that is not a run")
        )
    return builders


def _is_run(value: Any) -> bool:
    return (
        isinstance(value, dict) and value.get("run_type") in _RUN_TYPES and ("inputs" in value or "outputs" in value)
    )


def _root_run_id(run: dict[str, Any]) -> str:
    order = run.get("dotted_order")
    return order.partition(".")[0] if isinstance(order, str) else ""


def _nested_runs(entry: Entry, depth: int) -> Iterator[Entry]:
    if not isinstance(entry.value, dict) or depth > _MAX_DEPTH:
        return
    yield entry
    children = entry.value.get("child_runs")
    for index, child in enumerate(children if isinstance(children, list) else ()):
        if isinstance(child, dict):
            child.setdefault("trace_id", entry.value.get("trace_id") or _root_run_id(entry.value))
            yield from _nested_runs(Entry(child, entry.line, f"{entry.pointer}/child_runs/{index}"), depth + 1)


def _read_trace(source: Source, name: str, runs: list[Entry], *, is_only: bool) -> TranscriptBuilder:
    builder = TranscriptBuilder(source.path.name + ("" if is_only else f"#{name[:40]}"), FORM, source.name)
    known_messages: set[tuple[str, str]] = set()
    in_order = sorted(
        runs, key=lambda entry: str(entry.value.get("dotted_order") or entry.value.get("start_time") or "")
    )
    tools = {str(entry.value.get("name")) for entry in runs if entry.value.get("run_type") == "tool"}
    for entry in in_order:
        run = entry.value
        kind = run.get("run_type")
        if kind == "llm":
            _add_model_run(builder, entry, known_messages, has_tool_runs=bool(tools))
        elif kind == "tool":
            _add_tool_run(builder, entry)
        elif kind not in _RUN_TYPES:
            builder.unknown_entry(f"run_type {kind}", run, builder.place(entry))
    builder.agent = builder.agent or next(
        (str(candidate.value.get("name"))[:80] for candidate in in_order if not candidate.value.get("parent_run_id")),
        FORM,
    )
    ids = {str(entry.value.get("id")) for entry in runs}
    for entry in in_order:
        parent = entry.value.get("parent_run_id")
        if parent and str(parent) not in ids:
            builder.gap("the file refers to runs that are missing", builder.place(entry))
    return builder


def _add_tool_run(builder: TranscriptBuilder, entry: Entry) -> None:
    run = entry.value
    inputs = run.get("inputs")
    arguments = inputs.get("input", inputs) if isinstance(inputs, dict) and len(inputs) == 1 else inputs
    call_id = f"r{run.get('id') or entry.pointer or entry.line}"
    builder.call(str(run.get("name")), _parse_arguments(arguments), builder.place(entry, "inputs"), call_id)
    outputs, error = run.get("outputs"), run.get("error")
    output = outputs.get("output", outputs) if isinstance(outputs, dict) else outputs
    output = _unwrap_kwargs(output)
    text = text_of(error) if error and outputs in (None, {}) else None if outputs is None else text_of(output)
    sources = (output, outputs) if isinstance(output, dict) else (outputs,)
    builder.result(text, builder.place(entry, "outputs"), call_id, told=sources, failed=bool(error))


def _parse_arguments(arguments: Any) -> Any:
    """Return a tool's arguments as a dict, even if LangChain wrote them as Python code.

    Return any other value unchanged.
    """
    if isinstance(arguments, str) and arguments.startswith("{"):
        import ast

        try:
            parsed = ast.literal_eval(arguments[: 1 << 20])
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            return arguments
        return parsed if isinstance(parsed, dict) else arguments
    return arguments


def _add_model_run(
    builder: TranscriptBuilder, entry: Entry, known_messages: set[tuple[str, str]], *, has_tool_runs: bool
) -> None:
    run = entry.value
    extra = run["extra"] if isinstance(run.get("extra"), dict) else {}
    metadata = extra["metadata"] if isinstance(extra.get("metadata"), dict) else {}
    builder.agent = builder.agent or str(metadata.get("ls_model_name") or "")[:80]
    for side in ("inputs", "outputs"):
        for pointer, message in _messages(run.get(side)):
            chat_message = _to_chat_message(message)
            key = (str(chat_message.get("role")), text_of(chat_message.get("content")))
            if chat_message.get("role") in ("tool", "function") and has_tool_runs:
                continue  # because the tool's own run is there
            if side == "inputs" and (key in known_messages or chat_message.get("role") == "assistant"):
                continue
            known_messages.add(key)
            if has_tool_runs:
                chat_message = {name: value for name, value in chat_message.items() if name != "tool_calls"}
                if isinstance(chat_message.get("content"), list):
                    chat_message["content"] = [part for part in chat_message["content"] if not _is_call_part(part)]
            read_message(builder, chat_message, Entry(chat_message, entry.line, f"{entry.pointer}/{side}{pointer}"))


def _is_call_part(part: Any) -> bool:
    return isinstance(part, dict) and part.get("type") in ("tool_use", "tool_call")


def _messages(side: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the JSON pointer and the content of each message in `side`, the inputs or outputs of a model's run."""
    if not isinstance(side, dict):
        return
    messages = side.get("messages")
    if isinstance(messages, list):
        flat_messages = messages[0] if messages and isinstance(messages[0], list) else messages
        prefix = "/0" if flat_messages is not messages else ""
        for index, message in enumerate(flat_messages):
            if isinstance(message, dict):
                yield f"/messages{prefix}/{index}", message
    for index, choice in enumerate(side["choices"] if isinstance(side.get("choices"), list) else ()):
        if isinstance(choice, dict) and isinstance(choice.get("message"), dict):
            yield f"/choices/{index}/message", choice["message"]
    generations = side.get("generations")
    for row, generations_of_prompt in enumerate(generations if isinstance(generations, list) else ()):
        for index, generation in enumerate(
            generations_of_prompt if isinstance(generations_of_prompt, list) else [generations_of_prompt]
        ):
            if isinstance(generation, dict):
                message = generation.get("message")
                yield (
                    f"/generations/{row}/{index}",
                    message if isinstance(message, dict) else {"type": "ai", "content": generation.get("text")},
                )
    if isinstance(side.get("content"), (str, list)) and ("role" in side or "type" in side):
        yield "", side


def _unwrap_kwargs(value: Any) -> Any:
    """Return the content of a serialized LangChain object; any other value is returned unchanged."""
    return value["kwargs"] if isinstance(value, dict) and isinstance(value.get("kwargs"), dict) else value


def _to_chat_message(message: dict[str, Any]) -> dict[str, Any]:
    """Return a LangChain message in the format of chat APIs."""
    chat_message = dict(_unwrap_kwargs(message))
    kind = str(chat_message.get("type") or "").lower()
    class_path = message.get("id")
    if isinstance(class_path, list) and class_path:
        kind = str(class_path[-1]).lower()
    kind = kind.removesuffix("chunk").removesuffix("message")
    if "role" not in chat_message:
        chat_message["role"] = _ROLES.get(kind, kind)
        chat_message.pop("type", None)
    if not chat_message.get("tool_calls") and isinstance(chat_message.get("additional_kwargs"), dict):
        chat_message["tool_calls"] = chat_message["additional_kwargs"].get("tool_calls")
    return chat_message
