"""Places canaries (fake secrets, and sockets) on the host while the checks run. No program may reach them."""

import hashlib
import os
import re
import secrets
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from gedanken.experiment.execution import Execution
from gedanken.experiment.user_folders import cache_folder

VARIABLE = "OPENAI_API_KEY"
"""The environment variable of this process that holds the canary while the checks run."""
_SECRET_NAME = re.compile(r"KEY|TOKEN|SECRET|PASSW", re.IGNORECASE)
_SECRET_CHARACTERS = 12


@dataclass(frozen=True, slots=True)
class Canaries:
    """The canaries on the host: files and environments that contain a secret, and sockets that count connections."""

    canary: str
    secrets: tuple[str, ...]
    """The canary, and values in this process's environment that look like keys."""
    files: tuple[Path, ...]
    listener: socket.socket
    abstract: socket.socket

    @classmethod
    @contextmanager
    def placed(cls) -> Iterator["Canaries"]:
        """Place the canaries, and remove them all at the end."""
        canary = f"canary-{secrets.token_hex(12)}"
        values = [value for name, value in os.environ.items() if _SECRET_NAME.search(name)]
        own_secrets = tuple(value for value in values if len(value) >= _SECRET_CHARACTERS)
        with ExitStack() as stack:
            files = tuple(stack.enter_context(_secret_file(folder, canary)) for folder in (None, cache_folder()))
            listener = stack.enter_context(_open_listener(socket.AF_INET, ("127.0.0.1", 0)))
            abstract = stack.enter_context(_open_listener(socket.AF_UNIX, f"\0gedanken-{secrets.token_hex(8)}"))
            stack.enter_context(_canary_in_environment(canary))
            stack.enter_context(_canary_process())
            yield cls(canary, (canary, *own_secrets), files, listener, abstract)

    def fill(self, text: str) -> str:
        """Return a program in which placeholders such as `@FILES@` are replaced by the locations of the canaries.

        The program does not contain the canaries themselves.
        """
        locations = {
            "@FILES@": ":".join(map(str, self.files)),
            "@PORT@": str(self.listener.getsockname()[1]),
            "@SOCKET@": self.abstract.getsockname()[1:].decode(),
            "@PROCESS@": PROCESS_NAME,
        }
        for placeholder, location in locations.items():
            text = text.replace(placeholder, location)
        return text

    def count_connections(self) -> int:
        """Return how many connections have come in since the last call."""
        count = 0
        for listener in (self.listener, self.abstract):
            with suppress(BlockingIOError):
                while True:
                    listener.accept()[0].close()
                    count += 1
        return count

    def is_in(self, execution: Execution) -> bool:
        """Return whether an execution's output or notes contain a secret, or an artifact is a copy of the canary."""
        text = "\n".join((execution.terminal, *execution.notes))
        if any(secret in text for secret in self.secrets):
            return True
        digest = hashlib.sha256(self.canary.encode()).hexdigest()
        return any(artifact.sha256 == digest for artifact in execution.artifacts)


PROCESS_NAME = "gedanken-host-process"


@contextmanager
def _secret_file(folder: Path | None, text: str) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="gedanken-canaries-", dir=folder) as temporary_folder:
        path = Path(temporary_folder, "secret")
        path.write_text(text)
        # World-readable: the machine must keep programs out, not these permission bits.
        path.parent.chmod(0o755)
        path.chmod(0o644)
        yield path


@contextmanager
def _open_listener(family: int, address: object) -> Iterator[socket.socket]:
    with closing(socket.socket(family, socket.SOCK_STREAM)) as listener:
        listener.bind(address)  # type: ignore[arg-type]
        listener.listen(16)
        listener.setblocking(False)
        yield listener


@contextmanager
def _canary_in_environment(canary: str) -> Iterator[None]:
    previous_value = os.environ.get(VARIABLE)
    os.environ[VARIABLE] = canary
    try:
        yield
    finally:
        if previous_value is None:
            del os.environ[VARIABLE]
        else:
            os.environ[VARIABLE] = previous_value


@contextmanager
def _canary_process() -> Iterator[None]:
    """During the `with` block, run a process on the host that has the canary in its environment."""
    command = [sys.executable, "-c", "import sys; sys.stdin.read()", PROCESS_NAME]
    with subprocess.Popen(command, stdin=subprocess.PIPE):
        yield
