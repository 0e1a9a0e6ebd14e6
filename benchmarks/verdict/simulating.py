"""Simulation-based calibration: answers are drawn from the statistical model itself, for our own questions.

Of all hypotheses with posterior p, a share p must be true. Over draws from the prior, the mean posterior of each
hypothesis must equal its prior (Schad and others, 2022).
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
from gedanken.compare.stats.proportions import wilson_share
from gedanken.compare.verdict.bayes import OperationClusters, combine, posterior
from gedanken.compare.verdict.clusters import Cluster, cluster_items, count_answers
from gedanken.compare.verdict.parameters import packaged_parameters
from gedanken.compare.verdict.results import HYPOTHESES, Hypothesis
from gedanken.compare.verdict.simulation import draw_answers
from gedanken.experiment.probe_item import Answer, ItemScore

FACTORS = (1.0, 3.0, 10.0, 100.0, float("inf"))


class Draw(NamedTuple):
    """The true hypothesis of one simulated data set, and the posterior that results from the data."""

    true: Hypothesis
    posterior: dict[Hypothesis, float]


def design_clusters(bank: Path) -> tuple[Cluster, ...]:
    """Return the questions that a subject is asked, as clusters; their answers are placeholders."""
    asked = [ItemScore(entry.item, "direct", (Answer("right"),)) for entry in design(read_bank(bank), 0)]
    return cluster_items(count_answers(asked, "direct").items)


def draw(clusters: Sequence[Cluster], number: int) -> Draw:
    """Draw answers under one hypothesis, and return it with the resulting posterior.

    `number` is the seed; the hypotheses take turns.
    """
    true = HYPOTHESES[number % len(HYPOTHESES)]
    answered_clusters = draw_answers(true, clusters, packaged_parameters(), np.random.default_rng(number))
    groups: dict[str, list[Cluster]] = {}
    for cluster in answered_clusters:
        groups.setdefault(cluster.operation, []).append(cluster)
    return Draw(
        true,
        posterior(combine([OperationClusters(group, packaged_parameters()).by_noise() for group in groups.values()])),
    )


def simulate(bank: Path, draws: int, processes: int, part: int) -> list[Draw]:
    """Simulate `draws` data sets, equally many under each hypothesis.

    Only every `part`-th cluster of questions is used.
    """
    clusters = design_clusters(bank)[::part]
    with ProcessPoolExecutor(processes) as pool:
        return list(pool.map(partial(draw, clusters), range(draws), chunksize=8))


def factors(drawn: Sequence[Draw]) -> str:
    """Return a table: for each range of Bayes factors, how often they favour the true hypothesis over another."""
    odds, favours_true = [], []
    for simulated in drawn:
        for hypothesis in HYPOTHESES:
            if hypothesis != simulated.true:
                for_true, against = simulated.posterior[simulated.true], simulated.posterior[hypothesis]
                odds.append(max(for_true, against) / max(min(for_true, against), 1e-300))
                favours_true.append(for_true >= against)
    lines = ["| Bayes factor | expected | for the true one |", "|---|---|---|"]
    values, true = np.array(odds), np.array(favours_true)
    for low, high in pairwise(FACTORS):
        in_bin = (values >= low) & (values < high)
        if in_bin.any():
            expected = float((values[in_bin] / (1 + values[in_bin])).mean())
            share = wilson_share(int(true[in_bin].sum()), int(in_bin.sum()))
            lines.append(f"| {low:g} to {high:g} | {expected:.3f} | {share} |")
    return "\n".join(lines)


def table(drawn: Sequence[Draw]) -> str:
    """Return two tables about the posteriors of the draws.

    The first shows how often hypotheses are true, by range of posterior. The second shows the mean posterior of each
    hypothesis beside its prior.
    """
    values = np.array([[simulated.posterior[name] for name in HYPOTHESES] for simulated in drawn])
    true = np.array([[simulated.true == name for name in HYPOTHESES] for simulated in drawn])
    lines = ["| posterior | mean | true |", "|---|---|---|"]
    for low, high in pairwise(BINS):
        in_bin = (values > low) & (values <= high) if low else values <= high
        if in_bin.any():
            share = wilson_share(int(true[in_bin].sum()), int(in_bin.sum()))
            lines.append(f"| {low:g} to {high:g} | {values[in_bin].mean():.3f} | {share} |")
    lines += ["", "| hypothesis | prior | mean posterior | standard error |", "|---|---|---|---|"]
    for index, name in enumerate(HYPOTHESES):
        error = values[:, index].std(ddof=1) / np.sqrt(len(values))
        lines.append(f"| {name} | {1 / len(HYPOTHESES):.3f} | {values[:, index].mean():.3f} | {error:.3f} |")
    return "\n".join(lines)
