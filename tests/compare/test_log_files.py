"""Log files as people have them: compressed, in UTF-16, in a folder, on standard input; and the messages for files
that cannot be read.
"""

import gzip
import json
import lzma
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard
from conftest import Cli
from hypothesis import given
from hypothesis import strategies as st

from gedanken.experiment.errors import BadInput
from gedanken.records.importers.folders import logs_in, note_on_ignored_files
from gedanken.records.importers.text_files import text_of_log

TEXT = "epoch 1 val_loss 0.5\nepoch 2 val_loss 0.4 ± µ\n"
MAX_BYTES = 1 << 20
PACK: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "xz": lzma.compress,
    "zstd": zstandard.ZstdCompressor().compress,
}


def write_log(folder: Path, content: bytes, name: str = "a.log") -> Path:
    (folder / name).write_bytes(content)
    return folder / name


def refusal_message(path: Path, most: int = MAX_BYTES) -> str:
    with pytest.raises(BadInput) as raised:
        text_of_log(path, most)
    return str(raised.value)


@pytest.mark.parametrize("coding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
@pytest.mark.parametrize("pack", [bytes, *PACK.values()], ids=["plain", *PACK])
def test_a_log_is_read_in_every_coding_that_a_mark_tells_packed_or_not(
    tmp_path: Path, coding: str, pack: Callable[[bytes], bytes]
) -> None:
    assert text_of_log(write_log(tmp_path, pack(TEXT.encode(coding))), MAX_BYTES) == TEXT


@pytest.mark.parametrize("how", PACK)
def test_packed_files_that_were_put_one_behind_the_other_are_one_log(tmp_path: Path, how: str) -> None:
    pack = PACK[how]
    assert text_of_log(write_log(tmp_path, pack(b"a\n") + pack(b"b\n")), MAX_BYTES) == "a\nb\n"


@pytest.mark.parametrize("how", PACK)
def test_a_packed_file_that_would_fill_the_memory_is_refused_in_no_time(tmp_path: Path, how: str) -> None:
    bomb = PACK[how](bytes(1 << 27))
    started = time.process_time()
    assert "larger than 1048576 bytes when unpacked" in refusal_message(write_log(tmp_path, bomb))
    assert time.process_time() - started < 1


@pytest.mark.parametrize("how", ["gzip", "xz"])
def test_a_packed_file_that_is_cut_or_damaged_says_so(tmp_path: Path, how: str) -> None:
    packed = PACK[how](TEXT.encode() * 99)
    assert f"{how}, damaged after" in refusal_message(write_log(tmp_path, packed[:-12]))
    assert f"{how}, damaged after" in refusal_message(write_log(tmp_path, packed[:20] + b"\xff" * 40 + packed[60:]))


def test_a_refusal_names_the_byte_and_the_line_and_what_helps(tmp_path: Path) -> None:
    assert "byte 5 in line 2 is NUL" in refusal_message(write_log(tmp_path, b"ab\nc\x00d\n"))
    assert "tr -d" in refusal_message(write_log(tmp_path, b"ab\nc\x00d\n"))
    assert "iconv -f UTF-16LE -t UTF-8" in refusal_message(
        write_log(tmp_path, "epoch 1 loss 0.5\n".encode("utf-16-le"))
    )
    assert "iconv -f UTF-16BE -t UTF-8" in refusal_message(
        write_log(tmp_path, "epoch 1 loss 0.5\n".encode("utf-16-be"))
    )
    assert "line 2 holds a NUL" in refusal_message(write_log(tmp_path, "a\nb\x00".encode("utf-16")))


@given(st.binary(max_size=400))
def test_whatever_a_file_holds_it_is_text_or_refused_in_one_line(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    path = write_log(tmp_path_factory.getbasetemp(), content, "any")
    try:
        assert "\x00" not in text_of_log(path, MAX_BYTES)
    except BadInput as error:
        assert "\n" not in str(error) and str(path) in str(error)


def test_files_of_a_folder_that_are_not_named_like_logs_are_named(tmp_path: Path) -> None:
    for name in ("seed1.log", "seed2.log.gz", "notes.md", "run7"):
        (tmp_path / name).write_bytes(b"")
    assert note_on_ignored_files(tmp_path) == [
        f"{tmp_path}: 2 files are left out, not named like a log: notes.md, run7"
    ]
    assert note_on_ignored_files(tmp_path / "notes.md") == []


def test_a_folder_stands_for_its_logs_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    for name in ("seed10.log", "seed2.log.gz", "config.yaml", ".hidden.log", "seed1.txt"):
        write_log(tmp_path, b"x", name)
    (tmp_path / "deeper").mkdir()
    (tmp_path / "link.log").symlink_to(tmp_path / "config.yaml")
    assert [path.name for path in logs_in(tmp_path)] == ["seed1.txt", "seed2.log.gz", "seed10.log"]
    folder = tmp_path / "deeper"
    with pytest.raises(BadInput, match="nor a folder of logs"):
        logs_in(folder)
    write_log(folder, b"x", "one")
    assert [path.name for path in logs_in(folder)] == ["one"]


def test_a_folder_packed_files_and_standard_input_are_compared(gedanken: Cli, tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    for seed in range(7):
        text = "".join(f"epoch {epoch} train_loss 0.{9 - epoch} val_loss 0.{9 - epoch}{seed}\n" for epoch in range(4))
        write_log(tmp_path / "real", gzip.compress(text.encode()), f"s{seed}.log.gz")
    imagined_log = "".join(f"epoch {epoch} train_loss 0.{9 - epoch} val_loss 1.{9 - epoch}5\n" for epoch in range(4))
    completed = gedanken("compare", "real", "--imagined", "-", "--json", stdin=imagined_log)
    assert completed.returncode == 0, completed.stderr
    result = json.loads(completed.stdout)
    assert result["title"].endswith("compared with standard input")
    assert result["primary"]["name"] == "val_loss" and result["primary"]["reason"]
    summary = gedanken("compare", "real", "--imagined", "-", "--primary", "train_loss", stdin=imagined_log)
    assert "main metric (primary endpoint): last train_loss, chosen with --primary" in summary.stdout.splitlines()
    page = gedanken("compare", "real", "--imagined", "-", "--html", "page.html", stdin=imagined_log)
    assert (
        page.returncode == 0
        and "Main metric (primary endpoint): last val_loss" in (tmp_path / "page.html").read_text()
    )
    twice = gedanken("compare", "-", "--imagined", "-", stdin=imagined_log)
    assert twice.returncode == 2 and "once only" in twice.stderr
    unknown = gedanken("compare", "real", "--imagined", "-", "--primary", "bleu", stdin=imagined_log)
    assert (
        unknown.returncode == 2
        and "--primary bleu: no such series" in unknown.stderr
        and "val_loss" in unknown.stderr
    )
    own = gedanken(
        "compare", "real", "--imagined", "-", "--as", r"mine=train_loss ([\d.]+)", "--json", stdin=imagined_log
    )
    assert "mine" in {series["name"] for series in json.loads(own.stdout)["series"]}
    bad = gedanken("compare", "real", "--imagined", "-", "--as", "mine", stdin=imagined_log)
    assert bad.returncode == 2 and "NAME=REGEX" in bad.stderr


def test_the_shell_completes_the_name_of_the_endpoint_from_the_log_before_it(tmp_path: Path) -> None:
    write_log(tmp_path, b"epoch 1 val_loss 0.5 val_acc 0.9 lr 0.1\nepoch 2 val_loss 0.4 val_acc 0.8 lr 0.1\n")

    def complete(words: str) -> list[str]:
        variables = {"_GEDANKEN_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": "4"}
        script = Path(sys.executable).with_name("gedanken")
        process = subprocess.run(
            [script], capture_output=True, text=True, check=True, cwd=tmp_path, env={**os.environ, **variables}
        )
        return process.stdout.split()

    assert complete("gedanken compare a.log --primary v") == ["val_loss", "val_acc"]
    assert complete("gedanken compare missing.log --primary v") == []
