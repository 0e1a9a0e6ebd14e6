"""Simulation-based calibration: answers drawn from the model of answers itself, on our own design.

What has a posterior of p must be true in a share p of all draws, and over draws from the prior the mean posterior of
each hypothesis is its prior (Schad and others, 2022).
"""

from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np

from benchmarks.verdict.judging import BINS
from benchmarks.verdict.subjects import design
from gedanken.agents.players.bank import read_bank
from gedanken.compare.stats.intervals import share_of
from gedanken.compare.verdict.bayes import Operation, combine, posterior
from gedanken.compare.verdict.clusters import Cluster, count, gather
from gedanken.compare.verdict.parameters import packaged
from gedanken.compare.verdict.results import HYPOTHESES, Hypothesis
from gedanken.compare.verdict.simulation import draw_answers
from gedanken.experiment.probe_item import Answer, ItemScore


class Draw(NamedTuple):
    """One data set."""

    true: Hypothesis
    posterior: dict[Hypothesis, float]


def design_of(bank: Path) -> tuple[Cluster, ...]:
    """Our own design, as clusters that are not answered yet."""
    asked = [ItemScore(one.item, "direct", (Answer("right"),)) for one in design(read_bank(bank), 0)]
    return gather(count(asked, "direct").asked)


def draw(clusters: Sequence[Cluster], number: int) -> Draw:
    """Draw a hypothesis, answers under it, and the posterior that they come to."""
    true = HYPOTHESES[number % len(HYPOTHESES)]
    answered = draw_answers(true, clusters, packaged(), np.random.default_rng(number))
    groups: dict[str, list[Cluster]] = {}
    for one in answered:
        groups.setdefault(one.operation, []).append(one)
    return Draw(true, posterior(combine([Operation(group, packaged()).by_noise() for group in groups.values()])))


def simulate(bank: Path, draws: int, processes: int, few: bool) -> list[Draw]:
    """So many draws, as many of each hypothesis. `few`: on a small part of the design, where much is uncertain."""
    clusters = design_of(bank)
    if few:
        clusters = tuple(one for at, one in enumerate(clusters) if at % 12 == 0)
    with ProcessPoolExecutor(processes) as pool:
        return list(pool.map(partial(draw, clusters), range(draws), chunksize=8))


def table(drawn: Sequence[Draw]) -> str:
    """Posteriors in bins, and the mean posterior of each hypothesis."""
    values = np.array([[one.posterior[name] for name in HYPOTHESES] for one in drawn])
    true = np.array([[one.true == name for name in HYPOTHESES] for one in drawn])
    lines = ["| posterior | mean | true |", "|---|---|---|"]
    for low, high in pairwise(BINS):
        inside = (values > low) & (values <= high) if low else values <= high
        if inside.any():
            share = share_of(int(true[inside].sum()), int(inside.sum()))
            lines.append(f"| {low:g} to {high:g} | {values[inside].mean():.3f} | {share} |")
    lines += ["", "| hypothesis | prior | mean posterior | standard error |", "|---|---|---|---|"]
    for at, name in enumerate(HYPOTHESES):
        error = values[:, at].std(ddof=1) / np.sqrt(len(values))
        lines.append(f"| {name} | {1 / len(HYPOTHESES):.3f} | {values[:, at].mean():.3f} | {error:.3f} |")
    return "\n".join(lines)
