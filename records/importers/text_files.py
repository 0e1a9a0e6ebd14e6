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
MAGIC_BYTES = (b"\x1f\x8b", b"\xfd7zX", b"\x28\xb5\x2f\xfd")
"""The first bytes of each compression format."""
MAX_COMPRESSED_BYTES = 1 << 28
MOST_MEMORY = 1 << 27
"""Maximum number of bytes of memory that a decompressor may use."""
_CHUNK_BYTES = 1 << 20
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    (codecs.BOM_UTF8, "utf-8-sig"),
)


def text_of_log(path: Path, most_bytes: int) -> str:
    """Read a file as text; the path `-` stands for standard input.

    The text may be compressed. It may be in UTF-8, or in UTF-16 or UTF-32 if it begins with a byte order mark. Raises
    BadInput if the file is too large, damaged, or not text.
    """
    name = "standard input" if path == STANDARD_INPUT else str(path)
    packed = (
        _read_standard_input(most_bytes) if path == STANDARD_INPUT else read_bytes(path, path, MAX_COMPRESSED_BYTES)
    )
    return _decode_text(_decompress(packed, name, most_bytes), name)


def _read_standard_input(most_bytes: int) -> bytes:
    if sys.stdin.isatty():
        raise BadInput("-: standard input is a terminal; pipe a log into it, as in: gedanken compare … < said.log")
    content = sys.stdin.buffer.read(most_bytes + 1)
    if len(content) > most_bytes:
        raise BadInput(f"standard input: larger than {most_bytes} bytes")
    return content


def _decompress(packed: bytes, name: str, most_bytes: int) -> bytes:
    """Return the decompressed content of a file. It is decompressed in chunks, because a small file may hold a huge
    content.
    """
    if packed.startswith(b"\x1f\x8b"):
        format_name, chunks = "gzip", _gunzip(packed)
    elif packed.startswith(b"\xfd7zXZ\x00"):
        format_name, chunks = "xz", _unxz(packed)
    elif packed.startswith(b"\x28\xb5\x2f\xfd"):
        format_name, chunks = "zstd", _unzstd(packed)
    else:
        return packed
    output = io.BytesIO()
    try:
        for chunk in chunks:
            if output.tell() + len(chunk) > most_bytes:
                raise BadInput(f"{name}: larger than {most_bytes} bytes when unpacked")
            output.write(chunk)
    except (zlib.error, lzma.LZMAError, zstandard.ZstdError, EOFError, MemoryError) as error:
        raise BadInput(f"{name}: {format_name}, damaged after {output.tell():,} unpacked bytes: {error}") from error
    return output.getvalue()


def _gunzip(packed: bytes) -> Iterator[bytes]:
    while packed.startswith(b"\x1f\x8b"):
        decompressor = zlib.decompressobj(wbits=31)
        remaining = packed
        while not decompressor.eof:
            chunk = decompressor.decompress(remaining, _CHUNK_BYTES)
            remaining = decompressor.unconsumed_tail
            if not chunk and not remaining and not decompressor.eof:
                raise EOFError("it ends early")
            yield chunk
        packed = decompressor.unused_data


def _unxz(packed: bytes) -> Iterator[bytes]:
    while packed.startswith(b"\xfd7zXZ\x00"):
        decompressor = lzma.LZMADecompressor(memlimit=MOST_MEMORY)
        remaining = packed
        while not decompressor.eof:
            chunk = decompressor.decompress(remaining, _CHUNK_BYTES)
            remaining = b""
            if not chunk and decompressor.needs_input and not decompressor.eof:
                raise EOFError("it ends early")
            yield chunk
        packed = decompressor.unused_data.lstrip(b"\x00")


def _unzstd(packed: bytes) -> Iterator[bytes]:
    decompressor = zstandard.ZstdDecompressor(max_window_size=MOST_MEMORY)
    with decompressor.stream_reader(packed, read_across_frames=True) as reader:
        while chunk := reader.read(_CHUNK_BYTES):
            yield chunk


def _decode_text(data: bytes, name: str) -> str:
    encoding = next((encoding for mark, encoding in _BYTE_ORDER_MARKS if data.startswith(mark)), None)
    if encoding is None and b"\x00" in data:
        raise BadInput(_not_text_message(data, name))
    text = data.decode(encoding or "utf-8", errors="replace")
    if "\x00" in text:
        index = text.index("\x00")
        raise BadInput(
            f"{name}: not a text file: it begins with the byte order mark of {encoding}, but line "
            f"{text.count(chr(10), 0, index) + 1} holds a NUL character"
        )
    return text


def _not_text_message(data: bytes, name: str) -> str:
    index = data.index(b"\x00")
    head = data[: 1 << 12]
    position = f"byte {index + 1:,} in line {data.count(bytes([10]), 0, index) + 1:,} is NUL"
    for suffix, offset in (("LE", 1), ("BE", 0)):
        nuls = head[offset::2].count(0)
        if len(head) >= 8 and nuls * 4 > len(head) // 2 * 3 and not head[1 - offset :: 2].count(0):
            return (
                f"{name}: {position}; if it is UTF-16 without a byte order mark, convert it: "
                f"iconv -f UTF-16{suffix} -t UTF-8"
            )
    return (
        f"{name}: not a text file: {position}; a process that is killed while it writes may leave NULs, "
        "which tr -d '\\000' removes"
    )
