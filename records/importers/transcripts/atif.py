"""Reads trajectories in the Agent Trajectory Interchange Format (ATIF), versions 1.0 to 1.8."""

from pathlib import Path
from typing import Any

from gedanken.experiment.agent_transcript import Place
from gedanken.experiment.errors import BadInput
from gedanken.records.importers.transcripts.builder import TranscriptBuilder, text_of
from gedanken.records.importers.transcripts.source import Entry, Source

FORM = "atif"
_SPEAKERS = {"user": "user", "agent": "agent", "system": "system"}
_MAX_DEPTH = 5
_MOST_FILES = 200
_KNOWN_STEP_FIELDS = frozenset(
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


def read(source: Source) -> list[TranscriptBuilder] | None:
    """Return the trajectory in a file; None if the file is not in ATIF."""
    if (source.is_lines and len(source.head) > 1) or not _is_trajectory(source.document):
        return None
    builder = TranscriptBuilder(source.path.name, FORM, source.name)
    agent = source.document.get("agent")
    agent = agent if isinstance(agent, dict) else {}
    builder.agent = (
        " ".join(str(agent[key])[:80] for key in ("name", "version", "model_name") if agent.get(key)) or FORM
    )
    _Trajectory(builder).read(source, "", source.document, "", 0)
    return [builder]


def _is_trajectory(document: Any) -> bool:
    return (
        isinstance(document, dict)
        and str(document.get("schema_version", "")).upper().startswith("ATIF")
        and isinstance(document.get("steps"), list)
    )


class _Trajectory:
    """A trajectory together with the trajectories of its sub-agents."""

    def __init__(self, builder: TranscriptBuilder) -> None:
        self.builder = builder
        self.files = 0

    def read(self, source: Source, pointer: str, trajectory: dict[str, Any], session: str, depth: int) -> None:
        """Add the steps of the trajectory at the JSON pointer `pointer`.

        `session` names the agent, empty for the main agent; `depth` is the number of agents above it.
        """
        builder = self.builder
        previous = builder.file, builder.session
        builder.file, builder.session = source.name, session
        embedded = {}
        for index, sub_trajectory in enumerate(trajectory.get("subagent_trajectories") or ()):
            if isinstance(sub_trajectory, dict):
                embedded[str(sub_trajectory.get("trajectory_id") or sub_trajectory.get("session_id"))] = (
                    f"{pointer}/subagent_trajectories/{index}",
                    sub_trajectory,
                )
        for index, step in enumerate(trajectory["steps"]):
            step_pointer = f"{pointer}/steps/{index}"
            entry = Entry(step, source.line_of(step_pointer), step_pointer)
            if isinstance(step, dict):
                self._add_step(source, entry, embedded, depth)
            else:
                builder.unknown_entry("step", step, builder.place(entry))
        builder.file, builder.session = previous

    def _add_step(
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
        for index, call in enumerate(calls):
            name, call_id = str(call.get("function_name")), call.get("tool_call_id")
            builder.call(name, call.get("arguments"), builder.place(entry, "tool_calls", index), call_id)
        observation = step.get("observation")
        results = observation.get("results") if isinstance(observation, dict) else None
        for index, result in enumerate(results or ()):
            if isinstance(result, dict):
                only_call_id = calls[0].get("tool_call_id") if len(calls) == 1 else None
                result_place = builder.place(entry, "observation", "results", index)
                self._add_result(
                    source, result, result.get("source_call_id") or only_call_id, result_place, embedded, depth
                )
        for key in step.keys() - _KNOWN_STEP_FIELDS:
            builder.unknown_entry(f"step field {key}", {key: step[key]}, place)

    def _add_result(  # noqa: PLR0913 (a result, and where its sub-agents are)
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
            self._add_sub_agent(source, reference, place, embedded, depth)
        content = result.get("content")
        text = text_of(content) if content is not None else "" if references else None
        extra = result.get("extra")
        sources = (result, extra, extra.get("metadata") if isinstance(extra, dict) else None)
        self.builder.result(
            text, place, call_id, told=sources, failed=isinstance(extra, dict) and bool(extra.get("is_error"))
        )

    def _add_sub_agent(
        self,
        source: Source,
        reference: Any,
        place: Place,
        embedded: dict[str, tuple[str, dict[str, Any]]],
        depth: int,
    ) -> None:
        fields = reference if isinstance(reference, dict) else {}
        names = [str(fields[key]) for key in ("trajectory_id", "session_id") if fields.get(key)]
        embedded_trajectory = next((embedded.pop(name) for name in names if name in embedded), None)
        if (
            embedded_trajectory is not None
            and isinstance(embedded_trajectory[1].get("steps"), list)
            and depth < _MAX_DEPTH
        ):
            self.read(source, embedded_trajectory[0], embedded_trajectory[1], names[0][:80], depth + 1)
            return
        path = _file_below(source.path, fields.get("trajectory_path"))
        if path is not None and depth < _MAX_DEPTH and self.files < _MOST_FILES:
            self.files += 1
            other_source = Source(path)
            try:
                if _is_trajectory(other_source.document):
                    self.read(other_source, "", other_source.document, (names or [path.stem])[0][:80], depth + 1)
                    return
            except BadInput:
                pass
        self.builder.gap("the actions of a sub-agent are missing, here and in the other files of this folder", place)


def _file_below(path: Path, name: Any) -> Path | None:
    """Return the file `name` in or below the folder of `path`; None if there is none, or if a link leads to it."""
    if not isinstance(name, str) or name.startswith("/") or "\0" in name:
        return None
    parts = name.split("/")
    if {"", "."} & set(parts[1:]) or ".." in parts:
        return None
    file = path.parent
    for part in parts:
        file = file / part
        if file.is_symlink():
            return None
    return file if file.is_file() and file != path else None
