"""Files that a program leaves behind are copied, and none of them is trusted."""

import hashlib
import os
import re
import socket
import stat
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gedanken.sandbox import artifacts
from gedanken.sandbox.artifacts import collect_artifacts


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "home"
    folder.mkdir()
    return folder


def collect_contents(home: Path, *known_names: str) -> dict[str, bytes]:
    root = home.parent / "artifacts"
    artifacts_kept = collect_artifacts(home, root, "line1", frozenset(known_names))
    assert {artifact.path for artifact in artifacts_kept} == {
        f"line1/{path.name}" for path in (root / "line1").glob("*")
    }
    contents = {artifact.name: (root / artifact.path).read_bytes() for artifact in artifacts_kept}
    for artifact, content in zip(artifacts_kept, contents.values(), strict=True):
        assert (artifact.bytes, artifact.sha256) == (len(content), hashlib.sha256(content).hexdigest())
    return contents


def test_files_come_back_as_they_were(home: Path) -> None:
    (home / "model.pt").write_bytes(b"\x00weights")
    (home / "log").write_text("")
    assert collect_contents(home) == {"model.pt": b"\x00weights", "log": b""}


def test_an_empty_workspace_leaves_no_folder(home: Path) -> None:
    assert collect_artifacts(home, home.parent / "artifacts", "line1") == ()
    assert not (home.parent / "artifacts").exists()


def test_what_was_put_there_from_outside_stays(home: Path) -> None:
    (home / "train.py").write_text("print()")
    (home / "out.txt").write_text("mine")
    assert collect_contents(home, "train.py") == {"out.txt": b"mine"}


def test_folders_stay_and_stop_nothing(home: Path) -> None:
    (home / "data" / "deep").mkdir(parents=True)
    (home / "data" / "secret").write_text("x")
    (home / "out.txt").write_text("mine")
    assert collect_contents(home) == {"out.txt": b"mine"}


def test_no_link_is_followed(home: Path) -> None:
    secret = home.parent / "secret"
    secret.write_text("of the host")
    (home / "soft").symlink_to(secret)
    (home / "broken").symlink_to(home / "nothing")
    (home / "hard").hardlink_to(secret)
    assert collect_contents(home) == {}


def test_a_workspace_that_became_a_link_is_refused(home: Path) -> None:
    link = home.parent / "link"
    link.symlink_to(home)
    with pytest.raises(OSError, match="link"):
        collect_artifacts(link, home.parent / "artifacts", "line1")


def test_pipes_and_sockets_are_not_waited_for(home: Path) -> None:
    os.mkfifo(home / "pipe")
    with socket.socket(socket.AF_UNIX) as server:
        previous_directory = Path.cwd()
        os.chdir(home)  # the path of a socket must be short
        try:
            server.bind("socket")
        finally:
            os.chdir(previous_directory)
        assert collect_contents(home) == {}


def test_a_file_above_the_limit_stays(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(artifacts, "MAX_FILE_BYTES", 10)
    (home / "fits").write_bytes(b"x" * 10)
    (home / "large").write_bytes(b"x" * 11)
    assert list(collect_contents(home)) == ["fits"]


def test_not_more_than_so_many_files_are_taken(home: Path) -> None:
    for number in range(artifacts.MAX_FILES + 5):
        (home / f"file{number:03d}").write_text("")
    assert len(collect_contents(home)) == artifacts.MAX_FILES


def test_a_file_brought_back_cannot_be_run(home: Path) -> None:
    (home / "run").write_text("#!/bin/sh\n")
    (home / "run").chmod(0o4777)
    collect_contents(home)
    mode = stat.S_IMODE((home.parent / "artifacts" / "line1" / "run").stat().st_mode)
    assert not mode & 0o7111


def test_two_files_whose_harmless_names_are_one_do_not_overwrite_each_other(home: Path) -> None:
    (home / "a b").write_text("first")
    (home / "a?b").write_text("second")
    assert collect_contents(home) == {"a_b": b"first"}


names = st.binary(min_size=1, max_size=60).map(lambda name: name.replace(b"/", b"\\").replace(b"\x00", b"\n"))


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.sets(names | st.sampled_from([b"...", b".bashrc", b"..\\x", b"\xff", b"-rf", b"\x1b[31m"])))
def test_every_name_is_made_harmless(tmp_path: Path, found: set[bytes]) -> None:
    home = tmp_path / f"home{len(list(tmp_path.iterdir()))}"
    home.mkdir()
    for name in found - {b".", b".."}:
        Path(os.fsdecode(bytes(home) + b"/" + name)).write_text("x")
    target = tmp_path / f"{home.name}-target"
    for artifact in collect_artifacts(home, target, "line1"):
        assert re.fullmatch(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}", artifact.name)
        assert re.fullmatch(r"line1/[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}", artifact.path)
        assert (target / artifact.path).read_text() == "x"


def test_what_was_brought_back_before_is_not_copied_again(home: Path) -> None:
    (home / "weights").write_bytes(b"heavy")
    earlier_copies: dict[str, str] = {}
    first = collect_artifacts(home, home.parent / "artifacts", "line1", frozenset(), earlier_copies)
    second = collect_artifacts(home, home.parent / "artifacts", "line2", frozenset(), earlier_copies)
    assert first == second
    assert [path.name for path in (home.parent / "artifacts").iterdir()] == ["line1"]


def test_files_that_cost_the_program_nothing_do_not_fill_the_host(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(artifacts, "MAX_TOTAL_BYTES", 100)
    for number in range(5):
        with (home / f"sparse{number}").open("wb") as file:
            file.truncate(30 + number)
    assert [len(content) for content in collect_contents(home).values()] == [30, 31, 32]
