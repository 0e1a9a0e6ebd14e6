"""Data types for the transcript of an agent's session: one representation for all transcript formats."""

from dataclasses import dataclass, field, replace
from typing import Literal

EventKind = Literal["message", "call", "result", "edit", "mark", "unknown"]
"""`call`: the agent called a tool; `result`: the tool's output; `edit`: a file was changed; `mark`: a note by the
agent's software; `unknown`: an entry that the importer does not recognize."""
Speaker = Literal["user", "agent", "tool", "system"]


@dataclass(frozen=True, slots=True)
class Place:
    """A position in a transcript file."""

    file: str
    line: int
    """Line number, counted from 1. If an event's JSON object spans several lines, the number of its first line."""
    pointer: str = ""
    """JSON pointer to the event within the JSON value of the line. If the whole file is one JSON value, the pointer
    begins at this value. Empty if the file is not JSON.
    """


@dataclass(frozen=True, slots=True)
class AgentEvent:
    """One event of a session. Events are in the order in which they happened."""

    number: int
    """Position in the session, counted from 0."""
    kind: EventKind
    speaker: Speaker
    place: Place
    text: str = ""
    """The text of a message, the output in a result, or the new text (or patch) of an edit."""
    tool: str | None = None
    call_id: str | None = None
    """Links a call and its result: both have the same id."""
    command: str | None = None
    """The shell command, if the call runs one."""
    exit_code: int | None = None
    """The exit code of a result, if the transcript records it."""
    path: str | None = None
    """The file that an edit changes, or that a call reads."""
    old_text: str | None = None
    """The text that an edit replaced, if recorded; None if the edit wrote the whole file or only inserted text."""
    at_line: int | None = None
    """The line after which an edit inserted its text; 0 means before the first line."""
    session: str = ""
    """The agent that this event belongs to: empty for the main agent, else the sub-agent's name."""
    cut: bool = False
    """True if the agent's software truncated `text`."""
    is_line_by_line: bool = False
    """True if each line of `text` is a line of the file, as in a Markdown chat; `place` is then the place of the
    first line.
    """

    def place_of_line(self, line: int) -> Place:
        """Return the place of a line of `text`; `line` is its number, counted from 1.

        Unless `is_line_by_line`, each line has the place of the whole event.
        """
        return replace(self.place, line=self.place.line + line - 1) if self.is_line_by_line else self.place


@dataclass(frozen=True, slots=True)
class Gap:
    """A reason why a transcript is incomplete. In a transcript with a gap, no claim gets the status `never run`."""

    reason: str
    place: Place


@dataclass(frozen=True, slots=True)
class AgentTranscript:
    """An agent's session as read from its transcript."""

    name: str
    form: str
    """The format, such as `claude-code`."""
    agent: str
    """The agent's name as the file states it, with the name of its model if known."""
    events: tuple[AgentEvent, ...]
    gaps: tuple[Gap, ...] = ()
    has_tools: bool = True
    """True if this format records tool calls; a plain chat export records none."""
    folder: str | None = None
    """The folder in which the agent worked, if the file names it."""
    unknown: dict[str, int] = field(default_factory=dict)
    """Number of entries that the importer did not recognize, by kind of entry."""
