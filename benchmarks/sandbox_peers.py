"""Times other sandboxes in a process of their own, because their packages must not be mixed with ours."""

import hashlib
import json
import subprocess
import sys
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from gedanken.experiment.user_folders import cache_folder

HERE = Path(__file__).parent
REQUIREMENTS = HERE / "requirements-peers.txt"
_TITLES = {"autogen-ext": "AutoGen's Docker executor"}


class Peers:
    """A connection to the process of benchmarks/peers.py."""

    def __init__(self, image: str) -> None:
        """Start the process in its virtual environment, which is created if it is missing."""
        command = [str(_ensure_python()), "-P", str(HERE / "peers.py"), image]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.versions: dict[str, str] = self._answer()

    def titles(self) -> dict[str, str]:
        """Return the name and version of each peer, as tables show them."""
        return {peer: f"{_TITLES.get(peer, peer)} {version}" for peer, version in self.versions.items()}

    def ask(self, peer: str, request: str) -> float:
        """Send a request to a peer; return how many seconds it took."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{peer} {request}\n")
        self._process.stdin.flush()
        return float(self._answer()["seconds"])

    @contextmanager
    def opened(self) -> Iterator[None]:
        """Keep one container of each peer open until the `with` block ends."""
        for peer in self.versions:
            self.ask(peer, "open")
        try:
            yield
        finally:
            for peer in self.versions:
                self.ask(peer, "close")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()

    def _answer(self) -> Any:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit(f"benchmarks/peers.py ended with exit code {self._process.wait()}")
        return json.loads(line)


def _ensure_python() -> Path:
    """Return the Python of the virtual environment with the packages in requirements-peers.txt.

    The environment is created if it is missing.
    """
    digest = hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()[:12]
    folder = cache_folder() / "benchmarks" / f"peers-{digest}"
    python = folder / "bin" / "python"
    if not (folder / "complete").exists():
        print(f"making an environment for the peers in {folder}", file=sys.stderr)
        venv.create(folder, with_pip=True, clear=True)
        command = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*command, "--requirement", str(REQUIREMENTS)], check=True, stdout=sys.stderr)
        (folder / "complete").touch()
    return python
