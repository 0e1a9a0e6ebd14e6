"""How often does a comparison find faults in logs of many frameworks, and how often faults that are not there?

    python -m benchmarks.wild --half development [--only alarms power] [--comparisons 50] [--draws 2]
        [--styles NAME ...] [--sample N] [--jobs 2] [--into FILE]

Runs are generated, as many as are needed. One half of the styles was used for development; the other half is for
judging. No run is in two comparisons.

*False alarms*: runs of a style are compared with other runs of the same style: 7 real with 3 imagined ones, and 5
with 1. Any finding is a false alarm. The interval is the wider of two: Wilson's over all comparisons, and Student's
over the styles.

*Power*: one or all of the three imagined logs are doctored. The fault counts as found if the comparison has findings
of a new kind, or more findings of some kind, than before doctoring. Comparisons without such findings that call
something undecided are counted separately.

`--into` stores a line of JSON for each comparison; if the benchmark is started again after an interruption, it reads
this file. `--sample` makes only N comparisons, chosen at random.
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


def run_trials(trials: Sequence[Trial], store: Path | None, jobs: int) -> list[dict[str, Any]]:
    """Return the results of the comparisons, except those in which there was nothing to doctor.

    Results that are in `store` are read from there; new ones are appended to it.
    """
    results_by_key: dict[str, dict[str, Any]] = {}
    if store and store.exists():
        results_by_key = {result["key"]: result for result in map(json.loads, store.read_text().splitlines())}
    pending = [trial for trial in trials if trial.key not in results_by_key]
    started = last_report = time.monotonic()
    with ProcessPoolExecutor(jobs) as pool:
        for number, (trial, result) in enumerate(
            zip(pending, pool.map(Trial.run, pending, chunksize=8), strict=True), start=1
        ):
            results_by_key[trial.key] = result or {"key": trial.key, "kinds": None}
            if store:
                with store.open("a") as file:
                    file.write(json.dumps(results_by_key[trial.key]) + "\n")
            if time.monotonic() - last_report > PROGRESS_SECONDS:
                last_report = time.monotonic()
                print(f"{number} of {len(pending)}, {last_report - started:.0f} s", file=sys.stderr, flush=True)
    results = [results_by_key[trial.key] for trial in trials]
    return [result for result in results if result["kinds"] is not None]


def main(arguments: argparse.Namespace) -> None:
    """Run all comparisons and print the tables."""
    names = [style.name for style in HALVES[arguments.half]]
    trials = list(trials_of(arguments.styles or names, arguments.only, arguments.comparisons, arguments.draws))
    if arguments.sample:
        trials = Random(arguments.half).sample(trials, min(arguments.sample, len(trials)))
    results = run_trials(trials, arguments.into, arguments.jobs)
    print(f"{arguments.half}: {len(names)} styles, {len(results)} comparisons\n")
    for kind in ("alarms 7:3", "alarms 5:1"):
        if selected := [result for result in results if result["what"] == kind]:
            print(alarms_table(kind, selected), end="\n\n")
    if selected := [result for result in results if result["what"] == "power"]:
        print(power_table(selected), end="\n\n")
        print(numbers_of_findings(selected), end="\n\n")
    print(names_table(results))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--half", choices=tuple(HALVES), required=True)
    parser.add_argument("--only", nargs="+", choices=("alarms", "power"), default=["alarms", "power"])
    parser.add_argument(
        "--comparisons", type=int, default=50, help="number of comparisons of each style for false alarms"
    )
    parser.add_argument("--draws", type=int, default=2, help="number of comparisons of each style for each doctoring")
    parser.add_argument("--styles", nargs="+", metavar="NAME", help="only these styles of the half")
    parser.add_argument("--sample", type=int, default=0, metavar="N", help="make only N comparisons, drawn at random")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument(
        "--into", type=Path, metavar="FILE", help="write the findings of each comparison to FILE, as JSON lines"
    )
    main(parser.parse_args())
