"""What is found? Faults are put into real logs in fourteen ways (doctorings), and the logs are passed off as
imagined.

    python -m benchmarks.power [--comparisons 4] [--only KIND ...] [--runs benchmarks/real_runs/runs.json.xz] [--json]

For each program, 7 stored runs are compared with 3 others, once without faults and again with all three or only one
of them doctored. A doctoring is found if there is a finding that was not there before. Doctorings that need several
runs are also tried with 10 runs against 10. The samples of runs are fixed, and no run is in a comparison twice. A
program is not counted if its logs cannot be doctored in this way, for example because it prints no time. `--json`
prints a line for each row, with the programs in which nothing was found.
"""

import argparse
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from random import Random
from typing import get_args

from benchmarks.doctoring import ALL, DOCTORINGS, Case, Doctoring
from benchmarks.real_runs.comparing import Mode, compare, kinds_of
from benchmarks.real_runs.stored import STORED, RealRuns, Run
from gedanken.compare.stats.proportions import wilson_share

USUAL, MORE = (7, 3), (10, 10)
HEAD = "| doctoring | size | real : imagined | doctored | with | caught | by |\n|---|---|---|---|---|---|---|"


@dataclass(frozen=True, slots=True)
class Row:
    """The result of one doctoring with one number of real and imagined runs."""

    kind: str
    size: str
    real: int
    imagined: int
    doctored: int
    given: Mode
    comparisons: int
    caught: int
    kinds: dict[str, int]
    """For each kind of finding: in how many comparisons a finding of this kind revealed the doctoring."""
    missed: dict[str, int]
    """For each program: in how many comparisons nothing was found."""

    def __str__(self) -> str:
        share = wilson_share(self.caught, self.comparisons)
        kinds_text = ", ".join(f"{kind} {count}" for kind, count in self.kinds.items()) or "–"
        return (
            f"| {self.kind} | {self.size} | {self.real} : {self.imagined} | {self.doctored} of {self.imagined} "
            f"| {self.given} | {share} | {kinds_text} |"
        )


class Trials:
    """Uses the same samples of runs for every doctoring, and knows the findings on the runs without faults."""

    def __init__(self, runs: RealRuns, comparisons: int) -> None:
        self.runs = runs
        self.comparisons = comparisons
        self.found = cache(self._undoctored_kinds)

    def row(self, doctoring: Doctoring, design: tuple[int, int], doctored: int, given: Mode) -> Row:
        """Try one doctoring on every program."""
        results: list[tuple[str, Counter[str]]] = []
        for name in self.runs.programs:
            for number in range(self.comparisons):
                texts = self._doctored_logs(doctoring, name, number, design, doctored)
                if texts is not None:
                    real, _imagined = self._draw(name, number, design)
                    kinds_after = kinds_of(compare(self.runs.programs[name], given, real, texts))
                    results.append((name, kinds_after - self.found(name, number, design, given)))
        kinds = Counter(kind for _name, new in results for kind in new)
        missed = Counter(name for name, new in results if not new)
        return Row(
            kind=doctoring.kind,
            size=doctoring.size,
            real=design[0],
            imagined=design[1],
            doctored=doctored,
            given=given,
            comparisons=len(results),
            caught=len(results) - missed.total(),
            kinds=dict(kinds.most_common()),
            missed=dict(missed.most_common()),
        )

    def _doctored_logs(
        self, doctoring: Doctoring, name: str, number: int, design: tuple[int, int], doctored: int
    ) -> list[str] | None:
        """Return the imagined logs, `doctored` of which are doctored; None if one of these cannot be doctored in
        this way.
        """
        real, imagined = self._draw(name, number, design)
        logs, texts = [run.output for run in real], [run.output for run in imagined]
        random = Random(f"{doctoring.kind} {doctoring.size} {name} {number}")
        doctored_texts = [
            doctoring.doctor(Case(text, logs, [*texts[:index], *texts[index + 1 :]], random))
            for index, text in enumerate(texts[:doctored])
        ]
        complete = [text for text in doctored_texts if text is not None]
        return [*complete, *texts[doctored:]] if len(complete) == doctored else None

    def _draw(self, name: str, number: int, design: tuple[int, int]) -> tuple[Sequence[Run], Sequence[Run]]:
        sample = Random(f"{name} {number}").sample(self.runs.runs[name], sum(design))
        return sample[: design[0]], sample[design[0] :]

    def _undoctored_kinds(self, name: str, number: int, design: tuple[int, int], given: Mode) -> Counter[str]:
        real, imagined = self._draw(name, number, design)
        return kinds_of(compare(self.runs.programs[name], given, real, [run.output for run in imagined]))


def rows(trials: Trials, kinds: Sequence[str]) -> Iterator[Row]:
    """Yield the result of every doctoring with every number of runs, first with the program and then without."""
    for doctoring in DOCTORINGS:
        if doctoring.kind not in kinds:
            continue
        designs = [(USUAL, how_many) for how_many in doctoring.how_many]
        if doctoring.how_many == ALL:
            designs.append((MORE, MORE[1]))
        for design, doctored in designs:
            for given in get_args(Mode):
                yield trials.row(doctoring, design, doctored, given)


def main(arguments: argparse.Namespace) -> None:
    """Try all doctorings and print the table."""
    runs = RealRuns.load(arguments.runs)
    trials = Trials(runs, arguments.comparisons)
    if not arguments.json:
        print(f"{arguments.comparisons} draws of each of {len(runs.programs)} programs.\n\n{HEAD}")
    for row in rows(trials, arguments.only or KINDS):
        print(json.dumps(asdict(row)) if arguments.json else row, flush=True)


KINDS = tuple(dict.fromkeys(doctoring.kind for doctoring in DOCTORINGS))

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--comparisons", type=int, default=4, help="number of comparisons for each program")
    parser.add_argument("--only", nargs="+", choices=KINDS, metavar="KIND", help=f"some of: {', '.join(KINDS)}")
    parser.add_argument("--runs", type=Path, default=STORED, help="folder with the stored runs")
    parser.add_argument("--json", action="store_true", help="print a line of JSON for each row")
    main(parser.parse_args())
