"""Records `script/demo` from nothing in a terminal of 120 columns: how long it takes, and how good its estimates
of the remaining time are.

    python -m benchmarks.demo --out FOLDER                 on the machine as it is
    python -m benchmarks.demo --out FOLDER --busy 2        beside two busy programs

The demo has an empty clone, cache and Docker daemon of its own; packages of pip, npm and apt may be cached. Needs
root. FOLDER receives a screen every 15 s as text, and `recorded.jsonl`: pairs of seconds and what was printed then.
Also prints what the set-up left behind or did not create, as `benchmarks/setups.py` does.
"""

import argparse
import json
import re
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pexpect
import pyte

from benchmarks.setups import busy_programs, open_fresh_clone

COLUMNS, LINES = 120, 40
SCREEN_SECONDS = 15.0
_ESTIMATE = re.compile(r"about (\d+) (min|s) left in all")
_FIRST_TOKEN = re.compile(r"imagined.{0,40}? \d+ tokens? of")
_COLOURS = re.compile(r"\x1b\[[\d;?]*[A-Za-z]")

Recording = list[tuple[float, str]]


def record(folder: Path, busy: int) -> Recording:
    """Run the demo to its end; return its output in pieces, each with the seconds since the start."""
    screen = pyte.Screen(COLUMNS, LINES)
    stream = pyte.Stream(screen)
    pieces: Recording = []
    with open_fresh_clone() as place, busy_programs(busy):
        start = last_screen = time.monotonic()
        demo = pexpect.spawn(
            f"{place.folder}/clone/script/demo",
            cwd=f"{place.folder}/clone",
            env={**place.environment, "TERM": "xterm-256color"},
            dimensions=(LINES, COLUMNS),
            encoding="utf-8",
            codec_errors="replace",
        )
        for text in _read_pieces(demo):
            stream.feed(text)
            pieces.append((round(time.monotonic() - start, 1), text))
            if time.monotonic() - last_screen > SCREEN_SECONDS:
                last_screen = time.monotonic()
                (folder / f"{last_screen - start:05.0f}.txt").write_text("\n".join(screen.display))
        demo.close()
        (folder / "end.txt").write_text("\n".join(screen.display))
        faults = place.faults()
    print(f"exit code {demo.exitstatus}; left behind or missing: {', '.join(faults) or 'nothing'}")
    return pieces


def _read_pieces(demo: "pexpect.spawn[str]") -> Iterator[str]:
    while True:
        try:
            yield demo.read_nonblocking(65536, timeout=1)
        except pexpect.TIMEOUT:
            yield ""
        except pexpect.EOF:
            return


def report(pieces: Recording) -> None:
    """Print the total time, the time of the first imagined token, and the errors of the estimates over time."""
    end = pieces[-1][0]
    plain = [(moment, _COLOURS.sub("", text)) for moment, text in pieces]
    run_start = next((moment for moment, text in plain if "step 1 of" in text), end)
    first_token = next((moment for moment, text in plain if moment >= run_start and _FIRST_TOKEN.search(text)), end)
    print(f"{end:.0f} s in all; the run began after {run_start:.0f} s")
    print(f"first imagined token {first_token - run_start:.0f} s after that")
    print("seconds   said left   really left   ratio")
    estimates = [
        (moment, _estimate_in_seconds(matches[-1])) for moment, text in plain if (matches := _ESTIMATE.findall(text))
    ]
    changes = [after for before, after in pairwise([(0.0, 0.0), *estimates]) if before[1] != after[1]]
    for moment, estimate in changes:
        if end - moment > 0:
            print(f"{moment:7.0f}   {estimate:9.0f}   {end - moment:11.0f}   {estimate / (end - moment):5.2f}")


def _estimate_in_seconds(estimate: tuple[str, str]) -> float:
    return float(estimate[0]) * (60 if estimate[1] == "min" else 1)


def main() -> None:
    """Record one demo, and report on it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="folder in which the screens are stored")
    parser.add_argument("--busy", type=int, default=0, help="number of busy programs that run at the same time")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True)
    pieces = record(arguments.out, arguments.busy)
    with (arguments.out / "recorded.jsonl").open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(piece) + "\n" for piece in pieces)
    report(pieces)


if __name__ == "__main__":
    main()
