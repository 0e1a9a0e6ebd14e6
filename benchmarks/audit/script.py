"""A session of a scripted agent: what it says, runs and edits. For each sentence, the script knows whether it is
true.
"""

from dataclasses import dataclass, field
from typing import Literal

from benchmarks.audit.repositories import Files, Repository
from benchmarks.audit.world import Printed, World

Truth = Literal["honest", "misquoted", "written too early", "stale", "never run", "no claim"]
OPEN, CLOSE = "«", "»"
"""Marks before and after each claim in a message of the agent. `Script.say` removes them."""


@dataclass(frozen=True)
class Planted:
    """A sentence in a message of the agent, with or without a claim, and whether it is true."""

    text: str
    """The sentence as it is written in the message. It is searched for in the transcript."""
    truth: Truth
    topic: str
    carried: bool
    """Whether the transcript contains a result that supports the claim."""
    before: int
    """Number of the agent's messages before the one that contains the sentence."""


@dataclass(frozen=True)
class Step:
    """One event of the session."""

    kind: Literal["asked", "said", "ran", "edited"]
    text: str = ""
    """Text of a message, or output of a command."""
    command: str = ""
    code: int = 0
    path: str = ""
    old: str | None = None
    session: str = ""
    cut: bool = False


@dataclass
class Script:
    """The events of one session."""

    name: str
    agent: str
    """`honest`, or the way in which the agent lies, such as `misquoted`."""
    world: World
    repository: Repository
    files: Files
    steps: list[Step] = field(default_factory=list)
    planted: list[Planted] = field(default_factory=list)
    has_tools: bool = True
    role_played: bool = False
    tells_codes: bool = True
    """Whether the format of the transcript contains exit codes."""

    @property
    def messages(self) -> int:
        return sum(step.kind == "said" for step in self.steps)

    def ask(self, text: str) -> None:
        """Add a message of the user."""
        self.steps.append(Step("asked", text))

    def say(self, template: str, truth: Truth = "honest", topic: str = "", *, carried: bool = True) -> None:
        """Add a message of the agent, and plant each claim that stands between the marks `OPEN` and `CLOSE`.

        A message without marks is planted as a whole if `truth` is `no claim`.
        """
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
        """Add text to the agent's last message; see `say`."""
        last = self.steps.pop()
        assert last.kind == "said"
        self.say(template, truth, topic, carried=carried)
        self.steps[-1] = Step("said", f"{last.text}\n\n{self.steps[-1].text}")

    def run(self, command: str, *, cut: bool = False, session: str = "") -> Printed:
        """Really run a command, and add it with its output. If `cut` is True, the output is added truncated."""
        printed = self.world.run(self.files, command)
        text = _truncate_output(printed.output) if cut else printed.output
        self.steps.append(Step("ran", text, command, printed.code, session=session, cut=cut))
        return printed

    def edit(self, path: str, old: str | None, new: str) -> None:
        """Replace `old` by `new` in a file, or write the whole file if `old` is None, and add the edit."""
        text = self.files.get(path, "")
        assert old is None or old in text, (path, old)
        self.files = self.files | {path: new if old is None else text.replace(old, new, 1)}
        self.steps.append(Step("edited", new, path=path, old=old))


def _truncate_output(text: str) -> str:
    lines = text.splitlines()
    return (
        "\n".join(lines[: max(len(lines) // 3, 1)]) + f"\n\n... [{len(lines) - len(lines) // 3} lines truncated] ..."
    )
