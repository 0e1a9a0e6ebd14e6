"""Makes data frames from rows of plain values, if pandas or polars is installed."""

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any

from gedanken.experiment.errors import BadInput
from gedanken.experiment.execution import Execution

if TYPE_CHECKING:
    import pandas
    import polars

Rows = Sequence[Mapping[str, object]]
EXECUTION_COLUMNS: dict[str, type] = {
    "label": str,
    "origin": str,
    "machine": str,
    "line": int,
    "program": str,
    "seed": int,
    "sample": int,
    "arm": str,
    "command": str,
    "exit_code": int,
    "cause": str,
    "seconds": float,
    "is_run": bool,
    "stdout": str,
}


def execution_rows(executions: Sequence[Execution]) -> list[dict[str, object]]:
    """Return one row per execution; `line` counts from 1, and is 0 for commands typed before the script."""
    return [
        {name: getattr(run, name) for name in EXECUTION_COLUMNS}
        | {"line": run.line + 1, "origin": str(run.origin), "cause": str(run.cause)}
        for run in executions
    ]


def as_pandas(rows: Rows, columns: Mapping[str, type]) -> "pandas.DataFrame":
    """Return a pandas DataFrame. Integer columns have the type `Int64`, which allows missing values.

    Raises BadInput if pandas is not installed.
    """
    library = _import_library("pandas")
    dtypes = {int: "Int64", float: "float64", bool: "bool", str: "object"}
    series = {
        name: library.Series([row[name] for row in rows], dtype=dtypes[column_type])
        for name, column_type in columns.items()
    }
    frame: pandas.DataFrame = library.DataFrame(series)
    return frame


def as_polars(rows: Rows, columns: Mapping[str, type]) -> "polars.DataFrame":
    """Return a polars DataFrame. Raises BadInput if polars is not installed."""
    library = _import_library("polars")
    dtypes = {int: library.Int64, float: library.Float64, bool: library.Boolean, str: library.String}
    schema = {name: dtypes[column_type] for name, column_type in columns.items()}
    values = [[row[name] for row in rows] for name in columns]
    frame: polars.DataFrame = library.DataFrame(values, schema=schema, orient="col")
    return frame


def _import_library(name: str) -> Any:
    try:
        return import_module(name)
    except ImportError as error:
        raise BadInput(f"{name} is not installed: pip install 'gedanken[{name}]'") from error
