"""How often is a fault found in logs of other frameworks' styles, and how often where there is none?

    python -m benchmarks.wild --half development [--only alarms power] [--comparisons 50] [--draws 2]
        [--styles NAME ...] [--sample N] [--jobs 2] [--into FILE]

Runs are made, as many as are needed, in styles of which one half was there to develop on and the other judges; no run
is in two comparisons. *False alarms*: runs of a style beside others of it, 7 real ones beside 3 and 5 beside 1; any
finding of any kind is one. The interval is the wider of two: Wilson's, pooled, and Student's over the styles.
*Power*: all three of the imagined logs are doctored, or one of them; it is found where there is a finding of a kind
that there was not before. Where nothing is found, and something is said to be undecided, that is counted apart.
`--into` keeps a line of JSON for each comparison; a run that goes on where it was broken off reads it. `--sample`
tries so many comparisons, drawn evenly.
"""

import argparse
import json
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from random import Random
from typing import Any

from benchmarks.wild.doctoring import DOCTORINGS
from benchmarks.wild.halves import HALVES
from benchmarks.wild.tables import alarms_table, names_table, numbers_of_findings, power_table
from benchmarks.wild.trials import Trial

PROGRESS_SECONDS = 20.0


def trials_of(styles: Sequence[str], only: Sequence[str], comparisons: int, draws: int) -> Iterator[Trial]:
    """Yield all comparisons to make."""
    if "alarms" in only:
        for number in range(comparisons):
            for name in styles:
                yield Trial("alarms 7:3", name, number, 7, 3)
                yield Trial("alarms 5:1", name, number, 5, 1)
    if "power" in only:
        for number in range(draws):
            for name in styles:
                for doctoring in DOCTORINGS:
                    for doctored in (3, 1):
                        yield Trial("power", name, number, 7, 3, doctoring.name, doctored)


def tried(trials: Sequence[Trial], kept: Path | None, jobs: int) -> list[dict[str, Any]]:
    """Return the result of each comparison, read from `kept` if it is there."""
    done: dict[str, dict[str, Any]] = {}
    if kept and kept.exists():
        done = {one["key"]: one for one in map(json.loads, kept.read_text().splitlines())}
    todo = [trial for trial in trials if trial.key not in done]
    started = told = time.monotonic()
    with ProcessPoolExecutor(jobs) as pool:
        for at, (trial, result) in enumerate(zip(todo, pool.map(Trial.run, todo, chunksize=8), strict=True), start=1):
            done[trial.key] = result or {"key": trial.key, "kinds": None}
            if kept:
                with kept.open("a") as file:
                    file.write(json.dumps(done[trial.key]) + "\n")
            if time.monotonic() - told > PROGRESS_SECONDS:
                told = time.monotonic()
                print(f"{at} of {len(todo)}, {told - started:.0f} s", file=sys.stderr, flush=True)
    found = [done[trial.key] for trial in trials]
    return [one for one in found if one["kinds"] is not None]


def main(arguments: argparse.Namespace) -> None:
    """Run all comparisons and print the tables."""
    known = [style.name for style in HALVES[arguments.half]]
    trials = list(trials_of(arguments.styles or known, arguments.only, arguments.comparisons, arguments.draws))
    if arguments.sample:
        trials = Random(arguments.half).sample(trials, min(arguments.sample, len(trials)))
    results = tried(trials, arguments.into, arguments.jobs)
    print(f"{arguments.half}: {len(known)} styles, {len(results)} comparisons\n")
    for what in ("alarms 7:3", "alarms 5:1"):
        if some := [one for one in results if one["what"] == what]:
            print(alarms_table(what, some), end="\n\n")
    if some := [one for one in results if one["what"] == "power"]:
        print(power_table(some), end="\n\n")
        print(numbers_of_findings(some), end="\n\n")
    print(names_table(results))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--half", choices=tuple(HALVES), required=True)
    parser.add_argument("--only", nargs="+", choices=("alarms", "power"), default=["alarms", "power"])
    parser.add_argument("--comparisons", type=int, default=50, help="of each style, for false alarms")
    parser.add_argument("--draws", type=int, default=2, help="of each style, for each doctoring")
    parser.add_argument("--styles", nargs="+", metavar="NAME", help="some of the half's")
    parser.add_argument("--sample", type=int, default=0, metavar="N", help="only so many comparisons")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--into", type=Path, metavar="FILE", help="keeps what was said of each, as JSON lines")
    main(parser.parse_args())
