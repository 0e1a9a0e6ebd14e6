"""The wheel: everything that runs need is in it, and nothing else."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder into which the wheel was installed."""
    folder = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    source = folder / "source"
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    for name in filter(None, tracked.decode().split("\0")):
        if (ROOT / name).is_file():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            (source / name).write_bytes((ROOT / name).read_bytes())
    build = [*pip, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(folder), str(source)]
    subprocess.run(build, check=True, capture_output=True)
    wheel = next(folder.glob("*.whl"))
    subprocess.run([*pip, "install", "--no-deps", "--target", str(folder / "site"), str(wheel)], check=True)
    return folder


def test_the_wheel_holds_words_recipes_and_experiments_and_no_tests(installed: Path) -> None:
    names = set(zipfile.ZipFile(next(installed.glob("*.whl"))).namelist())
    needed = {
        "gedanken/experiments/article.yaml",
        "gedanken/personas/matched.yaml",
        "prompts/terminal.j2",
        "sandbox/Dockerfile",
        "sandbox/session.sh",
        "sandbox/requirements.txt",
        "sandbox/hook/gedanken_hook.py",
    }
    assert needed <= names
    assert not [name for name in names if name.startswith(("tests/", "benchmarks/", "docs/", "script/"))]


def test_an_installed_gedanken_finds_its_own_experiments(installed: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(installed / "site")}
    done = subprocess.run(
        [sys.executable, "-m", "gedanken", "run", "nosuch"],
        cwd=installed,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "all-gpus, article, cause-and-effect, changing, cifar10-shape, hundred-epochs, mnist" in done.stderr


def test_the_lock_holds_versions_and_hashes_and_no_address() -> None:
    for lock in ("requirements.lock", "sandbox/requirements.txt"):
        text = (ROOT / lock).read_text()
        assert "://" not in text
        assert all("==" in line for line in text.splitlines() if line and line[0] not in "# ")
