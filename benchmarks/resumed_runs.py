"""Kills runs at random moments, resumes each run, and compares the result with an undisturbed run.

    python -m benchmarks.resumed_runs --kills 200
    python -m benchmarks.resumed_runs --kills 10 --sandbox docker --servers 0

In each run, a coder writes a program that fails, and then a version that works and takes three seconds. The script
also types one ordinary command. There are three seeds and two samples besides those of the trunk.

The process of a run is killed with SIGKILL several times, and `gedanken resume` continues the run each time. Now and
then, the server of its model is killed and restarted as well. At the end, every execution must exist exactly once.
The transcript, the programs and the outputs must be those of the undisturbed run, apart from times. No execution that
had ended before a kill may have changed. Nothing of the runs may be left behind in the sandbox.

Prints one JSON object. The exit code is 1 if any of these promises was broken.
"""

import argparse
import json
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import suppress
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

import yaml

PROGRAM = """
import random, time, types
nn = types.SimpleNamespace(Linear=lambda a, b: None)
layers = [nn.Linear(4, 4), nn.Linear(4, 4)]
for epoch in range(3):
    time.sleep(SECONDS / 3)
    with open("epochs.log", "a") as log:
        print(epoch, file=log)
    print(f"Epoch {epoch + 1}/3 - loss: {1 / (epoch + 1) + random.random() / 9:.4f} - acc: 0.{epoch + 5}000")
print("lines in the log:", len(open("epochs.log").readlines()))
"""
IMAGINED = "".join(f"Epoch {n}/3 - loss: {0.9 - n / 10:.4f} - acc: 0.9000\n" for n in (1, 2, 3))
SCRIPT = [
    {"tell": "Write it.", "write": "train.py", "task": {"layers": 2, "epochs": 3}},
    "echo begun >> begun.txt; cat begun.txt",
    "python3 train.py",
]
_TIMES = re.compile(r", \d+\.\d s$", re.MULTILINE)
LONGEST = 300


class Server(BaseHTTPRequestHandler):
    """A server with OpenAI's protocol, whose replies depend only on the request."""

    protocol_version = "HTTP/1.1"
    program = PROGRAM

    def do_POST(self) -> None:
        """Send a reply line by line, within about half a second."""
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        text = self._reply(request)
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        for piece in text.splitlines(keepends=True):
            time.sleep(0.4 / (text.count("\n") or 1))
            self._send({"delta": {"content": piece}, "index": 0, "finish_reason": None})
        self._send({"delta": {}, "index": 0, "finish_reason": "stop"})
        self.wfile.write(b"data: [DONE]\n\n")

    def _reply(self, request: dict[str, Any]) -> str:
        message = request["messages"][-1]["content"]
        number = int(sha256(json.dumps(request, sort_keys=True).encode()).hexdigest()[:6], 16)
        if "does not do what was asked" in message:
            return f"```python\n{self.program}```\n"
        if "Write it" in message:
            return f"```python\n{self.program}raise SystemExit(1)\n```\n"
        return IMAGINED + f"{number}\n" if ".py" in message else f"{number}\n"

    def _send(self, choice: dict[str, Any]) -> None:
        chunk = {"id": "x", "object": "chat.completion.chunk", "created": 0, "model": "stand-in", "choices": [choice]}
        self.wfile.write(f"data: {json.dumps(chunk)}\n\n".encode())
        self.wfile.flush()

    def handle(self) -> None:
        """Answer a request; errors are ignored, because the client may be killed meanwhile."""
        with suppress(OSError, ValueError):
            super().handle()

    def log_message(self, *_arguments: object) -> None:
        """Suppress log messages."""


class Model:
    """The server in its own process, which can be killed and restarted at the same address."""

    def __init__(self, seconds: float) -> None:
        """Start the server at a free port."""
        self._seconds = seconds
        with ThreadingHTTPServer(("127.0.0.1", 0), Server) as probe:
            self.port = probe.server_address[1]
        self._start()

    def _start(self) -> None:
        command = [sys.executable, "-m", "benchmarks.resumed_runs", "--serve", str(self.port), str(self._seconds)]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE)
        assert self._process.stdout is not None
        self._process.stdout.readline()

    def kill(self) -> None:
        """Kill the server with SIGKILL, and start another one in its place."""
        self.end()
        self._start()

    def end(self) -> None:
        """Kill the server with SIGKILL."""
        self._process.kill()
        self._process.wait()


class Case(NamedTuple):
    """How often one run and its model's server were killed, and which promises were broken."""

    kills: int
    servers: int
    nodes: tuple[str, ...]
    """For each kill, the node of the graph that was running."""
    broken: tuple[str, ...]


class Runs:
    """Runs in a folder, each started, killed and resumed."""

    def __init__(self, folder: Path, sandbox: str, model: Model, rng: random.Random) -> None:
        """Make the undisturbed run, with which all others are compared."""
        self.folder, self._sandbox, self._model, self._rng = folder, sandbox, model, rng
        (folder / "experiment.yaml").write_text(yaml.safe_dump({"name": "killed", "script": SCRIPT}))
        started = time.monotonic()
        self._start("undisturbed").wait()
        self.seconds = time.monotonic() - started
        self._expected = files_of(folder / "undisturbed")
        if not self._expected:
            raise SystemExit((folder / "undisturbed.said").read_text() + "an undisturbed run went wrong")

    def killed(self, name: str, kills: int, servers: bool) -> Case:
        """Start a run, kill it up to `kills` times, let it finish, and check the result.

        If `servers` is true, the model's server is sometimes killed and restarted as well.
        """
        folder, killed_servers = self.folder / name, 0
        nodes: list[str] = []
        finished: dict[str, str] = {}
        broken: list[str] = []
        for _ in range(kills):
            process = self._start(name)
            moment = self._rng.uniform(1.0, self.seconds)
            if servers and self._rng.random() < 0.4:
                share = self._rng.random()
                if _ends_within(process, moment * share):
                    break
                self._model.kill()
                killed_servers += 1
                moment *= 1 - share
            if _ends_within(process, moment):
                break
            process.kill()
            process.wait()
            finished_now, node = _read_progress(folder)
            nodes.append(node)
            broken += [
                f"{label} changed after it had ended"
                for label in finished
                if finished_now.get(label) != finished[label]
            ]
            finished = finished_now
        for _ in range(3):
            if self._start(name).wait() == 0:
                break
        else:
            broken.append(f"it did not end: {(self.folder / f'{name}.said').read_text()[-400:]}")
        finished_at_end, _node = _read_progress(folder)
        broken += [
            f"{label} changed after it had ended"
            for label in finished
            if finished_at_end.get(label) != finished[label]
        ]
        broken += differences(self._expected, files_of(folder)) + _find_duplicates(folder)
        return Case(len(nodes), killed_servers, tuple(nodes), tuple(broken))

    def _start(self, name: str) -> "subprocess.Popen[bytes]":
        folder = self.folder / name
        command = [sys.executable, "-m", "gedanken"]
        if (folder / "log.jsonl").exists() and (folder / "spec.json").exists():
            command += ["resume", str(folder)]
        else:
            if folder.exists():  # killed before it wrote down what it was asked
                subprocess.run(["rm", "-r", str(folder)], check=True)
            command += ["run", str(self.folder / "experiment.yaml"), "--model", "openai:stand-in"]
            command += ["--base-url", f"http://127.0.0.1:{self._model.port}/v1", "--sandbox", self._sandbox]
            command += ["--real", "3", "--imagined", "2", "--out", str(folder)]
        with (self.folder / f"{name}.said").open("ab") as output:
            environment = {**os.environ, "OPENAI_API_KEY": "none-needed"}
            return subprocess.Popen(command, stdout=output, stderr=output, env=environment)


def _ends_within(process: "subprocess.Popen[bytes]", seconds: float) -> bool:
    try:
        process.wait(seconds)
        return True
    except subprocess.TimeoutExpired:
        return False


def _read_progress(folder: Path) -> tuple[dict[str, str], str]:
    """Return a hash of each finished execution, by label, and the node of the graph that was running."""
    from gedanken.experiment.errors import BadInput
    from gedanken.records.read_run import read_run

    try:
        log = read_run(folder)
    except BadInput:
        return {}, "before anything"
    finished = {
        execution.label: sha256(f"{execution.seconds}{execution.terminal}{execution.notes}".encode()).hexdigest()
        for execution in log.executions
    }
    node = log.under_way[-1].node if log.under_way else "between nodes"
    return finished, node


def files_of(folder: Path) -> dict[str, str]:
    """Return the texts of the files that must equal those of the undisturbed run, by name, with times removed."""
    paths = [folder / "transcript.md", *sorted(folder.glob("programs/*")), *sorted(folder.glob("outputs/*"))]
    return {str(path.relative_to(folder)): _TIMES.sub("", path.read_text()) for path in paths if path.is_file()}


def differences(expected: dict[str, str], actual: dict[str, str]) -> list[str]:
    """Return the differences between the files of two folders."""
    missing = [f"{name} is missing" for name in expected if name not in actual]
    unexpected = [f"{name} should not be there" for name in actual if name not in expected]
    differing = [name for name in expected if name in actual and actual[name] != expected[name]]
    return (
        missing
        + unexpected
        + [f"{name} differs: {_first_difference(expected[name], actual[name])}" for name in differing]
    )


def _first_difference(expected: str, actual: str) -> str:
    lines = zip(expected.splitlines(), actual.splitlines(), strict=False)
    return next(
        (
            f"{expected_line!r}, now {actual_line!r}"
            for expected_line, actual_line in lines
            if expected_line != actual_line
        ),
        "its length",
    )


def _find_duplicates(folder: Path) -> list[str]:
    """Return a sentence for each execution that the log contains more than once."""
    counts: Counter[str] = Counter()
    for line in (folder / "log.jsonl").read_text().splitlines():
        event = json.loads(line)
        if event.get("kind") == "execution":
            counts[event["files"]["stdout"]] += 1
    return [f"{name} was kept {count} times" for name, count in counts.items() if count > 1]


def measure(arguments: argparse.Namespace) -> dict[str, Any]:
    """Kill and resume runs until the number of kills or the time limit is reached; return the counts and faults."""
    from gedanken.runner import run_id_of
    from gedanken.sandbox import cgroup, marked_processes
    from gedanken.sandbox.connect import connect_docker
    from gedanken.sandbox.leftovers import list_leftovers
    from gedanken.sandbox.owner import order_prefix

    kills, sandbox = arguments.kills, arguments.sandbox
    deadline = time.monotonic() + 60 * arguments.minutes
    rng = random.Random(arguments.seed)
    model = Model(arguments.seconds)
    cases: list[Case] = []
    try:
        with tempfile.TemporaryDirectory(prefix="gedanken-resumed-") as name:
            runs = Runs(Path(name), sandbox, model, rng)
            while sum(case.kills + case.servers for case in cases) < kills and time.monotonic() < deadline:
                cases.append(runs.killed(f"resumed-{len(cases)}", rng.randint(2, 6), bool(arguments.servers)))
                kills_done = sum(case.kills + case.servers for case in cases)
                print(f"{kills_done}/{kills}: {cases[-1]}", file=sys.stderr, flush=True)
            run_ids = {run_id_of(runs.folder / f"resumed-{number}") for number in range(len(cases))}
            engines = [connect_docker()] if sandbox == "docker" else []
            leftovers = [thing.name for thing in list_leftovers(engines) if thing.run in run_ids]
            orders = tuple(map(order_prefix, run_ids))
            local = (*marked_processes.find_marked(), *(group.name for group in cgroup.find_groups()))
            leftovers += [name for name in local if name.startswith(orders)]
    finally:
        model.end()
    return {
        "runs": len(cases),
        "killed_controllers": sum(case.kills for case in cases),
        "killed_servers": sum(case.servers for case in cases),
        "in": dict(Counter(node for case in cases for node in case.nodes)),
        "broken": [reason for case in cases for reason in case.broken],
        "left_behind": leftovers,
        "undisturbed_seconds": round(runs.seconds, 1),
    }


def serve(port: int, seconds: float) -> None:
    """Serve the stand-in model at a port. The program that it writes takes `seconds`."""
    Server.program = PROGRAM.replace("SECONDS", str(seconds))
    with ThreadingHTTPServer(("127.0.0.1", port), Server) as server:
        print("ready", flush=True)
        server.serve_forever()


def main() -> None:
    """Run the benchmark; with `--serve`, serve the stand-in model instead."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0, help="seed with which the times of the kills are drawn")
    parser.add_argument("--sandbox", default="bubblewrap")
    parser.add_argument("--servers", type=int, default=1, help="1 if the server of the model is killed too, 0 if not")
    parser.add_argument("--seconds", type=float, default=3.0, help="how many seconds the program takes")
    parser.add_argument("--minutes", type=float, default=600, help="minutes after which no further run is started")
    parser.add_argument("--serve", nargs=2, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    if arguments.serve:
        serve(int(arguments.serve[0]), float(arguments.serve[1]))
        return
    measured = measure(arguments)
    print(json.dumps(measured, indent=2))
    sys.exit(1 if measured["broken"] or measured["left_behind"] else 0)


if __name__ == "__main__":
    main()
