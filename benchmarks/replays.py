"""A run repeated from its ledger without network, engine, key and cache: is it the same to the byte, and how fast?

    python -m benchmarks.replays runs/article-20261129-095000 --times 5

Each replay is a process in a network namespace of its own, in which not even loopback is up (needs root), with no
PATH and no key in its environment. Transcript, outputs, programs and findings must be those of the run. Prints one
JSON object; exit code 1 where something is another, or the median of the times is above 5 s.
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
KEPT = ("PYTHONPATH", "LANG", "HOME", "TMPDIR")
TAKES_NOTHING = ("tokens", "cost")
"""Parts of the findings that a replay does not reproduce, because it uses nothing."""


def replay(run: Path, out: Path) -> float:
    """Replay a run into a folder; return the seconds. Raises SystemExit if that fails."""
    bare = {name: os.environ[name] for name in KEPT if name in os.environ}
    bare |= {"PATH": "/nonexistent", "GEDANKEN_CACHE": str(out.with_name("cache"))}
    command = ["/usr/bin/unshare", "--net", sys.executable, "-m", "gedanken"]
    command += ["run", "--replay", str(run), "--out", str(out)]
    began = time.monotonic()
    done = subprocess.run(command, env=bare, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"the replay ended with {done.returncode}: {done.stderr[-2000:]}")
    return time.monotonic() - began


def differences(run: Path, again: Path) -> list[str]:
    """Return the differences between the replay and the run."""
    names = {path.relative_to(folder) for folder in (run, again) for path in _texts(folder)}
    found = [str(name) for name in sorted(names) if _bytes(run / name) != _bytes(again / name)]
    return found + ([] if _findings(run) == _findings(again) else ["comparison.json"])


def _texts(folder: Path) -> list[Path]:
    return [folder / "transcript.md", *(folder / "outputs").iterdir(), *(folder / "programs").iterdir()]


def _bytes(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None


def _findings(folder: Path) -> Any:
    found = json.loads((folder / "comparison.json").read_text())
    return {name: value for name, value in found.items() if name not in TAKES_NOTHING}


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path)
    parser.add_argument("--times", type=int, default=5)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="gedanken-replays-") as name:
        folders = [Path(name) / f"again-{number}" for number in range(asked.times)]
        seconds = [replay(asked.run.absolute(), folder) for folder in folders]
        others = [difference for folder in folders for difference in differences(asked.run, folder)]
        kept = len(list((asked.run / "ledger").rglob("*.json")))
    measured = {
        "entries": kept,
        "seconds": [round(one, 2) for one in seconds],
        "median_seconds": round(median(seconds), 2),
        "other_than_in_the_run": others,
    }
    print(json.dumps(measured, indent=2))
    sys.exit(1 if others or median(seconds) > MOST_SECONDS else 0)


if __name__ == "__main__":
    main()
