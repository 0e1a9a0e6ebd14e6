"""Kills runs with SIGKILL in every node of the graph. Does the page show what had ended, and where the run stands?

    python -m benchmarks.killed_runs --kills 30

One run is undisturbed, and measures how long each call of a node takes. Each other run is killed during one call,
after a random part of this time, whatever it is doing or writing. Before, the process that is killed writes down
outside the run folder what has ended. `gedanken report` must show all of that, and say where the run stands and since
when. Prints one JSON object; exit code 1 if any promise was broken.
"""

import argparse
import asyncio
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from functools import wraps
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

import yaml

NODES = ("persona", "give", "write", "execute", "replicate", "simulate", "compare", "report")
PROGRAM = """
import secrets, types
nn = types.SimpleNamespace(Linear=lambda a, b: None)
layers = [nn.Linear(4, 4), nn.Linear(4, 4)]
for epoch in range(3):
    print(f"Epoch {epoch + 1}/3 - loss: {1 / (epoch + 1) + secrets.randbelow(9) / 99:.4f} - acc: 0.{epoch + 5}000")
"""
CRASHING = PROGRAM + "raise ValueError('once')\n"
IMAGINED = "".join(f"Epoch {n}/3 - loss: {0.9 - n / 10:.4f} - acc: 0.9000\n" for n in (1, 2, 3))
REPLIES = [
    {"when": "does not do what was asked", "samples": [f"```python\n{PROGRAM}```\n"]},
    {"when": "Write it", "samples": [f"```python\n{CRASHING}```\n"]},
    {"when": ".py", "samples": [IMAGINED]},
]
SCRIPT = [
    {"tell": "Write it.", "write": "train.py", "task": {"layers": 2, "epochs": 3}},
    "echo begun",
    "python3 train.py",
    {"give": "given.py", "source": PROGRAM},
    "python3 given.py",
]


class Call(NamedTuple):
    """One call of a node."""

    node: str
    number: int
    """Index of the call, counted from 0, among the calls of this node."""


class Killed(NamedTuple):
    """What is known about a killed run from the notes that its process wrote."""

    call: Call
    began: float
    """Time at which the call started, in seconds since 1970."""
    ended: dict[str, str]
    """For each execution that a node had returned before the kill: its label, and the SHA-256 of its output."""


class Watch:
    """Wraps every node: measures its calls, and kills this process in one of them."""

    def __init__(self, notes: Path, target: Call | None, share: float, seconds: float) -> None:
        """`notes` is the file, outside the run folder, in which the watch notes what has ended."""
        self._notes, self._target, self._delay = notes, target, share * seconds
        self._calls: Counter[str] = Counter()
        self.seconds: list[tuple[Call, float]] = []
        self._digests: dict[str, str] = {}

    def around(
        self, name: str, node: Callable[..., Coroutine[Any, Any, Any]]
    ) -> Callable[..., Coroutine[Any, Any, Any]]:
        """Wrap a node."""

        @wraps(node)
        async def watched_node(state: Any, runtime: Any) -> Any:
            call = Call(name, self._calls[name])
            self._calls[name] += 1
            started = time.time()
            if call == self._target:
                self._note(Killed(call, started, self._digests))
                threading.Timer(self._delay, _kill_this_process).start()
            try:
                update = await node(state, runtime)
            finally:
                if call == self._target:
                    _kill_this_process()  # it was quicker than the timer
            self.seconds.append((call, time.time() - started))
            changes = update if isinstance(update, dict) else update.update
            for label in changes.get("executions", []):
                self._digests[label] = _hash(runtime.context.store.executions[label].stdout)
            return update

        return watched_node

    def _note(self, killed: Killed) -> None:
        self._notes.write_text(json.dumps(killed._asdict()))

    def finish(self) -> None:
        """Record the duration of each call."""
        self._notes.write_text(json.dumps([[*call, seconds] for call, seconds in self.seconds]))


def _kill_this_process() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _hash(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def control(folder: Path, watch: Watch, sandbox: str) -> None:
    """Act as the process of one run."""
    from gedanken.experiment.run_spec import ModelSpec, RunSpec, SandboxSpec
    from gedanken.graphs import nodes
    from gedanken.graphs.logged_nodes import logged
    from gedanken.loading.experiments_and_personas import load_experiment, load_persona
    from gedanken.runner import run
    from gedanken.terminal.screen import Screen

    for name in NODES:
        # Within what the log is told of the node: a kill before its first word is one in the node before.
        setattr(nodes, name, logged(watch.around(name, getattr(nodes, name).__wrapped__)))
    experiment = load_experiment(str(folder.parent / "experiment.yaml"))
    spec = RunSpec(
        experiment=experiment,
        persona=load_persona("matched"),
        model=ModelSpec(name=f"scripted:{folder.parent / 'replies.yaml'}"),
        sandbox=SandboxSpec(name=sandbox),
        real=3,
        imagined=2,
    )
    asyncio.run(run(spec, Screen(), folder))
    watch.finish()


class Case(NamedTuple):
    """The result of a run that was killed."""

    call: Call
    broken: tuple[str, ...]
    """Promises that were broken."""


class Runs:
    """Starts runs in a folder, each in its own process."""

    def __init__(self, folder: Path, sandbox: str) -> None:
        """Write the files that all runs use."""
        self._folder = folder
        self._sandbox = sandbox
        (folder / "replies.yaml").write_text(yaml.safe_dump(REPLIES))
        (folder / "experiment.yaml").write_text(yaml.safe_dump({"name": "killed", "script": SCRIPT}))

    def undisturbed(self) -> dict[Call, float]:
        """Return the seconds that each call of a node takes."""
        if self._start("undisturbed", None, 0, 0) != 0:
            raise SystemExit((self._folder / "undisturbed.said").read_text() + "an undisturbed run went wrong")
        durations = json.loads((self._folder / "undisturbed.json").read_text())
        return {Call(node, number): seconds for node, number, seconds in durations}

    def killed(self, number: int, call: Call, share: float, seconds: float) -> Case:
        """Kill a run during this call, and compare what is left with the notes of its process."""
        name = f"killed-{number}"
        status = self._start(name, call, share, seconds)
        if status != -signal.SIGKILL:
            return Case(call, (f"ended with {status} before it was killed",))
        return Case(call, tuple(broken_promises(self._folder / name, self._folder / f"{name}.json")))

    def _start(self, name: str, call: Call | None, share: float, seconds: float) -> int:
        folder, notes = self._folder / name, self._folder / f"{name}.json"
        call_arguments = [call.node, str(call.number)] if call else ["", "0"]
        command = [sys.executable, "-m", "benchmarks.killed_runs", "--sandbox", self._sandbox]
        command += ["--control", str(folder), str(notes), *call_arguments, str(share), str(seconds)]
        with (self._folder / f"{name}.said").open("w") as output:
            return subprocess.run(command, stdout=output, stderr=output, check=False).returncode


def broken_promises(folder: Path, notes: Path) -> list[str]:
    """Return the promises that a killed run broke."""
    from gedanken.records.read_run import read_run
    from gedanken.report.run_setup import format_outcome

    node, number = json.loads(notes.read_text())["call"]
    started, ended = (json.loads(notes.read_text())[key] for key in ("began", "ended"))
    report = subprocess.run(
        [sys.executable, "-m", "gedanken", "report", str(folder)], capture_output=True, text=True, check=False
    )
    if report.returncode != 0:
        return [f"no page of a run killed in {node} {number}: {report.stderr.strip()}"]
    page = (folder / "report.html").read_text()
    log = read_run(folder)
    broken = []
    outcome = format_outcome(log)
    if not outcome.startswith("unfinished: ") or outcome not in page:
        broken.append(f"the page does not say that it is unfinished, and where: {outcome}")
    running = [work for work in log.under_way if work.node == node and abs(_seconds(work.time) - started) < 0.2]
    if not running:
        since = datetime.fromtimestamp(started, UTC)
        broken.append(f"{node} is not said to be under way since {since}: {outcome}")
    digests = {execution.label: _hash(execution.stdout) for execution in log.executions}
    broken += [f"{label} had ended, and is lost" for label, digest in ended.items() if digests.get(label) != digest]
    broken += [f"{label} is not on the page" for label in ended if label not in page]
    return broken


def _seconds(time_of_event: str) -> float:
    return datetime.fromisoformat(time_of_event).timestamp()


def measure(kills: int, seed: int, sandbox: str) -> dict[str, Any]:
    """Kill `kills` runs, about equally often in each node; return the summary."""
    from gedanken.sandbox.leftovers import clean, list_leftovers

    rng = random.Random(seed)
    with tempfile.TemporaryDirectory(prefix="gedanken-killed-") as name:
        runs = Runs(Path(name), sandbox)
        seconds = runs.undisturbed()
        cases = []
        for number in range(kills):
            node = NODES[number % len(NODES)]
            call = rng.choice([call for call in seconds if call.node == node])
            cases.append(runs.killed(number, call, rng.random(), seconds[call]))
            print(f"{number + 1}/{kills}: {call.node} {call.number}: {cases[-1].broken or 'held'}", file=sys.stderr)
    clean([])
    return {
        "killed": kills,
        "held": sum(not case.broken for case in cases),
        "in": dict(Counter(case.call.node for case in cases)),
        "broken": [f"{case.call.node} {case.call.number}: {reason}" for case in cases for reason in case.broken],
        "left_after_clean": len([thing for thing in list_leftovers([]) if thing.run.startswith("killed-")]),
    }


def main() -> None:
    """Run the benchmark, or act as one of the runs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument(
        "--seed", type=int, default=0, help="seed with which the system calls and the times of the kills are drawn"
    )
    parser.add_argument("--sandbox", default="bubblewrap")
    parser.add_argument("--control", nargs=6, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.control:
        folder, notes, node, number, share, seconds = arguments.control
        call = Call(node, int(number)) if node else None
        control(Path(folder), Watch(Path(notes), call, float(share), float(seconds)), arguments.sandbox)
        return
    measured = measure(arguments.kills, arguments.seed, arguments.sandbox)
    print(json.dumps(measured, indent=2))
    sys.exit(1 if measured["broken"] else 0)


if __name__ == "__main__":
    main()
