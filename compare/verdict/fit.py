"""Fits the parameters of each way of answering to reference players, by maximum likelihood with shrinkage."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gedanken.compare.verdict.clusters import PLACES, WITH_RIVAL, Cluster, Place
from gedanken.compare.verdict.likelihood import Values, beta_binomial
from gedanken.compare.verdict.parameters import Expected, Parameters, WayFits
from gedanken.compare.verdict.results import WAYS, Way

CONCENTRATION_BOUNDS = (2.0, 40.0)
"""Lower and upper bound of the fitted concentration. The upper bound is low because unknown kinds of players may
differ from each other more than the fitted kinds do.
"""
MIN_SHARE = 0.01
"""Fitted shares stay at least this far from 0 and from 1."""
LARGEST_RATIO = 3.0
"""Items near a player's horizon are not used for fitting: the size of a used item and the horizon differ by at least
this factor.
"""


@dataclass(frozen=True, slots=True)
class KnownPlayer:
    """The answers of a reference player, whose way of answering, noise and horizon are known by construction."""

    way: Way
    kind: str
    noise: float
    horizon: float
    clusters: tuple[Cluster, ...]


def fit(players: Sequence[KnownPlayer], version: str) -> Parameters:
    """Fit the parameters of each way of answering to the players of that way. `version` is stored in the result."""
    ways = {}
    for way in WAYS:
        way_players = [player for player in players if player.way == way]
        kinds = dict.fromkeys(player.kind for player in way_players)
        kind_fits = [_fit_places([player for player in way_players if player.kind == kind]) for kind in kinds]
        ways[way] = WayFits(_fit_places(way_players), tuple(kind_fits))
    return Parameters(version, tuple(sorted({player.kind for player in players})), ways)


def _fit_places(players: Sequence[KnownPlayer]) -> dict[Place, Expected]:
    return {place: _fit_place(players, place) for place in PLACES}


def _fit_place(players: Sequence[KnownPlayer], place: Place) -> Expected:
    within_horizon, beyond_horizon = [], []
    for player in players:
        for cluster in player.clusters:
            if cluster.place == place:
                if cluster.size * LARGEST_RATIO <= player.horizon:
                    within_horizon.append((cluster, player.noise))
                elif cluster.size >= player.horizon * LARGEST_RATIO:
                    beyond_horizon.append((cluster, player.noise))
    right, rival, concentration = _most_likely(within_horizon, place)
    right_beyond, rival_beyond, _ = _most_likely(beyond_horizon, place)
    return Expected(*(round(value, 4) for value in (right, rival, right_beyond, rival_beyond, concentration)))


def _most_likely(observations: Sequence[tuple[Cluster, float]], place: Place) -> tuple[float, float, float]:
    """Return the most likely share of right answers, the most likely share of rival answers, and the concentration,
    all without noise.

    Each observation is a cluster together with the noise of the player that gave its answers.
    """
    from scipy.optimize import minimize

    if not observations:
        raise ValueError(f"no player answered an item whose place is “{place}”")
    counts, repeats = np.unique(
        [(cluster.right, cluster.rival, cluster.wrong, noise) for cluster, noise in observations],
        axis=0,
        return_counts=True,
    )
    not_noise = (1 - counts[:, 3])[:, None, None]
    with_rival = np.full(len(counts), place in WITH_RIVAL)

    def shares(point: Values) -> tuple[float, float, float]:
        right = MIN_SHARE + (1 - 2 * MIN_SHARE) / (1 + np.exp(-point[0]))
        rival = (
            (1 - right) * (MIN_SHARE + (1 - 2 * MIN_SHARE) / (1 + np.exp(-point[1]))) if place in WITH_RIVAL else 0.0
        )
        low, high = np.log(CONCENTRATION_BOUNDS)
        return float(right), float(rival), float(np.exp(low + (high - low) / (1 + np.exp(-point[2]))))

    def cost(point: Values) -> float:
        right, rival, concentration = shares(point)
        log_likelihoods = beta_binomial(
            counts[:, :3], with_rival, not_noise * right, not_noise * rival, np.full_like(not_noise, concentration)
        )
        return float(-(repeats * log_likelihoods[:, 0, 0]).sum() + 0.01 * (point**2).sum())

    best = min(
        (minimize(cost, start, method="Nelder-Mead") for start in _START_POINTS), key=lambda result: float(result.fun)
    )
    return shares(best.x)


_START_POINTS = [np.array([a, b, 0.0]) for a in (-2.0, 2.0) for b in (-2.0, 2.0)]
