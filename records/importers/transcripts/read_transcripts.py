"""Reads files as transcripts, in the format that their content shows."""

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from gedanken.experiment.agent_transcript import AgentTranscript
from gedanken.experiment.errors import BadInput
from gedanken.records.importers.text_files import COMPRESSED_ENDINGS, STANDARD_INPUT
from gedanken.records.importers.transcripts import (
    atif,
    claude_code,
    cline,
    codex,
    copilot,
    exports,
    gemini,
    inspect_ai,
    langsmith,
    messages,
    opencode,
    openhands,
    specstory,
    swe_agent,
    terminal,
    text,
)
from gedanken.records.importers.transcripts.builder import TranscriptBuilder
from gedanken.records.importers.transcripts.source import Source

Reader = Callable[[Source], list[TranscriptBuilder] | None]
READERS: tuple[Reader, ...] = (
    codex.read,
    gemini.read,
    copilot.read,
    opencode.read,
    cline.read,
    claude_code.read,
    langsmith.read,
    inspect_ai.read,
    atif.read,
    swe_agent.read,
    openhands.read,
    messages.read,
    exports.read,
)
"""The readers of JSON formats, in the order in which they are tried."""
FORMAT_NAMES = (
    "OpenAI or Anthropic messages, OpenAI Responses items, Claude Code, Codex, ATIF, mini-swe-agent, SWE-agent, "
    "OpenHands, Gemini CLI, Qwen Code, Copilot, opencode, Cline, inspect_ai, LangSmith runs, exports of ChatGPT and "
    "Claude, SpecStory, aider, what terminals of agents show, Markdown and plain text"
)
MOST_FILES = 10_000
_ENDINGS = (".jsonl", ".json", ".traj", ".eval", ".md", ".markdown", ".txt", ".log", ".ndjson")
_SUB_AGENT_PREFIX = "agent-"


def read_transcripts(path: Path) -> tuple[AgentTranscript, ...]:
    """Return the sessions in a file, or in standard input for `-`. Raises BadInput if it cannot be read."""
    if path != STANDARD_INPUT and not path.is_file():
        raise BadInput(f"{path}: {'not a file' if path.exists() else 'no such file'}")
    source = Source(path, "standard input" if path == STANDARD_INPUT else None)
    return tuple(builder.build() for builder in _read_source(source))


def files_of(paths: Sequence[Path]) -> Iterator[tuple[Path, bool]]:
    """Yield each transcript file, with True if the user named it, False if it was found in a folder.

    Links, hidden files and the files of sub-agents in a folder are skipped. Raises BadInput for a folder without
    transcripts.
    """
    for path in paths:
        if path == STANDARD_INPUT or not path.is_dir():
            yield path, True
        else:
            files = _files_in_folder(path)
            if not files:
                raise BadInput(f"{path}: contains no file with the extension of a transcript ({' '.join(_ENDINGS)})")
            yield from ((file, False) for file in files)


def _read_source(source: Source) -> list[TranscriptBuilder]:
    if source.path != STANDARD_INPUT and inspect_ai.is_archive(source):
        return inspect_ai.read_archive(source)
    if source.is_lines or source.document is not None:
        for reader in READERS:
            builders = reader(source)
            if builders is not None:
                return builders
        raise BadInput(f"{source.name}: this JSON is not a known kind of transcript; known are {FORMAT_NAMES}")
    opening = "".join(source.text[:200].split())[:2]
    if opening in ('{"', "[{"):
        raise BadInput(f"{source.name}: the JSON is incomplete")
    if not source.text.strip():
        raise BadInput(f"{source.name}: the file is empty")
    return specstory.read_text(source) or cline.read_text(source) or terminal.read(source) or text.read(source)


def _files_in_folder(folder: Path) -> list[Path]:
    files: list[Path] = []
    for parent, folders, names in os.walk(folder, followlinks=False):
        folders[:] = sorted(name for name in folders if not name.startswith(".") and name != "subagents")
        has_sessions = any(name.endswith(".jsonl") and not name.startswith(_SUB_AGENT_PREFIX) for name in names)
        for name in sorted(names):
            uncompressed_name = next(
                (name.removesuffix(ending) for ending in COMPRESSED_ENDINGS if name.endswith(ending)), name
            )
            path = Path(parent) / name
            if name.startswith(".") or not uncompressed_name.lower().endswith(_ENDINGS) or path.is_symlink():
                continue
            if has_sessions and name.startswith(_SUB_AGENT_PREFIX) and name.endswith(".jsonl"):
                continue
            files.append(path)
            if len(files) > MOST_FILES:
                raise BadInput(f"{folder}: contains more than {MOST_FILES:,} files")
    return files
