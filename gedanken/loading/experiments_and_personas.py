"""Loads experiments and personas from YAML: packaged ones by name, the user's by path."""

from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from gedanken.experiment.conditions import Conditions
from gedanken.experiment.errors import BadInput
from gedanken.experiment.execution import Limits
from gedanken.experiment.files import read_text
from gedanken.experiment.persona import Persona
from gedanken.experiment.run_log import ScriptText, script_of
from gedanken.experiment.script import Experiment
from gedanken.loading.programs import with_sources

Loaded = TypeVar("Loaded", bound=BaseModel)


def packaged(kind: str) -> list[str]:
    """Return the names of the packaged `experiments` or `personas`."""
    folder = resources.files("gedanken") / kind
    return sorted(entry.name.removesuffix(".yaml") for entry in folder.iterdir() if entry.name.endswith(".yaml"))


def load_experiment(name: str) -> Experiment:
    """Load a packaged experiment, or a YAML file. Raises BadInput, naming the faulty line."""
    experiment = _load(name, "experiments", Experiment)
    return with_sources(experiment, name, Path(name).parent)


def is_packaged(name: str, script: tuple[ScriptText, ...] | None) -> bool:
    """Return whether there is a packaged experiment with this name and, if `script` is given, with this script."""
    return name in packaged("experiments") and script in (None, script_of(load_experiment(name)))


def load_persona(name: str) -> Persona:
    """Load a packaged persona, or a YAML file. Raises BadInput, naming the faulty line."""
    return _load(name, "personas", Persona)


def with_limits(limits: Limits, settings: Sequence[str]) -> Limits:
    """Return `limits` with some of them replaced by settings such as `memory_mib=512`. Raises BadInput, naming the
    faulty setting.
    """
    values: dict[str, object] = limits.model_dump()
    for setting in settings:
        name, equals, value = setting.partition("=")
        if not equals or name not in values:
            raise BadInput(f"--limit {setting}: write NAME=VALUE, where NAME is one of {', '.join(values)}")
        try:
            values |= Limits.model_validate({name: value}).model_dump(include={name})
        except ValidationError as error:
            raise BadInput(f"--limit {setting}: {error.errors()[0]['msg']}") from error
    return Limits.model_validate(values)


def with_conditions(conditions: Conditions, flags: Mapping[str, object]) -> Conditions:
    """Return `conditions` with the values of all flags that are not None. Raises BadInput, naming the faulty flag."""
    set_flags = {name: value for name, value in flags.items() if value is not None}
    try:
        return Conditions.model_validate(conditions.model_dump() | set_flags)
    except ValidationError as error:
        first_error = error.errors()[0]
        raise BadInput(f"--{first_error['loc'][0]} {first_error['input']}: {first_error['msg']}") from error


def _load(name: str, kind: str, model: type[Loaded]) -> Loaded:
    if name in packaged(kind):
        text = (resources.files("gedanken") / kind / f"{name}.yaml").read_text()
        return _parse(text, f"{name}.yaml", model)
    path = Path(name)
    if path.suffix not in (".yaml", ".yml"):
        raise BadInput(
            f"no {kind[:-1]} is called {name}; packaged ones are {', '.join(packaged(kind))}; or give a .yaml file"
        )
    return _parse(read_text(path, path), str(path), model)


def _parse(text: str, file_name: str, model: type[Loaded]) -> Loaded:
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        value = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line_suffix = f":{mark.line + 1}" if mark else ""
        problem = getattr(error, "problem", None) or str(error).splitlines()[0]
        raise BadInput(f"{file_name}{line_suffix}: not valid YAML: {problem}") from error
    except RecursionError as error:
        raise BadInput(f"{file_name}: nested too deeply") from error
    except ValueError as error:  # a date or a number that Python cannot represent
        raise BadInput(f"{file_name}: contains an impossible value: {error}") from error
    if not isinstance(value, dict):
        raise BadInput(f"{file_name}:1: must contain keys and values")
    try:
        return model.model_validate(value)
    except ValidationError as error:
        first_error = error.errors()[0]
        line = _line_number(root, first_error["loc"])
        key = ".".join(
            str(part) for part in first_error["loc"] if part != "matched" and not str(part).startswith("literal")
        )
        message = first_error["msg"].removeprefix("Value error, ")
        if first_error["type"] == "extra_forbidden":
            message = "unknown key"
        raise BadInput(f"{file_name}:{line}: {f'{key}: ' if key else ''}{message}") from error


def _line_number(root: yaml.Node | None, location: Sequence[int | str]) -> int:
    """Return the line number (from 1) at which the value at `location` begins. If there is no such value, use the
    innermost value around it.
    """
    node, line = root, 1
    for part in location:
        if isinstance(node, yaml.MappingNode):
            pair = next((pair for pair in node.value if pair[0].value == str(part)), None)
            if pair is None:
                continue
            line, node = pair[0].start_mark.line + 1, pair[1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            node = node.value[part]
            line = node.start_mark.line + 1
    return line
