"""Work folders of killed processes are removed. Nothing is counted or removed beyond a mount point."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from gedanken.experiment.folders import folder_bytes, one_at_a_time, remove_abandoned, remove_tree, work_folder
from gedanken.experiment.progress import Silent


@pytest.fixture(params=["tmpfs", "bind"])
def mounted(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    """A mount point below the folder `tree`, with a file in it. It is a tmpfs, which has its own device number, or a
    bind mount, which has not.
    """
    point, source = tmp_path / "tree" / "deep" / "point", tmp_path / "source"
    point.mkdir(parents=True)
    source.mkdir()
    options = ["-t", "tmpfs", "none"] if request.param == "tmpfs" else ["--bind", str(source)]
    if subprocess.run(["mount", *options, str(point)], capture_output=True, check=False).returncode != 0:
        pytest.skip("this user may not mount")
    (point / "precious").write_text("x" * 5000)
    yield point
    subprocess.run(["umount", str(point)], check=True)


def test_nothing_is_removed_across_a_mount(mounted: Path, tmp_path: Path) -> None:
    file_beside = tmp_path / "tree" / "beside"
    file_beside.write_text("here")
    with pytest.raises(OSError, match=r"mounted.*point"):
        remove_tree(tmp_path / "tree")
    assert (mounted / "precious").read_text() == "x" * 5000
    assert file_beside.read_text() == "here"


def test_another_file_system_is_not_counted(mounted: Path, tmp_path: Path) -> None:
    if mounted.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("a bind mount of the same file system")
    (tmp_path / "tree" / "beside").write_text("x" * 70)
    assert folder_bytes(tmp_path / "tree") == 70


def test_a_tree_is_removed_and_links_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "kept").write_text("here")
    (tmp_path / "tree" / "deep").mkdir(parents=True)
    (tmp_path / "tree" / "deep" / "link").symlink_to(tmp_path)
    (tmp_path / "link").symlink_to(tmp_path / "kept")
    for path in ("tree", "link", "nothing"):
        remove_tree(tmp_path / path)
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]


HOLDS_FOLDER = """
import sys
from pathlib import Path
from gedanken.experiment.folders import work_folder
with work_folder(Path(sys.argv[1])) as folder:
    (folder / "half").write_text("made")
    print(folder, flush=True)
    sys.stdin.read()
"""


def hold_work_folder(parent: Path) -> tuple[subprocess.Popen[str], Path]:
    """Start a process that uses a work folder until its standard input is closed; return the process and the
    folder.
    """
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDS_FOLDER, str(parent)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout
    return process, Path(process.stdout.readline().strip())


def test_what_a_killed_process_left_goes_and_what_a_live_one_has_stays(tmp_path: Path) -> None:
    killed_process, left_folder = hold_work_folder(tmp_path)
    live_process, used_folder = hold_work_folder(tmp_path)
    killed_process.send_signal(signal.SIGKILL)
    killed_process.communicate()
    assert (left_folder / "half").exists()
    with work_folder(tmp_path) as folder:
        assert not left_folder.exists()
        assert (used_folder / "half").exists()
        assert folder.is_dir()
    live_process.communicate()
    assert list(tmp_path.iterdir()) == []


def test_a_work_folder_goes_when_the_work_fails(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), work_folder(tmp_path) as folder:
        (folder / "half").write_text("made")
        raise ZeroDivisionError
    assert list(tmp_path.iterdir()) == []


def test_an_abandoned_folder_with_a_mount_in_it_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    process, left_folder = hold_work_folder(tmp_path)
    process.kill()
    process.communicate()
    point = left_folder / "point"
    point.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "none", str(point)], capture_output=True, check=False).returncode:
        pytest.skip("this user may not mount")
    remove_abandoned(tmp_path)
    assert (left_folder / "half").exists()
    subprocess.run(["umount", str(point)], check=True)
    remove_abandoned(tmp_path)
    assert not left_folder.exists()


class WaitingProgress(Silent):
    """Records the last message, and lets another thread wait for it."""

    def __init__(self) -> None:
        self.said, self.told = "", threading.Event()

    def say(self, text: str) -> None:
        self.said = text
        self.told.set()


def test_the_second_waits_for_the_first_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GEDANKEN_CACHE", str(tmp_path))
    progress, finished = WaitingProgress(), []

    def run_second() -> None:
        with one_at_a_time("build of images", progress):
            finished.append("second")

    with one_at_a_time("build of images", Silent()):
        thread = threading.Thread(target=run_second)
        thread.start()
        assert progress.told.wait(20)
        finished.append("first")
    thread.join(20)
    assert finished == ["first", "second"]
    assert f"process {os.getpid()} is busy with the build of images; waiting for it" == progress.said
