"""Reads a supplied text file or standard input, compressed or not."""

import codecs
import io
import lzma
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path

import zstandard

from gedanken.experiment.errors import BadInput
from gedanken.experiment.files import read_bytes

STANDARD_INPUT = Path("-")
COMPRESSED_ENDINGS = (".gz", ".xz", ".zst")
PACKED_AS = (b"\x1f\x8b", b"\xfd7zX", b"\x28\xb5\x2f\xfd")
"""The first bytes of each compression format."""
MOST_PACKED_BYTES = 1 << 28
MOST_MEMORY = 1 << 27
"""Maximum number of bytes of memory that a decompressor may use."""
_PART = 1 << 20
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    (codecs.BOM_UTF8, "utf-8-sig"),
)


def text_of_log(path: Path, most_bytes: int) -> str:
    """Read a file, or standard input for `-`, in UTF-8, or in UTF-16 or UTF-32 with a byte order mark.

    The first bytes show compression and encoding. Raises BadInput if the file is too large, damaged, or not text.
    """
    name = "standard input" if path == STANDARD_INPUT else str(path)
    packed = _standard_input(most_bytes) if path == STANDARD_INPUT else read_bytes(path, path, MOST_PACKED_BYTES)
    return _text(_unpacked(packed, name, most_bytes), name)


def _standard_input(most_bytes: int) -> bytes:
    if sys.stdin.isatty():
        raise BadInput("-: standard input is a terminal; pipe a log into it, as in: gedanken compare … < said.log")
    content = sys.stdin.buffer.read(most_bytes + 1)
    if len(content) > most_bytes:
        raise BadInput(f"standard input: larger than {most_bytes} bytes")
    return content


def _unpacked(packed: bytes, name: str, most_bytes: int) -> bytes:
    """Return the content of a file, decompressed piece by piece: a small file may hold a huge content."""
    if packed.startswith(b"\x1f\x8b"):
        what, parts = "gzip", _gunzip(packed)
    elif packed.startswith(b"\xfd7zXZ\x00"):
        what, parts = "xz", _unxz(packed)
    elif packed.startswith(b"\x28\xb5\x2f\xfd"):
        what, parts = "zstd", _unzstd(packed)
    else:
        return packed
    out = io.BytesIO()
    try:
        for part in parts:
            if out.tell() + len(part) > most_bytes:
                raise BadInput(f"{name}: larger than {most_bytes} bytes when unpacked")
            out.write(part)
    except (zlib.error, lzma.LZMAError, zstandard.ZstdError, EOFError, MemoryError) as error:
        raise BadInput(f"{name}: {what}, damaged after {out.tell():,} unpacked bytes: {error}") from error
    return out.getvalue()


def _gunzip(packed: bytes) -> Iterator[bytes]:
    while packed.startswith(b"\x1f\x8b"):
        unpacker = zlib.decompressobj(wbits=31)
        waiting = packed
        while not unpacker.eof:
            part = unpacker.decompress(waiting, _PART)
            waiting = unpacker.unconsumed_tail
            if not part and not waiting and not unpacker.eof:
                raise EOFError("it ends early")
            yield part
        packed = unpacker.unused_data


def _unxz(packed: bytes) -> Iterator[bytes]:
    while packed.startswith(b"\xfd7zXZ\x00"):
        unpacker = lzma.LZMADecompressor(memlimit=MOST_MEMORY)
        waiting = packed
        while not unpacker.eof:
            part = unpacker.decompress(waiting, _PART)
            waiting = b""
            if not part and unpacker.needs_input and not unpacker.eof:
                raise EOFError("it ends early")
            yield part
        packed = unpacker.unused_data.lstrip(b"\x00")


def _unzstd(packed: bytes) -> Iterator[bytes]:
    unpacker = zstandard.ZstdDecompressor(max_window_size=MOST_MEMORY)
    with unpacker.stream_reader(packed, read_across_frames=True) as reader:
        while part := reader.read(_PART):
            yield part


def _text(data: bytes, name: str) -> str:
    coding = next((coding for mark, coding in _MARKS if data.startswith(mark)), None)
    if coding is None and b"\x00" in data:
        raise BadInput(_not_text(data, name))
    text = data.decode(coding or "utf-8", errors="replace")
    if "\x00" in text:
        at = text.index("\x00")
        raise BadInput(
            f"{name}: not a text file: read as {coding}, it has a NUL in line {text.count(chr(10), 0, at) + 1}"
        )
    return text


def _not_text(data: bytes, name: str) -> str:
    """Return an error message with the place and the likely cause of the first NUL."""
    at = data.index(b"\x00")
    head = data[: 1 << 12]
    where = f"byte {at + 1:,} in line {data.count(bytes([10]), 0, at) + 1:,} is NUL"
    for order, first in (("LE", 1), ("BE", 0)):
        nuls = head[first::2].count(0)
        if len(head) >= 8 and nuls * 4 > len(head) // 2 * 3 and not head[1 - first :: 2].count(0):
            return (
                f"{name}: {where}; if it is UTF-16 without a byte order mark, convert it: iconv -f UTF-16{order} -t "
                "UTF-8"
            )
    return (
        f"{name}: not a text file: {where}; a process that is killed while it writes may leave NULs, "
        "which tr -d '\\000' removes"
    )
