"""How often does a comparison find something where there is nothing to find?

    python -m benchmarks.false_alarms [--runs benchmarks/real_runs/runs.json.xz] [--json]

Seven stored real runs of a program are compared with three others that are passed off as imagined: once with the
program's source, once as plain logs. Any finding of any kind is a false alarm. No run is used twice, so that the
comparisons of a mode are independent. Target: at most 5 of 100. `--json` prints a line for each comparison, with all
its findings.
"""

import argparse
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import get_args

from benchmarks.real_runs.comparing import Mode, compare
from benchmarks.real_runs.stored import STORED, RealRuns
from gedanken.compare.results import ComparisonResult
from gedanken.compare.sentences import finding_values
from gedanken.compare.stats.proportions import wilson_share

REAL, IMAGINED = 7, 3
TARGET = 0.05


@dataclass(frozen=True, slots=True)
class Comparison:
    """A comparison of real runs with other real runs that are passed off as imagined."""

    given: Mode
    program: str
    first_seed: int
    """Seed of the first of the ten runs. Their seeds are consecutive."""
    found: list[dict[str, object]]

    @classmethod
    def of(cls, given: Mode, program: str, first_seed: int, result: ComparisonResult) -> "Comparison":
        """Store the result of a comparison, with its findings as plain values for JSON."""
        return cls(given, program, first_seed, [finding_values(finding) for finding in result.findings])

    @property
    def kinds(self) -> set[str]:
        """The kinds of its false alarms."""
        return {str(finding["kind"]) for finding in self.found}


def compare_all(runs: RealRuns, given: Mode) -> Iterator[Comparison]:
    """Yield every comparison for which there are enough runs."""
    for name, source in runs.programs.items():
        program_runs = runs.runs[name]
        for start in range(0, len(program_runs) - REAL - IMAGINED + 1, REAL + IMAGINED):
            real, imagined = program_runs[start : start + REAL], program_runs[start + REAL : start + REAL + IMAGINED]
            compared = compare(source, given, real, [run.output for run in imagined])
            yield Comparison.of(given, name, program_runs[start].seed, compared)


def table(given: Mode, comparisons: list[Comparison]) -> str:
    """Return a table of false alarms, by program and in total."""
    lines = [f"## With {given}", "", "| program | comparisons | with a false alarm | kinds |", "|---|---|---|---|"]
    for name in dict.fromkeys(comparison.program for comparison in comparisons):
        of_program = [comparison for comparison in comparisons if comparison.program == name]
        kinds = Counter(kind for comparison in of_program for kind in sorted(comparison.kinds))
        alarms = sum(bool(comparison.found) for comparison in of_program)
        kinds_text = ", ".join(f"{kind} {count}" for kind, count in kinds.most_common())
        lines.append(f"| {name} | {len(of_program)} | {alarms} | {kinds_text} |")
    share = wilson_share(sum(bool(comparison.found) for comparison in comparisons), len(comparisons))
    met = "met" if share.trials and share.successes <= TARGET * share.trials else "**missed**"
    return "\n".join([*lines, f"| all | {len(comparisons)} | {share} | target ≤ {TARGET:.0%}: {met} |"])


def main(arguments: argparse.Namespace) -> None:
    """Compare the runs of each program in both modes, and print the table."""
    runs = RealRuns.load(arguments.runs)
    if not arguments.json:
        print(f"{runs.count} real runs of {len(runs.programs)} programs; {'; '.join(runs.machines)}.")
    for given in get_args(Mode):
        comparisons = []
        for comparison in compare_all(runs, given):
            comparisons.append(comparison)
            if arguments.json:
                print(json.dumps(asdict(comparison)), flush=True)
        if not arguments.json:
            print(f"\n{table(given, comparisons)}", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=Path, default=STORED, help="folder with the stored runs")
    parser.add_argument(
        "--json", action="store_true", help="print a line of JSON for each comparison, with its findings"
    )
    main(parser.parse_args())
