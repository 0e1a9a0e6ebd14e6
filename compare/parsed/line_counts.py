"""Counts the lines of each print, or of each template of real logs, in real and imagined runs."""

import ast
import re
from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from gedanken.compare.output.durations import untimed
from gedanken.compare.parsed.order import misplaced, times_of_sites
from gedanken.compare.parsed.run_set import ParsedRun, RunSet
from gedanken.compare.parsed.templates import NO_LINE
from gedanken.compare.results import LineKind, SiteTally
from gedanken.compare.source.print_sites import PrintSite
from gedanken.experiment.execution import Cause

MOST_SITES = 500
"""Maximum number of sites that are listed. If there are more, only the sites that real runs show most often are
listed."""
_ENVIRONMENT = re.compile(r"time|perf_counter|version|device|cuda|elapsed|platform|hostname|cpu_count", re.IGNORECASE)

Indices = NDArray[np.int64]


def tallies(run_set: RunSet) -> tuple[SiteTally, ...]:
    """Return one tally for each print site or template, in the order of the source or of first appearance.

    Loggers and progress bars that no real run shows are left out.
    """
    out_of_order = {id(run): misplaced(run_set, run) for run in run_set.imagined}
    often = sum(
        (times_of_sites(run, len(run_set.sites)) for run in run_set.real), np.zeros(len(run_set.sites), np.int64)
    )
    told = [at for at in np.argsort(-often, kind="stable").tolist() if run_set.sites[at].by == "print" or often[at]]
    return tuple(_tally(run_set, run_set.sites[at], out_of_order) for at in sorted(told[:MOST_SITES]))


def _tally(run_set: RunSet, site: PrintSite, out_of_order: Mapping[int, Indices]) -> SiteTally:
    really = [len(run.ledger.lines_of(site)) for run in run_set.finished]
    imagined = [(run, run.ledger.lines_of(site)) for run in run_set.imagined]
    if site in run_set.proven:
        really.append(len(run_set.proven[site]))
    expected = (min(really), max(really)) if really else None
    reworded = sum(int(np.count_nonzero(run.ledger.is_kind("literal")[lines])) for run, lines in imagined)
    misplaced = sum(int(np.count_nonzero(np.isin(lines, out_of_order[id(run)]))) for run, lines in imagined)
    ended = [len(lines) for run, lines in imagined if run.execution.cause is Cause.FINISHED]
    times = [len(lines) for _run, lines in imagined]
    return SiteTally(
        words=site.words,
        line=None if site.line == NO_LINE else site.line,
        kind=kind_of(run_set, site),
        expected=expected,
        real=tuple(len(run.ledger.lines_of(site)) for run in run_set.real),
        imagined=tuple(times),
        exact=max(0, sum(times) - reworded - misplaced),
        reworded=reworded,
        out_of_order=misplaced,
        missing=sum(count < expected[0] for count in ended) if expected else 0,
        too_many=sum(count > expected[1] for count in times) if expected else 0,
    )


def kind_of(run_set: RunSet, site: PrintSite) -> LineKind:
    """Return how much the lines of a print site may differ between two runs."""
    if site in run_set.proven:
        return LineKind.DETERMINISTIC
    lines = [run.ledger.lines_of(site) for run in run_set.finished]
    if any(_names_environment(hole.expression) for hole in site.holes if hole.expression):
        return LineKind.ENVIRONMENT
    first = next((text for run, its in zip(run_set.finished, lines, strict=True) for text in _texts(run, its)), None)
    if first is not None and _agree(run_set, lines, str.strip):
        return LineKind.PROBABLY
    if first is not None and untimed(first) != first and _agree(run_set, lines, untimed):
        return LineKind.ENVIRONMENT
    return LineKind.STOCHASTIC


def _agree(run_set: RunSet, lines: Sequence[Indices], told: Callable[[str], str]) -> bool:
    """Return whether two or more finished runs show equal texts in these lines, after `told` is applied."""
    if len(lines) < 2 or any(len(its) != len(lines[0]) for its in lines):
        return False
    texts = (_texts(run, its) for run, its in zip(run_set.finished, lines, strict=True))
    return all(len(set(map(told, beside))) == 1 for beside in zip(*texts, strict=True))


def _texts(run: ParsedRun, lines: Indices) -> Iterator[str]:
    return (line.strip() for line in run.lines.at(lines))


def _names_environment(expression: ast.expr) -> bool:
    names = (
        node.id if isinstance(node, ast.Name) else node.attr
        for node in ast.walk(expression)
        if isinstance(node, ast.Name | ast.Attribute)
    )
    return any(_ENVIRONMENT.search(name) for name in names)
