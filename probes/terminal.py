"""Reads the command sequences of the probe `terminal`. What the commands print depends on the terminal's state."""

from importlib import resources
from typing import Annotated, Literal, NamedTuple, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, TypeAdapter

Kind = Literal[
    "place",
    "folders",
    "files",
    "reading",
    "counting",
    "searching",
    "sorting",
    "redirection",
    "pipes",
    "variables",
    "exit codes",
    "python",
]
KINDS: tuple[Kind, ...] = get_args(Kind)


class TypedCommand(NamedTuple):
    """One command line, with its kind, such as `exit codes`."""

    kind: Kind
    command: str


def _parse_pair(value: object) -> object:
    """Return `{kind: command}` as the pair (kind, command). Raises ValueError for any other value."""
    if not isinstance(value, dict) or len(value) != 1:
        raise ValueError("write one command as `kind: command`")
    return next(iter(value.items()))


class CommandSequence(BaseModel):
    """Commands that are typed one after another into a new session."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(pattern=r"^[a-z-]+$")
    commands: tuple[Annotated[TypedCommand, BeforeValidator(_parse_pair)], ...] = Field(min_length=1)


def read_command_sequences() -> tuple[CommandSequence, ...]:
    """Return all sequences, in the order in which they are typed."""
    import yaml

    text = (resources.files("gedanken.probes") / "terminal.yaml").read_text(encoding="utf-8")
    return TypeAdapter(tuple[CommandSequence, ...]).validate_python(yaml.safe_load(text))
