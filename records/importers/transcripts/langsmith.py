"""Reads runs of models and tools that LangSmith exported, flat or nested."""

from collections.abc import Iterator
from typing import Any

from gedanken.records.importers.transcripts.builder import Builder, text_of
from gedanken.records.importers.transcripts.messages import read_message
from gedanken.records.importers.transcripts.source import Entry, Source

FORM = "langsmith"
_TYPES = frozenset(["llm", "tool", "chain", "retriever", "prompt", "parser", "embedding"])
_ROLES = {"human": "user", "ai": "assistant", "system": "system", "tool": "tool", "function": "function"}
_LISTS = ("/runs", "/child_runs")
_DEEPEST = 60


def read(source: Source) -> list[Builder] | None:
    """Return the runs in a file, one session for each trace; None if the file contains no runs."""
    if source.is_lines:
        whole = [entry.value for entry in source.head if isinstance(entry.value, dict)]
        entries = source.entries() if whole and all(map(_is_run, whole)) else None
    else:
        document = source.document
        listed = document if isinstance(document, list) else None
        pointer = (
            ""
            if listed is not None
            else next((one for one in _LISTS if isinstance(document, dict) and one[1:] in document), None)
        )
        if isinstance(document, dict) and _is_run(document):
            entries = iter([Entry(document, 1)])
        elif pointer is not None and (
            listed or (isinstance(document, dict) and isinstance(document[pointer[1:]], list))
        ):
            entries = source.entries(pointer)
            first = listed or document[pointer[1:]]
            entries = entries if first and all(map(_is_run, first[:20])) else None
        else:
            entries = None
    if entries is None:
        return None
    traces: dict[str, list[Entry]] = {}
    broken = []
    for entry in entries:
        if entry.problem or not isinstance(entry.value, dict):
            broken.append(entry)
        for one in _runs(entry, 0):
            traces.setdefault(str(one.value.get("trace_id") or _root(one.value)), []).append(one)
    builders = [_read(source, name, runs, alone=len(traces) == 1) for name, runs in traces.items()]
    for entry in broken if builders else ():
        builders[-1].broken(
            entry if entry.problem else Entry(None, entry.line, entry.pointer, "an entry that is not a run")
        )
    return builders


def _is_run(value: Any) -> bool:
    return isinstance(value, dict) and value.get("run_type") in _TYPES and ("inputs" in value or "outputs" in value)


def _root(run: dict[str, Any]) -> str:
    order = run.get("dotted_order")
    return order.partition(".")[0] if isinstance(order, str) else ""


def _runs(entry: Entry, depth: int) -> Iterator[Entry]:
    if not isinstance(entry.value, dict) or depth > _DEEPEST:
        return
    yield entry
    children = entry.value.get("child_runs")
    for at, child in enumerate(children if isinstance(children, list) else ()):
        if isinstance(child, dict):
            child.setdefault("trace_id", entry.value.get("trace_id") or _root(entry.value))
            yield from _runs(Entry(child, entry.line, f"{entry.pointer}/child_runs/{at}"), depth + 1)


def _read(source: Source, name: str, runs: list[Entry], *, alone: bool) -> Builder:
    builder = Builder(source.path.name + ("" if alone else f"#{name[:40]}"), FORM, source.name)
    said: set[tuple[str, str]] = set()
    in_order = sorted(
        runs, key=lambda entry: str(entry.value.get("dotted_order") or entry.value.get("start_time") or "")
    )
    tools = {str(entry.value.get("name")) for entry in runs if entry.value.get("run_type") == "tool"}
    for entry in in_order:
        run = entry.value
        kind = run.get("run_type")
        if kind == "llm":
            _model(builder, entry, said, ran=bool(tools))
        elif kind == "tool":
            _tool(builder, entry)
        elif kind not in _TYPES:
            builder.unknown_entry(f"run_type {kind}", run, builder.place(entry))
    builder.agent = builder.agent or next(
        (str(e.value.get("name"))[:80] for e in in_order if not e.value.get("parent_run_id")), FORM
    )
    ids = {str(entry.value.get("id")) for entry in runs}
    for entry in in_order:
        parent = entry.value.get("parent_run_id")
        if parent and str(parent) not in ids:
            builder.gap("the file refers to runs that are missing", builder.place(entry))
    return builder


def _tool(builder: Builder, entry: Entry) -> None:
    run = entry.value
    inputs = run.get("inputs")
    given = inputs.get("input", inputs) if isinstance(inputs, dict) and len(inputs) == 1 else inputs
    call_id = f"r{run.get('id') or entry.pointer or entry.line}"
    builder.call(str(run.get("name")), _literal(given), builder.place(entry, "inputs"), call_id)
    outputs, error = run.get("outputs"), run.get("error")
    found = outputs.get("output", outputs) if isinstance(outputs, dict) else outputs
    found = _kwargs(found)
    text = text_of(error) if error and outputs in (None, {}) else None if outputs is None else text_of(found)
    told = (found, outputs) if isinstance(found, dict) else (outputs,)
    builder.result(text, builder.place(entry, "outputs"), call_id, told=told, failed=bool(error))


def _literal(given: Any) -> Any:
    """Return a tool's arguments as a dict, even if LangChain wrote them as Python code."""
    if isinstance(given, str) and given.startswith("{"):
        import ast

        try:
            found = ast.literal_eval(given[: 1 << 20])
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            return given
        return found if isinstance(found, dict) else given
    return given


def _model(builder: Builder, entry: Entry, said: set[tuple[str, str]], *, ran: bool) -> None:
    run = entry.value
    extra = run["extra"] if isinstance(run.get("extra"), dict) else {}
    metadata = extra["metadata"] if isinstance(extra.get("metadata"), dict) else {}
    builder.agent = builder.agent or str(metadata.get("ls_model_name") or "")[:80]
    for side in ("inputs", "outputs"):
        for where, message in _messages(run.get(side)):
            as_chat = _chat(message)
            key = (str(as_chat.get("role")), text_of(as_chat.get("content")))
            if as_chat.get("role") in ("tool", "function") and ran:
                continue  # because the tool's own run is there
            if side == "inputs" and (key in said or as_chat.get("role") == "assistant"):
                continue
            said.add(key)
            if ran:
                as_chat = {name: value for name, value in as_chat.items() if name != "tool_calls"}
                if isinstance(as_chat.get("content"), list):
                    as_chat["content"] = [one for one in as_chat["content"] if not _is_call(one)]
            read_message(builder, as_chat, Entry(as_chat, entry.line, f"{entry.pointer}/{side}{where}"))


def _is_call(part: Any) -> bool:
    return isinstance(part, dict) and part.get("type") in ("tool_use", "tool_call")


def _messages(side: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield (JSON pointer, message) for each message in `side`: the inputs or the outputs of a model's run."""
    if not isinstance(side, dict):
        return
    listed = side.get("messages")
    if isinstance(listed, list):
        flat = listed[0] if listed and isinstance(listed[0], list) else listed
        inner = "/0" if flat is not listed else ""
        for at, message in enumerate(flat):
            if isinstance(message, dict):
                yield f"/messages{inner}/{at}", message
    for at, choice in enumerate(side["choices"] if isinstance(side.get("choices"), list) else ()):
        if isinstance(choice, dict) and isinstance(choice.get("message"), dict):
            yield f"/choices/{at}/message", choice["message"]
    generations = side.get("generations")
    for row, line in enumerate(generations if isinstance(generations, list) else ()):
        for at, one in enumerate(line if isinstance(line, list) else [line]):
            if isinstance(one, dict):
                message = one.get("message")
                yield (
                    f"/generations/{row}/{at}",
                    message if isinstance(message, dict) else {"type": "ai", "content": one.get("text")},
                )
    if isinstance(side.get("content"), (str, list)) and ("role" in side or "type" in side):
        yield "", side


def _kwargs(value: Any) -> Any:
    """Return the content of a serialized LangChain object; any other value is returned unchanged."""
    return value["kwargs"] if isinstance(value, dict) and isinstance(value.get("kwargs"), dict) else value


def _chat(message: dict[str, Any]) -> dict[str, Any]:
    """Return a LangChain message in the format of chat APIs."""
    found = dict(_kwargs(message))
    kind = str(found.get("type") or "").lower()
    names = message.get("id")
    if isinstance(names, list) and names:
        kind = str(names[-1]).lower()
    kind = kind.removesuffix("chunk").removesuffix("message")
    if "role" not in found:
        found["role"] = _ROLES.get(kind, kind)
        found.pop("type", None)
    if not found.get("tool_calls") and isinstance(found.get("additional_kwargs"), dict):
        found["tool_calls"] = found["additional_kwargs"].get("tool_calls")
    return found
