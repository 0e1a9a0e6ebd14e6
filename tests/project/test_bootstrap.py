"""script/bootstrap when something is missing, locked or broken: it continues, or says in one line what to do."""

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from loopback import serve_http

ROOT = Path(__file__).parents[2]
LOCKED = 'echo "E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 7 (apt)" >&2; exit 100'
INTERRUPTED = "echo \"E: dpkg was interrupted, you must manually run 'dpkg --configure -a'\" >&2; exit 100"
CompletedScript = subprocess.CompletedProcess[str]


class Clone:
    """A clone of the repository, with its own environment variables and with programs that come first in PATH."""

    def __init__(self, folder: Path) -> None:
        # Links to the machine's own programs lie apart: nothing of the test's is ever written through one.
        self.folder, self.programs, self.usual = folder / "clone", folder / "programs", folder / "usual"
        (self.folder / "script").mkdir(parents=True)
        self.programs.mkdir()
        self.usual.mkdir()
        for name in ("script/bootstrap", "requirements.lock", "requirements-dev.lock", "pyproject.toml"):
            shutil.copy(ROOT / name, self.folder / name)
        self.env = {"PATH": f"{self.programs}:{os.environ['PATH']}", "HOME": str(folder)}
        self.env["DOCKER_HOST"] = f"unix://{folder}/no.sock"

    def have_environment(self, made_of: str = "requirements.lock") -> None:
        """Give the clone a virtual environment that looks as if it was made from a lock file."""
        tools = self.folder / ".venv" / "bin"
        tools.mkdir(parents=True)
        for name, words in (("python", ""), ("gedanken", "-m gedanken ")):
            (tools / name).write_text(f'#!/bin/sh\nPYTHONPATH={ROOT} exec {sys.executable} {words}"$@"\n')
            (tools / name).chmod(0o755)
        command = f"(cat {made_of} pyproject.toml; pwd) | cksum > .venv/gedanken-installed"
        subprocess.run(["sh", "-c", command], cwd=self.folder, check=True)

    def have(self, name: str, script: str) -> None:
        """Put a program in front of PATH."""
        (self.programs / name).write_text(f"#!/bin/sh\n{script}\n")
        (self.programs / name).chmod(0o755)

    def have_only(self, *missing: str) -> None:
        """Let PATH contain only the usual programs, without those named in `missing`."""
        for folder in ("/usr/bin", "/bin"):
            for path in Path(folder).iterdir():
                if path.name not in missing and not os.path.lexists(self.usual / path.name):
                    (self.usual / path.name).symlink_to(path)
        self.env["PATH"] = f"{self.programs}:{self.usual}"

    def bootstrap(self, *arguments: str) -> CompletedScript:
        command = [f"{self.folder}/script/bootstrap", *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120, env=self.env)


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    return Clone(tmp_path)


def assert_one_line(completed: CompletedScript, *words: str) -> None:
    """Assert that the script ended with code 3, and that the only line it printed itself contains the words."""
    assert completed.returncode == 3, completed.stderr
    messages = [line for line in completed.stderr.splitlines() if line.startswith("gedanken: ")]
    assert len(messages) == 1
    assert completed.stderr.splitlines()[-1] == messages[0]
    for word in words:
        assert word in messages[0]
    assert "Traceback" not in completed.stderr


@pytest.mark.parametrize(
    ("settings", "remedy"),
    [
        ({"PIP_INDEX_URL": "http://127.0.0.1:9/simple"}, "refused"),
        ({"PIP_INDEX_URL": "https://index.invalid/simple"}, "there is no network"),
        ({"PIP_INDEX_URL": "https://index.invalid/simple", "HTTPS_PROXY": "http://127.0.0.1:9"}, "HTTPS_PROXY"),
    ],
)
def test_an_index_that_cannot_be_reached(clone: Clone, settings: dict[str, str], remedy: str) -> None:
    (clone.folder / "requirements.lock").write_text(f"nosuch==1 --hash=sha256:{'0' * 64}\n")
    clone.env |= {"PIP_RETRIES": "1", "PIP_CONFIG_FILE": "/dev/null", **settings}
    assert_one_line(clone.bootstrap(), "pip could not install requirements.lock", remedy)
    assert not (clone.folder / ".venv" / "gedanken-installed").exists()


@pytest.fixture
def proxy() -> Iterator[tuple[str, list[str]]]:
    """A proxy that refuses every request. Yields its address, and the list of the paths that were requested."""
    requested_paths: list[str] = []

    class Refuse(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            requested_paths.append(self.path)
            self.send_error(404)

        do_CONNECT = do_GET

        def log_message(self, *_: object) -> None:
            pass

    with serve_http(Refuse) as address:
        yield address, requested_paths


def test_pip_uses_the_proxy(clone: Clone, proxy: tuple[str, list[str]]) -> None:
    address, requested_paths = proxy
    (clone.folder / "requirements.lock").write_text(f"nosuch==1 --hash=sha256:{'0' * 64}\n")
    clone.env |= {"PIP_RETRIES": "1", "PIP_CONFIG_FILE": "/dev/null", "HTTP_PROXY": address}
    clone.env |= {"PIP_INDEX_URL": "http://index.invalid/simple", "PIP_TRUSTED_HOST": "index.invalid"}
    assert clone.bootstrap().returncode == 3
    assert "http://index.invalid/simple/nosuch/" in requested_paths


def test_apt_gets_the_proxy_as_it_spells_it_and_loopback_goes_past_it(clone: Clone) -> None:
    clone.have_environment()
    clone.have_only("apt-get", "dockerd")
    clone.have("id", "echo 0")
    clone.have("apt-get", 'echo "apt: $http_proxy, not for $no_proxy"; echo "E: enough" >&2; exit 100')
    clone.env |= {"HTTP_PROXY": "http://proxy.example:3128", "NO_PROXY": "mine.example"}
    completed = clone.bootstrap()
    assert "apt: http://proxy.example:3128, not for mine.example,localhost,127.0.0.1,::1" in completed.stderr
    assert_one_line(completed, "apt-get could not install docker.io", "E: enough", "by hand")


def test_a_machine_without_apt_is_told_what_to_install(clone: Clone) -> None:
    clone.have_environment()
    clone.have_only("apt-get", "dockerd")
    assert_one_line(clone.bootstrap(), "no Docker engine answers", "Install one")


@pytest.mark.parametrize(
    ("refusal", "told"),
    [(LOCKED, "another program is installing packages; waiting for it"), (INTERRUPTED, "dpkg --configure -a")],
)
def test_a_held_lock_is_waited_for_and_an_interrupted_installation_finished(
    clone: Clone, refusal: str, told: str
) -> None:
    clone.have_environment()
    clone.have_only("apt-get", "dpkg", "dockerd")
    clone.have("id", "echo 0")
    clone.have("dpkg", 'echo "dpkg: $*"')
    refuse_once = f'[ -e "$HOME/refused" ] || {{ touch "$HOME/refused"; {refusal}; }}'
    clone.have(
        "apt-get", f'{refuse_once}\necho "apt: $*"; case "$*" in *docker.io*) echo "E: enough" >&2; exit 100;; esac'
    )
    completed = clone.bootstrap()
    assert told in completed.stderr
    assert (
        completed.stderr.index(told)
        < completed.stderr.index("apt: -q update")
        < completed.stderr.index("apt: -q install")
    )
    assert_one_line(completed, "apt-get could not install docker.io", "E: enough")


def test_a_second_set_up_in_the_same_folder_waits_for_the_first(clone: Clone) -> None:
    clone.have_environment("requirements-dev.lock")
    with (clone.folder / ".bootstrap.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        second = subprocess.Popen(
            [f"{clone.folder}/script/bootstrap", "--quick"], stderr=subprocess.PIPE, text=True, env=clone.env
        )
        assert second.stderr
        assert second.stderr.readline() == "==> another set-up is at work here; waiting for it\n"
        assert second.poll() is None
    assert second.wait(60) == 0
    second.stderr.close()


def test_a_pid_file_of_a_daemon_that_is_gone_is_dropped(tmp_path: Path) -> None:
    stale, live = tmp_path / "stale.pid", tmp_path / "live.pid"
    stale.write_text("1")  # process 1 is no dockerd
    live.write_text(str(os.getpid()))
    name = Path("/proc/self/comm").read_text().strip()
    function = "eval \"$(sed -n '/^drop_stale_pid/,/^}/p' script/bootstrap)\"; "
    calls = f"drop_stale_pid {stale} dockerd; drop_stale_pid {live} {name}; drop_stale_pid {tmp_path}/none dockerd"
    subprocess.run(["sh", "-euc", function + calls], cwd=ROOT, check=True)
    assert not stale.exists()
    assert live.exists()


@pytest.mark.parametrize("made_of", ["requirements.lock", "requirements-dev.lock"])
def test_an_environment_that_holds_what_is_wanted_stays(clone: Clone, made_of: str) -> None:
    clone.have_environment(made_of)
    clone.env |= {"GEDANKEN_NO_INSTALL": "1"}
    assert_one_line(clone.bootstrap(), "no Docker engine answers")


def test_the_environment_of_a_user_is_not_enough_for_the_tests(clone: Clone) -> None:
    clone.have_environment()
    (clone.folder / "requirements-dev.lock").write_text(f"nosuch==1 --hash=sha256:{'0' * 64}\n")
    clone.env |= {"PIP_RETRIES": "0", "PIP_CONFIG_FILE": "/dev/null", "PIP_INDEX_URL": "http://127.0.0.1:9/simple"}
    assert_one_line(clone.bootstrap("--quick"), "pip could not install requirements-dev.lock")


@pytest.mark.parametrize("moved", [False, True])
def test_an_environment_that_is_half_made_or_was_moved_here_is_made_anew(clone: Clone, moved: bool) -> None:
    clone.have_environment()
    if moved:
        clone.folder = clone.folder.rename(clone.folder.with_name("elsewhere"))
    else:
        (clone.folder / ".venv" / "gedanken-installed").write_text("")  # killed before its end
    (clone.folder / ".venv" / "half").write_text("made")
    if not moved:
        (clone.folder / "requirements.lock").write_text(f"nosuch==1 --hash=sha256:{'0' * 64}\n")
    clone.env |= {"PIP_RETRIES": "0", "PIP_CONFIG_FILE": "/dev/null", "PIP_INDEX_URL": "http://127.0.0.1:9/simple"}
    assert_one_line(clone.bootstrap(), "pip could not install")
    assert not (clone.folder / ".venv" / "half").exists()
