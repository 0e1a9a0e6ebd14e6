"""What tests share: the real engine, image and data, and one embedded model for the whole session."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import settings
from small_run import small

from gedanken.experiment.progress import Silent
from gedanken.traces.run_tree import read_tree

# Property tests run on busy machines too.
settings.register_profile("gedanken", deadline=None)
settings.load_profile("gedanken")

ROOT = Path(__file__).parent.parent


def _load_benchmarks() -> None:
    """Make `benchmarks` known, which is not installed; with its folder on the path, `agents` would be known as
    well.
    """
    folder = ROOT / "benchmarks"
    found = spec_from_file_location("benchmarks", folder / "__init__.py", submodule_search_locations=[str(folder)])
    assert found and found.loader
    sys.modules["benchmarks"] = module_from_spec(found)
    found.loader.exec_module(sys.modules["benchmarks"])


_load_benchmarks()
GEDANKEN = [sys.executable, "-m", "gedanken"]


@pytest.fixture(scope="session")
def docker_engine() -> Any:
    """The Docker engine, with the image programs run in."""
    from gedanken.sandbox.open_engine import open_engine

    return open_engine("docker", Silent())


@pytest.fixture(scope="session")
def mnist() -> Any:
    """(description, folder) of the MNIST data."""
    from gedanken.sandbox.datasets import ensure_dataset

    return ensure_dataset("mnist", Silent())


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Chromium, without a window; `browser_page.open_file` opens a page in it.

    Of a module, not of the session: while it is open, Playwright's event loop runs, and no test can call asyncio.run.
    """
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium")
    assert chromium, "Chromium is missing; run script/bootstrap --all, or on Debian: apt-get install chromium"
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture
def open_machine(docker_engine: Any, mnist: Any) -> Iterator[Callable[..., Any]]:
    """Open Docker machines, which are closed in the end."""
    from gedanken.sandbox.machine import SandboxMachine

    opened: list[Any] = []

    def make(**options: Any) -> Any:
        opened.append(SandboxMachine.open(docker_engine, mnist[1], **options))
        return opened[-1]

    yield make
    for machine in opened:
        if machine.session.folder.exists():
            machine.session.close()


@pytest.fixture
def machine(open_machine: Callable[..., Any]) -> Any:
    """A fresh Docker machine."""
    return open_machine()


Cli = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def gedanken(tmp_path: Path) -> Cli:
    """Run the command line in an empty folder, as a user does."""

    def call(
        *arguments: object, env: dict[str, str] | None = None, stdin: str | None = None
    ) -> subprocess.CompletedProcess[str]:
        command = [*GEDANKEN, *map(str, arguments)]
        return subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=1500, cwd=tmp_path, env=env, input=stdin
        )

    return call


@pytest.fixture
def scripted(tmp_path: Path) -> Callable[[list[dict[str, Any]]], str]:
    """Turn a list of replies into the name of a scripted model."""

    def make(replies: list[dict[str, Any]]) -> str:
        path = tmp_path / "replies.yaml"
        path.write_text(yaml.safe_dump(replies))
        return f"scripted:{path}"

    return make


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a small run in it that came to its end."""
    folder = tmp_path_factory.mktemp("finished")
    ended = subprocess.run([*GEDANKEN, *small(folder)], cwd=folder, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    return folder


@pytest.fixture
def done(finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """That run, for one test alone, which is in its folder."""
    shutil.copytree(finished, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path / "run"


def trace_of(folder: Path) -> list[dict[str, Any]]:
    """All runs of a trace, each with what it began and what it ended with."""
    lines = (folder / "trace.jsonl").read_bytes().splitlines()
    return [run.fields for root in read_tree(lines) for run in root.walk()]


def requests_of(folder: Path, role: str) -> list[str]:
    """Every request that one of the model's roles was sent, as text."""
    return [json.dumps(run["inputs"]) for run in trace_of(folder) if run["name"] == role]
