"""Finds the prices of models, in the packaged table or in the user's file."""

import os
import re
from importlib.resources import files
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from gedanken.experiment.budget import Price
from gedanken.experiment.errors import BadInput
from gedanken.experiment.run_spec import ModelSpec

TABLE_VARIABLE = "GEDANKEN_PRICES"
"""Environment variable with the path of the user's own price table.

It must have the format of the packaged table. Its prices take precedence.
"""
_DATE_SUFFIX = re.compile(r"-(?:[0-9]{8}|[0-9]{4}-[0-9]{2}-[0-9]{2})")
_LOCAL_PROVIDERS = ("embedded", "scripted")


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid")

    dated: str
    models: dict[str, Price]


def price_of(model: ModelSpec) -> Price | None:
    """Return the price of a model; None if it is not known.

    The user's table is searched before the packaged one. Raises BadInput if the user's file cannot be used.
    """
    if (path := os.environ.get(TABLE_VARIABLE)) and (
        price := _lookup(_read_user_table(Path(path)), model.name, path)
    ):
        return price
    if model.name.partition(":")[0] in _LOCAL_PROVIDERS:
        return Price(read=0, written=0, source="the model runs on this machine")
    if model.base_url is not None:
        return None
    packaged = _Table.model_validate(yaml.safe_load((files("gedanken.agents") / "prices.yaml").read_text()))
    return _lookup(packaged, model.name, "the packaged table")


def _lookup(table: _Table, name: str, table_name: str) -> Price | None:
    match = next((price for listed_name, price in table.models.items() if _is_same_model(name, listed_name)), None)
    return match.model_copy(update={"source": f"{table_name} of {table.dated}"}) if match else None


def _is_same_model(name: str, listed_name: str) -> bool:
    return name == listed_name or (
        name.startswith(listed_name) and bool(_DATE_SUFFIX.fullmatch(name[len(listed_name) :]))
    )


def _read_user_table(path: Path) -> _Table:
    try:
        return _Table.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, yaml.YAMLError, ValidationError) as error:
        first_line = str(error).splitlines()[0]
        raise BadInput(f"{TABLE_VARIABLE}={path}: not a price table: {first_line}") from error
