"""Fits the parameters of the verdict to reference players of kinds that are not judged later."""

import json
from pathlib import Path

from benchmarks.verdict.subjects import FITTED, HORIZONS, NOISES, Subject, answers, pure
from gedanken.agents.players.bank import read_bank
from gedanken.agents.players.kinds import KINDS
from gedanken.compare.verdict import fit as fitting
from gedanken.compare.verdict.clusters import Cluster, cluster_items, count_answers

PARAMETERS = Path(fitting.__file__).parent / "parameters.json"
FIT_SEEDS = 2
_FIRST = 10_000
"""The first seed for choosing questions; no judged subject has such a high seed."""


def fit(bank: Path, version: str, out: Path) -> None:
    """Fit the parameters to the answers of players, and write the file that verdicts use."""
    loaded_bank = read_bank(bank)
    players = []
    for number, subject in enumerate(pure(FITTED, NOISES, HORIZONS, FIT_SEEDS), start=_FIRST):
        counted = count_answers(answers(subject, loaded_bank, number), "direct")
        players.append(_known_player(subject, cluster_items(counted.items)))
    parameters = fitting.fit(players, version)
    out.write_text(json.dumps(parameters.as_json(), indent=1) + "\n", encoding="utf-8")
    print(f"fitted on {len(players)} players of {len(FITTED)} kinds: {out}")


def _known_player(subject: Subject, clusters: tuple[Cluster, ...]) -> fitting.KnownPlayer:
    player, kind = subject.player, subject.kind
    return fitting.KnownPlayer(KINDS[kind].way, kind, player.noise, player.horizon, clusters)
