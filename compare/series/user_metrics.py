"""Reads metrics that the user defines with a regular expression (`--as NAME=REGEX`)."""

import time
from collections.abc import Sequence

import numpy as np
import regex
from numpy.typing import NDArray

from gedanken.compare.output.number_commas import Commas, normalize_commas
from gedanken.compare.parsed.run_set import ParsedRun
from gedanken.experiment.errors import BadInput

SECONDS = 20.0
"""Maximum time in seconds for all expressions on all lines together. Some expressions would never finish."""
LONGEST_EXPRESSION = 1000

Read = tuple[NDArray[np.int64], NDArray[np.float64]]
"""For one run: the indices of the lines that match, and the number in each of them."""


def compile_metric(name: str, expression: str) -> "regex.Pattern[str]":
    """Compile the expression of the metric `name`. Raises BadInput if the expression is invalid or too long."""
    if len(expression) > LONGEST_EXPRESSION:
        raise BadInput(f"--as {name}: the expression is longer than {LONGEST_EXPRESSION} characters")
    try:
        return regex.compile(expression)
    except (regex.error, RecursionError, OverflowError, MemoryError) as error:
        raise BadInput(f"--as {name}: this is not a valid regular expression: {error}") from error


def read_user_metrics(runs: Sequence[ParsedRun], named: Sequence[tuple[str, str]]) -> dict[str, list[Read]]:
    """Read each user-defined metric in every run; return one `Read` for each run, by the name of the metric.

    `named` holds pairs (name, expression). Raises BadInput if an expression is invalid or takes too long.
    """
    deadline = time.monotonic() + SECONDS
    return {
        name: [_read(run, name, compile_metric(name, expression), deadline) for run in runs]
        for name, expression in named
    }


def _read(run: ParsedRun, name: str, pattern: "regex.Pattern[str]", deadline: float) -> Read:
    lines, values = [], []
    for index, line in enumerate(run.lines):
        try:
            match = pattern.search(line, timeout=max(0.001, deadline - time.monotonic()))
        except TimeoutError as error:
            place = f"{name} in {run.execution.label}, line {index + 1}"
            raise BadInput(
                f"the --as expressions take more than {SECONDS:g} seconds in all; stopped at {place}"
            ) from error
        value = _number(match[1] if pattern.groups else match[0], run.transcript.commas) if match else None
        if value is not None:
            lines.append(index)
            values.append(value)
    return np.array(lines, np.int64), np.array(values, np.float64)


def _number(text: str | None, commas: Commas) -> float | None:
    """Return the number in a matched text, such as 97.5 for `97.5%`; None if the text is not a number."""
    text = normalize_commas(f" {text or ''}", commas)
    try:
        return float(text.strip().rstrip("%").replace("−", "-"))
    except ValueError:
        return None
