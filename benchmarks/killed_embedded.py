"""Kills the process of a real run and the server of its embedded model, in turn, and resumes after each kill.

    python -m benchmarks.killed_embedded --kills 10

The run is `mnist`: its programs are really trained in Docker, and the embedded model is its coder and its imagined
machine. At a random moment after a node has started, the process or the model's server is killed with SIGKILL. If it
is the server, the run must end by itself with one line, and soon if the node asks the model. `gedanken resume`
continues the run. What had ended before a kill must not change, to the byte. In the end, each seed and each sample
must exist once. Prints one JSON object; exit code 1 if any promise was broken.
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
"""The nodes in the order in which a run reaches them. The kills are spread over them, and thus over the whole run."""
MODEL_NODES = ("persona", "write", "simulate")
ENDINGS = ("its server has stopped", "the embedded model's server did not start")
"""If the server of a run is killed, the last line of the run contains one of these texts.

The second one appears if the server was still starting.
"""


def begin(folder: Path, output_file: Path, real: int, imagined: int) -> "subprocess.Popen[bytes]":
    """Start the run, or resume it."""
    command = [sys.executable, "-m", "gedanken"]
    if (folder / "spec.json").exists():
        command += ["resume", str(folder)]
    else:
        command += ["run", "mnist", "--sandbox", "docker", "--real", str(real), "--imagined", str(imagined)]
        command += ["--no-surprisal", "--out", str(folder)]
    with output_file.open("ab") as log:
        return subprocess.Popen(command, stdout=log, stderr=log)


def server_of(process: "subprocess.Popen[bytes]") -> psutil.Process | None:
    """Return the process of the model's server; None if it is not running."""
    with suppress(psutil.Error):
        for child in psutil.Process(process.pid).children(recursive=True):
            if any("embedded_server" in part for part in child.cmdline()):
                return child
    return None


def read_finished(folder: Path) -> dict[str, str]:
    """Return a hash of each execution that has finished and will not be repeated, by label."""
    from gedanken.experiment.errors import BadInput
    from gedanken.experiment.execution import RETRIED_CAUSES
    from gedanken.records.read_run import read_run

    try:
        log = read_run(folder)
    except BadInput:
        return {}
    return {
        run.label: sha256(f"{run.seconds}{run.terminal}{run.raw_reply}".encode()).hexdigest()
        for run in log.executions
        if run.cause not in RETRIED_CAUSES
    }


def find_duplicates(folder: Path) -> list[str]:
    """Return a sentence for each execution that the log contains more than once.

    Executions without a reply do not count, because they are requested again.
    """
    counts: Counter[str] = Counter()
    for line in (folder / "log.jsonl").read_text().splitlines():
        event = json.loads(line)
        if event.get("kind") == "execution" and event["execution"]["cause"] not in ("no reply", "broken off"):
            counts[event["files"]["stdout"]] += 1
    return [f"{name} was kept {count} times" for name, count in counts.items() if count > 1]


def measure(kills: int, seed: int, between: float, counts: tuple[int, int]) -> dict[str, Any]:
    """Kill `kills` times; return the summary."""
    from gedanken.records.read_run import read_run

    rng = random.Random(seed)
    killed: Counter[str] = Counter()
    nodes: Counter[str] = Counter()
    broken: list[str] = []
    waits: list[float] = []
    finished: dict[str, str] = {}
    with tempfile.TemporaryDirectory(prefix="gedanken-embedded-") as name:
        folder, output_file = Path(name) / "run", Path(name) / "said"
        for number in range(kills):
            process = begin(folder, output_file, *counts)
            _wait_for(process, folder, NODES[number * len(NODES) // kills])
            with suppress(subprocess.TimeoutExpired):
                process.wait(rng.uniform(0.1, 1.0) * between)
            if process.poll() is not None:
                break
            running = _running_nodes(folder)
            nodes[" and ".join(running) or "between nodes"] += 1
            server = server_of(process) if number % 2 else None
            started = time.monotonic()
            if server is not None:
                server.kill()
                code = process.wait(LONGEST)
                waits += [round(time.monotonic() - started, 1)] if running and running[-1] in MODEL_NODES else []
                last = output_file.read_text(errors="replace").strip().splitlines()[-1]
                if code not in (0, 4) or (code == 4 and not any(ending in last for ending in ENDINGS)):
                    broken.append(f"its server killed, it ended with {code}: {last[:200]}")
                killed["server"] += 1
            else:
                process.kill()
                process.wait()
                killed["controller"] += 1
            finished_now = read_finished(folder)
            broken += [
                f"{label} changed after it had ended"
                for label in finished
                if finished_now.get(label) != finished[label]
            ]
            finished = finished_now
            print(f"{number + 1}/{kills}: {dict(killed)}, {len(finished)} ended", file=sys.stderr, flush=True)
        code = begin(folder, output_file, *counts).wait(LONGEST)
        if code != 0:
            broken.append(f"it did not end: {output_file.read_text(errors='replace')[-300:]}")
        finished_now = read_finished(folder)
        broken += [
            f"{label} changed after it had ended" for label in finished if finished_now.get(label) != finished[label]
        ]
        broken += find_duplicates(folder)
        log = read_run(folder)
        execution_counts = Counter(
            (run.line, run.program, run.command, run.arm, run.seed, run.sample) for run in log.executions
        )
        broken += [f"{key} is there {count} times" for key, count in execution_counts.items() if count > 1]
        return {
            "killed": dict(killed),
            "in": dict(nodes),
            "seconds_until_it_ended_without_its_server": waits,
            "outcome": log.outcome,
            "executions": len(log.executions),
            "notes": list(log.notes),
            "broken": broken,
        }


def _wait_for(process: "subprocess.Popen[bytes]", folder: Path, node: str) -> None:
    deadline = time.monotonic() + LONGEST
    while process.poll() is None and time.monotonic() < deadline:
        if server_of(process) is not None and node in _running_nodes(folder):
            return
        time.sleep(0.5)


def _running_nodes(folder: Path) -> tuple[str, ...]:
    """Return the nodes that have started and not ended; empty if the log cannot be read yet."""
    from gedanken.experiment.errors import BadInput
    from gedanken.records.read_run import read_run

    try:
        return tuple(work.node for work in read_run(folder).under_way)
    except BadInput:
        return ()


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0, help="seed with which the times of the kills are drawn")
    parser.add_argument(
        "--between",
        type=float,
        default=4.0,
        help="maximum number of seconds between the start of the node and the kill",
    )
    parser.add_argument("--real", type=int, default=4)
    parser.add_argument("--imagined", type=int, default=2)
    arguments = parser.parse_args()
    measured = measure(arguments.kills, arguments.seed, arguments.between, (arguments.real, arguments.imagined))
    print(json.dumps(measured, indent=2))
    sys.exit(1 if measured["broken"] else 0)


if __name__ == "__main__":
    main()
