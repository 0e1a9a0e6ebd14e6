"""Reads suites: the user's files of functions, each with an input and an output. The files may contain anything."""

import gzip
import io
import json
import re
import zlib
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import ValidationError

from gedanken.compare.answers.imports import imports_for
from gedanken.experiment.errors import BadInput
from gedanken.experiment.files import read_bytes
from gedanken.experiment.probe_design import SuiteItem

MOST_BYTES = 1 << 28
_GZIP = b"\x1f\x8b"
_LINE_END = re.compile(r"\r\n?|\n")
"""Matches the end of a line of JSON lines. `str.splitlines` would also split at characters that JSON strings may
contain.
"""
_CALL_START = re.compile(r"\s*(?P<name>[^\W\d]\w*)\(")
_DEFINITION = re.compile(r"^(?:(?:async\s+)?def\s+|class\s+)?([^\W\d]\w*)\s*[(=:]", re.MULTILINE)
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


class BadLine(NamedTuple):
    """A line of a suite that cannot be used."""

    line: int
    problem: str


class Suite(NamedTuple):
    """The lines of a suite file: the usable ones as items, and the unusable ones with their problems."""

    items: tuple[SuiteItem, ...]
    bad_lines: tuple[BadLine, ...]


class ObjectWithDuplicates(dict[str, Any]):
    """A JSON object that records which names occur more than once in its text."""

    duplicate_names: frozenset[str] = frozenset()


def object_with_duplicates(pairs: list[tuple[str, Any]]) -> ObjectWithDuplicates:
    """Make a JSON object from its pairs of name and value.

    This is a function for the parameter `object_pairs_hook` of `json.loads`.
    """
    result = ObjectWithDuplicates(pairs)
    if len(result) < len(pairs):
        counts = Counter(name for name, _ in pairs)
        result.duplicate_names = frozenset(name for name in counts if counts[name] > 1)
    return result


def read_suite(path: Path) -> Suite:
    """Read a suite from JSON lines, in the format of CRUXEval or LiveCodeBench.

    CRUXEval's fields are `id`, `code`, `input` and `output`. Raises BadInput if no line can be used.
    """
    items: dict[str, SuiteItem] = {}
    bad_lines: list[BadLine] = []
    for number, line in enumerate(_LINE_END.split(read_json_text(path, "--suite")), start=1):
        if not line.strip():
            continue
        try:
            item = _read_item(line, number)
        except (ValidationError, ValueError, RecursionError) as error:
            bad_lines.append(BadLine(number, error_message(error)))
            continue
        if item.id in items:
            bad_lines.append(BadLine(number, f"line {items[item.id].line} already has this id"))
            continue
        items[item.id] = item
    if not items:
        first_problem = f"; line {bad_lines[0].line}: {bad_lines[0].problem}" if bad_lines else ""
        raise BadInput(f"--suite {path}: contains no usable line{first_problem}")
    return Suite(tuple(items.values()), tuple(bad_lines))


def read_json_text(path: Path, option: str) -> str:
    """Return the text of a JSON file in UTF-8, UTF-16 or UTF-32, which may be compressed with gzip.

    A byte that cannot be decoded becomes a lone surrogate if the file is UTF-8, otherwise a replacement character.
    Raises BadInput, naming the file and the command's `option`.
    """
    content = _decompress(read_bytes(path, f"{option} {path}", MOST_BYTES), f"{option} {path}")
    encoding = json.detect_encoding(content)
    return content.decode(encoding, errors="surrogateescape" if encoding.startswith("utf-8") else "replace")


def _decompress(content: bytes, description: str) -> bytes:
    if not content.startswith(_GZIP):
        return content
    try:
        with gzip.open(io.BytesIO(content)) as file:
            data = file.read(MOST_BYTES + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise BadInput(f"{description}: packed with gzip, and damaged: {error}") from error
    if len(data) > MOST_BYTES:
        raise BadInput(f"{description}: larger than {MOST_BYTES >> 20} MiB when unpacked")
    return data


def error_message(error: Exception) -> str:
    """Return in a few words why a line or a file cannot be used."""
    if isinstance(error, ValidationError):
        first_error = error.errors()[0]
        return f"{'.'.join(map(str, first_error['loc']))}: {first_error['msg']}"
    if isinstance(error, json.JSONDecodeError):
        return f"broken JSON: {error.msg} at character {error.pos + 1}"
    if isinstance(error, RecursionError):
        return "broken JSON: nested too deeply"
    return str(error) or type(error).__name__


def _read_item(line: str, number: int) -> SuiteItem:
    fields = _read_fields(line)
    item = SuiteItem.model_validate({**fields, "line": number})
    if _LONE_SURROGATE.search(item.id + item.code + item.input + item.output + item.function):
        raise ValueError("contains half a surrogate pair, or bytes that are not valid text")
    return item


def _read_fields(line: str) -> dict[str, Any]:
    value = json.loads(line.removeprefix("\ufeff"), object_pairs_hook=object_with_duplicates)
    if not isinstance(value, ObjectWithDuplicates):
        raise ValueError("not a JSON object")
    if value.duplicate_names:
        raise ValueError(f"contains {min(value.duplicate_names)} more than once")
    fields = {name: value[name] for name in ("id", "code", "input", "output") if name in value}
    if type(fields.get("id")) is int:
        fields["id"] = str(fields["id"])
    return fields | _livecodebench_fields(value)


def _livecodebench_fields(value: dict[str, Any]) -> dict[str, str]:
    """For a line in LiveCodeBench's format, return the fields that must be changed or added. Empty for a line in
    CRUXEval's format.
    """
    code, arguments = value.get("code"), value.get("input")
    if not isinstance(code, str) or not isinstance(arguments, str):
        return {}
    function = value.get("function_name") or _called_function(code, arguments)
    if not isinstance(function, str) or not function:
        return {}
    is_whole_call = arguments.lstrip().startswith(f"{function}(")
    if function == "f" and not is_whole_call:
        return {}
    call = arguments if is_whole_call else f"{function}({arguments})"
    return {"function": function, "input": call, "code": imports_for(f"{code}\n{call}") + code}


def _called_function(code: str, arguments: str) -> str:
    """Return the name of the function that `arguments` calls; empty if there is none.

    The call counts only if the code defines the called function, and does not define a function `f`.
    """
    call = _CALL_START.match(arguments)
    defined_names = _DEFINITION.findall(code)
    return call["name"] if call and call["name"] in defined_names and "f" not in defined_names else ""
