"""Something that runs depend on fails in the middle of them: the engine, the disk of the run folder, the clock.

    python -m benchmarks.faults engine --cases 20       # SIGKILL for a Docker daemon of its own; another one starts
    python -m benchmarks.faults read-only --cases 10    # an error on the disk of the run folder makes it read-only
    python -m benchmarks.faults vanishing --cases 10    # the disk is unmounted while files on it are open
    python -m benchmarks.faults clock --cases 6         # the clock jumps by a day, one way and then the other

Needs root; `clock` needs libfaketime. The run must end all the same, or with one clear line. Later, `gedanken resume`
must produce what an undisturbed run produces, to the byte except for times. Each execution must be logged once, and
no container started twice after the engine was killed. Prints one JSON object; exit code 1 if any promise was broken.
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
from typing import Any, NamedTuple

import yaml

from benchmarks.fault_kinds import BrokenDisk, DockerDaemon, Fault, JumpingClock, VanishingMount
from benchmarks.resumed_runs import IMAGINED, PROGRAM, SCRIPT, differences, files_of
from gedanken.experiment.folders import mounts_in, remove_tree

LONGEST = 900
NODES = ("execute", "replicate", "persona", "simulate", "write")


class Case(NamedTuple):
    """The result of one run."""

    at: str
    """The node that had started, and the seconds from its start to the fault or the kill."""
    ended: str
    notes: tuple[str, ...]
    broken: tuple[str, ...]


class Runs:
    """Runs in one folder, all with the same script and the same scripted model."""

    def __init__(self, folder: Path, seconds: float) -> None:
        """Write the files that all runs use."""
        self._folder = folder
        (folder / "experiment.yaml").write_text(yaml.safe_dump({"name": "faults", "script": SCRIPT}))
        program = PROGRAM.replace("SECONDS", f"{seconds:g}")
        replies = [
            {"when": "does not do what was asked", "samples": [f"```python\n{program}```\n"]},
            {"when": "Write it", "samples": [f"```python\n{program}raise SystemExit(1)\n```\n"]},
            {"when": ".py", "samples": [IMAGINED]},
        ]
        (folder / "replies.yaml").write_text(yaml.safe_dump(replies))

    def begin(self, fault: Fault, out: Path, output_file: Path) -> "subprocess.Popen[bytes]":
        """Start a run, or resume it if its folder exists."""
        command = [sys.executable, "-m", "gedanken"]
        if (out / "log.jsonl").exists() and (out / "spec.json").exists():
            command += ["resume", str(out)]
        else:
            command += ["run", str(self._folder / "experiment.yaml"), "--sandbox", fault.sandbox]
            command += ["--model", f"scripted:{self._folder / 'replies.yaml'}", "--out", str(out)]
            command += ["--real", "2", "--imagined", "1"]
        with output_file.open("ab") as log:
            return subprocess.Popen(command, env={**os.environ, **fault.environment}, stdout=log, stderr=log)

    def struck(self, fault: Fault, name: str, node: str, after: float, expected: dict[str, str]) -> Case:
        """Cause the fault after a node has started, repair it, and resume the run.

        `after` is the time in seconds between the start of the node and the fault. If the process is to be killed as
        well, the fault comes after half of this time.
        """
        out, output_file = fault.place / name, self._folder / f"{name}.said"
        process = self.begin(fault, out, output_file)
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
        lines = output_file.read_text(errors="replace").strip().splitlines()
        ended = f"{first}: {lines[-1][:120] if first and lines else ''}"
        broken = (
            []
            if first == 0 or fault.kills or lines[-1:][0].startswith("gedanken: ")
            else ["it did not end with one clear line"]
        )
        fault.mend()
        last = 0
        if first != 0:
            last = self.begin(fault, out, output_file).wait(LONGEST)
        if last != 0:
            broken.append(f"it did not go on: {output_file.read_text(errors='replace')[-300:]}")
        else:
            broken += differences(expected, _without_notes(files_of(out))) + _find_duplicates(out)
        notes = tuple(_notes(out)) if last == 0 else ()
        broken += fault.broken(output_file.read_text(errors="replace"))  # which may take the disk away
        return Case(f"{node} {after:.1f} s", ended.replace(str(self._folder), ""), notes, tuple(broken))


def _without_notes(files: dict[str, str]) -> dict[str, str]:
    """Return the files that must be equal, with notes removed, because notes may mention the fault."""
    transcript = "transcript.md"
    lines = files.get(transcript, "").splitlines(keepends=True)
    disclosed = ("- started by a process of gedanken that died", "- files were not copied")
    return {**files, transcript: "".join(line for line in lines if not line.startswith(disclosed))}


def _find_duplicates(run: Path) -> list[str]:
    """Return a sentence for each finished execution that the log contains more than once."""
    counts: Counter[str] = Counter()
    for line in (run / "log.jsonl").read_text().splitlines():
        event = json.loads(line)
        if event.get("kind") == "execution" and event["execution"]["cause"] != "engine lost":
            counts[event["files"]["stdout"]] += 1
    return [f"{name} was kept {count} times" for name, count in counts.items() if count > 1]


def _notes(run: Path) -> list[str]:
    events = [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]
    return [event["what"] for event in events if event.get("kind") == "noted"]


def _has_begun(run: Path, node: str) -> bool:
    try:
        return f'"kind": "began", "node": "{node}"' in (run / "log.jsonl").read_text()
    except OSError:
        return False


@contextmanager
def _open_fault(kind: str, folder: Path, engine: DockerDaemon | None) -> Iterator[Fault]:
    if engine is not None:
        yield engine
    else:
        constructors: dict[str, Callable[[Path], Fault]] = {
            "clock": JumpingClock,
            "read-only": BrokenDisk,
            "vanishing": VanishingMount,
        }
        yield constructors[kind](folder)


def _remove(folder: Path) -> None:
    for path in mounts_in(folder):  # a daemon leaves its network namespace mounted
        subprocess.run(["umount", "--lazy", str(path)], check=False)
    remove_tree(folder)


def measure(kind: str, cases: int, seed: int, seconds: float) -> dict[str, Any]:
    """Cause the fault in `cases` runs; return the summary."""
    rng = random.Random(seed)
    with ExitStack() as stack:
        folder = Path(tempfile.mkdtemp(prefix="gd-faults-", dir="/var/tmp"))
        stack.callback(_remove, folder)
        runs, engine = Runs(folder, seconds), None
        if kind == "engine":
            (folder / "engine").mkdir()
            engine = DockerDaemon(folder / "engine")
            stack.callback(engine.close)
        (folder / "whole").mkdir()
        started = time.monotonic()
        with _open_fault(kind, folder / "whole", engine) as fault:
            if runs.begin(fault, fault.place / "whole", folder / "whole.said").wait(LONGEST) != 0:
                raise SystemExit((folder / "whole.said").read_text())
            undisturbed_seconds, expected = (
                time.monotonic() - started,
                _without_notes(files_of(fault.place / "whole")),
            )
            fault.broken("")
        results = []
        for number in range(cases):
            case_folder = folder / f"case-{number}"
            case_folder.mkdir()
            with _open_fault(kind, case_folder, engine) as fault:
                node, after = NODES[number % len(NODES)], rng.uniform(0, seconds)
                results.append(runs.struck(fault, f"run-{number}", node, after, expected))
            print(f"{number + 1}/{cases}: {results[-1]}", file=sys.stderr, flush=True)
    return {
        "fault": kind,
        "runs": len(results),
        "undisturbed_seconds": round(undisturbed_seconds, 1),
        "at": dict(Counter(case.at.split()[0] for case in results)),
        "ended": dict(Counter(case.ended.split(":")[0] for case in results)),
        "a_container_ran": engine.running if engine else None,
        "said": sorted({case.ended for case in results}),
        "noted": dict(Counter(note for case in results for note in case.notes)),
        "broken": [f"{case.at}: {reason}" for case in results for reason in case.broken],
    }


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kind", choices=["engine", "read-only", "vanishing", "clock"])
    parser.add_argument("--cases", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0, help="seed with which the times of the faults are drawn")
    parser.add_argument("--seconds", type=float, default=3.0, help="how many seconds the program takes")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    if os.getuid() != 0:
        raise SystemExit("only root may mount, and begin a daemon")
    measured = measure(arguments.kind, arguments.cases, arguments.seed, arguments.seconds)
    print(json.dumps(measured, indent=2))
    sys.exit(1 if measured["broken"] else 0)


if __name__ == "__main__":
    main()
