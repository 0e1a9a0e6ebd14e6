"""Entry points of an audit: from files or sessions to an Audit."""

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from gedanken.auditing.audited import Audit, Audited
from gedanken.compare.audit.audit_transcript import audit_transcript
from gedanken.experiment.agent_transcript import AgentTranscript
from gedanken.experiment.errors import BadInput
from gedanken.records.importers.transcripts.reading import files_of, read_transcripts

MOST_NOTES = 100


class Waiting(Protocol):
    """Callback that shows a waiting user what is being done."""

    def __call__(self, what: str, /) -> AbstractContextManager[None]:
        """Show the message for as long as the context lasts."""
        ...


def quietly(_what: str, /) -> AbstractContextManager[None]:
    """Show nothing."""
    return nullcontext()


def audit_files(
    paths: Sequence[Path], *, no_tools: bool = False, keep_events: bool = True, waiting: Waiting = quietly
) -> Audit:
    """Audit each session of each file, and of the files in each folder.

    Raises BadInput if a named file cannot be read; an unreadable file in a folder is left out, with a note.
    """
    audited: list[Audited] = []
    notes: list[str] = []
    for path, named in files_of(paths):
        try:
            with waiting(f"reading and auditing {path}"):
                audited += audit_sessions(read_transcripts(path), no_tools=no_tools, keep_events=keep_events)
        except BadInput as error:
            if named:
                raise
            if len(notes) < MOST_NOTES:
                notes.append(f"left out: {error}")
    if not audited:
        raise BadInput("none of the files contains a transcript" + (f"; {notes[0]}" if notes else ""))
    return Audit(tuple(audited), tuple(notes))


def audit_sessions(
    transcripts: Iterable[AgentTranscript], *, no_tools: bool = False, keep_events: bool = True
) -> list[Audited]:
    """Audit sessions that have been read. `no_tools` is the user's statement that a plain chat had no tools."""
    found = []
    for transcript in transcripts:
        claims = tuple(audit_transcript(transcript, no_tools=no_tools))
        kept = transcript if keep_events else replace(transcript, events=())
        found.append(Audited(kept, claims, len(transcript.events)))
    return found
