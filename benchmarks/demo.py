"""`script/demo` from nothing in a terminal of 120 columns, recorded: how long it took, and what it said of the rest.

    python -m benchmarks.demo --out FOLDER                 on the machine as it is
    python -m benchmarks.demo --out FOLDER --busy 2        beside two busy programs

A clone, a cache and a Docker daemon of its own, all empty; pip's, npm's and apt's packages may be cached. Needs root.
FOLDER receives a screen every 15 s as text, and `recorded.jsonl`: pairs of seconds and what was printed then.
Prints what the set-up left behind or did not make, too, as `benchmarks/setups.py` does.
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

from benchmarks.setups import busy_programs, fresh_place

COLUMNS, LINES = 120, 40
SCREEN_SECONDS = 15.0
_ESTIMATE = re.compile(r"about (\d+) (min|s) left in all")
_FIRST_TOKEN = re.compile(r"imagined.{0,40}? \d+ tokens? of")
_COLOURS = re.compile(r"\x1b\[[\d;?]*[A-Za-z]")

Recorded = list[tuple[float, str]]


def record(folder: Path, busy: int) -> Recorded:
    """Run the demo to its end; return its output, each piece with the seconds since the start."""
    screen = pyte.Screen(COLUMNS, LINES)
    stream = pyte.Stream(screen)
    came: Recorded = []
    with fresh_place() as place, busy_programs(busy):
        began = shown = time.monotonic()
        demo = pexpect.spawn(
            f"{place.folder}/clone/script/demo",
            cwd=f"{place.folder}/clone",
            env={**place.environment, "TERM": "xterm-256color"},
            dimensions=(LINES, COLUMNS),
            encoding="utf-8",
            codec_errors="replace",
        )
        for text in _pieces(demo):
            stream.feed(text)
            came.append((round(time.monotonic() - began, 1), text))
            if time.monotonic() - shown > SCREEN_SECONDS:
                shown = time.monotonic()
                (folder / f"{shown - began:05.0f}.txt").write_text("\n".join(screen.display))
        demo.close()
        (folder / "end.txt").write_text("\n".join(screen.display))
        left = place.faults()
    print(f"exit code {demo.exitstatus}; left behind or missing: {', '.join(left) or 'nothing'}")
    return came


def _pieces(demo: "pexpect.spawn[str]") -> Iterator[str]:
    while True:
        try:
            yield demo.read_nonblocking(65536, timeout=1)
        except pexpect.TIMEOUT:
            yield ""
        except pexpect.EOF:
            return


def report(came: Recorded) -> None:
    """Print the total time, the time of the first imagined token, and the errors of the estimates over time."""
    end = came[-1][0]
    plain = [(at, _COLOURS.sub("", text)) for at, text in came]
    begun = next((at for at, text in plain if "step 1 of" in text), end)
    token = next((at for at, text in plain if at >= begun and _FIRST_TOKEN.search(text)), end)
    print(f"{end:.0f} s in all; the run began after {begun:.0f} s")
    print(f"first imagined token {token - begun:.0f} s after that")
    print("seconds   said left   really left   ratio")
    told = [(at, _seconds(found[-1])) for at, text in plain if (found := _ESTIMATE.findall(text))]
    changes = [after for before, after in pairwise([(0.0, 0.0), *told]) if before[1] != after[1]]
    for at, said in changes:
        if end - at > 0:
            print(f"{at:7.0f}   {said:9.0f}   {end - at:11.0f}   {said / (end - at):5.2f}")


def _seconds(found: tuple[str, str]) -> float:
    return float(found[0]) * (60 if found[1] == "min" else 1)


def main() -> None:
    """Record one demo, or report on a recorded one."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="folder for the screens")
    parser.add_argument("--busy", type=int, default=0, help="number of busy programs beside it")
    asked = parser.parse_args()
    asked.out.mkdir(parents=True)
    came = record(asked.out, asked.busy)
    with (asked.out / "recorded.jsonl").open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(piece) + "\n" for piece in came)
    report(came)


if __name__ == "__main__":
    main()
