"""Replays a run from its ledger, without network, engine, key and cache. Is the result exactly the same, and how
long does it take?

    python -m benchmarks.replays runs/article-20261129-095000 --times 5

Each replay is a process in a network namespace of its own, in which not even loopback is available (needs root). Its
environment has no PATH and no key. Transcript, outputs, programs and findings must be those of the run. Prints one
JSON object; exit code 1 if anything differs, or if the median time is above 5 s.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

MOST_SECONDS = 5.0
PASSED_VARIABLES = ("PYTHONPATH", "LANG", "HOME", "TMPDIR")
USAGE_FIELDS = ("tokens", "cost")
"""Fields of the results that a replay does not reproduce, because it uses no tokens."""


def replay(run: Path, out: Path) -> float:
    """Replay a run into a folder; return the seconds. Raises SystemExit if that fails."""
    environment = {name: os.environ[name] for name in PASSED_VARIABLES if name in os.environ}
    environment |= {"PATH": "/nonexistent", "GEDANKEN_CACHE": str(out.with_name("cache"))}
    command = ["/usr/bin/unshare", "--net", sys.executable, "-m", "gedanken"]
    command += ["run", "--replay", str(run), "--out", str(out)]
    started = time.monotonic()
    completed = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if completed.returncode != 0:
        raise SystemExit(f"the replay ended with {completed.returncode}: {completed.stderr[-2000:]}")
    return time.monotonic() - started


def differences(run: Path, again: Path) -> list[str]:
    """Return the differences between the replay and the run."""
    names = {path.relative_to(folder) for folder in (run, again) for path in _text_files(folder)}
    differing = [str(name) for name in sorted(names) if _bytes(run / name) != _bytes(again / name)]
    return differing + ([] if _findings(run) == _findings(again) else ["comparison.json"])


def _text_files(folder: Path) -> list[Path]:
    return [folder / "transcript.md", *(folder / "outputs").iterdir(), *(folder / "programs").iterdir()]


def _bytes(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None


def _findings(folder: Path) -> Any:
    comparison = json.loads((folder / "comparison.json").read_text())
    return {name: value for name, value in comparison.items() if name not in USAGE_FIELDS}


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path)
    parser.add_argument("--times", type=int, default=5)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="gedanken-replays-") as name:
        folders = [Path(name) / f"again-{number}" for number in range(arguments.times)]
        seconds = [replay(arguments.run.absolute(), folder) for folder in folders]
        all_differences = [difference for folder in folders for difference in differences(arguments.run, folder)]
        entry_count = len(list((arguments.run / "ledger").rglob("*.json")))
    measured = {
        "entries": entry_count,
        "seconds": [round(value, 2) for value in seconds],
        "median_seconds": round(median(seconds), 2),
        "other_than_in_the_run": all_differences,
    }
    print(json.dumps(measured, indent=2))
    sys.exit(1 if all_differences or median(seconds) > MOST_SECONDS else 0)


if __name__ == "__main__":
    main()
