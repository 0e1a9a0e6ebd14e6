"""What a person is shown of a program before it is run, and what they may answer. JSON both ways."""

import ast
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from gedanken.experiment.errors import BadInput
from gedanken.experiment.execution import Limits
from gedanken.experiment.program import Program

BY_PERSON = "person"
"""In place of a prompt's name, of a version that a person made."""
LONGEST_SOURCE = 1_000_000
"""Characters of a program that somebody edited."""
LONGEST_REASON = 2_000
"""Characters: the reason goes to the coder."""


class Question(BaseModel):
    """A program that waits for approval."""

    model_config = ConfigDict(frozen=True)

    asks: Literal["approve"] = "approve"
    program: str
    """Its label, such as `train-v2`."""
    file: str
    sha256: str
    """Of the source."""
    source: str
    diff: str = ""
    """A unified diff from the version before; empty where there is none."""
    imports: tuple[str, ...] | None = None
    """Names of the modules that it imports; None where it cannot be parsed."""
    sandbox: str
    """Where it will run."""
    isolated: bool
    """Whether that keeps it from this machine's files and network."""
    limits: Limits


class Approve(BaseModel):
    """Run it as it is."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    decision: Literal["approve"] = "approve"


class EditIt(BaseModel):
    """Run this instead."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    decision: Literal["edit"] = "edit"
    source: str = Field(min_length=1, max_length=LONGEST_SOURCE)


class Reject(BaseModel):
    """Do not run it; the reason goes to the coder, who tries again."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    decision: Literal["reject"] = "reject"
    reason: str = Field(min_length=1, max_length=LONGEST_REASON)


Decision = Annotated[Approve | EditIt | Reject, Field(discriminator="decision")]
_DECISION: TypeAdapter[Approve | EditIt | Reject] = TypeAdapter(Decision)
_SAID = {"approve": "was approved", "edit": "was edited", "reject": "was rejected"}


def read_decision(value: object) -> Approve | EditIt | Reject:
    """The answer in a JSON value. Raises BadInput, which tells what an answer looks like."""
    try:
        return _DECISION.validate_python(value)
    except ValidationError as error:
        raise BadInput(
            f"no answer to whether a program may run: {error.errors()[0]['msg']}; an answer is "
            '{"decision": "approve"}, {"decision": "edit", "source": …} or {"decision": "reject", "reason": …}'
        ) from error


def in_words(label: str, decision: Approve | EditIt | Reject) -> str:
    """Such as `train-v1 was rejected by a person before it could run: it writes to /etc`."""
    said = f"{label} {_SAID[decision.decision]} by a person before it could run"
    return f"{said}: {decision.reason}" if isinstance(decision, Reject) else said


def imports_of(source: str) -> tuple[str, ...] | None:
    """Names of the modules that a program imports, wherever it does; None where it cannot be parsed."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add("." * node.level + (node.module or ""))
    return tuple(sorted(found))


def edited(program: Program, source: str, version: int) -> Program:
    """The version that a person made of one that the coder wrote."""
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
