"""Reads logs of inspect_ai, as JSON or as `.eval` files, each sample as one session."""

import json
import struct
import zipfile
import zlib
from collections.abc import Iterator
from typing import Any, BinaryIO

import zstandard

from gedanken.experiment.errors import BadInput
from gedanken.records.importers.transcripts.builder import TranscriptBuilder, text_of
from gedanken.records.importers.transcripts.messages import read_message
from gedanken.records.importers.transcripts.source import MOST_DOCUMENT, Entry, Source

FORM = "inspect_ai"
_ATTACHMENT_PREFIX = "attachment://"
_ZIP_MAGIC = b"PK\x03\x04"
_ZSTANDARD = 93
_MOST_SAMPLES = 10_000
_MOST_TOTAL_BYTES = 1 << 30
"""Maximum number of bytes of all samples of one log, decompressed."""


def read(source: Source) -> list[TranscriptBuilder] | None:
    """Return the samples in a log; None if the file is not a log of inspect_ai."""
    if source.is_lines and len(source.head) > 1:
        return None
    document = source.document
    if not isinstance(document, dict):
        return None
    if isinstance(document.get("eval"), dict) and "samples" in document:
        log = document["eval"]
        samples = document["samples"] if isinstance(document["samples"], list) else []
        return [
            _read_sample(source, f"/samples/{index}", sample, log)
            for index, sample in enumerate(samples)
            if isinstance(sample, dict)
        ]
    if {"id", "epoch", "messages"} <= document.keys():
        return [_read_sample(source, "", document, {})]
    return None


def is_archive(source: Source) -> bool:
    """Return whether a file is a ZIP archive, as `.eval` files are."""
    try:
        with source.path.open("rb") as file:
            return file.read(4) == _ZIP_MAGIC
    except OSError:
        return False


def read_archive(source: Source) -> list[TranscriptBuilder]:
    """Return the samples in an `.eval` file. Raises BadInput if it is damaged, too large, or something else."""
    builders: list[TranscriptBuilder] = []
    try:
        with source.path.open("rb") as file, zipfile.ZipFile(file) as archive:
            names = {info.filename: info for info in archive.infolist()[: 2 * _MOST_SAMPLES]}
            samples = [info for name, info in names.items() if name.startswith("samples/") and name.endswith(".json")]
            if not samples:
                raise BadInput(f"{source.name}: this archive contains no log of inspect_ai")
            header = names.get("header.json")
            log = json.loads(_read_member(file, header)).get("eval", {}) if header else {}
            bytes_left = _MOST_TOTAL_BYTES
            for info in samples[:_MOST_SAMPLES]:
                content = _read_member(file, info)
                bytes_left -= len(content)
                if bytes_left < 0:
                    raise BadInput(
                        f"{source.name}: the samples are larger than {_MOST_TOTAL_BYTES >> 20} MiB when unpacked"
                    )
                sample_source = Source(source.path, f"{source.name}:{info.filename}", content)
                if isinstance(sample_source.document, dict):
                    builders.append(
                        _read_sample(sample_source, "", sample_source.document, log if isinstance(log, dict) else {})
                    )
    except (
        zipfile.BadZipFile,
        zlib.error,
        zstandard.ZstdError,
        struct.error,
        ValueError,
        EOFError,
        OSError,
    ) as error:
        raise BadInput(f"{source.name}: a damaged archive: {error}") from error
    return builders


def _read_member(file: BinaryIO, info: zipfile.ZipInfo) -> bytes:
    """Return the content of a member of the archive. It is decompressed in chunks, up to a limit."""
    file.seek(info.header_offset)
    header = struct.unpack("<4s5H3I2H", file.read(30))
    file.seek(header[9] + header[10], 1)
    packed = file.read(min(info.compress_size, MOST_DOCUMENT))
    content = bytearray()
    for chunk in _decompress(packed, info.compress_type):
        content += chunk
        if len(content) > MOST_DOCUMENT:
            raise ValueError(f"{info.filename[:100]} is larger than {MOST_DOCUMENT >> 20} MiB when unpacked")
    return bytes(content)


def _decompress(packed: bytes, method: int) -> Iterator[bytes]:
    if method == zipfile.ZIP_STORED:
        yield packed
    elif method == zipfile.ZIP_DEFLATED:
        decompressor = zlib.decompressobj(-15)
        while packed and not decompressor.eof:
            yield decompressor.decompress(packed, 1 << 20)
            packed = decompressor.unconsumed_tail
    elif method == _ZSTANDARD:  # of newer logs; `zipfile` does not support it
        with zstandard.ZstdDecompressor(max_window_size=1 << 27).stream_reader(packed) as reader:
            while chunk := reader.read(1 << 20):
                yield chunk
    else:
        raise ValueError(f"it is compressed with an unknown method ({method})")


def _read_sample(source: Source, pointer: str, sample: dict[str, Any], log: dict[str, Any]) -> TranscriptBuilder:
    label = f"{sample.get('id')}" + (f" epoch {sample['epoch']}" if sample.get("epoch") not in (None, 1) else "")
    builder = TranscriptBuilder(f"{source.path.name}#{label}"[:160], FORM, source.name)
    builder.agent = " ".join(str(name)[:80] for name in (log.get("task"), log.get("model")) if name) or FORM
    attachments = sample["attachments"] if isinstance(sample.get("attachments"), dict) else {}
    messages = sample.get("messages")
    messages_pointer = f"{pointer}/messages"
    for index, message in enumerate(messages if isinstance(messages, list) else ()):
        entry = Entry(
            _insert_attachments(message, attachments),
            source.line_of(f"{messages_pointer}/{index}"),
            f"{messages_pointer}/{index}",
        )
        read_message(builder, entry.value, entry)
    builder.has_tools = True
    place = builder.place(Entry(None, source.line_of(pointer or messages_pointer), pointer))
    known_call_ids = {event.call_id for event in builder.events if event.call_id}
    for event in sample.get("events") or ():
        if isinstance(event, dict):
            if event.get("event") == "compaction":
                builder.gap("the conversation was compacted", place)
            elif event.get("event") == "tool" and event.get("id") not in known_call_ids:
                builder.gap("tools were used that the messages do not show", place)
    if sample.get("limit"):
        builder.mark("limit", place, text_of(sample["limit"]))
    return builder


def _insert_attachments(value: Any, attachments: dict[str, Any], depth: int = 0) -> Any:
    """Return a message with the texts of its attachments, which a log stores separately."""
    if isinstance(value, str) and value.startswith(_ATTACHMENT_PREFIX):
        text = attachments.get(value.removeprefix(_ATTACHMENT_PREFIX))
        return text if isinstance(text, str) else None
    if depth < 6 and isinstance(value, dict):
        return {key: _insert_attachments(item, attachments, depth + 1) for key, item in value.items()}
    if depth < 6 and isinstance(value, list):
        return [_insert_attachments(item, attachments, depth + 1) for item in value]
    return value
