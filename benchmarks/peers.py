"""Times other sandboxes on the same image, in a virtual environment of their own. It is started by
benchmarks/sandbox_peers.py.

    python peers.py IMAGE

Reads one line for each request, `PEER REQUEST`, and answers it with one line of JSON. The request `session` starts a
container, runs one command and stops the container. `open`, `command` and `close` do the same in separate requests.
Both peers run with their defaults: with a network, and without gedanken's limits. Nothing is pulled or installed.
"""

import asyncio
import json
import sys
import time
from collections.abc import Awaitable, Callable
from importlib.metadata import version
from typing import Any

HELLO = "hello"


class LlmSandbox:
    """SandboxSession of llm-sandbox, without the virtual environment that it would create in each container."""

    package = "llm-sandbox"

    def __init__(self, image: str) -> None:
        self._image = image
        self._session: Any = None

    async def open(self) -> None:
        """Start a container."""
        from llm_sandbox import SandboxSession  # type: ignore[import-not-found,unused-ignore]

        self._session = SandboxSession(lang="python", image=self._image, skip_environment_setup=True)
        self._session.open()

    async def command(self) -> None:
        """Run one command in the container."""
        output = self._session.execute_command(f"bash -c 'echo {HELLO}'").stdout
        check(output)

    async def close(self) -> None:
        """Stop and remove the container."""
        self._session.close()


class AutoGen:
    """DockerCommandLineCodeExecutor of AutoGen."""

    package = "autogen-ext"

    def __init__(self, image: str) -> None:
        self._image = image
        self._executor: Any = None

    async def open(self) -> None:
        """Start a container."""
        from autogen_ext.code_executors.docker import (  # type: ignore[import-not-found,unused-ignore]
            DockerCommandLineCodeExecutor,
        )

        self._executor = DockerCommandLineCodeExecutor(image=self._image)
        await self._executor.start()

    async def command(self) -> None:
        """Run one code block in the container."""
        from autogen_core import CancellationToken  # type: ignore[import-not-found,unused-ignore]
        from autogen_core.code_executor import CodeBlock  # type: ignore[import-not-found,unused-ignore]

        block = CodeBlock(code=f"echo {HELLO}", language="bash")
        check((await self._executor.execute_code_blocks([block], CancellationToken())).output)

    async def close(self) -> None:
        """Stop and remove the container."""
        await self._executor.stop()


def check(output: str) -> None:
    """Raise an error unless the command printed the expected text."""
    if output.strip() != HELLO:
        raise RuntimeError(f"the peer's command printed {output!r}")


async def seconds(*steps: Callable[[], Awaitable[None]]) -> float:
    """Return how long these steps take, one after the other, in seconds."""
    started = time.perf_counter()
    for step in steps:
        await step()
    return time.perf_counter() - started


async def main(image: str) -> None:
    """Answer requests until the input ends."""
    peers = {peer.package: peer(image) for peer in (LlmSandbox, AutoGen)}
    print(json.dumps({name: version(name) for name in peers}), flush=True)
    while line := await asyncio.to_thread(sys.stdin.readline):
        name, request = line.split()
        peer = peers[name]
        steps = {
            "session": (peer.open, peer.command, peer.close),
            "open": (peer.open, peer.command),
            "command": (peer.command,),
            "close": (peer.close,),
        }[request]
        print(json.dumps({"seconds": await seconds(*steps)}), flush=True)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
