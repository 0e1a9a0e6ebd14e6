"""The wheel contains everything that runs need, and nothing else."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder into which the wheel was installed."""
    folder = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    source = folder / "source"
    tracked_files = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    for name in filter(None, tracked_files.decode().split("\0")):
        if (ROOT / name).is_symlink():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            (source / name).symlink_to((ROOT / name).readlink())
        elif (ROOT / name).is_file():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            (source / name).write_bytes((ROOT / name).read_bytes())
    build_command = [*pip, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(folder), str(source)]
    subprocess.run(build_command, check=True, capture_output=True)
    wheel = next(folder.glob("*.whl"))
    subprocess.run([*pip, "install", "--no-deps", "--target", str(folder / "site"), str(wheel)], check=True)
    return folder


def test_the_wheel_holds_words_recipes_and_experiments_and_no_tests(installed: Path) -> None:
    names = set(zipfile.ZipFile(next(installed.glob("*.whl"))).namelist())
    required_files = {
        "gedanken/experiments/article.yaml",
        "gedanken/personas/matched.yaml",
        "gedanken/prompts/terminal.j2",
        "gedanken/sandbox/Dockerfile",
        "gedanken/sandbox/session.sh",
        "gedanken/sandbox/requirements.txt",
        "gedanken/sandbox/hook/gedanken_hook.py",
    }
    assert required_files <= names
    assert {name.split("/")[0].split("-")[0] for name in names} == {"gedanken"}


def test_an_installed_gedanken_finds_its_own_experiments(installed: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(installed / "site")}
    result = subprocess.run(
        [sys.executable, "-m", "gedanken", "run", "nosuch"],
        cwd=installed,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 2
    assert "all-gpus, article, cause-and-effect, changing, cifar10-shape, hundred-epochs, mnist" in result.stderr


USES_BOTH_PACKAGES = """
import sys
sys.path.insert(0, sys.argv[1])
import agents
assert agents.__doc__ == "another package of this name"
from gedanken.agents.imagined_machine import ImaginedMachine
from gedanken.cli.main import main
sys.argv[1:] = ["compare", "real.log", "--imagined", "said.log"]
main()
"""


def test_another_package_called_agents_stands_beside_it(installed: Path, tmp_path: Path) -> None:
    """`openai-agents` is imported as `agents`. It must be importable beside `gedanken.agents`."""
    (tmp_path / "agents").mkdir()
    (tmp_path / "agents/__init__.py").write_text('"""another package of this name"""\n')
    for name in ("real.log", "said.log"):
        (tmp_path / name).write_text("loss 0.5\n")
    result = subprocess.run(
        [sys.executable, "-P", "-c", USES_BOTH_PACKAGES, str(tmp_path)],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(installed / "site")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize("folder", sorted(path.name for path in (ROOT / "gedanken").iterdir() if path.is_symlink()))
def test_a_folder_has_one_import_name(folder: str, tmp_path: Path) -> None:
    """If a module were imported under two names, each of its classes would exist twice."""

    def last_line_of_import(name: str) -> str:
        command = [sys.executable, "-c", f"import {name}"]
        result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        return "".join(result.stderr.splitlines()[-1:])

    assert last_line_of_import(f"gedanken.{folder}") == ""
    assert last_line_of_import(folder) == f"ModuleNotFoundError: No module named '{folder}'"


def test_the_lock_holds_versions_and_hashes_and_no_address() -> None:
    for lock in ("requirements.lock", "requirements-dev.lock", "sandbox/requirements.txt"):
        text = (ROOT / lock).read_text()
        assert "://" not in text
        assert all("==" in line for line in text.splitlines() if line and line[0] not in "# ")
