"""Starts runs in folders whose disk is full sooner or later, makes room, and resumes them.

    python -m benchmarks.full_disks --sizes 20          # as root: each disk is a tmpfs of its own

Each disk is a little larger than the one before, from one that holds nothing to one that holds nearly everything, so
that each time another write fails. The run must end with one clear line. What is on the disk must be readable,
without incomplete outputs. Then the disk is made larger, and `gedanken resume` must produce what an undisturbed run
produces. If nothing had been stored, the run is started again instead. Prints one JSON object.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import yaml

from benchmarks.resumed_runs import IMAGINED, PROGRAM, SCRIPT, differences, files_of
from gedanken.experiment.errors import BadInput
from gedanken.records.read_run import read_run
from gedanken.records.run_files import text_paths

REPLIES = [
    {"when": "does not do what was asked", "samples": [f"```python\n{PROGRAM.replace('SECONDS', '0')}```\n"]},
    {"when": "Write it", "samples": [f"```python\n{PROGRAM.replace('SECONDS', '0')}raise SystemExit(1)\n```\n"]},
    {"when": ".py", "samples": [IMAGINED]},
]
GROWN_SIZE = "64m"


class Disk:
    """A tmpfs that is mounted while it is used."""

    def __init__(self, folder: Path, kilobytes: int) -> None:
        """Mount the disk. On it, each file takes at least one page of memory."""
        self.at = folder
        folder.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", str(folder)], check=True)

    def grow(self) -> None:
        """Make the disk larger."""
        subprocess.run(["mount", "-o", f"remount,size={GROWN_SIZE}", str(self.at)], check=True)

    def close(self) -> None:
        """Unmount the disk."""
        subprocess.run(["umount", str(self.at)], check=True)


def run(folder: Path, out: Path) -> "subprocess.CompletedProcess[str]":
    """Start a run, or resume it if its folder exists."""
    command = [sys.executable, "-m", "gedanken"]
    if (out / "log.jsonl").exists() and (out / "spec.json").exists():
        command += ["resume", str(out)]
    else:
        command += ["run", str(folder / "experiment.yaml"), "--model", f"scripted:{folder / 'replies.yaml'}"]
        command += ["--sandbox", "bubblewrap", "--real", "1", "--imagined", "1", "--out", str(out)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def run_on_disk(folder: Path, kilobytes: int, expected: dict[str, str]) -> tuple[str, list[str]]:
    """Start a run on a disk of this size. Return how it ended, and which promises were broken."""
    disk = Disk(folder / f"disk-{kilobytes}", kilobytes)
    out = disk.at / "run"
    try:
        first = run(folder, out)
        last_line = first.stderr.strip().splitlines()[-1:] or [""]
        broken = [] if first.returncode != 0 or kilobytes > 1000 else ["it ended as if all were well"]
        if "Traceback" in first.stderr:
            broken.append("it ended with a traceback")
        broken += incomplete_outputs(out, expected) if (out / "log.jsonl").exists() else []
        disk.grow()
        if out.exists() and not (out / "spec.json").exists():
            subprocess.run(["rm", "-r", str(out)], check=True)
        second = run(folder, out)
        if second.returncode != 0:
            broken.append(f"it did not go on: {second.stderr.strip()[-300:]}")
        else:
            broken += differences(expected, files_of(out))
        return f"{first.returncode}: {last_line[0].replace(str(disk.at), '')[:150]}", broken
    finally:
        disk.close()


def incomplete_outputs(out: Path, expected: dict[str, str]) -> list[str]:
    """Return the outputs of recorded executions that are not the same as in an undisturbed run.

    A file without an event in the log belongs to no execution, and may be incomplete.
    """
    try:
        recorded = {path for execution in read_run(out).executions for path in text_paths(execution).values()}
    except BadInput:  # the log has no event yet
        return []
    return [
        f"{name} is {text[-80:]!r}, not {expected.get(name, '')[-80:]!r}"
        for name, text in files_of(out).items()
        if name in recorded and expected.get(name) != text
    ]


def measure(sizes: int) -> dict[str, Any]:
    """Start runs on disks of `sizes` different sizes; return the summary."""
    with tempfile.TemporaryDirectory(prefix="gedanken-full-") as name:
        folder = Path(name)
        (folder / "experiment.yaml").write_text(yaml.safe_dump({"name": "killed", "script": SCRIPT}))
        (folder / "replies.yaml").write_text(yaml.safe_dump(REPLIES))
        undisturbed = folder / "whole"
        completed = run(folder, undisturbed)
        if completed.returncode != 0:
            raise SystemExit(completed.stderr)
        expected = files_of(undisturbed)
        needed = sum(-(-path.stat().st_size // 4096) * 4 for path in undisturbed.rglob("*") if path.is_file())
        cases = []
        for number in range(sizes):
            kilobytes = 4 + needed * number // sizes // 4 * 4
            cases.append((kilobytes, *run_on_disk(folder, kilobytes, expected)))
            print(*cases[-1], file=sys.stderr, flush=True)
    return {
        "disks": len(cases),
        "needed_kb": needed,
        "ended": dict(Counter(ending for _size, ending, _broken in cases)),
        "broken": [f"{size} KB: {reason}" for size, _how, broken in cases for reason in broken],
    }


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, default=20)
    arguments = parser.parse_args()
    if os.getuid() != 0:
        raise SystemExit("only root may mount the disks")
    measured = measure(arguments.sizes)
    print(json.dumps(measured, indent=2))
    sys.exit(1 if measured["broken"] else 0)


if __name__ == "__main__":
    main()
