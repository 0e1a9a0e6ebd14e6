"""Things of the host that no program may reach, laid out while a kit runs."""

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
from gedanken.experiment.places import cache_folder

VARIABLE = "OPENAI_API_KEY"
"""The variable of this process that holds the canary while a kit runs."""
_SECRET_NAME = re.compile(r"KEY|TOKEN|SECRET|PASSW", re.IGNORECASE)
_SECRET_CHARACTERS = 12


@dataclass(frozen=True, slots=True)
class Canaries:
    """Files, sockets, a process and an environment, all of which hold a canary or count who comes."""

    canary: str
    secrets: tuple[str, ...]
    """The canary, and what this process's environment holds that looks like a key."""
    files: tuple[Path, ...]
    listener: socket.socket
    abstract: socket.socket

    @classmethod
    @contextmanager
    def laid(cls) -> Iterator["Canaries"]:
        """Lay it out, and take it all away again."""
        canary = f"canary-{secrets.token_hex(12)}"
        found = [value for name, value in os.environ.items() if _SECRET_NAME.search(name)]
        own = tuple(value for value in found if len(value) >= _SECRET_CHARACTERS)
        with ExitStack() as stack:
            files = tuple(stack.enter_context(_file(folder, canary)) for folder in (None, cache_folder()))
            listener = stack.enter_context(_listening(socket.AF_INET, ("127.0.0.1", 0)))
            abstract = stack.enter_context(_listening(socket.AF_UNIX, f"\0gedanken-{secrets.token_hex(8)}"))
            stack.enter_context(_environment(canary))
            stack.enter_context(_process())
            yield cls(canary, (canary, *own), files, listener, abstract)

    def fill(self, text: str) -> str:
        """Tell a program where everything lies, but not what is in it."""
        places = {
            "@FILES@": ":".join(map(str, self.files)),
            "@PORT@": str(self.listener.getsockname()[1]),
            "@SOCKET@": self.abstract.getsockname()[1:].decode(),
            "@PROCESS@": PROCESS_NAME,
        }
        for mark, place in places.items():
            text = text.replace(mark, place)
        return text

    def visitors(self) -> int:
        """Connections that have come in since this was last asked."""
        count = 0
        for listener in (self.listener, self.abstract):
            with suppress(BlockingIOError):
                while True:
                    listener.accept()[0].close()
                    count += 1
        return count

    def is_in(self, execution: Execution) -> bool:
        """Whether a secret is in what an execution printed, told or brought back."""
        told = "\n".join((execution.terminal, *execution.notes))
        if any(secret in told for secret in self.secrets):
            return True
        digest = hashlib.sha256(self.canary.encode()).hexdigest()
        return any(artifact.sha256 == digest for artifact in execution.artifacts)


PROCESS_NAME = "gedanken-host-process"


@contextmanager
def _file(folder: Path | None, text: str) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="gedanken-canaries-", dir=folder) as made:
        path = Path(made, "secret")
        path.write_text(text)
        # Anybody may read it: what holds a program back must be the machine, not these bits.
        path.parent.chmod(0o755)
        path.chmod(0o644)
        yield path


@contextmanager
def _listening(family: int, address: object) -> Iterator[socket.socket]:
    with closing(socket.socket(family, socket.SOCK_STREAM)) as listener:
        listener.bind(address)  # type: ignore[arg-type]
        listener.listen(16)
        listener.setblocking(False)
        yield listener


@contextmanager
def _environment(canary: str) -> Iterator[None]:
    before = os.environ.get(VARIABLE)
    os.environ[VARIABLE] = canary
    try:
        yield
    finally:
        if before is None:
            del os.environ[VARIABLE]
        else:
            os.environ[VARIABLE] = before


@contextmanager
def _process() -> Iterator[None]:
    """A process of the host with the canary in its environment, which ends with this one."""
    command = [sys.executable, "-c", "import sys; sys.stdin.read()", PROCESS_NAME]
    with subprocess.Popen(command, stdin=subprocess.PIPE):
        yield
