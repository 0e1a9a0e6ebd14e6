"""Subjects that run through the whole graph like a model, to check that they are scored as in the direct way."""

import asyncio
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks.verdict.subjects import Subject, scored
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


class Went(NamedTuple):
    """The result of one subject."""

    subject: Subject
    name: str
    items: int
    different: int
    """Number of items that the graph scored differently."""

    def __str__(self) -> str:
        player = self.subject.player
        return f"| {self.subject.kind} | {player.noise:.0%} | {self.items} | {self.different} | {self.name} |"


def through_graph(bank: Path, kinds: Sequence[str], seeds: int) -> None:
    """Run this many subjects of each of these kinds."""
    print("| kind | noise | items | scored otherwise | name |\n|---|---|---|---|---|")
    for kind in kinds:
        for seed in range(seeds):
            noise = 0.05 * seed
            print(asyncio.run(_go(bank, Subject(Player((kind,), noise, seed=seed)))), flush=True)


async def _go(bank: Path, subject: Subject) -> Went:
    player = subject.player
    name = f"player:{subject.kind}?noise={player.noise:g}&seed={player.seed}&bank={bank.resolve()}"
    design = ProbeDesign(families=FAMILIES, sizes=SIZES, groups=1, seed=ASKED_SEED, arms=("direct",))
    with tempfile.TemporaryDirectory() as folder:
        spec = probe_spec(design, ModelSpec(name=name), SandboxSpec())
        done = await run(spec, Screen(), Path(folder) / "run")
        known = read_bank(bank)
        entries = {one.item.id: one for one in known.items}
        scores = [one for one in item_scores(done.log) if one.item.id in entries]
        short = [scored(entries[one.item.id], player.answer(entries[one.item.id], known)) for one in scores]
        different = sum(one.answers != other.answers for one, other in zip(scores, short, strict=True))
        return Went(subject, verdict_of(done.log, resamples=0).name, len(scores), different)
