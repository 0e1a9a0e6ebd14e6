"""The question to a person whether a program may run, and the possible answers."""

import ast
from collections.abc import Iterable
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from gedanken.experiment.errors import BadInput
from gedanken.experiment.execution import Limits
from gedanken.experiment.program import Program
from gedanken.experiment.secrets import redacted_value

BY_PERSON = "person"
"""Value of `Program.prompt` for a version that a person edited."""
MAX_SOURCE_LENGTH = 1_000_000
"""Maximum length in characters of a program that a person edited."""
MAX_REASON_LENGTH = 2_000
"""Maximum length in characters of the reason for a rejection, which is sent to the coder."""


class Question(BaseModel):
    """The question whether a program may run, with the facts that the person needs to decide."""

    model_config = ConfigDict(frozen=True)

    asks: Literal["approve"] = "approve"
    program: str
    """Label of the program version, for example `train-v2`."""
    file: str
    sha256: str
    """Hash of the source."""
    source: str
    diff: str = ""
    """Unified diff from the previous version; empty for the first version."""
    imports: tuple[str, ...] | None = None
    """Names of the modules that the program imports; None if the source cannot be parsed."""
    sandbox: str
    """Name of the sandbox in which the program would run."""
    isolated: bool
    """True if the sandbox keeps the program away from this machine's files and network."""
    limits: Limits


class Approve(BaseModel):
    """The answer that the program may run as it is."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    decision: Literal["approve"] = "approve"


class EditProgram(BaseModel):
    """The answer that `source` may run instead of the program."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    decision: Literal["edit"] = "edit"
    source: str = Field(min_length=1, max_length=MAX_SOURCE_LENGTH)


class Reject(BaseModel):
    """The answer that the program must not run. The coder is told the reason, and tries again."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    decision: Literal["reject"] = "reject"
    reason: str = Field(min_length=1, max_length=MAX_REASON_LENGTH)


Decision = Annotated[Approve | EditProgram | Reject, Field(discriminator="decision")]
_DECISION: TypeAdapter[Approve | EditProgram | Reject] = TypeAdapter(Decision)
_PAST_TENSE = {"approve": "was approved", "edit": "was edited", "reject": "was rejected"}


def redact_decision(decision: Approve | EditProgram | Reject) -> Approve | EditProgram | Reject:
    """Return the decision with each of this process's API keys replaced by `[key removed]`.

    Raises BadInput if a text is then too long.
    """
    return read_decision(redacted_value(decision.model_dump()))


def read_decision(value: object) -> Approve | EditProgram | Reject:
    """Read a decision from a JSON value. Raises BadInput if that fails; the message lists the valid answers."""
    try:
        return _DECISION.validate_python(value)
    except ValidationError as error:
        raise BadInput(
            f"this does not say whether the program may run: {error.errors()[0]['msg']}; an answer is "
            '{"decision": "approve"}, {"decision": "edit", "source": …} or {"decision": "reject", "reason": …}'
        ) from error


def needs_person(approve: str, decisions: Iterable[Approve | EditProgram | Reject | None]) -> bool:
    """Return whether a person must approve the coder's next program.

    If `approve` is `first`, approval is needed until the person has approved or edited a program. `decisions` holds
    the decision on each earlier program, or None where no person decided.
    """
    if approve == "first":
        return all(decision is None or isinstance(decision, Reject) for decision in decisions)
    return approve == "all"


def format_decision(label: str, decision: Approve | EditProgram | Reject) -> str:
    """Describe a decision, such as `train-v1 was rejected by a person before it could run: it writes to /etc`."""
    description = f"{label} {_PAST_TENSE[decision.decision]} by a person before it could run"
    return f"{description}: {decision.reason}" if isinstance(decision, Reject) else description


def imports_of(source: str) -> tuple[str, ...] | None:
    """List the modules that a program imports anywhere in its source; None if the source cannot be parsed."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    modules: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            modules |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            modules.add("." * node.level + (node.module or ""))
    return tuple(sorted(modules))


def with_source(program: Program, source: str, version: int) -> Program:
    """Return the version that results when a person replaces the source of `program` by `source`."""
    return Program(
        name=program.name,
        version=version,
        source=source,
        told=program.told,
        prompt=BY_PERSON,
        seed=program.seed,
        line=program.line,
        base=program.label,
    )
