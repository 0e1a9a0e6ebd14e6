"""Findings on one program version: its real runs against its imagined ones."""

import math
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from compare.curves import Curves, Point, read_curves
from compare.ledger import Entry, keep_ledger, skeleton
from compare.skipping import EpochCount, as_ranges, count_epochs, epochs_shown
from compare.source import PrintSite, Source
from experiment.execution import Cause, Execution
from experiment.finding import Finding, LineRef
from experiment.program import Program

TIME_FACTOR = 3.0
"""How many times longer or shorter a claimed time must be than the time taken to be named."""
RISE = 0.05
"""Rise of accuracy, and share by which the loss rises, that together contradict each other."""
LINES_SHOWN = 5

_DURATION = re.compile(
    r"(?<![\d.])(?P<value>\d+(?:\.\d+)?)\s*(?P<unit>ms|milliseconds?|s|secs?|seconds?|m|mins?|minutes?|h|hours?)\b",
    re.IGNORECASE | re.ASCII,
)
_TIME_WORD = re.compile(r"\b(?:time|took|elapsed|duration|finished in|completed in|training in)\b", re.IGNORECASE)
_OWN_ENDS = (Cause.FINISHED, Cause.FAILED, Cause.OUT_OF_MEMORY)
"""How a program ends where our own limits do not end it."""
_SECONDS = {"ms": 0.001, "mil": 0.001, "s": 1.0, "sec": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, "hou": 3600.0}


@dataclass(frozen=True)
class Observed:
    """An execution with what was read off its output."""

    execution: Execution
    sites: tuple[PrintSite, ...]

    @cached_property
    def text(self) -> str:
        """What was printed, without a last line that was cut: half a line is no evidence."""
        printed = self.execution.stdout
        whole = self.execution.cause in (Cause.FINISHED, Cause.FAILED)
        return printed if whole else printed[: printed.rfind("\n") + 1]

    @cached_property
    def curves(self) -> Curves:
        return read_curves(self.text)

    @cached_property
    def ledger(self) -> tuple[Entry, ...]:
        return keep_ledger(self.text, self.sites)

    @cached_property
    def lines(self) -> list[str]:
        return self.text.splitlines()

    @property
    def epochs(self) -> frozenset[int]:
        return frozenset(epoch for _line, epoch in epochs_shown(self.text, self.curves))

    def ref(self, index: int) -> LineRef:
        """Point at the line with this index, from 0."""
        return LineRef(self.execution.label, index + 1, self.lines[index])


@dataclass(frozen=True)
class Comparison:
    """Everything that the checks below look at."""

    program: Program | None
    source: Source | None
    real: tuple[Observed, ...]
    imagined: tuple[Observed, ...]
    claims: tuple[str, ...]

    @property
    def name(self) -> str:
        """What the program is called in a finding."""
        return self.program.label if self.program else "the program"

    @property
    def leaves(self) -> tuple[Observed, ...]:
        """Real runs that are measured. Seed 0 chose the program, so it is in no test (fairness rule 5)."""
        reseeded = tuple(run for run in self.real if run.execution.arm == "reseeded")
        return reseeded or tuple(run for run in self.real if run.execution.seed != 0)

    @cached_property
    def forms(self) -> frozenset[str]:
        """Forms of all lines that a real run shows, on either stream: a library's and a warning's too."""
        shown = (run.execution.stdout + "\n" + run.execution.output for run in self.real)
        return frozenset(skeleton(line) for text in shown for line in text.splitlines())

    @property
    def samples(self) -> tuple[Observed, ...]:
        """Imagined runs that are measured; sample 0 is the trunk."""
        return tuple(run for run in self.imagined if run.execution.sample != 0)


def compare_runs(
    program: Program | None,
    real: Sequence[Execution],
    imagined: Sequence[Execution],
    claims: tuple[str, ...] = (),
) -> tuple[Finding, ...]:
    """Everything found when runs of one program, or logs without one, are held side by side.

    `claims` are the facts that the persona claims falsely on purpose.
    """
    source = None
    if program is not None:
        try:
            source = Source(program.source)
        except SyntaxError:
            source = None
    sites = source.print_sites() if source else ()
    comparison = Comparison(
        program,
        source,
        tuple(Observed(execution, sites) for execution in real),
        tuple(Observed(execution, sites) for execution in imagined),
        claims,
    )
    return tuple(finding for check in CHECKS for finding in check(comparison))


def exit_status(these: Comparison) -> Iterable[Finding]:
    """The real runs end one way, an imagined one the other."""
    real = {run.execution.exit_code == 0 for run in these.real if run.execution.cause in _OWN_ENDS}
    if len(real) != 1:
        return
    works = real.pop()
    other = [
        run
        for run in these.imagined
        if run.execution.exit_code is not None
        and (run.execution.exit_code == 0) != works
        # An imagined exit code is read off the output: equal output is as good as it gets.
        and run.text.strip() not in {real.execution.output.strip() for real in these.real}
    ]
    if not other:
        return
    ends = ("ended with exit code 0", "failed")
    yield Finding(
        "exit status differs",
        f"{these.name} really {ends[not works]}; {_share(other, these.imagined)} {ends[works]}.",
        tuple(run.ref(len(run.lines) - 1) for run in other if run.lines),
    )


def foreign_lines(these: Comparison) -> Iterable[Finding]:
    """Printed lines that no print statement of the program makes."""
    if these.source is None:
        yield from _lines_in_no_log(these)
        return
    if any(site.template.strip("\x00 ") == "" for site in _sites(these)):
        return  # a bare print(x) can make any line
    refs = [
        LineRef(run.execution.label, entry.number, entry.text)
        for run in these.imagined
        for entry in run.ledger
        if entry.kind == "foreign" and skeleton(entry.text) not in these.forms
    ]
    if refs:
        runs = [run for run in these.imagined if any(ref.source == run.execution.label for ref in refs)]
        yield Finding(
            "line without a print",
            f"{_share(runs, these.imagined)} {_verb(runs, 'shows', 'show')} lines that no print statement of "
            f"{these.name} makes, such as “{_short(refs[0].text)}”.",
            tuple(refs[:LINES_SHOWN]),
        )


def _lines_in_no_log(these: Comparison) -> Iterable[Finding]:
    refs = [
        run.ref(at)
        for run in these.imagined
        for at, line in enumerate(run.lines)
        if line.strip() and skeleton(line) not in these.forms
    ]
    if refs and these.program is None:
        yield Finding(
            "line in no real log",
            f"The imagined logs hold lines of a form that no real log has, such as “{_short(refs[0].text)}”.",
            tuple(refs[:LINES_SHOWN]),
        )


def literals(these: Comparison) -> Iterable[Finding]:
    """A wording that differs from the code's own words; both are named."""
    seen: set[tuple[str, str]] = set()
    for run in these.imagined:
        for entry in run.ledger:
            if entry.kind != "literal" or entry.site is None or skeleton(entry.text) in these.forms:
                continue
            key = (entry.site.template, skeleton(entry.text))
            if key in seen:
                continue
            seen.add(key)
            really = next(
                (
                    LineRef(other.execution.label, found.number, found.text)
                    for other in these.real
                    for found in other.ledger
                    if found.site == entry.site and found.kind == "site"
                ),
                None,
            )
            label = these.program.label if these.program else "program"
            refs = [LineRef(run.execution.label, entry.number, entry.text)]
            refs.append(LineRef(label, entry.site.line, entry.site.words))
            yield Finding(
                "literal differs",
                f"The code prints “{entry.site.words}” (line {entry.site.line}); "
                f"the imagined run shows “{_short(entry.text.strip())}”.",
                (*refs, really) if really else tuple(refs),
            )


def epochs(these: Comparison) -> Iterable[Finding]:
    """Epochs expected, shown, declared as skipped, silently missing, cut by the token limit."""
    wanted, possible = _epochs_of(these)
    if not wanted:
        return
    for run in these.imagined:
        if run.execution.cause is Cause.FAILED:
            continue
        count = count_epochs(run.text, run.curves, wanted, run.execution.cause is Cause.CUT, possible)
        yield from _epoch_findings(these, run, count)


def _epochs_of(these: Comparison) -> tuple[frozenset[int], frozenset[int]]:
    """Epochs that each real run shows, and those that at least one does; the source's where none came to its end."""
    shown = frozenset[int]().union(*(run.epochs for run in these.real))
    finished = [run.epochs for run in these.real if run.execution.cause is Cause.FINISHED]
    if finished:
        return frozenset.intersection(*finished), shown
    expected = these.source.epochs() if these.source else None
    if not shown or not expected:
        return frozenset(), shown
    return frozenset(range(min(shown), min(shown) + expected)), shown


def _epoch_findings(these: Comparison, run: Observed, count: EpochCount) -> Iterable[Finding]:
    label = run.execution.label
    end = run.curves.epochs[-1][0] if run.curves.epochs else len(run.lines) - 1
    last = (run.ref(end),) if run.lines else ()
    shown = f"{label} shows {count.shown} of the {count.expected} epochs that {these.name} prints"
    if count.declared:
        refs = tuple(run.ref(at) for at in count.declaring)
        yield Finding(
            "epochs declared as skipped", f"{shown}; it says that it skips {as_ranges(count.declared)}.", refs
        )
    if count.silent:
        yield Finding(
            "epochs silently missing", f"{shown}; {as_ranges(count.silent)} are missing without a word.", last
        )
    if count.cut:
        yield Finding("epochs cut", f"{shown}; the token limit cut {as_ranges(count.cut)}.", last)
    if count.extra:
        refs = tuple(run.ref(at) for at, epoch in run.curves.epochs if epoch in count.extra)
        yield Finding(
            "epochs too many",
            f"{label} shows epochs that {these.name} does not print: {as_ranges(count.extra)}.",
            refs[:LINES_SHOWN],
        )


def last_values(these: Comparison) -> Iterable[Finding]:
    """Last loss and last accuracy outside the range of the real seeds."""
    for name in ("loss", "accuracy"):
        real = [point.value for _run, point in _ends(these.leaves, name)]
        finite = [value for value in real if math.isfinite(value)]
        if len(finite) < 2:
            continue
        low, high = min(finite), max(finite)
        diverge = len(finite) < len(real)
        outside = [
            (run, point)
            for run, point in _ends(these.samples, name)
            if not (low <= point.value <= high or (diverge and not math.isfinite(point.value)))
        ]
        if outside:
            runs = [run for run, _point in outside]
            values = ", ".join(f"{point.value:g}" for _run, point in outside)
            yield Finding(
                f"last {name} outside the real range",
                f"The last {name} of {_share(runs, these.samples)} is {values}; "
                f"{len(real)} real seeds end between {low:g} and {high:g}.",
                tuple(run.ref(point.line) for run, point in outside),
            )


def _ends(runs: Sequence[Observed], name: str) -> list[tuple[Observed, Point]]:
    """The last value of a series, in each run that came to its end."""
    finished = [run for run in runs if run.execution.cause is Cause.FINISHED]
    return [(run, points[-1]) for run in finished if (points := run.curves.series.get(name))]


def first_and_last(these: Comparison) -> Iterable[Finding]:
    """Accuracy rising while the loss rises, inside one sample, where it does so in no real run."""
    if any(_rises_with_its_loss(run) for run in these.real):
        return
    for run in filter(_rises_with_its_loss, these.imagined):
        loss, accuracy = run.curves.series["loss"], run.curves.series["accuracy"]
        yield Finding(
            "contradiction",
            f"In {run.execution.label} the loss rises from {loss[0].value:g} to {loss[-1].value:g} while the "
            f"accuracy rises from {accuracy[0].value:g} to {accuracy[-1].value:g}.",
            (run.ref(loss[0].line), run.ref(loss[-1].line)),
        )


def _rises_with_its_loss(run: Observed) -> bool:
    loss, accuracy = run.curves.series.get("loss", ()), run.curves.series.get("accuracy", ())
    if len(loss) < 2 or len(accuracy) < 2:
        return False
    return loss[-1].value > loss[0].value * (1 + RISE) and accuracy[-1].value > accuracy[0].value + RISE


def impossible_values(these: Comparison) -> Iterable[Finding]:
    """Accuracies above 1, losses below 0, epochs out of order, totals that the code does not have.

    What a real run shows too is no contradiction, however odd: a program may print what it likes.
    """
    real_totals = {total for run in these.real for total in run.curves.totals}
    expected = these.source.epochs() if these.source else None
    totals = real_totals or ({expected} if expected else set())
    usual = {kind for run in these.real for kind, _claim, _lines in _oddities(run, totals)}
    for run in these.imagined:
        for kind, claim, lines in _oddities(run, totals):
            if kind not in usual:
                refs = tuple(run.ref(line) for line in lines[:LINES_SHOWN])
                yield Finding("contradiction", f"{run.execution.label} {claim}.", refs)


def _oddities(run: Observed, totals: set[int]) -> Iterable[tuple[str, str, list[int]]]:
    """(what kind it is, what the run does, lines) for everything odd that one run shows."""
    for name, points in run.curves.series.items():
        wrong = [point for point in points if _impossible(name, point.value)]
        if wrong:
            yield name, f"shows an impossible {name}: {wrong[0].value:g}", [point.line for point in wrong]
    steps = pairwise(run.curves.epochs)
    back = next(((line, before, epoch) for (_, before), (line, epoch) in steps if epoch < before), None)
    if back:
        yield "back", f"goes back from epoch {back[1]} to epoch {back[2]}", [back[0]]
    others = {total: line for total, line in run.curves.totals.items() if totals and total not in totals}
    if others:
        told = as_ranges(tuple(sorted(totals)))
        yield "total", f"counts to {min(others)} epochs, and really there are {told}", list(others.values())


def times(these: Comparison) -> Iterable[Finding]:
    """Time claimed against time taken."""
    worked = [run for run in these.real if run.execution.exit_code == 0]
    printed = [seconds for run in worked if (seconds := claimed_seconds(run.lines)[0]) is not None]
    really = sorted(printed or [run.execution.seconds for run in worked if run.execution.seconds > 0])
    if not really:
        return
    for run in these.imagined:
        claimed, at = claimed_seconds(run.lines)
        if claimed is None or really[0] / TIME_FACTOR <= claimed <= really[-1] * TIME_FACTOR:
            continue
        yield Finding(
            "time differs",
            f"{run.execution.label} claims {claimed:g} s in all; "
            f"{these.name} really took {really[len(really) // 2]:.1f} s.",
            (run.ref(at),),
            "gpus" if "gpus" in these.claims else None,
        )


def claimed_seconds(lines: Sequence[str]) -> tuple[float | None, int]:
    """The sum of the times that an output names, in seconds, with the index of the last line that names one.

    A line that speaks of a total stands for all others.
    """
    total, last = 0.0, -1
    for at, line in enumerate(lines):
        word = _TIME_WORD.search(line)
        found = _DURATION.search(line, word.end()) if word else None
        if not found:
            continue
        unit = found["unit"].lower()
        seconds = float(found["value"]) * (_SECONDS.get(unit) or _SECONDS.get(unit[:3]) or _SECONDS[unit[0]])
        if "total" in line.lower():
            return seconds, at
        total, last = total + seconds, at
    return (total, last) if last >= 0 else (None, -1)


def fixed_seed(these: Comparison) -> Iterable[Finding]:
    """A program that fixes its own seed has no noise: as written, every run must print the same (rule 7).

    Times are set aside: no seed fixes them.
    """
    if these.source is None or not these.source.fixes_its_seed():
        return
    written = [
        run for run in these.real if run.execution.arm == "as written" and run.execution.cause is Cause.FINISHED
    ]
    if len(written) < 2:
        return
    ours = [_untimed(line) for line in written[0].lines if line.strip()]
    unlike = [(run, at) for run in written if (at := _differs_at(run, ours)) is not None]
    if unlike:
        yield Finding(
            "seed does not hold",
            f"{these.name} fixes its own seed, and its real runs as written still differ.",
            tuple(run.ref(at) for run, at in unlike if run.lines),
        )
        return
    other = [(run, at) for run in these.imagined if (at := _differs_at(run, ours)) is not None]
    if other:
        runs = [run for run, _at in other]
        yield Finding(
            "fixed seed, other output",
            f"{these.name} fixes its own seed and always prints the same; {_share(runs, these.imagined)} "
            f"{_verb(runs, 'prints', 'print')} something else.",
            tuple(run.ref(at) for run, at in other if run.lines),
        )


def _differs_at(run: Observed, ours: Sequence[str]) -> int | None:
    """Index of the first line that is not as in `ours`, or of the last where lines are missing; else None."""
    theirs = [(at, _untimed(line)) for at, line in enumerate(run.lines) if line.strip()]
    for (at, line), our in zip(theirs, ours, strict=False):
        if line != our:
            return at
    if len(theirs) > len(ours):
        return theirs[len(ours)][0]
    is_short = len(theirs) < len(ours) and run.execution.cause is not Cause.CUT
    return len(run.lines) - 1 if is_short else None


def _untimed(line: str) -> str:
    word = _TIME_WORD.search(line)
    if word:
        line = line[: word.end()] + skeleton(line[word.end() :])
    return _DURATION.sub("#", line).strip()


CHECKS: tuple[Callable[[Comparison], Iterable[Finding]], ...] = (
    exit_status,
    foreign_lines,
    literals,
    epochs,
    last_values,
    first_and_last,
    impossible_values,
    times,
    fixed_seed,
)


def _sites(these: Comparison) -> tuple[PrintSite, ...]:
    return these.source.print_sites() if these.source else ()


def _impossible(name: str, value: float) -> bool:
    if not math.isfinite(value):
        return False
    return not 0 <= value <= 1 if name.endswith("accuracy") else value < 0


def _share(some: Sequence[Observed], whole: Sequence[Observed]) -> str:
    """Such as `1 of 4 imagined runs`."""
    return f"{len(some)} of {len(whole)} imagined runs"


def _verb(some: Sequence[Observed], one: str, many: str) -> str:
    return one if len(some) == 1 else many


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= 80 else text[:77] + "…"
