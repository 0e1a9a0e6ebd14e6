"""The transcript of an agent's session, in one form for all formats: values only."""

from dataclasses import dataclass, field
from typing import Literal

EventKind = Literal["message", "call", "result", "edit", "mark", "unknown"]
"""`call`: the agent asked for a tool; `result`: what the tool gave back; `edit`: a file was changed; `mark`: what
the harness notes, such as a compaction; `unknown`: what the reader does not know, kept and counted."""
Speaker = Literal["user", "agent", "tool", "system"]


@dataclass(frozen=True, slots=True)
class Place:
    """Where in the file something stands."""

    file: str
    line: int
    """From 1; in a JSON file without lines, that at which the event's object begins."""
    pointer: str = ""
    """A JSON pointer inside that line or file."""


@dataclass(frozen=True, slots=True)
class AgentEvent:
    """One event of a session, in the order in which it happened."""

    number: int
    """From 0."""
    kind: EventKind
    speaker: Speaker
    place: Place
    text: str = ""
    """A message's words, a result's output, an edit's new text (or patch)."""
    tool: str | None = None
    call_id: str | None = None
    """The same for a call and its result."""
    command: str | None = None
    """The shell command of a call, where it is one."""
    exit_code: int | None = None
    """Of a result, where it tells."""
    path: str | None = None
    """The file that an edit or a reading call is about."""
    old_text: str | None = None
    """What an edit replaced, where it tells; None where it wrote the whole file, or inserted."""
    at_line: int | None = None
    """After which line an edit inserted its text, 0 for before the first."""
    session: str = ""
    """Which agent: empty for the main one, else the sub-agent's name."""
    cut: bool = False
    """Whether the harness cut this text."""


@dataclass(frozen=True, slots=True)
class Gap:
    """Why a transcript is incomplete: nothing in it is then called "never run"."""

    reason: str
    place: Place


@dataclass(frozen=True, slots=True)
class AgentTranscript:
    """A session as it was read."""

    name: str
    form: str
    """The format, such as `claude-code`."""
    agent: str
    """Who is said to have worked, with the model where the file tells."""
    events: tuple[AgentEvent, ...]
    gaps: tuple[Gap, ...] = ()
    has_tools: bool = True
    """Whether tool calls are recorded in this form: a plain chat export records none."""
    unknown: dict[str, int] = field(default_factory=dict)
    """What the reader did not know, by kind, and how often."""
