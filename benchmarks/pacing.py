"""Requests to a server with a rate limit and to a slow server: how many requests are sent for how many replies,
and how long does it take?

    PYTHONPATH=tests python -m benchmarks.pacing

The servers are those of the tests, on loopback. From the first one, 40 samples are requested; it allows 3 requests in
any 10 s. `probe edits`, which sends 18 requests, asks the second one, which takes 5 s for each reply. The programs
run on the host, without a sandbox.
"""

import asyncio
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from openai_server import Server, serving, sliding_window

from gedanken.agents.messages import Message
from gedanken.agents.model import Sampling
from gedanken.agents.registry import open_model
from gedanken.experiment.progress import Silent
from gedanken.experiment.run_spec import ModelSpec

SAMPLES = 40
PROGRAM = """\
def show(x):
    # say it once

    y = x + 1
    print("it is", y)


for turn in range(3):
    show(turn)
"""


def main() -> None:
    """Measure both servers, and print one line for each."""
    with serving(Server(sliding_window(3, 10.0))) as server:
        started = time.monotonic()
        replies = asyncio.run(_draw_samples(server))
        seconds = time.monotonic() - started
    ratio = len(server.came) / server.replies
    summary = f"{len(server.came)} requests ({ratio:.2f} a reply)"
    print(f"{SAMPLES} samples, 3 requests in 10 s: {replies} kept, {summary}, {seconds:.1f} s")
    with serving(Server(seconds=5.0, text="it is 1\n")) as server, tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "once.py").write_text(PROGRAM)
        command = [sys.executable, "-m", "gedanken", "probe", "edits", "--samples", "1", "--program", "once.py"]
        command += [
            "--model",
            "openai:small",
            "--base-url",
            server.address,
            "--sandbox",
            "host",
            "--i-trust-this-code",
        ]
        started = time.monotonic()
        subprocess.run([*command, "--out", "edits.json"], cwd=folder, check=True, capture_output=True)
        seconds = time.monotonic() - started
    requests = server.came[-1] - server.came[0] + server.seconds
    summary = f"{len(server.came)} requests in {requests:.1f} s"
    print(f"probe edits, 5 s a reply: {summary}, the whole command {seconds:.1f} s")


async def _draw_samples(server: Server) -> int:
    async with open_model(ModelSpec(name="openai:small", base_url=server.address), Silent()) as model:
        requests = [
            model.reply([Message("user", "go on")], Sampling(seed=seed, max_tokens=16), role="sample")
            for seed in range(SAMPLES)
        ]
        return len(await asyncio.gather(*requests))


if __name__ == "__main__":
    main()
