"""Builds executions and programs from plain values, which may come from the user's files."""

from dataclasses import fields, replace
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from gedanken.experiment.errors import BadInput
from gedanken.experiment.execution import Execution
from gedanken.experiment.program import Program

MOST_SECONDS = 1e9
"""Maximum duration of a command in seconds: about thirty years."""

Built = TypeVar("Built", Execution, Program)
_READERS: dict[type, TypeAdapter[Any]] = {kind: TypeAdapter(kind) for kind in (Execution, Program)}


def build_value(kind: type[Built], entry: dict[str, Any], location: object) -> Built:
    """Build an Execution or a Program from plain values, ignoring unknown keys.

    Raises BadInput for wrong or missing values. The message begins with `location`.
    """
    names = {field.name for field in fields(kind)}
    try:
        noun: Built = _READERS[kind].validate_python({key: value for key, value in entry.items() if key in names})
    except ValidationError as error:
        first_error = error.errors()[0]
        field_path = ".".join(map(str, first_error["loc"]))
        raise BadInput(f"{location}: {kind.__name__.lower()}: {field_path}: {first_error['msg']}") from error
    # Python's JSON parser accepts NaN and Infinity.
    if isinstance(noun, Execution) and not 0 <= noun.seconds <= MOST_SECONDS:
        raise BadInput(f"{location}: execution: seconds: {noun.seconds:g} cannot be the duration of a command")
    if isinstance(noun, Execution) and noun.terminal == noun.stdout:
        return replace(noun, terminal=noun.stdout)  # one text in memory, as when the command was run
    return noun
