"""Reads trajectories in the Agent Trajectory Interchange Format (ATIF), versions 1.0 to 1.8."""

from pathlib import Path
from typing import Any

from gedanken.experiment.agent_transcript import Place
from gedanken.experiment.errors import BadInput
from gedanken.records.importers.transcripts.builder import Builder, text_of
from gedanken.records.importers.transcripts.source import Entry, Source

FORM = "atif"
_SPEAKERS = {"user": "user", "agent": "agent", "system": "system"}
_DEEPEST = 5
_MOST_FILES = 200
_KNOWN = frozenset(
    [
        "step_id",
        "timestamp",
        "source",
        "model_name",
        "reasoning_effort",
        "message",
        "reasoning_content",
        "tool_calls",
        "observation",
        "metrics",
        "extra",
        "llm_call_count",
        "is_copied_context",
    ]
)


def read(source: Source) -> list[Builder] | None:
    """Return the trajectory in a file; None if the file is not in ATIF."""
    if (source.is_lines and len(source.head) > 1) or not _is_one(source.document):
        return None
    builder = Builder(source.path.name, FORM, source.name)
    agent = source.document.get("agent")
    agent = agent if isinstance(agent, dict) else {}
    builder.agent = (
        " ".join(str(agent[key])[:80] for key in ("name", "version", "model_name") if agent.get(key)) or FORM
    )
    _Trajectory(builder).read(source, "", source.document, "", 0)
    return [builder]


def _is_one(document: Any) -> bool:
    return (
        isinstance(document, dict)
        and str(document.get("schema_version", "")).upper().startswith("ATIF")
        and isinstance(document.get("steps"), list)
    )


class _Trajectory:
    """A trajectory together with the trajectories of its sub-agents."""

    def __init__(self, builder: Builder) -> None:
        self.builder = builder
        self.files = 0

    def read(self, source: Source, pointer: str, trajectory: dict[str, Any], session: str, depth: int) -> None:
        """Add the steps of the trajectory at the JSON pointer `pointer`.

        `session` names the agent, empty for the main agent; `depth` is the number of agents above it.
        """
        builder = self.builder
        kept = builder.file, builder.session
        builder.file, builder.session = source.name, session
        embedded = {}
        for at, one in enumerate(trajectory.get("subagent_trajectories") or ()):
            if isinstance(one, dict):
                embedded[str(one.get("trajectory_id") or one.get("session_id"))] = (
                    f"{pointer}/subagent_trajectories/{at}",
                    one,
                )
        for at, step in enumerate(trajectory["steps"]):
            where = f"{pointer}/steps/{at}"
            entry = Entry(step, source.line_of(where), where)
            if isinstance(step, dict):
                self._step(source, entry, embedded, depth)
            else:
                builder.unknown_entry("step", step, builder.place(entry))
        builder.file, builder.session = kept

    def _step(
        self, source: Source, entry: Entry, embedded: dict[str, tuple[str, dict[str, Any]]], depth: int
    ) -> None:
        builder, step = self.builder, entry.value
        place = builder.place(entry)
        speaker = _SPEAKERS.get(str(step.get("source")))
        if speaker is None:
            builder.unknown_entry(f"source {step.get('source')}", step, place)
            return
        if step.get("is_copied_context"):
            builder.gap("the session continues a trajectory in another file", place)
        if isinstance(step.get("reasoning_content"), str):
            builder.mark("reasoning", builder.place(entry, "reasoning_content"), step["reasoning_content"], "agent")
        builder.say(speaker, text_of(step.get("message")), builder.place(entry, "message"))  # type: ignore[arg-type]
        calls = [call for call in step.get("tool_calls") or () if isinstance(call, dict)]
        for at, call in enumerate(calls):
            name, call_id = str(call.get("function_name")), call.get("tool_call_id")
            builder.call(name, call.get("arguments"), builder.place(entry, "tool_calls", at), call_id)
        observation = step.get("observation")
        results = observation.get("results") if isinstance(observation, dict) else None
        for at, result in enumerate(results or ()):
            if isinstance(result, dict):
                only = calls[0].get("tool_call_id") if len(calls) == 1 else None
                where = builder.place(entry, "observation", "results", at)
                self._result(source, result, result.get("source_call_id") or only, where, embedded, depth)
        for key in step.keys() - _KNOWN:
            builder.unknown_entry(f"step field {key}", {key: step[key]}, place)

    def _result(  # noqa: PLR0913 (a result, and where its sub-agents are)
        self,
        source: Source,
        result: dict[str, Any],
        call_id: str | None,
        place: Place,
        embedded: dict[str, tuple[str, dict[str, Any]]],
        depth: int,
    ) -> None:
        references = result.get("subagent_trajectory_ref")
        references = references if isinstance(references, list) else [references] if references else []
        for reference in references:
            self._sub_agent(source, reference, place, embedded, depth)
        content = result.get("content")
        text = text_of(content) if content is not None else "" if references else None
        extra = result.get("extra")
        told = (result, extra, extra.get("metadata") if isinstance(extra, dict) else None)
        self.builder.result(
            text, place, call_id, told=told, failed=isinstance(extra, dict) and bool(extra.get("is_error"))
        )

    def _sub_agent(
        self,
        source: Source,
        reference: Any,
        place: Place,
        embedded: dict[str, tuple[str, dict[str, Any]]],
        depth: int,
    ) -> None:
        fields = reference if isinstance(reference, dict) else {}
        names = [str(fields[key]) for key in ("trajectory_id", "session_id") if fields.get(key)]
        found = next((embedded.pop(name) for name in names if name in embedded), None)
        if found is not None and isinstance(found[1].get("steps"), list) and depth < _DEEPEST:
            self.read(source, found[0], found[1], names[0][:80], depth + 1)
            return
        beside = _beside(source.path, fields.get("trajectory_path"))
        if beside is not None and depth < _DEEPEST and self.files < _MOST_FILES:
            self.files += 1
            other = Source(beside)
            try:
                if _is_one(other.document):
                    self.read(other, "", other.document, (names or [beside.stem])[0][:80], depth + 1)
                    return
            except BadInput:
                pass
        self.builder.gap("the actions of a sub-agent are missing, here and in the other files of this folder", place)


def _beside(path: Path, name: Any) -> Path | None:
    """Return the file `name` in or below the folder of `path`; None if there is none, or if it is behind a link."""
    if not isinstance(name, str) or name.startswith("/") or "\0" in name:
        return None
    parts = name.split("/")
    if {"", "."} & set(parts[1:]) or ".." in parts:
        return None
    found = path.parent
    for part in parts:
        found = found / part
        if found.is_symlink():
            return None
    return found if found.is_file() and found != path else None
