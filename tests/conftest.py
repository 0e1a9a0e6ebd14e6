"""Fixtures that tests share: the real engine, image and data, a browser, and a finished run."""

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
from small_run import small_run_command

from gedanken.experiment.progress import Silent
from gedanken.traces.run_tree import read_tree

# Property tests run on busy machines too.
settings.register_profile("gedanken", deadline=None)
settings.load_profile("gedanken")

ROOT = Path(__file__).parent.parent


def _load_benchmarks() -> None:
    """Make `benchmarks`, which is not installed, importable.

    The root folder must not be added to the path, because `agents` could then be imported from it as well.
    """
    folder = ROOT / "benchmarks"
    spec = spec_from_file_location("benchmarks", folder / "__init__.py", submodule_search_locations=[str(folder)])
    assert spec and spec.loader
    sys.modules["benchmarks"] = module_from_spec(spec)
    spec.loader.exec_module(sys.modules["benchmarks"])


_load_benchmarks()
GEDANKEN = [sys.executable, "-m", "gedanken"]


@pytest.fixture(scope="session")
def docker_engine() -> Any:
    """The Docker engine, with the image in which programs run."""
    from gedanken.sandbox.open_engine import open_engine

    return open_engine("docker", Silent())


@pytest.fixture(scope="session")
def mnist() -> Any:
    """The MNIST data, as (description, folder)."""
    from gedanken.sandbox.datasets import ensure_dataset

    return ensure_dataset("mnist", Silent())


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Chromium without a window; `browser_page.open_file` opens a page in it.

    The fixture is made for each module, because no test can call `asyncio.run` while Playwright's event loop runs.
    """
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium")
    assert chromium, "Chromium is missing; run script/bootstrap --all, or on Debian: apt-get install chromium"
    with sync_playwright() as playwright:
        headless_browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield headless_browser
        headless_browser.close()


@pytest.fixture
def open_machine(docker_engine: Any, mnist: Any) -> Iterator[Callable[..., Any]]:
    """A function that opens Docker machines. All of them are closed after the test."""
    from gedanken.sandbox.machine import SandboxMachine

    machines: list[Any] = []

    def make(**options: Any) -> Any:
        machines.append(SandboxMachine.open(docker_engine, mnist[1], **options))
        return machines[-1]

    yield make
    for machine in machines:
        if machine.session.folder.exists():
            machine.session.close()


@pytest.fixture
def machine(open_machine: Callable[..., Any]) -> Any:
    """A fresh Docker machine."""
    return open_machine()


Cli = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def gedanken(tmp_path: Path) -> Cli:
    """A function that runs the command line in an empty folder, as a user does."""

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
    """A function that turns a list of replies into the name of a scripted model."""

    def make(replies: list[dict[str, Any]]) -> str:
        path = tmp_path / "replies.yaml"
        path.write_text(yaml.safe_dump(replies))
        return f"scripted:{path}"

    return make


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that contains a small finished run."""
    folder = tmp_path_factory.mktemp("finished")
    completed = subprocess.run(
        [*GEDANKEN, *small_run_command(folder)], cwd=folder, capture_output=True, text=True, check=False
    )
    assert completed.returncode == 0, completed.stderr
    return folder


@pytest.fixture
def done(finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the `finished` run for one test. The current directory contains it."""
    shutil.copytree(finished, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path / "run"


def trace_of(folder: Path) -> list[dict[str, Any]]:
    """The fields of every run in a trace."""
    lines = (folder / "trace.jsonl").read_bytes().splitlines()
    return [run.fields for root in read_tree(lines) for run in root.walk()]


def requests_of(folder: Path, role: str) -> list[str]:
    """Every request to the model in this role, as JSON text."""
    return [json.dumps(run["inputs"]) for run in trace_of(folder) if run["name"] == role]
