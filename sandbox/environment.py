"""Creates the Python environment for engines that use no images.

The environment has the packages of requirements.txt, or uses the host's own PyTorch.
"""

import json
import os
import shutil
import subprocess
import sys
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

from gedanken.experiment.errors import NoSandbox
from gedanken.experiment.failure_reasons import explain_failure, last_message
from gedanken.experiment.folders import environment_in, folder_bytes, remove_tree, work_folder
from gedanken.experiment.progress import Progress, show_progress
from gedanken.experiment.user_folders import cache_folder
from gedanken.sandbox.wheels import REQUIREMENTS, wheels
from gedanken.sandbox.workspace import user_id

ENVIRONMENT_BYTES = 800e6
"""Size of an environment with the packages of requirements.txt; used only to show progress."""
OLDEST_PYTHON = (3, 11)
START_LINE = (
    'import os, sys, importlib.util as u; sys.path.append(os.environ.get("GEDANKEN_HOOK", "/opt/gedanken/hook")); '
    'u.find_spec("gedanken_hook") and __import__("gedanken_hook")'
)
"""Python code that loads the start-up hook in every Python process of the environment.

It must be a single line because it is stored in a `.pth` file.
"""
_UNNEEDED_FOLDERS = ("torch/include", "torch/share", "torch/test", "setuptools/tests")
_QUERY_CODE = """
import importlib.util as u, json, os, sys
print(json.dumps({
    "executable": os.path.realpath(getattr(sys, "_base_executable", sys.executable)),
    "version": sys.version_info[:3],
    "packages": [path for path in sys.path if path.endswith(("site-packages", "dist-packages"))],
    "has": [name for name in ("torch", "numpy", "torchvision") if u.find_spec(name)],
}))
"""


class Interpreter(NamedTuple):
    """A Python interpreter of the host."""

    executable: str
    """Path of the interpreter, with links resolved.

    For a virtual environment, it is the interpreter from which the environment was made.
    """
    version: tuple[int, int, int]
    packages: tuple[str, ...]
    """The package folders from which the interpreter imports."""
    installed: tuple[str, ...]
    """Those of `torch`, `numpy` and `torchvision` that are installed."""

    @property
    def is_equipped(self) -> bool:
        """True if the interpreter has the packages that training needs: PyTorch and NumPy."""
        return {"torch", "numpy"} <= set(self.installed)


def ensure_environment(progress: Progress, uid: int | None = None) -> Path:
    """Return the folder of a virtual environment that the user `uid` can run. It is created if it is missing.

    By default, `uid` is the sandbox's user. Raises NoSandbox, saying what is missing, if no environment can be
    created.
    """
    uid = user_id() if uid is None else uid
    # With the host's own PyTorch, if it has one: that fits the host's GPU.
    interpreter = _find_interpreter(uid)
    folder = cache_folder() / "environment" / _recipe_digest(interpreter)
    if interpreter.is_equipped and "torchvision" not in interpreter.installed:
        progress.say(f"{interpreter.executable} has PyTorch but no torchvision: programs that import it will fail")
    if folder.exists():
        return folder
    with work_folder(folder.parent) as work:
        new_environment = work / "environment"
        _create(new_environment, interpreter, progress)
        try:
            new_environment.rename(folder)
        except OSError:  # another process has made it meanwhile
            if not folder.exists():
                raise
    _check_import(folder, uid)
    return folder


def installations(environment: Path) -> list[Path]:
    """List the folders outside `/usr` that contain the environment's Python or its packages."""
    settings = dict(line.split(" = ", 1) for line in (environment / "pyvenv.cfg").read_text().splitlines())
    lines = _start_file(environment).read_text().splitlines()
    folders = {Path(settings["home"]).parent, *(Path(line) for line in lines if line.startswith("/"))}
    return sorted(folder for folder in folders if not folder.is_relative_to("/usr"))


def _find_interpreter(uid: int) -> Interpreter:
    """Return the first suitable Python of the host that has PyTorch and NumPy. If none has both, return the first
    suitable one.
    """
    candidates = ["/usr/bin/python3", getattr(sys, "_base_executable", None), shutil.which("python3"), sys.executable]
    interpreters = [interpreter for name in dict.fromkeys(candidates) if name and (interpreter := _query(name, uid))]
    equipped = [interpreter for interpreter in interpreters if interpreter.is_equipped]
    if not interpreters:
        oldest_version = ".".join(map(str, OLDEST_PYTHON))
        raise NoSandbox(
            f"there is no Python {oldest_version} or newer that the sandbox's user (uid {uid}) may run; "
            "install one for all users (on Debian: `apt-get install python3 python3-venv`)"
        )
    return (equipped or interpreters)[0]


def _query(executable: str, uid: int) -> Interpreter | None:
    """Return a description of the Python at a path; None if the sandbox cannot use it."""
    result = _run_as(uid, [executable, "-P", "-c", _QUERY_CODE])
    if result is None or result.returncode != 0:
        return None
    answer = json.loads(result.stdout)
    interpreter = Interpreter(
        answer["executable"], tuple(answer["version"]), tuple(answer["packages"]), tuple(answer["has"])
    )
    # The interpreter's installation folder becomes visible in the sandbox.
    is_in_home = Path.home().is_relative_to(Path(interpreter.executable).parent.parent)
    return None if is_in_home or interpreter.version < OLDEST_PYTHON else interpreter


def _run_as(uid: int, command: list[str]) -> subprocess.CompletedProcess[str] | None:
    as_user: dict[str, Any] = {}
    if uid != os.getuid():
        as_user = {"user": uid, "group": uid, "extra_groups": []}
    home = {"HOME": os.environ["HOME"]} if "HOME" in os.environ else {}
    try:
        return subprocess.run(command, capture_output=True, text=True, check=False, cwd="/", env=home, **as_user)
    except OSError:
        return None


def _recipe_digest(interpreter: Interpreter) -> str:
    """Return the digest of what an environment is made from: requirements, START_LINE and interpreter."""
    parts = [REQUIREMENTS.read_text(), START_LINE, json.dumps(interpreter)]
    return sha256("\n".join(parts).encode()).hexdigest()[:16]


def _create(folder: Path, interpreter: Interpreter, progress: Progress) -> None:
    _run_checked([interpreter.executable, "-m", "venv", "--without-pip", str(folder)])
    lines = [START_LINE]
    if interpreter.is_equipped:
        progress.say(f"programs use the PyTorch of {interpreter.executable}")
        lines = [*interpreter.packages, START_LINE]
    else:
        _install(folder, interpreter, progress)
    _make_movable(folder / "bin")
    _start_file(folder).write_text("\n".join(lines) + "\n")


def _install(folder: Path, interpreter: Interpreter, progress: Progress) -> None:
    source = wheels(progress, "{}.{}".format(*interpreter.version))
    command = [sys.executable, "-P", "-m", "pip", f"--python={folder}/bin/python", "install", "--quiet"]
    command += ["--disable-pip-version-check", "--no-cache-dir", "--no-index", f"--find-links={source}"]
    command += ["--requirement", str(REQUIREMENTS)]
    title = "installing PyTorch for the sandbox"
    with show_progress(progress, title, ENVIRONMENT_BYTES, lambda: folder_bytes(folder)):
        _run_checked(command, environment_in(folder.parent))
    for name in _UNNEEDED_FOLDERS:
        remove_tree(_packages(folder) / name)


def _make_movable(folder: Path) -> None:
    """Prepare the environment for being moved: let scripts find Python by PATH, and remove the `activate` scripts."""
    for script in folder.iterdir():
        if script.is_symlink():
            continue
        if script.name.lower().startswith("activate"):
            script.unlink()
            continue
        _first, _newline, rest = script.read_bytes().partition(b"\n")
        script.write_bytes(b"#!/usr/bin/env python3\n" + rest)


def _run_checked(command: list[str], env: dict[str, str] | None = None) -> None:
    # The sandbox's user must be able to read it, whatever this process's umask is.
    result = subprocess.run(command, capture_output=True, text=True, check=False, umask=0o022, env=env)
    if result.returncode != 0:
        raise NoSandbox(
            f"the sandbox's Python environment cannot be created: {explain_failure(result.stdout + result.stderr)}"
        )


def _check_import(folder: Path, uid: int) -> None:
    result = _run_as(uid, [f"{folder}/bin/python", "-c", "import torch, numpy"])
    if result is None or result.returncode != 0:
        reason = last_message(result.stderr) if result else "it has no permission to enter the folder"
        remove_tree(folder)
        raise NoSandbox(f"the sandbox's user (uid {uid}) cannot import PyTorch in {folder}: {reason}")


def _packages(folder: Path) -> Path:
    return next(folder.glob("lib/python3*/site-packages"))


def _start_file(folder: Path) -> Path:
    return _packages(folder) / "gedanken.pth"
