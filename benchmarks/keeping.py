"""What does it cost to store everything (ledger, log and checkpoint), for each node and for a whole run?

    python -m benchmarks.keeping                      a small run of two programs, in bubblewrap
    python -m benchmarks.keeping --run runs/mnist-…   its experiment once more: programs really run, in Docker

The model is scripted, with the replies of that run. It takes no time, so that the share of storing is higher than
with a real model. The seconds that the ledger, the log (with its view `run.json`) and the checkpoints take are
counted. They include waiting for the disk and for each other, and are added up over all nodes, even if several wait
at the same time. The output also shows how many flushes there were, and how long one takes (with TMPDIR=/dev/shm,
without the disk). Targets: 5 ms for each node, and 2 % of `mnist`. Prints one JSON object; exit code 1 if a target is
missed.
"""

import argparse
import asyncio
import functools
import inspect
import json
import os
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from contextvars import ContextVar
from pathlib import Path
from statistics import median
from typing import Any

import yaml

from benchmarks.killed_runs import REPLIES, SCRIPT

MOST_MS, MOST_SHARE = 5.0, 0.02
_IS_COUNTED: ContextVar[bool] = ContextVar("_IS_COUNTED", default=False)


class Clock:
    """Measures the seconds spent in certain parts of the program."""

    def __init__(self) -> None:
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self.calls: Counter[str] = Counter()

    def watch(self, part: str, owner: type, *names: str) -> None:
        """Count the time that these methods of `owner` take as time of `part`."""
        for name in names:
            setattr(owner, name, self._wrap(part, getattr(owner, name)))

    def _wrap(self, part: str, method: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(method)
        def timed(*arguments: Any, **keywords: Any) -> Any:
            if _IS_COUNTED.get():  # within a part that is watched itself
                return method(*arguments, **keywords)
            token, started = _IS_COUNTED.set(True), time.monotonic()
            try:
                return method(*arguments, **keywords)
            finally:
                _IS_COUNTED.reset(token)
                self._add_time(part, started)

        @functools.wraps(method)
        async def timed_async(*arguments: Any, **keywords: Any) -> Any:
            started = time.monotonic()
            try:
                return await method(*arguments, **keywords)
            finally:
                self._add_time(part, started)

        return timed_async if inspect.iscoroutinefunction(method) else timed

    def _add_time(self, part: str, started: float) -> None:
        self.seconds[part] += time.monotonic() - started
        self.calls[part] += 1


def measure(spec: Any, folder: Path) -> dict[str, Any]:
    """Execute the run in this process; return the time that storing took."""
    from gedanken.graphs.checkpoints import Checkpoints
    from gedanken.records.ledger import Ledger
    from gedanken.records.run_store import RunStore
    from gedanken.runner import run
    from gedanken.terminal.screen import Screen

    clock, nodes, one_flush_ms = Clock(), Clock(), flush_ms(folder.parent)
    clock.watch("ledger", Ledger, "get", "put", "mark_sent", "flush")
    clock.watch("log", RunStore, "keep_execution", "keep_program", "view", "_append", "_put")
    clock.watch("checkpoint", Checkpoints, "aput", "aput_writes")
    _count_nodes(nodes)
    flushes, real_fsync = Counter[str](), os.fsync

    def count_flush(descriptor: Any) -> None:
        flushes["all"] += 1
        real_fsync(descriptor)

    setattr(os, real_fsync.__name__, count_flush)
    started = time.monotonic()
    asyncio.run(run(spec, Screen(), folder))
    seconds = time.monotonic() - started
    node_count = nodes.calls["node"]
    total = sum(clock.seconds.values())
    return {
        "one_flush_ms": one_flush_ms,
        "flushes_a_node": round(flushes["all"] / node_count, 2),
        "nodes": node_count,
        "seconds": round(seconds, 1),
        "keeping_seconds": round(total, 3),
        "ms_a_node": round(1000 * total / node_count, 2),
        "share": round(total / seconds, 4),
        "parts": {
            part: {"calls": clock.calls[part], "ms_a_node": round(1000 * clock.seconds[part] / node_count, 2)}
            for part in clock.seconds
        },
    }


def flush_ms(folder: Path) -> float:
    """Return the median of 50 flushes of a small file to this disk, in milliseconds."""
    seconds = []
    for _ in range(50):
        with (folder / "flushed").open("wb") as file:
            file.write(b"x" * 2000)
            file.flush()
            started = time.monotonic()
            os.fsync(file.fileno())
            seconds.append(time.monotonic() - started)
    return round(1000 * median(seconds), 2)


def _count_nodes(nodes: Clock) -> None:
    from gedanken.graphs import nodes as module

    for name in ("persona", "give", "write", "execute", "replicate", "simulate", "compare", "report"):
        setattr(module, name, nodes._wrap("node", getattr(module, name)))


def small_spec(folder: Path) -> Any:
    """Return the spec of a run of two programs."""
    return _spec({"name": "small", "script": SCRIPT}, folder, REPLIES, "bubblewrap")


def repeated_spec(run: Path, folder: Path) -> Any:
    """Return the spec for repeating a run with the replies that its model gave."""
    from gedanken.records.read_run import read_run

    log = read_run(run)
    assert log.spec is not None
    script = log.spec.experiment.script
    working = [program for program in log.programs if program.works]
    replies = [
        {"when": script[program.line].tell, "samples": [f"```python\n{program.source}```\n"]} for program in working
    ]
    imagined_runs = [execution for execution in log.executions if execution.imagined and execution.sample == 0]
    replies += [
        {"when": execution.command, "samples": [execution.raw_reply or execution.stdout]}
        for execution in imagined_runs
    ]
    return _spec(log.spec.experiment.model_dump(mode="json"), folder, replies, "docker")


def _spec(experiment: dict[str, Any], folder: Path, replies: list[dict[str, Any]], sandbox: str) -> Any:
    from gedanken.experiment.run_spec import ModelSpec, RunSpec, SandboxSpec
    from gedanken.experiment.script import Experiment
    from gedanken.loading.experiments_and_personas import load_persona

    (folder / "replies.yaml").write_text(yaml.safe_dump(replies))
    return RunSpec(
        experiment=Experiment.model_validate(experiment),
        persona=load_persona("matched"),
        model=ModelSpec(name=f"scripted:{folder / 'replies.yaml'}"),
        sandbox=SandboxSpec(name=sandbox),
    )


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run", type=Path, help="run folder whose experiment is repeated")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="gedanken-keeping-") as name:
        folder = Path(name)
        spec = repeated_spec(arguments.run, folder) if arguments.run else small_spec(folder)
        measured = measure(spec, folder / "run")
    print(json.dumps(measured, indent=2))
    sys.exit(1 if measured["ms_a_node"] > MOST_MS or (arguments.run and measured["share"] > MOST_SHARE) else 0)


if __name__ == "__main__":
    main()
