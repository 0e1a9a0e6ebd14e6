"""Builds transcripts of agents by hand, for tests."""

from gedanken.experiment.agent_transcript import AgentEvent, AgentTranscript, Gap, Place


class Session:
    """Builds the transcript of one session; each event gets a line number of its own."""

    def __init__(self, *, has_tools: bool = True) -> None:
        self.events: list[AgentEvent] = []
        self.gaps: list[Gap] = []
        self.has_tools = has_tools

    def _place(self) -> Place:
        return Place("session.jsonl", len(self.events) + 1)

    def _add(self, event: AgentEvent) -> "Session":
        self.events.append(event)
        return self

    def asked(self, text: str) -> "Session":
        """The user writes something."""
        return self._add(AgentEvent(len(self.events), "message", "user", self._place(), text))

    def said(self, text: str) -> "Session":
        """The agent writes something."""
        return self._add(AgentEvent(len(self.events), "message", "agent", self._place(), text))

    def ran(
        self, command: str, output: str, code: int | None = 0, *, cut: bool = False, session: str = ""
    ) -> "Session":
        """The agent runs a command and is shown its output."""
        name = f"c{len(self.events)}"
        call = AgentEvent(
            len(self.events), "call", "agent", self._place(), "", "bash", name, command, session=session
        )
        self._add(call)
        place = self._place()
        return self._add(
            AgentEvent(
                len(self.events),
                "result",
                "tool",
                place,
                output,
                "bash",
                name,
                exit_code=code,
                session=session,
                cut=cut,
            )
        )

    def edited(self, path: str, old: str | None = "a = 1", new: str = "a = 2") -> "Session":
        """The agent changes a file. If `old` is None, it writes the whole file."""
        name = f"e{len(self.events)}"
        self._add(
            AgentEvent(len(self.events), "edit", "agent", self._place(), new, "Edit", name, path=path, old_text=old)
        )
        return self._add(
            AgentEvent(len(self.events), "result", "tool", self._place(), "The file has been updated.", "Edit", name)
        )

    def called(self, tool: str, text: str = "{}", result: str = "done", path: str | None = None) -> "Session":
        """The agent calls a tool other than a shell."""
        name = f"t{len(self.events)}"
        self._add(AgentEvent(len(self.events), "call", "agent", self._place(), text, tool, name, path=path))
        return self._add(AgentEvent(len(self.events), "result", "tool", self._place(), result, tool, name))

    def lost(self, reason: str = "compacted") -> "Session":
        """The transcript has a gap from here on."""
        self.gaps.append(Gap(reason, self._place()))
        return self._add(AgentEvent(len(self.events), "mark", "system", self._place(), reason))

    def transcript(self) -> AgentTranscript:
        return AgentTranscript(
            "session", "claude-code", "agent", tuple(self.events), tuple(self.gaps), self.has_tools
        )
