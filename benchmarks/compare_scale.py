"""What does it cost to compare two long logs, and how does the cost grow with their length?

    python -m benchmarks.compare_scale [--lines 10000 100000 1000000] [--rounds 3]

Both are logs of a training. The second one has other numbers, missing epochs, changed words and added lines. Each
comparison reads both files in a process of its own. The table shows the medians of its seconds and of its peak
memory, including imports. `git diff --no-index --histogram` reads the same files. The exponent is the slope of a line
fitted to the logarithms. Targets: an exponent of at most 1.1; for a million lines, 20 s and 1 GB.
"""

import argparse
import json
import math
import random
import resource
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import linear_regression, median
from tempfile import TemporaryDirectory
from typing import NamedTuple

STEPS = 100
TARGET = 1.1


class Cost(NamedTuple):
    """What one comparison took."""

    seconds: float
    mib: float
    """Peak memory in MiB."""


def main(arguments: argparse.Namespace) -> None:
    """Measure all sizes and print the table."""
    print(f"{'lines':>9} {'gedanken':>10} {'memory':>9} {'git diff':>10} {'memory':>9} {'ratio':>6}")
    ours: list[float] = []
    with TemporaryDirectory() as folder:
        for lines in arguments.lines:
            files = [Path(folder) / f"{name}-{lines}.log" for name in ("real", "imagined")]
            for seed, file in enumerate(files):
                file.write_text(make_log(lines, seed))
            gedanken = _median_cost(
                arguments.rounds, [sys.executable, "-m", __spec__.name, "--compare", *map(str, files)]
            )
            git = _median_cost(arguments.rounds, ["git", "diff", "--no-index", "--histogram", *map(str, files)])
            ours.append(gedanken.seconds)
            print(
                f"{lines:>9} {gedanken.seconds:>8.2f} s {gedanken.mib:>5.0f} MiB {git.seconds:>8.2f} s "
                f"{git.mib:>5.0f} MiB {gedanken.seconds / git.seconds:>6.2f}",
                flush=True,
            )
    if len(ours) > 1:
        sizes, seconds = ([math.log(number) for number in column] for column in (arguments.lines, ours))
        slope, last = (linear_regression(sizes[start:], seconds[start:]).slope for start in (0, -2))
        print(f"exponent {slope:.2f}, of the last two sizes {last:.2f}; asked for: {TARGET}")


def make_log(lines: int, seed: int) -> str:
    """Return a log of a training. With seed 0 it is correct; with any other seed, it contains faults."""
    rng = random.Random(seed)
    faults = seed > 0
    rows: list[str] = []
    epoch = 0
    while len(rows) < lines:
        epoch += 1
        if faults and epoch % 37 == 0:
            continue
        for step in range(1, STEPS + 1):
            if faults and rng.random() < 0.001:
                rows.append("Checkpoint saved to disk")
            word = "Losses" if faults and rng.random() < 0.001 else "Loss"
            loss, accuracy = rng.gauss(0.5, 0.1), rng.uniform(80, 95)
            rows.append(f"Epoch {epoch} step {step}, {word}: {loss:.4f}, Accuracy: {accuracy:.2f}%")
    return "\n".join(rows[:lines]) + "\n"


def _median_cost(rounds: int, command: Sequence[str]) -> Cost:
    costs = [_measure_in_child(command) for _ in range(rounds)]
    return Cost(median(cost.seconds for cost in costs), median(cost.mib for cost in costs))


def _measure_in_child(command: Sequence[str]) -> Cost:
    """Measure a command, in a process that has no other child."""
    measuring = [sys.executable, "-m", __spec__.name, "--measure", *command]
    return Cost(*json.loads(subprocess.run(measuring, check=True, stdout=subprocess.PIPE).stdout))


def _measure(command: Sequence[str]) -> None:
    started = time.monotonic()
    subprocess.run(command, check=False, stdout=subprocess.DEVNULL)
    seconds = time.monotonic() - started
    print(json.dumps([seconds, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024]))


def _compare(real: str, imagined: str) -> None:
    from gedanken.compare.compare_runs import compare_runs
    from gedanken.experiment.execution import Cause, Execution, Origin

    def execution(file: str, origin: Origin) -> Execution:
        text = Path(file).read_text()
        return Execution("log", f"cat {file}", 0, Cause.FINISHED, 0.0, text, text, seed=1, sample=1, origin=origin)

    compare_runs(None, [execution(real, Origin.REAL)], [execution(imagined, Origin.IMAGINED)])


if __name__ == "__main__":
    if sys.argv[1:2] == ["--compare"]:
        _compare(*sys.argv[2:])
    elif sys.argv[1:2] == ["--measure"]:
        _measure(sys.argv[2:])
    else:
        parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
        parser.add_argument("--lines", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
        parser.add_argument("--rounds", type=int, default=3)
        main(parser.parse_args())
