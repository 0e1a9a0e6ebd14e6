"""Findings on what stands in a line that cannot differ between two runs, and on how its numbers are printed."""

import re
from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from compare.comparison import LINES_SHOWN, Comparison, Observed, short
from compare.lines.line_checks import where_printed
from compare.lines.print_sites import PrintSite
from compare.lines.transcript import NO_DECIMALS, VALUE
from compare.lines.wording import HOLE
from compare.numbers.curves import epoch_and_total, metrics_in
from compare.numbers.durations import untimed
from experiment.finding import Finding

REAL_RUNS = 5
"""Real runs that must agree before a number is called constant that the source does not prove."""
PLACES = 5
"""Lines of a run in which such a number must be the same, or differ in the same way from line to line."""
DIGITS = 4
"""Digits before the zeros at its end that a whole number has which cannot agree in all real runs by chance."""
VALUES = 20
"""Values that all real runs print with the same number of decimals, before that is called their format."""

_UNIT = re.compile(r"\s?(?:[KMGT]i?B|bytes|it|MHz|GHz|W|°?C|%|m?s|sec|min)\b", re.IGNORECASE)

Indices = NDArray[np.int64]


def proven_lines_differ(these: Comparison) -> Iterable[Finding]:
    """A line in which the source proves every character, with something else in it.

    Epochs that the program does not have, and totals, are told elsewhere.
    """
    for site, texts in these.proven.items():
        for run in these.imagined:
            other = [
                at
                for at in map(int, run.ledger.lines_of(site))
                if site.makes(run.lines[at]) and run.lines[at].strip() not in texts and not _told(these, run, at)
            ]
            if other:
                yield Finding(
                    "proven line differs",
                    f"By its source {these.name} prints “{short(min(texts))}” in every run (line {site.line}); "
                    f"{run.execution.label} shows “{short(run.lines[other[0]])}”.",
                    (*(run.ref(at) for at in other[:LINES_SHOWN]), *where_printed(these, site)),
                )


def _told(these: Comparison, run: Observed, line: int) -> bool:
    """Whether the line names an epoch or a total that no real run names: other checks tell of those."""
    epochs = {epoch for real in these.real for epoch in real.epochs}
    totals = {total for real in these.real for total in real.curves.totals}
    named = epoch_and_total(run.lines[line])
    return named is not None and (named[0] not in epochs or (named[1] is not None and named[1] not in totals))


def constant_lines_differ(these: Comparison) -> Iterable[Finding]:
    """A number that is the same in all real runs, five or more, wherever it is printed, and another one here.

    Such agreement may be chance: a count that is mostly the same, an accuracy that has reached 100 %, a time that
    rounds to 0.1 s. So the number must take five values from line to line, as a counter does; or be a whole one that
    is the same in five lines of each run, has no unit and is none of 0, 1 and 100; or be a whole one of four digits
    and more before the zeros at its end. Losses and accuracies must take five values; epochs and their totals are
    told elsewhere, and so are lines that a run shows more or less often than the real ones.
    """
    fixed = these.source is not None and these.source.fixes_its_seed()
    if len(these.finished) < REAL_RUNS or fixed:
        return
    first = these.finished[0]
    for form in first.transcript.forms:
        steady = these.steady.numbers(form) if "#" in form else None
        if steady is None:
            continue
        lines = first.transcript.lines_of(form)
        if any(lines[0] in first.ledger.lines_of(site) for site in these.proven):
            continue
        telling = list(_telling(first, lines, steady))
        for run in these.imagined if telling else ():
            its = run.transcript.lines_of(form)
            if len(its) != len(lines):
                continue
            other = (run.transcript.table(its)[:, telling] != steady[:, telling]).any(axis=1)
            if other.any():
                at, really = int(its[other][0]), int(lines[other][0])
                yield Finding(
                    "constant line differs",
                    f"All {len(these.finished)} real runs have the same numbers in “{short(first.lines[really])}”; "
                    f"{run.execution.label} shows “{short(run.lines[at])}”.",
                    (*(run.ref(int(one)) for one in its[other][:LINES_SHOWN]), first.ref(really)),
                )


def _telling(run: Observed, lines: Indices, steady: NDArray[np.float64]) -> Iterator[int]:
    """Indices of the numbers of a form that cannot be the same in all real runs by chance."""
    text = run.lines[lines[0]]
    decimals = run.transcript.decimals[run.transcript.starts[lines][:, None] + np.arange(steady.shape[1])]
    has_times = untimed(text) != text.strip()
    metrics = {metric.start for metric in metrics_in(text)}
    epochs, totals = run.curves.epochs.at(lines), set(run.curves.totals)
    for column, found in enumerate(VALUE.finditer(text)):
        values = steady[:, column]
        if np.isnan(values).any() or (values == epochs).all() or set(values) <= totals:
            continue
        differ = len(np.unique(values)) >= PLACES
        is_metric = any(found.start() <= start < found.end() for start in metrics)
        is_whole = bool((decimals[:, column] == 0).all()) and not _UNIT.match(text, found.end())
        same = len(values) >= PLACES and values[0] not in (0, 1, 100) and len(np.unique(values)) == 1
        large = all(len(f"{abs(value):.0f}".rstrip("0")) >= DIGITS for value in values)
        if differ or (not is_metric and is_whole and not has_times and (same or large)):
            yield column


def number_formats(these: Comparison) -> Iterable[Finding]:
    """A number with more or fewer decimals than the source asks for: `:.4f`, and no real run gainsays it.

    Without a program, than all real runs show: twenty values or more, among them one that ends with a zero, which
    only a format with a fixed number of decimals prints.
    """
    for run in these.imagined:
        for form in run.transcript.forms:
            if "#" not in form:
                continue
            wrong = _misprinted(these, run, form)
            if wrong is None:
                continue
            line, decimals, shown = wrong
            yield Finding(
                "number format differs",
                f"“{short(run.lines[line])}” has a number with {shown} decimals in {run.execution.label}; "
                f"{these.name if these.source else 'every real log'} prints it with {decimals}.",
                (run.ref(line),),
            )


def _misprinted(these: Comparison, run: Observed, form: str) -> tuple[int, int, int] | None:
    """(index of a line, decimals that a number must have, decimals that it has) for the first that is wrong."""
    lines = run.transcript.lines_of(form)
    shown = _decimals(run, form)
    for column, wanted in _formats(these, form):
        wrong = (shown[:, column] != wanted) & (shown[:, column] != NO_DECIMALS)
        if wrong.any():
            at = int(np.argmax(wrong))
            return int(lines[at]), wanted, int(shown[at, column])
    return None


def _decimals(run: Observed, form: str) -> NDArray[np.uint8]:
    script = run.transcript
    lines = script.lines_of(form)
    width = int(script.starts[lines[0] + 1] - script.starts[lines[0]]) if len(lines) else 0
    decimals: NDArray[np.uint8] = script.decimals[script.starts[lines][:, None] + np.arange(width)]
    return decimals


def _formats(these: Comparison, form: str) -> Iterator[tuple[int, int]]:
    """(index of a number of this form, decimals that it always has)."""
    tables = [_decimals(run, form) for run in these.finished]
    tables = [table for table in tables if len(table)]
    if not tables:
        return
    shown = np.concatenate(tables)
    asked = _asked(these, form)
    for column in range(shown.shape[1]):
        its = shown[:, column][shown[:, column] != NO_DECIMALS]
        if not len(its) or (its != its[0]).any():
            continue
        decimals = int(its[0])
        if asked.get(column) == decimals:
            yield column, decimals
        elif these.source is None and len(its) >= VALUES and decimals > 1 and len(tables) > 1:
            values = np.concatenate([run.transcript.table(run.transcript.lines_of(form)) for run in these.finished])
            digits = np.rint(values[:, column] * 10.0**decimals)
            if (digits[np.isfinite(digits)] % 10 == 0).any():
                yield column, decimals


def _asked(these: Comparison, form: str) -> dict[int, int]:
    """For each number of a form the decimals that the source asks for."""
    for run in these.finished if these.source else ():
        lines = run.transcript.lines_of(form)
        if len(lines):
            entry = run.ledger.entry(int(lines[0]))
            return _asked_by(entry.site, entry.text) if entry.kind == "site" and entry.site else {}
    return {}


def _asked_by(site: PrintSite, text: str) -> dict[int, int]:
    values = site.values(text)
    if values is None or len(values) != len(site.holes):
        return {}
    at = len(text) - len(text.lstrip())
    holes: dict[int, int] = {}
    for words, value, hole in zip(site.template.split(HOLE), values, site.holes, strict=False):
        at += len(words)
        if hole.decimals is not None:
            holes[at + len(value) - len(value.lstrip())] = hole.decimals
        at += len(value)
    return {
        column: holes[found.start()] for column, found in enumerate(VALUE.finditer(text)) if found.start() in holes
    }
