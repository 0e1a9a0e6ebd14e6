"""Counts the lines of each print, or of each template of real logs, in real and imagined runs."""

import ast
import re
from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from gedanken.compare.output.durations import mask_durations
from gedanken.compare.parsed.order import count_lines_by_site, misplaced_lines
from gedanken.compare.parsed.run_set import ParsedRun, RunSet
from gedanken.compare.parsed.templates import NO_LINE
from gedanken.compare.results import LineKind, SiteTally
from gedanken.compare.source.print_sites import PrintSite
from gedanken.experiment.execution import Cause

MOST_SITES = 500
"""Maximum number of sites that are listed.

If there are more, the sites that real runs show most often are listed.
"""
_ENVIRONMENT = re.compile(r"time|perf_counter|version|device|cuda|elapsed|platform|hostname|cpu_count", re.IGNORECASE)

Indices = NDArray[np.int64]


def tallies(run_set: RunSet) -> tuple[SiteTally, ...]:
    """Return one tally for each print site or template. Print sites are in source order, templates in order of
    appearance.

    Loggers and progress bars that no real run shows are left out.
    """
    out_of_order = {id(run): misplaced_lines(run_set, run) for run in run_set.imagined}
    real_counts = sum(
        (count_lines_by_site(run, len(run_set.sites)) for run in run_set.real), np.zeros(len(run_set.sites), np.int64)
    )
    listed = [
        index
        for index in np.argsort(-real_counts, kind="stable").tolist()
        if run_set.sites[index].kind == "print" or real_counts[index]
    ]
    return tuple(_tally(run_set, run_set.sites[index], out_of_order) for index in sorted(listed[:MOST_SITES]))


def _tally(run_set: RunSet, site: PrintSite, out_of_order: Mapping[int, Indices]) -> SiteTally:
    real_counts = [len(run.ledger.lines_of(site)) for run in run_set.finished]
    imagined = [(run, run.ledger.lines_of(site)) for run in run_set.imagined]
    if site in run_set.proven:
        real_counts.append(len(run_set.proven[site]))
    expected = (min(real_counts), max(real_counts)) if real_counts else None
    reworded = sum(int(np.count_nonzero(run.ledger.is_kind("literal")[lines])) for run, lines in imagined)
    misplaced = sum(int(np.count_nonzero(np.isin(lines, out_of_order[id(run)]))) for run, lines in imagined)
    finished_counts = [len(lines) for run, lines in imagined if run.execution.cause is Cause.FINISHED]
    imagined_counts = [len(lines) for _run, lines in imagined]
    return SiteTally(
        words=site.words,
        line=None if site.line == NO_LINE else site.line,
        kind=kind_of(run_set, site),
        expected=expected,
        real=tuple(len(run.ledger.lines_of(site)) for run in run_set.real),
        imagined=tuple(imagined_counts),
        exact=max(0, sum(imagined_counts) - reworded - misplaced),
        reworded=reworded,
        out_of_order=misplaced,
        missing=sum(count < expected[0] for count in finished_counts) if expected else 0,
        too_many=sum(count > expected[1] for count in imagined_counts) if expected else 0,
    )


def kind_of(run_set: RunSet, site: PrintSite) -> LineKind:
    """Return how much the lines of a print site may differ between two runs."""
    if site in run_set.proven:
        return LineKind.DETERMINISTIC
    lines = [run.ledger.lines_of(site) for run in run_set.finished]
    if any(_names_environment(hole.expression) for hole in site.holes if hole.expression):
        return LineKind.ENVIRONMENT
    first_text = next(
        (text for run, site_lines in zip(run_set.finished, lines, strict=True) for text in _texts(run, site_lines)),
        None,
    )
    if first_text is not None and _texts_agree(run_set, lines, str.strip):
        return LineKind.PROBABLY
    if (
        first_text is not None
        and mask_durations(first_text) != first_text
        and _texts_agree(run_set, lines, mask_durations)
    ):
        return LineKind.ENVIRONMENT
    return LineKind.STOCHASTIC


def _texts_agree(run_set: RunSet, lines: Sequence[Indices], normalize: Callable[[str], str]) -> bool:
    """Return whether all finished runs show the same texts in these lines, after `normalize` is applied to each.

    False if there are fewer than two runs.
    """
    if len(lines) < 2 or any(len(site_lines) != len(lines[0]) for site_lines in lines):
        return False
    texts = (_texts(run, site_lines) for run, site_lines in zip(run_set.finished, lines, strict=True))
    return all(len(set(map(normalize, nth_texts))) == 1 for nth_texts in zip(*texts, strict=True))


def _texts(run: ParsedRun, lines: Indices) -> Iterator[str]:
    return (line.strip() for line in run.lines.lines_at(lines))


def _names_environment(expression: ast.expr) -> bool:
    names = (
        node.id if isinstance(node, ast.Name) else node.attr
        for node in ast.walk(expression)
        if isinstance(node, ast.Name | ast.Attribute)
    )
    return any(_ENVIRONMENT.search(name) for name in names)
