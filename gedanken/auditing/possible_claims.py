"""Asks a model for passages that may be claims, without judging them. Only passages that it quotes verbatim are
used.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from gedanken.agents.messages import Message
from gedanken.agents.model import Model, Sampling
from gedanken.agents.model_errors import NoReply
from gedanken.agents.registry import open_model
from gedanken.experiment.agent_transcript import AgentTranscript
from gedanken.experiment.errors import BadInput
from gedanken.experiment.progress import Progress
from gedanken.experiment.run_spec import ModelSpec
from gedanken.prompts import render
from gedanken.records.importers.transcripts.read_transcripts import files_of, read_transcripts

Spans = Mapping[int, Sequence[tuple[int, int]]]
"""Passages in the texts of events, by event number.

Each passage is a pair of its start and its end in the text, in characters.
"""
_MOST_MESSAGES = 200
"""Maximum number of messages of a session that the model is asked about.

If there are more, the model is asked about the last ones.
"""
_LONGEST_MESSAGE = 8_000
_LONGEST_REPLY = 20_000
_MOST_PASSAGES = 40
_LONGEST_PASSAGE = 500


@dataclass
class PossibleClaims:
    """The passages that a model named as possible claims, and counts of what could not be used."""

    name: str
    spans: dict[tuple[Path, int], Spans] = field(default_factory=dict)
    """The passages, by file and number of the session in the file."""
    taken: int = 0
    dropped: int = 0
    """Number of passages that were dropped because they do not occur verbatim in the message."""
    unread: int = 0
    """Number of requests to which the model's reply contained no list of passages or did not arrive."""
    left_out: int = 0
    """Number of messages that were not sent to the model, or were shortened.

    A message is not sent if its session has too many, and is shortened if it is too long.
    """

    def note(self) -> str:
        """Return a sentence on how many passages were named, and what could not be used."""
        return (
            f"{self.name} named {self.taken:,} passages that may be claims; {self.dropped:,} others were "
            f"dropped, because they are not exact quotations; {self.unread:,} of its replies could not be read; "
            f"{self.left_out:,} messages were left out or shortened, because there are too many, or they are too long"
        )


async def find_possible_claims(paths: Sequence[Path], model: str, progress: Progress) -> PossibleClaims:
    """Ask a model for possible claims in the agents' messages. Unreadable files are skipped.

    Raises BadInput or NoModel if the model cannot be used.
    """
    pointed = PossibleClaims(model)
    async with open_model(ModelSpec(name=model), progress) as opened_model:
        for path, _named in files_of(paths):
            try:
                transcripts = list(read_transcripts(path))
            except BadInput:
                continue
            for number, transcript in enumerate(transcripts):
                pointed.spans[path, number] = await _point_in_session(opened_model, transcript, pointed)
    return pointed


async def _point_in_session(model: Model, transcript: AgentTranscript, pointed: PossibleClaims) -> Spans:
    agent_messages = [
        event for event in transcript.events if event.kind == "message" and event.speaker == "agent" and event.text
    ]
    pointed.left_out += max(len(agent_messages) - _MOST_MESSAGES, 0)
    spans_by_event: dict[int, Sequence[tuple[int, int]]] = {}
    for event in agent_messages[-_MOST_MESSAGES:]:
        pointed.left_out += len(event.text) > _LONGEST_MESSAGE
        messages = [Message("user", render("audit-point", message=event.text[:_LONGEST_MESSAGE]))]
        try:
            reply = await model.reply(
                messages, Sampling(seed=0, max_tokens=1024, temperature=0.0), role="audit-point"
            )
        except NoReply:
            pointed.unread += 1
            continue
        passages = read_passages(reply.text)
        pointed.unread += passages is None
        spans = [(event.text.find(passage), len(passage)) for passage in passages or ()]
        spans_by_event[event.number] = [(start, start + length) for start, length in spans if start >= 0]
        pointed.taken += len(spans_by_event[event.number])
        pointed.dropped += sum(start < 0 for start, _length in spans)
    return spans_by_event


def read_passages(reply: str) -> list[str] | None:
    """Return the passages that a reply lists as JSON; None if the reply has no list.

    Text around the list is ignored.
    """
    text = reply[:_LONGEST_REPLY]
    try:
        entries = json.loads(text[text.index("[") : text.rindex("]") + 1])
    except (ValueError, RecursionError):
        return None
    passages = [passage for passage in entries if isinstance(passage, str) and len(passage.strip()) > 2]
    return list(dict.fromkeys(passage.strip()[:_LONGEST_PASSAGE] for passage in passages))[:_MOST_PASSAGES]
