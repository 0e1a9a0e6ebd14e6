"""Runs reference players through the whole graph like models, and compares the scores with direct scoring."""

import asyncio
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks.verdict.subjects import Subject, score_reply
from benchmarks.verdict.truths import ASKED_SEED
from gedanken.agents.players.bank import read_bank
from gedanken.agents.players.player import Player
from gedanken.analysis.probe_scores import item_scores
from gedanken.analysis.probe_verdict import verdict_of
from gedanken.experiment.probe_design import ProbeDesign
from gedanken.experiment.run_spec import ModelSpec, SandboxSpec
from gedanken.probing.probe_spec import probe_spec
from gedanken.runner import run
from gedanken.terminal.screen import Screen

FAMILIES = ("shortcut twins", "counterfactual", "mutations")
"""Families whose programs all run quickly."""
SIZES = (2, 16)


class GraphResult(NamedTuple):
    """The name that the verdict gives one subject, and how many of its scores differ."""

    subject: Subject
    name: str
    items: int
    different: int
    """Number of items for which the graph and direct scoring differ."""

    def __str__(self) -> str:
        player = self.subject.player
        return f"| {self.subject.kind} | {player.noise:.0%} | {self.items} | {self.different} | {self.name} |"


def through_graph(bank: Path, kinds: Sequence[str], seeds: int) -> None:
    """Run `seeds` subjects of each kind through the graph, each noisier than the one before, and print a table."""
    print("| kind | noise | items | scored otherwise | name |\n|---|---|---|---|---|")
    for kind in kinds:
        for seed in range(seeds):
            noise = 0.05 * seed
            print(asyncio.run(_run_subject(bank, Subject(Player((kind,), noise, seed=seed)))), flush=True)


async def _run_subject(bank: Path, subject: Subject) -> GraphResult:
    player = subject.player
    name = f"player:{subject.kind}?noise={player.noise:g}&seed={player.seed}&bank={bank.resolve()}"
    design = ProbeDesign(families=FAMILIES, sizes=SIZES, groups=1, seed=ASKED_SEED, arms=("direct",))
    with tempfile.TemporaryDirectory() as folder:
        spec = probe_spec(design, ModelSpec(name=name), SandboxSpec())
        finished = await run(spec, Screen(), Path(folder) / "run")
        loaded_bank = read_bank(bank)
        entries = {entry.item.id: entry for entry in loaded_bank.items}
        scores = [score for score in item_scores(finished.log) if score.item.id in entries]
        direct_scores = [
            score_reply(entries[score.item.id], player.answer(entries[score.item.id], loaded_bank))
            for score in scores
        ]
        different = sum(
            graph_score.answers != direct_score.answers
            for graph_score, direct_score in zip(scores, direct_scores, strict=True)
        )
        return GraphResult(subject, verdict_of(finished.log, resamples=0).name, len(scores), different)
