"""Audits transcripts that are in files, or that were already read."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from gedanken.auditing.audited import Audit, AuditedSession
from gedanken.compare.audit.audit_transcript import audit_transcript
from gedanken.compare.audit.claims.find_claims import Spans
from gedanken.experiment.agent_transcript import AgentTranscript
from gedanken.experiment.errors import BadInput
from gedanken.records.importers.transcripts.read_transcripts import files_of, read_transcripts

MOST_NOTES = 100


class ShowWaiting(Protocol):
    """A function that shows a waiting user what is being done."""

    def __call__(self, what: str, /) -> AbstractContextManager[None]:
        """Show the message `what` until the `with` block ends."""
        ...


def show_nothing(_what: str, /) -> AbstractContextManager[None]:
    """A `ShowWaiting` that shows nothing."""
    return nullcontext()


def audit_files(
    paths: Sequence[Path],
    *,
    no_tools: bool = False,
    keep_events: bool = True,
    waiting: ShowWaiting = show_nothing,
    pointed: Mapping[tuple[Path, int], Spans] | None = None,
) -> Audit:
    """Audit every session in the files at `paths`; a folder in `paths` stands for all files in it.

    `no_tools` is the user's statement that the agent of a plain chat had no tools. If `keep_events` is False, the
    results contain no events. `pointed` gives the passages that may be claims, for each file and number of a session
    in it (from 0).

    Raises BadInput if a file in `paths` cannot be read, or if there is no transcript at all. An unreadable file in a
    folder is left out, with a note.
    """
    audited: list[AuditedSession] = []
    notes: list[str] = []
    for path, is_named in files_of(paths):
        try:
            with waiting(f"reading and auditing {path}"):
                for number, transcript in enumerate(read_transcripts(path)):
                    spans = (pointed or {}).get((path, number), {})
                    audited.append(_audit_one(transcript, spans, no_tools=no_tools, keep_events=keep_events))
        except BadInput as error:
            if is_named:
                raise
            if len(notes) < MOST_NOTES:
                notes.append(f"left out: {error}")
    if not audited:
        raise BadInput("none of the files contains a transcript" + (f"; {notes[0]}" if notes else ""))
    return Audit(tuple(audited), tuple(notes))


def _audit_one(transcript: AgentTranscript, spans: Spans, *, no_tools: bool, keep_events: bool) -> AuditedSession:
    claims = tuple(audit_transcript(transcript, no_tools=no_tools, pointed=spans))
    returned_transcript = transcript if keep_events else replace(transcript, events=())
    return AuditedSession(returned_transcript, claims, len(transcript.events))
