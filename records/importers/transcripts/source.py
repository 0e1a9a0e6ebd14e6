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
from gedanken.records.importers.text_files import PACKED_AS, STANDARD_INPUT, text_of_log

MOST_LINE = 1 << 26
"""Maximum number of bytes of one line; a longer line is reported and left out."""
MOST_DOCUMENT = 1 << 27
"""Maximum number of bytes of a file that must be read as a whole (one JSON value, or a text), and of decompressed
content.
"""
_LOOKED_AT = 8
"""Number of lines that are examined to see whether a file has one JSON value per line."""
_PLACED = 4
"""Depth of nesting down to which the line numbers of objects and lists are recorded. The outermost value has depth
0."""
_BLANK = " \t\r\n"
_WHITE = re.compile(r"[ \t\r\n]*")
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
        """`name` is the name in messages, by default the path; `content` holds the bytes of an archive's member."""
        self.path = path
        self.name = str(path) if name is None else name
        self._content = content

    @cached_property
    def head(self) -> tuple[Entry, ...]:
        """The first lines, if they are JSON objects, or else the JSON value of the whole file.

        Empty if there is neither.
        """
        if self.is_lines:
            return tuple(entry for entry, _at in zip(self._lines(), range(_LOOKED_AT * 4), strict=False))
        return () if self.document is None else (Entry(self.document, 1),)

    @cached_property
    def is_lines(self) -> bool:
        """True if at least two of the first lines are JSON objects, each on a line of its own."""
        found = 0
        for entry, _at in zip(self._lines(), range(_LOOKED_AT), strict=False):
            if entry.problem is None:
                found += isinstance(entry.value, dict)
            if found > 1:
                return True
        return False

    @cached_property
    def document(self) -> Any:
        """The JSON value of the whole file; None if it is not JSON. Raises BadInput if it is nested too deeply."""
        return self._placed[0]

    @cached_property
    def text(self) -> str:
        """The whole file as text, decompressed."""
        if self._content is not None:
            return self._content.decode("utf-8", errors="replace")
        if self._is_packed or self.path == STANDARD_INPUT:
            return text_of_log(self.path, MOST_DOCUMENT)
        data = read_bytes(self.path, self.path, MOST_DOCUMENT)
        if data.startswith((b"\xff\xfe", b"\xfe\xff")):
            return text_of_log(self.path, MOST_DOCUMENT)
        return data.decode("utf-8-sig", errors="replace").replace("\x00", "�")

    def entries(self, pointer: str = "") -> Iterator[Entry]:
        """Yield the value of each line, or the elements of the list at `pointer`.

        A value at `pointer` that is no list is yielded itself.
        """
        if self.is_lines and not pointer:
            yield from self._lines()
            return
        value = self.document
        for part in pointer.split("/")[1:]:
            value = value[int(part)] if isinstance(value, list) else value[part]
        if not isinstance(value, list):
            yield Entry(value, self.line_of(pointer), pointer)
            return
        for at, element in enumerate(value):
            yield Entry(element, self.line_of(f"{pointer}/{at}"), f"{pointer}/{at}")

    def line_of(self, pointer: str) -> int:
        """Return the line at which the value at a JSON pointer begins.

        If this line was not recorded, return the line of the nearest object or list around the value.
        """
        lines = self._placed[1]
        while pointer and pointer not in lines:
            pointer = pointer.rpartition("/")[0]
        return lines.get(pointer, 1)

    @cached_property
    def _placed(self) -> tuple[Any, dict[str, int]]:
        if not self.text.lstrip(_BLANK + "\ufeff").startswith(("{", "[")):
            return None, {}
        try:
            return _Placing(self.text).read()
        except RecursionError as error:
            raise BadInput(f"{self.name}: this JSON is nested too deeply") from error
        except ValueError:
            return None, {}

    @cached_property
    def _is_packed(self) -> bool:
        if self._content is not None or self.path == STANDARD_INPUT:
            return False
        with self.path.open("rb") as file:
            return file.read(4).startswith(PACKED_AS)

    def _lines(self) -> Iterator[Entry]:
        with self._open() as file:
            number = 0
            while line := file.readline(MOST_LINE + 1):
                number += 1
                if len(line) > MOST_LINE:
                    while line and not line.endswith(b"\n"):
                        line = file.readline(MOST_LINE)
                    yield Entry(None, number, problem=f"a line longer than {MOST_LINE >> 20} MiB")
                elif line.strip(b" \t\r\n\x00"):
                    yield _parsed(line, number)

    def _open(self) -> BinaryIO:
        if self._content is not None:
            return io.BytesIO(self._content)
        if self._is_packed or self.path == STANDARD_INPUT:
            return io.BytesIO(self.text.encode("utf-8", errors="replace"))
        try:
            return self.path.open("rb")
        except OSError as error:
            raise BadInput(f"{self.name}: {error.strerror}") from error


def _parsed(line: bytes, number: int) -> Entry:
    text = line.decode("utf-8-sig" if number == 1 else "utf-8", errors="replace").strip(_BLANK + "\x00")
    try:
        return Entry(_DECODER.decode(text), number)
    except RecursionError:
        return Entry(None, number, problem="JSON that is nested too deeply")
    except ValueError:
        ending = "" if line.endswith(b"\n") else ", and the file ends in it"
        return Entry(None, number, problem=f"a line that is not complete JSON{ending}")


class _Placing:
    """Reads a JSON text, and records the first line of each object and list down to the depth `_PLACED`."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.lines: dict[str, int] = {}
        self.breaks = [found.start() for found in re.finditer("\n", text)]

    def read(self) -> tuple[Any, dict[str, int]]:
        value, end = self._value(self._past_blank(self.text.startswith("\ufeff")), "", 0)
        if self._past_blank(end) != len(self.text):
            raise ValueError("more than one value")
        return value, self.lines

    def _value(self, at: int, pointer: str, depth: int) -> tuple[Any, int]:
        opening = self.text[at : at + 1]
        if opening and opening in "{[":
            self.lines[pointer] = bisect_right(self.breaks, at) + 1
            if depth < _PLACED:
                return self._object(at, pointer, depth) if opening == "{" else self._list(at, pointer, depth)
        return _DECODER.raw_decode(self.text, at)

    def _object(self, at: int, pointer: str, depth: int) -> tuple[dict[str, Any], int]:
        found: dict[str, Any] = {}
        at = self._past_blank(at + 1)
        while self.text[at : at + 1] != "}":
            key, at = _DECODER.raw_decode(self.text, at)
            at = self._past(self._past_blank(at), ":")
            if not isinstance(key, str):
                raise ValueError("a key that is not a text")
            found[key], at = self._value(at, f"{pointer}/{_escaped(key)}", depth + 1)
            at = self._next(at, "}")
        return found, at + 1

    def _list(self, at: int, pointer: str, depth: int) -> tuple[list[Any], int]:
        found: list[Any] = []
        at = self._past_blank(at + 1)
        while self.text[at : at + 1] != "]":
            value, at = self._value(at, f"{pointer}/{len(found)}", depth + 1)
            found.append(value)
            at = self._next(at, "]")
        return found, at + 1

    def _next(self, at: int, closing: str) -> int:
        """Return the position of the next element, or of the bracket `closing` if there is none."""
        at = self._past_blank(at)
        return at if self.text[at : at + 1] == closing else self._past(at, ",")

    def _past(self, at: int, letter: str) -> int:
        if self.text[at : at + 1] != letter:
            raise ValueError(f"no {letter}")
        return self._past_blank(at + 1)

    def _past_blank(self, at: int) -> int:
        blank = _WHITE.match(self.text, at)
        return blank.end() if blank else at


def _escaped(key: str) -> str:
    return sys.intern(key.replace("~", "~0").replace("/", "~1"))
