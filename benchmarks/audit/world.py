"""Really runs commands, in bubblewrap without a network and on a copy of the files. Results are cached."""

import hashlib
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

from benchmarks.audit.repositories import Files

LIMIT_SECONDS = 60


class Printed(NamedTuple):
    """The output of a command, and its exit code."""

    output: str
    code: int


class World:
    """Runs commands on files, and caches the results."""

    def __init__(self, cache_file: Path | None = None) -> None:
        self._cache_file = cache_file
        self._results: dict[str, list[object]] = (
            json.loads(cache_file.read_text()) if cache_file and cache_file.exists() else {}
        )
        self.ran = 0

    def run(self, files: Files, command: str) -> Printed:
        """Return what a command prints; run it only if no result is cached."""
        key = hashlib.sha256(json.dumps([sorted(files.items()), command]).encode()).hexdigest()
        if key not in self._results:
            self._results[key] = list(_run_in_bubblewrap(files, command))
            self.ran += 1
        output, code = self._results[key]
        assert isinstance(output, str) and isinstance(code, int)
        return Printed(output, code)

    def keep(self) -> None:
        """Store the cached results, so that the next process can use them."""
        if self._cache_file:
            self._cache_file.write_text(json.dumps(self._results))


def _run_in_bubblewrap(files: Files, command: str) -> Printed:
    with tempfile.TemporaryDirectory() as folder:
        for path, text in files.items():
            target = Path(folder) / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text)
            target.chmod(0o755 if text.startswith("#!") else 0o644)
        completed = subprocess.run(
            [*_bubblewrap_command(folder), "bash", "-c", command],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=LIMIT_SECONDS,
            check=False,
            text=True,
        )
    return Printed(completed.stdout, completed.returncode)


def _bubblewrap_command(folder: str) -> list[str]:
    tools = os.pathsep.join(["/srv/.tools", str(Path(sys.executable).parent), "/usr/local/bin", "/usr/bin", "/bin"])
    settings = {"PATH": tools, "HOME": "/tmp", "PYTHONDONTWRITEBYTECODE": "1", "LANG": "C.UTF-8", "NO_COLOR": "1"}
    settings["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"  # they are those of this project
    return [
        *[
            "bwrap",
            "--unshare-all",
            "--die-with-parent",
            "--ro-bind",
            "/",
            "/",
            "--dev",
            "/dev",
            "--proc",
            "/proc",
            "--tmpfs",
            "/tmp",
        ],
        *("--bind", folder, "/srv", "--chdir", "/srv", "--clearenv"),
        *(argument for name, value in settings.items() for argument in ("--setenv", name, value)),
    ]
