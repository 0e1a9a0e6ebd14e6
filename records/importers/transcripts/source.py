"""Reads a file with a transcript, by lines or as JSON with the line of each part."""

import io
import json
import re
import sys
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, BinaryIO

from gedanken.experiment.errors import BadInput
from gedanken.experiment.files import read_bytes
from gedanken.records.importers.text_files import MAGIC_BYTES, STANDARD_INPUT, text_of_log

MOST_LINE = 1 << 26
"""Maximum number of bytes of one line; a longer line is reported and left out."""
MOST_DOCUMENT = 1 << 27
"""Maximum number of bytes of a file that must be read as a whole (one JSON value, or a text), and of decompressed
content.
"""
_EXAMINED_LINES = 8
"""Number of lines that are examined to see whether a file has one JSON value per line."""
_MAX_RECORDED_DEPTH = 4
"""The first lines of objects and lists are recorded down to this depth of nesting. The outermost value has the depth
0.
"""
_BLANK_CHARACTERS = " \t\r\n"
_BLANKS = re.compile(r"[ \t\r\n]*")
_DECODER = json.JSONDecoder(strict=False)


@dataclass(frozen=True, slots=True)
class Entry:
    """A JSON value and its place. If the value could not be read, `problem` says why."""

    value: Any
    line: int
    pointer: str = ""
    problem: str | None = None


# The file may be malicious: what is too long, too deeply nested or incomplete is reported and left out.
class Source:
    """One file, or one member of an archive."""

    def __init__(self, path: Path, name: str | None = None, content: bytes | None = None) -> None:
        """`name` is the name in messages, by default the path.

        `content` holds the bytes of an archive's member; if it is None, the file itself is read.
        """
        self.path = path
        self.name = str(path) if name is None else name
        self._content = content

    @cached_property
    def head(self) -> tuple[Entry, ...]:
        """The first lines if they are JSON objects; otherwise the JSON value of the whole file. Empty if the file is
        not JSON.
        """
        if self.is_lines:
            return tuple(
                entry for entry, _index in zip(self._line_entries(), range(_EXAMINED_LINES * 4), strict=False)
            )
        return () if self.document is None else (Entry(self.document, 1),)

    @cached_property
    def is_lines(self) -> bool:
        """True if at least two of the first lines are JSON objects, each on a line of its own."""
        object_count = 0
        for entry, _index in zip(self._line_entries(), range(_EXAMINED_LINES), strict=False):
            if entry.problem is None:
                object_count += isinstance(entry.value, dict)
            if object_count > 1:
                return True
        return False

    @cached_property
    def document(self) -> Any:
        """The JSON value of the whole file; None if it is not JSON. Raises BadInput if it is nested too deeply."""
        return self._document_and_lines[0]

    @cached_property
    def text(self) -> str:
        """The whole file as text, decompressed."""
        if self._content is not None:
            return self._content.decode("utf-8", errors="replace")
        if self._is_compressed or self.path == STANDARD_INPUT:
            return text_of_log(self.path, MOST_DOCUMENT)
        data = read_bytes(self.path, self.path, MOST_DOCUMENT)
        if data.startswith((b"\xff\xfe", b"\xfe\xff")):
            return text_of_log(self.path, MOST_DOCUMENT)
        return data.decode("utf-8-sig", errors="replace").replace("\x00", "�")

    def entries(self, pointer: str = "") -> Iterator[Entry]:
        """Yield the value of each line or, if `pointer` is given, each element of the list at this JSON pointer.

        If the value at `pointer` is not a list, yield the value itself.
        """
        if self.is_lines and not pointer:
            yield from self._line_entries()
            return
        value = self.document
        for part in pointer.split("/")[1:]:
            value = value[int(part)] if isinstance(value, list) else value[part]
        if not isinstance(value, list):
            yield Entry(value, self.line_of(pointer), pointer)
            return
        for index, element in enumerate(value):
            yield Entry(element, self.line_of(f"{pointer}/{index}"), f"{pointer}/{index}")

    def line_of(self, pointer: str) -> int:
        """Return the line at which the value at a JSON pointer begins.

        If this line was not recorded, return the line of the nearest object or list around the value.
        """
        lines = self._document_and_lines[1]
        while pointer and pointer not in lines:
            pointer = pointer.rpartition("/")[0]
        return lines.get(pointer, 1)

    @cached_property
    def _document_and_lines(self) -> tuple[Any, dict[str, int]]:
        if not self.text.lstrip(_BLANK_CHARACTERS + "\ufeff").startswith(("{", "[")):
            return None, {}
        try:
            return _LineTrackingParser(self.text).read()
        except RecursionError as error:
            raise BadInput(f"{self.name}: this JSON is nested too deeply") from error
        except ValueError:
            return None, {}

    @cached_property
    def _is_compressed(self) -> bool:
        if self._content is not None or self.path == STANDARD_INPUT:
            return False
        with self.path.open("rb") as file:
            return file.read(4).startswith(MAGIC_BYTES)

    def _line_entries(self) -> Iterator[Entry]:
        with self._open() as file:
            number = 0
            while line := file.readline(MOST_LINE + 1):
                number += 1
                if len(line) > MOST_LINE:
                    while line and not line.endswith(b"\n"):
                        line = file.readline(MOST_LINE)
                    yield Entry(None, number, problem=f"a line longer than {MOST_LINE >> 20} MiB")
                elif line.strip(b" \t\r\n\x00"):
                    yield _parse_line(line, number)

    def _open(self) -> BinaryIO:
        if self._content is not None:
            return io.BytesIO(self._content)
        if self._is_compressed or self.path == STANDARD_INPUT:
            return io.BytesIO(self.text.encode("utf-8", errors="replace"))
        try:
            return self.path.open("rb")
        except OSError as error:
            raise BadInput(f"{self.name}: {error.strerror}") from error


def _parse_line(line: bytes, number: int) -> Entry:
    text = line.decode("utf-8-sig" if number == 1 else "utf-8", errors="replace").strip(_BLANK_CHARACTERS + "\x00")
    try:
        return Entry(_DECODER.decode(text), number)
    except RecursionError:
        return Entry(None, number, problem="JSON that is nested too deeply")
    except ValueError:
        ending = "" if line.endswith(b"\n") else ", and the file ends in it"
        return Entry(None, number, problem=f"a line that is not complete JSON{ending}")


class _LineTrackingParser:
    """Parses a JSON text, and records the line on which each object and list begins, down to a certain depth."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.lines: dict[str, int] = {}
        self.breaks = [match.start() for match in re.finditer("\n", text)]

    def read(self) -> tuple[Any, dict[str, int]]:
        value, end = self._parse_value(self._skip_blanks(self.text.startswith("\ufeff")), "", 0)
        if self._skip_blanks(end) != len(self.text):
            raise ValueError("more than one value")
        return value, self.lines

    def _parse_value(self, position: int, pointer: str, depth: int) -> tuple[Any, int]:
        opening = self.text[position : position + 1]
        if opening and opening in "{[":
            self.lines[pointer] = bisect_right(self.breaks, position) + 1
            if depth < _MAX_RECORDED_DEPTH:
                return (
                    self._parse_object(position, pointer, depth)
                    if opening == "{"
                    else self._parse_list(position, pointer, depth)
                )
        return _DECODER.raw_decode(self.text, position)

    def _parse_object(self, position: int, pointer: str, depth: int) -> tuple[dict[str, Any], int]:
        values: dict[str, Any] = {}
        position = self._skip_blanks(position + 1)
        while self.text[position : position + 1] != "}":
            key, position = _DECODER.raw_decode(self.text, position)
            position = self._skip_character(self._skip_blanks(position), ":")
            if not isinstance(key, str):
                raise ValueError("a key that is not a text")
            values[key], position = self._parse_value(position, f"{pointer}/{_escape_pointer_key(key)}", depth + 1)
            position = self._next_element(position, "}")
        return values, position + 1

    def _parse_list(self, position: int, pointer: str, depth: int) -> tuple[list[Any], int]:
        values: list[Any] = []
        position = self._skip_blanks(position + 1)
        while self.text[position : position + 1] != "]":
            value, position = self._parse_value(position, f"{pointer}/{len(values)}", depth + 1)
            values.append(value)
            position = self._next_element(position, "]")
        return values, position + 1

    def _next_element(self, position: int, closing: str) -> int:
        """Return the position of the next element, or of the bracket `closing` if there is none."""
        position = self._skip_blanks(position)
        return position if self.text[position : position + 1] == closing else self._skip_character(position, ",")

    def _skip_character(self, position: int, character: str) -> int:
        if self.text[position : position + 1] != character:
            raise ValueError(f"no {character}")
        return self._skip_blanks(position + 1)

    def _skip_blanks(self, position: int) -> int:
        match = _BLANKS.match(self.text, position)
        return match.end() if match else position


def _escape_pointer_key(key: str) -> str:
    return sys.intern(key.replace("~", "~0").replace("/", "~1"))
