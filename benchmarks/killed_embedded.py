"""Kills the process of a real run and the server of its embedded model, in turn, and goes on after each.

    python -m benchmarks.killed_embedded --kills 10

One run of `mnist`, its programs really trained in Docker, its coder and its imagined machine the embedded model. At a
random moment after a node has begun, its process is killed by SIGKILL, or the model's server: then the run must end
by itself, with one line, and soon if that node asks the model. `gedanken resume` goes on with it. What had come to
its end before a kill must be what it was, to the byte, and in the end each seed and each sample must be there once.
Prints one JSON object; exit code 1 where it is not so.
"""

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Any

import psutil

LONGEST = 3600
NODES = ("persona", "write", "execute", "simulate", "replicate")
"""In the order in which a run reaches them, so that the kills are spread over all of it."""
ASKS = ("persona", "write", "simulate")
TOLD = ("its server has stopped", "the embedded model's server did not start")
"""The end of a run whose server was killed, the second if that was while it started."""


def begin(folder: Path, said: Path, real: int, imagined: int) -> "subprocess.Popen[bytes]":
    """Start the run, or resume it."""
    command = [sys.executable, "-m", "gedanken"]
    if (folder / "spec.json").exists():
        command += ["resume", str(folder)]
    else:
        command += ["run", "mnist", "--sandbox", "docker", "--real", str(real), "--imagined", str(imagined)]
        command += ["--no-surprisal", "--out", str(folder)]
    with said.open("ab") as log:
        return subprocess.Popen(command, stdout=log, stderr=log)


def server_of(process: "subprocess.Popen[bytes]") -> psutil.Process | None:
    """Return the process of the model's server; None if it is not running."""
    with suppress(psutil.Error):
        for child in psutil.Process(process.pid).children(recursive=True):
            if any("embedded_server" in part for part in child.cmdline()):
                return child
    return None


def ended(folder: Path) -> dict[str, str]:
    """Return what has finished and is not requested again, by label."""
    from gedanken.experiment.errors import BadInput
    from gedanken.experiment.execution import MAY_COME
    from gedanken.records.read_run import read_run

    try:
        log = read_run(folder)
    except BadInput:
        return {}
    return {
        run.label: sha256(f"{run.seconds}{run.terminal}{run.raw_reply}".encode()).hexdigest()
        for run in log.executions
        if run.cause not in MAY_COME
    }


def told_twice(folder: Path) -> list[str]:
    """Return the executions that the log contains more than once, except those without a reply the first time."""
    told: Counter[str] = Counter()
    for line in (folder / "log.jsonl").read_text().splitlines():
        event = json.loads(line)
        if event.get("kind") == "execution" and event["execution"]["cause"] not in ("no reply", "broken off"):
            told[event["files"]["stdout"]] += 1
    return [f"{name} was kept {count} times" for name, count in told.items() if count > 1]


def measure(kills: int, seed: int, between: float, counts: tuple[int, int]) -> dict[str, Any]:
    """Kill this many times; return the result."""
    from gedanken.records.read_run import read_run

    chance = random.Random(seed)
    done: Counter[str] = Counter()
    nodes: Counter[str] = Counter()
    broken: list[str] = []
    waits: list[float] = []
    there: dict[str, str] = {}
    with tempfile.TemporaryDirectory(prefix="gedanken-embedded-") as name:
        folder, said = Path(name) / "run", Path(name) / "said"
        for number in range(kills):
            process = begin(folder, said, *counts)
            _wait_for(process, folder, NODES[number * len(NODES) // kills])
            with suppress(subprocess.TimeoutExpired):
                process.wait(chance.uniform(0.1, 1.0) * between)
            if process.poll() is not None:
                break
            at = _under_way(folder)
            nodes[" and ".join(at) or "between nodes"] += 1
            server = server_of(process) if number % 2 else None
            began = time.monotonic()
            if server is not None:
                server.kill()
                code = process.wait(LONGEST)
                waits += [round(time.monotonic() - began, 1)] if at and at[-1] in ASKS else []
                last = said.read_text(errors="replace").strip().splitlines()[-1]
                if code not in (0, 4) or (code == 4 and not any(told in last for told in TOLD)):
                    broken.append(f"its server killed, it ended with {code}: {last[:200]}")
                done["server"] += 1
            else:
                process.kill()
                process.wait()
                done["controller"] += 1
            now = ended(folder)
            broken += [f"{label} changed after it had ended" for label in there if now.get(label) != there[label]]
            there = now
            print(f"{number + 1}/{kills}: {dict(done)}, {len(there)} ended", file=sys.stderr, flush=True)
        code = begin(folder, said, *counts).wait(LONGEST)
        if code != 0:
            broken.append(f"it did not end: {said.read_text(errors='replace')[-300:]}")
        now = ended(folder)
        broken += [f"{label} changed after it had ended" for label in there if now.get(label) != there[label]]
        broken += told_twice(folder)
        log = read_run(folder)
        alike = Counter((run.line, run.program, run.command, run.arm, run.seed, run.sample) for run in log.executions)
        broken += [f"{one} is there {count} times" for one, count in alike.items() if count > 1]
        return {
            "killed": dict(done),
            "in": dict(nodes),
            "seconds_until_it_ended_without_its_server": waits,
            "outcome": log.outcome,
            "executions": len(log.executions),
            "notes": list(log.notes),
            "broken": broken,
        }


def _wait_for(process: "subprocess.Popen[bytes]", folder: Path, node: str) -> None:
    """Wait until this process works at the node, or has ended."""
    deadline = time.monotonic() + LONGEST
    while process.poll() is None and time.monotonic() < deadline:
        if server_of(process) is not None and node in _under_way(folder):
            return
        time.sleep(0.5)


def _under_way(folder: Path) -> tuple[str, ...]:
    """Return the nodes that have begun and not ended."""
    from gedanken.experiment.errors import BadInput
    from gedanken.records.read_run import read_run

    try:
        return tuple(one.node for one in read_run(folder).under_way)
    except BadInput:
        return ()


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0, help="of the moments")
    parser.add_argument("--between", type=float, default=4.0, help="most seconds from the node's begin to the kill")
    parser.add_argument("--real", type=int, default=4)
    parser.add_argument("--imagined", type=int, default=2)
    asked = parser.parse_args()
    measured = measure(asked.kills, asked.seed, asked.between, (asked.real, asked.imagined))
    print(json.dumps(measured, indent=2))
    sys.exit(1 if measured["broken"] else 0)


if __name__ == "__main__":
    main()
