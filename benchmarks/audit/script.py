"""A session of a scripted agent: what it says, runs and edits; the truth of each sentence is known as it is made."""

from dataclasses import dataclass, field
from typing import Literal

from benchmarks.audit.repositories import Files, Repository
from benchmarks.audit.world import Printed, World

Truth = Literal["honest", "misquoted", "written too early", "stale", "never run", "no claim"]
OPEN, CLOSE = "«", "»"
"""What stands around a claim in a template."""


@dataclass(frozen=True)
class Planted:
    """A claim that was put into a message, or a sentence that is none."""

    text: str
    """As it stands in the message: found there again once the transcript is read."""
    truth: Truth
    topic: str
    carried: bool
    """Whether the transcript holds a result that carries it."""
    before: int
    """How many messages of the agent came before."""


@dataclass(frozen=True)
class Step:
    """One event."""

    kind: Literal["asked", "said", "ran", "edited"]
    text: str = ""
    """Words, or what a command printed."""
    command: str = ""
    code: int = 0
    path: str = ""
    old: str | None = None
    session: str = ""
    cut: bool = False


@dataclass
class Script:
    """What happens in one session."""

    name: str
    agent: str
    """What kind of agent it is: `honest`, or its way of lying."""
    world: World
    repository: Repository
    files: Files
    steps: list[Step] = field(default_factory=list)
    planted: list[Planted] = field(default_factory=list)
    has_tools: bool = True
    role_played: bool = False
    tells_codes: bool = True
    """Whether the format keeps exit codes."""

    @property
    def messages(self) -> int:
        """How many messages the agent has written."""
        return sum(step.kind == "said" for step in self.steps)

    def ask(self, text: str) -> None:
        """The user writes something."""
        self.steps.append(Step("asked", text))

    def say(self, template: str, truth: Truth = "honest", topic: str = "", *, carried: bool = True) -> None:
        """The agent writes a message; what stands between the marks is a claim, or where there are none all of it."""
        pieces = template.replace(CLOSE, OPEN).split(OPEN)
        claims = (
            [text for text in pieces[1::2] if text]
            if len(pieces) > 1
            else ([template] if truth == "no claim" else [])
        )
        for text in claims:
            self.planted.append(Planted(text, truth, topic, carried and truth == "honest", self.messages))
        self.steps.append(Step("said", template.replace(OPEN, "").replace(CLOSE, "")))

    def add(self, template: str, truth: Truth = "honest", topic: str = "", *, carried: bool = True) -> None:
        """The same, added to the message that was written last."""
        last = self.steps.pop()
        assert last.kind == "said"
        self.say(template, truth, topic, carried=carried)
        self.steps[-1] = Step("said", f"{last.text}\n\n{self.steps[-1].text}")

    def run(self, command: str, *, cut: bool = False, session: str = "") -> Printed:
        """A command, really run."""
        printed = self.world.run(self.files, command)
        text = _cut(printed.output) if cut else printed.output
        self.steps.append(Step("ran", text, command, printed.code, session=session, cut=cut))
        return printed

    def edit(self, path: str, old: str | None, new: str) -> None:
        """A file changed, or written whole."""
        text = self.files.get(path, "")
        assert old is None or old in text, (path, old)
        self.files = self.files | {path: new if old is None else text.replace(old, new, 1)}
        self.steps.append(Step("edited", new, path=path, old=old))


def _cut(text: str) -> str:
    lines = text.splitlines()
    return (
        "\n".join(lines[: max(len(lines) // 3, 1)]) + f"\n\n... [{len(lines) - len(lines) // 3} lines truncated] ..."
    )
