"""Fits the parameters of each way of answering to reference players, by maximum likelihood with shrinkage."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gedanken.compare.verdict.clusters import PLACES, WITH_RIVAL, Cluster, Place
from gedanken.compare.verdict.likelihood import Values, beta_binomial
from gedanken.compare.verdict.parameters import Expected, Parameters, Ways
from gedanken.compare.verdict.results import WAYS, Way

CONCENTRATION = (2.0, 40.0)
"""Bounds of the fitted concentration. The upper bound is low, because unknown kinds of players may differ more than
the fitted kinds."""
EDGE = 0.01
"""Minimum distance of a share from 0 and 1."""
LARGEST_RATIO = 3.0
"""An item is used for fitting only if its size and the player's horizon differ at least by this factor."""


@dataclass(frozen=True, slots=True)
class Known:
    """The answers of a reference player, whose way of answering, noise and horizon are known by construction."""

    way: Way
    kind: str
    noise: float
    horizon: float
    clusters: tuple[Cluster, ...]


def fit(players: Sequence[Known], version: str) -> Parameters:
    """Fit the parameters of each way of answering to the players of that way. `version` is stored in the result."""
    ways = {}
    for way in WAYS:
        of_way = [player for player in players if player.way == way]
        kinds = dict.fromkeys(player.kind for player in of_way)
        each = [_fit_places([player for player in of_way if player.kind == kind]) for kind in kinds]
        ways[way] = Ways(_fit_places(of_way), tuple(each))
    return Parameters(version, tuple(sorted({one.kind for one in players})), ways)


def _fit_places(players: Sequence[Known]) -> dict[Place, Expected]:
    return {place: _fit(players, place) for place in PLACES}


def _fit(players: Sequence[Known], place: Place) -> Expected:
    within, beyond = [], []
    for player in players:
        for cluster in player.clusters:
            if cluster.place == place:
                if cluster.size * LARGEST_RATIO <= player.horizon:
                    within.append((cluster, player.noise))
                elif cluster.size >= player.horizon * LARGEST_RATIO:
                    beyond.append((cluster, player.noise))
    right, rival, concentration = _most_likely(within, place)
    right_beyond, rival_beyond, _ = _most_likely(beyond, place)
    return Expected(*(round(one, 4) for one in (right, rival, right_beyond, rival_beyond, concentration)))


def _most_likely(seen: Sequence[tuple[Cluster, float]], place: Place) -> tuple[float, float, float]:
    """Return the most likely (share of right answers, share of rival answers, concentration), without noise. `seen`
    holds (cluster, noise)."""
    from scipy.optimize import minimize

    if not seen:
        raise ValueError(f"no player answered an item whose place is “{place}”")
    counts, times = np.unique(
        [(one.right, one.rival, one.wrong, noise) for one, noise in seen], axis=0, return_counts=True
    )
    clear = (1 - counts[:, 3])[:, None, None]
    with_rival = np.full(len(counts), place in WITH_RIVAL)

    def shares(at: Values) -> tuple[float, float, float]:
        right = EDGE + (1 - 2 * EDGE) / (1 + np.exp(-at[0]))
        rival = (1 - right) * (EDGE + (1 - 2 * EDGE) / (1 + np.exp(-at[1]))) if place in WITH_RIVAL else 0.0
        low, high = np.log(CONCENTRATION)
        return float(right), float(rival), float(np.exp(low + (high - low) / (1 + np.exp(-at[2]))))

    def cost(at: Values) -> float:
        right, rival, concentration = shares(at)
        each = beta_binomial(
            counts[:, :3], with_rival, clear * right, clear * rival, np.full_like(clear, concentration)
        )
        return float(-(times * each[:, 0, 0]).sum() + 0.01 * (at**2).sum())

    best = min((minimize(cost, start, method="Nelder-Mead") for start in _STARTS), key=lambda one: float(one.fun))
    return shares(best.x)


_STARTS = [np.array([a, b, 0.0]) for a in (-2.0, 2.0) for b in (-2.0, 2.0)]
