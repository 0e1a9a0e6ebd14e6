"""Executions and programs out of plain values that somebody brought."""

from dataclasses import fields
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from gedanken.experiment.errors import BadInput
from gedanken.experiment.execution import Execution
from gedanken.experiment.program import Program

MOST_SECONDS = 1e9
"""That a command can have taken: some thirty years."""

Noun = TypeVar("Noun", Execution, Program)


def noun_of(kind: type[Noun], entry: dict[str, Any], what: object) -> Noun:
    """An Execution or a Program made of plain values, without unknown keys. Raises BadInput that names `what`."""
    names = {field.name for field in fields(kind)}
    try:
        noun = TypeAdapter(kind).validate_python({key: value for key, value in entry.items() if key in names})
    except ValidationError as error:
        first = error.errors()[0]
        at = ".".join(map(str, first["loc"]))
        raise BadInput(f"{what}: {kind.__name__.lower()}: {at}: {first['msg']}") from error
    if isinstance(noun, Execution) and not 0 <= noun.seconds <= MOST_SECONDS:  # JSON lets NaN and Infinity through
        raise BadInput(f"{what}: execution: seconds: {noun.seconds:g} is no time that a command can take")
    return noun
