"""What runs stand on is taken away in the middle of them: their engine, the disk of their folder, the time of day.

    python -m benchmarks.faults engine --cases 20       # SIGKILL for a Docker daemon of its own; another one is begun
    python -m benchmarks.faults read-only --cases 10    # the disk of the run folder meets an error, and is read-only
    python -m benchmarks.faults vanishing --cases 10    # and unmounted, while files on it are open
    python -m benchmarks.faults clock --cases 5         # the clock is set back: an hour in the middle, then a day

Needs root; `clock` needs libfaketime. The run must end all the same, or with one clear line; later, `gedanken resume`
must come to what an undisturbed run comes to, to the byte except for times, with each execution logged once, and no
container started twice after a dead engine. Prints one JSON object; exit code 1 where any of it broke.
"""

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import yaml

from benchmarks.resumed_runs import IMAGINED, PROGRAM, SCRIPT, differences, files_of
from gedanken.experiment.folders import mounts_in, remove_tree
from gedanken.sandbox.image import IMAGE

FAKETIME = Path("/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1")
LONGEST = 900
NODES = ("execute", "replicate", "persona", "simulate", "write")


class Fault(Protocol):
    """Something that is taken away."""

    sandbox: str
    place: Path
    """Where the run folder is to be."""
    environment: dict[str, str]
    kills: bool  # the run's process, after it

    def strike(self) -> None:
        """Take it away."""

    def mend(self) -> None:
        """Put it back."""

    def broken(self, said: str) -> list[str]:
        """What else did not hold, after all; `said` is what both processes said."""


class Case(NamedTuple):
    """What became of one run."""

    at: str
    """The node that had begun, and how long before."""
    ended: str
    notes: tuple[str, ...]
    """That the run itself has on what happened."""
    broken: tuple[str, ...]


class Broken:
    """A file system in a file, which is read-only from its first error on, as one on a broken disk is."""

    sandbox, kills = "bubblewrap", False

    def __init__(self, folder: Path) -> None:
        """Make it, and mount it."""
        self._image, self.place = folder / "image", folder / "disk"
        self.environment: dict[str, str] = {}
        self.place.mkdir()
        with self._image.open("wb") as file:
            file.truncate(64 << 20)
        subprocess.run(["mkfs.ext4", "-q", str(self._image)], check=True)
        self._mount()

    def _mount(self) -> None:
        options = "loop,errors=remount-ro"
        subprocess.run(["mount", "-o", options, str(self._image), str(self.place)], check=True)

    def strike(self) -> None:
        """Have it meet an error: what it had not written by then is lost."""
        found = subprocess.run(
            ["findmnt", "-no", "SOURCE", str(self.place)], capture_output=True, text=True, check=True
        )
        Path(f"/sys/fs/ext4/{Path(found.stdout.strip()).name}/trigger_fs_error").write_text("struck")

    def mend(self) -> None:
        """Check it, and mount it once more."""
        subprocess.run(["umount", str(self.place)], check=True)
        # The loop device outlives that for a moment; mounted from it again, the error would still stand there.
        while subprocess.run(["losetup", "-j", str(self._image)], capture_output=True, check=True).stdout:
            time.sleep(0.1)
        for _ in range(2):  # the first one plays back the journal, in which the error stands as well
            subprocess.run(["e2fsck", "-fy", str(self._image)], check=False, capture_output=True)
        self._mount()

    def broken(self, said: str) -> list[str]:
        """Unmount it."""
        subprocess.run(["umount", str(self.place)], check=True)
        return ["a traceback"] if "Traceback" in said else []


class Vanishing:
    """A folder that is mounted where the run is."""

    sandbox, kills = "bubblewrap", False

    def __init__(self, folder: Path) -> None:
        """Mount it."""
        self._behind, self.place = folder / "behind", folder / "disk"
        self.environment: dict[str, str] = {}
        self._behind.mkdir()
        self.place.mkdir()
        self.mend()

    def strike(self) -> None:
        """Unmount it while it is in use."""
        subprocess.run(["umount", "--lazy", str(self.place)], check=True)

    def mend(self) -> None:
        """Mount it once more."""
        subprocess.run(["mount", "--bind", str(self._behind), str(self.place)], check=True)

    def broken(self, said: str) -> list[str]:
        """Unmount it."""
        self.strike()
        return ["a traceback"] if "Traceback" in said else []


class Clock:
    """The time of day as a process and its children are told it."""

    sandbox, kills = "bubblewrap", True

    def __init__(self, folder: Path) -> None:
        """Begin with the right time."""
        self.place, self._file = folder, folder / "clock"
        self._file.write_text("+0\n")
        self.environment = {
            "LD_PRELOAD": str(FAKETIME),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }

    def strike(self) -> None:
        """Set it back by an hour."""
        self._file.write_text("-1h\n")

    def mend(self) -> None:
        """Set it back by a day."""
        self._file.write_text("-1d\n")

    def broken(self, said: str) -> list[str]:
        """Nothing else."""
        return ["a traceback"] if "Traceback" in said else []


class Engine:
    """A Docker daemon of its own, with the image; in a network namespace of its own, so that it takes no bridge."""

    sandbox, kills = "docker", False

    def __init__(self, folder: Path) -> None:
        """Begin it, and give it the image that is at the usual one."""
        self._folder, self.place = folder, folder
        self.environment = {"DOCKER_HOST": f"unix://{folder}/docker.sock"}
        self._daemon = self._begin()
        save = subprocess.Popen(["docker", "save", IMAGE], stdout=subprocess.PIPE)
        own = {**os.environ, **self.environment}
        subprocess.run(["docker", "load", "--quiet"], stdin=save.stdout, env=own, check=True, stdout=sys.stderr)
        self._since = 0.0
        self.running = 0
        """How often a container ran when it died."""

    def _begin(self, tries: int = 5) -> "subprocess.Popen[bytes]":
        folder = self._folder
        for name in ("docker.pid", "docker.sock"):
            (folder / name).unlink(missing_ok=True)
        command = ["unshare", "--net", "dockerd", f"--host=unix://{folder}/docker.sock", f"--data-root={folder}/data"]
        command += [f"--exec-root={folder}/exec", f"--pidfile={folder}/docker.pid", "--bridge=none"]
        command += ["--iptables=false", "--ip-forward=false"]
        with (folder / "dockerd.log").open("ab") as log:
            daemon = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        deadline = time.monotonic() + 120
        while self._ask("version").returncode != 0:
            if daemon.poll() is not None and tries > 1:  # a busy machine is too slow for its own deadlines
                return self._begin(tries - 1)
            if daemon.poll() is not None or time.monotonic() > deadline:
                raise SystemExit((folder / "dockerd.log").read_text()[-1000:])
            time.sleep(0.2)
        return daemon

    def _ask(self, *command: str) -> "subprocess.CompletedProcess[str]":
        own = {**os.environ, **self.environment}
        return subprocess.run(["docker", *command], env=own, capture_output=True, text=True, check=False)

    def strike(self) -> None:
        """SIGKILL, also for its containers, as a machine that goes down would."""
        deadline = time.monotonic() + 20
        while (
            not (running := self._ask("ps", "--quiet", "--no-trunc").stdout.split()) and time.monotonic() < deadline
        ):
            time.sleep(0.05)
        self.running += bool(running)
        first = [self._ask("inspect", "--format", "{{.State.Pid}}", name).stdout.strip() for name in running]
        containerd = self._folder / "exec" / "containerd" / "containerd.pid"
        self._daemon.kill()
        self._daemon.wait()
        for pid in (containerd.read_text(), *first):
            with suppress(ProcessLookupError, ValueError):
                os.kill(int(pid), signal.SIGKILL)

    def mend(self) -> None:
        """Begin another one on the same data."""
        self._daemon = self._begin()
        self._since = time.time()

    def broken(self, said: str) -> list[str]:
        """Containers that were started more than once since the new one began, and what is left there."""
        asked = ["events", "--since", f"{self._since:.0f}", "--until", f"{time.time() + 1:.0f}"]
        told = self._ask(*asked, "--filter", "event=start", "--format", "{{.Actor.Attributes.name}}").stdout.split()
        broken = [f"{name} was started {count} times" for name, count in Counter(told).items() if count > 1]
        broken += [f"left behind: {name}" for name in self._ask("ps", "--all", "--quiet").stdout.split()]
        return broken + (["a traceback"] if "Traceback" in said else [])

    def close(self) -> None:
        """End it."""
        self._daemon.terminate()
        self._daemon.wait()


class Runs:
    """Runs in a folder, of one script and one scripted model."""

    def __init__(self, folder: Path, seconds: float) -> None:
        """Write down what all are asked."""
        self._folder = folder
        (folder / "experiment.yaml").write_text(yaml.safe_dump({"name": "faults", "script": SCRIPT}))
        program = PROGRAM.replace("SECONDS", f"{seconds:g}")
        replies = [
            {"when": "does not do what was asked", "samples": [f"```python\n{program}```\n"]},
            {"when": "Write it", "samples": [f"```python\n{program}raise SystemExit(1)\n```\n"]},
            {"when": ".py", "samples": [IMAGINED]},
        ]
        (folder / "replies.yaml").write_text(yaml.safe_dump(replies))

    def begin(self, fault: Fault, out: Path, said: Path) -> "subprocess.Popen[bytes]":
        """Begin a run, or go on with it where something of it is written down."""
        command = [sys.executable, "-m", "gedanken"]
        if (out / "log.jsonl").exists() and (out / "spec.json").exists():
            command += ["resume", str(out)]
        else:
            command += ["run", str(self._folder / "experiment.yaml"), "--sandbox", fault.sandbox]
            command += ["--model", f"scripted:{self._folder / 'replies.yaml'}", "--out", str(out)]
            command += ["--real", "2", "--imagined", "1"]
        with said.open("ab") as log:
            return subprocess.Popen(command, env={**os.environ, **fault.environment}, stdout=log, stderr=log)

    def struck(self, fault: Fault, name: str, node: str, after: float, wanted: dict[str, str]) -> Case:
        """Have the fault strike a run so many seconds after a node began, mend it, and go on."""
        out, said = fault.place / name, self._folder / f"{name}.said"
        process = self.begin(fault, out, said)
        while not _has_begun(out, node) and process.poll() is None:
            time.sleep(0.05)
        with suppress(subprocess.TimeoutExpired):
            process.wait(after / 2 if fault.kills else after)
        fault.strike()
        if fault.kills:
            with suppress(subprocess.TimeoutExpired):
                process.wait(after / 2)
            process.kill()
        first = process.wait(LONGEST)
        lines = said.read_text(errors="replace").strip().splitlines()
        ended = f"{first}: {lines[-1][:120] if first and lines else ''}"
        broken = (
            [] if first == 0 or lines[-1:][0].startswith("gedanken: ") else ["it did not end with one clear line"]
        )
        fault.mend()
        last = 0
        if first != 0:
            last = self.begin(fault, out, said).wait(LONGEST)
        if last != 0:
            broken.append(f"it did not go on: {said.read_text(errors='replace')[-300:]}")
        else:
            broken += differences(wanted, _without_notes(files_of(out))) + _not_once(out)
        broken += fault.broken(said.read_text(errors="replace"))
        return Case(f"{node} {after:.1f} s", ended.replace(str(self._folder), ""), tuple(_notes(out)), tuple(broken))


def _without_notes(files: dict[str, str]) -> dict[str, str]:
    """What must be alike: a note may say that a controller died, or that files could not be brought back."""
    told = "transcript.md"
    lines = files.get(told, "").splitlines(keepends=True)
    disclosed = ("- begun under a controller that died", "- files were not brought back")
    return {**files, told: "".join(line for line in lines if not line.startswith(disclosed))}


def _not_once(run: Path) -> list[str]:
    """Executions that came to their end, and of which the log tells more than once."""
    told: Counter[str] = Counter()
    for line in (run / "log.jsonl").read_text().splitlines():
        event = json.loads(line)
        if event.get("kind") == "execution" and event["execution"]["cause"] != "engine lost":
            told[event["files"]["stdout"]] += 1
    return [f"{name} was kept {count} times" for name, count in told.items() if count > 1]


def _notes(run: Path) -> list[str]:
    events = [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]
    return [event["what"] for event in events if event.get("kind") == "noted"]


def _has_begun(run: Path, node: str) -> bool:
    try:
        return f'"kind": "began", "node": "{node}"' in (run / "log.jsonl").read_text()
    except OSError:
        return False


@contextmanager
def _fault(kind: str, folder: Path, engine: Engine | None) -> Iterator[Fault]:
    if engine is not None:
        yield engine
    else:
        made: dict[str, Callable[[Path], Fault]] = {"clock": Clock, "read-only": Broken, "vanishing": Vanishing}
        yield made[kind](folder)


def _remove(folder: Path) -> None:
    for path in mounts_in(folder):  # a daemon leaves its network namespace mounted
        subprocess.run(["umount", "--lazy", str(path)], check=False)
    remove_tree(folder)


def measure(kind: str, cases: int, seed: int, seconds: float) -> dict[str, Any]:
    """Have so many runs struck; say what came of it."""
    chance = random.Random(seed)
    with ExitStack() as stack:
        folder = Path(tempfile.mkdtemp(prefix="gd-faults-", dir="/var/tmp"))
        stack.callback(_remove, folder)
        runs, engine = Runs(folder, seconds), None
        if kind == "engine":
            (folder / "engine").mkdir()
            engine = Engine(folder / "engine")
            stack.callback(engine.close)
        (folder / "whole").mkdir()
        began = time.monotonic()
        with _fault(kind, folder / "whole", engine) as fault:
            if runs.begin(fault, fault.place / "whole", folder / "whole.said").wait(LONGEST) != 0:
                raise SystemExit((folder / "whole.said").read_text())
            whole, wanted = time.monotonic() - began, _without_notes(files_of(fault.place / "whole"))
            fault.broken("")
        done = []
        for number in range(cases):
            place = folder / f"case-{number}"
            place.mkdir()
            with _fault(kind, place, engine) as fault:
                node, after = NODES[number % len(NODES)], chance.uniform(0, seconds)
                done.append(runs.struck(fault, f"run-{number}", node, after, wanted))
            print(f"{number + 1}/{cases}: {done[-1]}", file=sys.stderr, flush=True)
    return {
        "fault": kind,
        "runs": len(done),
        "undisturbed_seconds": round(whole, 1),
        "at": dict(Counter(case.at.split()[0] for case in done)),
        "ended": dict(Counter(case.ended.split(":")[0] for case in done)),
        "a_container_ran": engine.running if engine else None,
        "said": sorted({case.ended for case in done}),
        "noted": dict(Counter(note for case in done for note in case.notes)),
        "broken": [f"{case.at}: {why}" for case in done for why in case.broken],
    }


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kind", choices=["engine", "read-only", "vanishing", "clock"])
    parser.add_argument("--cases", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0, help="of the moments")
    parser.add_argument("--seconds", type=float, default=3.0, help="that the program takes")
    asked = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    if os.getuid() != 0:
        raise SystemExit("only root may mount, and begin a daemon")
    measured = measure(asked.kind, asked.cases, asked.seed, asked.seconds)
    print(json.dumps(measured, indent=2))
    sys.exit(1 if measured["broken"] else 0)


if __name__ == "__main__":
    main()
