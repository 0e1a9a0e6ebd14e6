"""Suites of functions that the user supplies, and recorded answers to them. Both files may contain anything."""

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import ValidationError

from gedanken.experiment.errors import BadInput
from gedanken.experiment.files import read_bytes
from gedanken.experiment.probe_design import SuiteItem

MOST_BYTES = 1 << 28
_LINE_END = re.compile(r"\r\n?|\n")
"""JSON strings may contain what `str.splitlines` also takes for the end of a line."""
_HALF_PAIR = re.compile("[\ud800-\udfff]")
_SCORED = "raw_generations"
"""The keys under which CRUXEval's scored files store the answers."""


class BadLine(NamedTuple):
    """A line of a suite that cannot be used."""

    line: int
    problem: str


class Recorded(NamedTuple):
    """Answers by id."""

    answers: Mapping[str, tuple[str, ...]]
    is_cut: bool
    """True if the publisher extracted each answer from its reply: such an answer is used as it is."""


class Suite(NamedTuple):
    """The usable and the unusable lines of a file."""

    items: tuple[SuiteItem, ...]
    bad: tuple[BadLine, ...]


def read_suite(path: Path) -> Suite:
    """Read JSON lines with CRUXEval's fields: id, code, input, output. Raises BadInput if no line can be used."""
    items: dict[str, SuiteItem] = {}
    bad: list[BadLine] = []
    for number, line in enumerate(_LINE_END.split(_text(path, "--suite")), start=1):
        if not line.strip():
            continue
        try:
            item = SuiteItem.model_validate({**_object(line), "line": number})
            if _HALF_PAIR.search(item.id + item.code + item.input + item.output):
                raise ValueError("contains half a surrogate pair (as in \ud83d), which no text file can hold")
        except (ValidationError, ValueError, RecursionError) as error:
            bad.append(BadLine(number, _told(error)))
            continue
        if item.id in items:
            bad.append(BadLine(number, f"line {items[item.id].line} already has this id"))
            continue
        items[item.id] = item
    if not items:
        first = f"; line {bad[0].line}: {bad[0].problem}" if bad else ""
        raise BadInput(f"--suite {path}: contains no usable line{first}")
    return Suite(tuple(items.values()), tuple(bad))


def read_answers(path: Path, suite: Sequence[SuiteItem]) -> Recorded:
    """Read recorded answers: a JSON object from ids to lists of answers, at the top level or under `raw_generations`.

    Raises BadInput if the file is something else, or has no answer for any line of the suite.
    """
    try:
        value = json.loads(_text(path, "--answers"))
    except (ValueError, RecursionError) as error:
        raise BadInput(f"--answers {path}: {_told(error)}") from error
    is_cut = isinstance(value, dict) and isinstance(value.get(_SCORED), dict)
    if is_cut:
        value = value[_SCORED]
    if not isinstance(value, dict):
        raise BadInput(f"--answers {path}: must be a JSON object with a list of answers for each id")
    answers = {str(name): _strings(path, str(name), some) for name, some in value.items()}
    if not answers.keys() & {item.id for item in suite}:
        raise BadInput(f"--answers {path}: contains no answer for any id of the suite, such as {suite[0].id[:100]}")
    return Recorded(answers, is_cut)


def _strings(path: Path, name: str, value: object) -> tuple[str, ...]:
    some = [value] if isinstance(value, str) else value
    if not isinstance(some, list) or not all(isinstance(answer, str) for answer in some):
        raise BadInput(f"--answers {path}: the value of {name[:100]} is not a list of strings")
    return tuple(some)


def _text(path: Path, option: str) -> str:
    content = read_bytes(path, f"{option} {path}", MOST_BYTES)
    return content.decode(json.detect_encoding(content), errors="replace")


def _object(line: str) -> dict[str, Any]:
    value = json.loads(line)
    if not isinstance(value, dict):
        raise ValueError("no JSON object")
    return value


def _told(error: Exception) -> str:
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
    if isinstance(error, json.JSONDecodeError):
        return f"broken JSON: {error.msg} at character {error.pos + 1}"
    return str(error) or type(error).__name__
