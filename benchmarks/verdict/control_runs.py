"""Runs a positive control: the embedded model with a tool or with neighbours, through the graph."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from benchmarks.verdict.controls import Controlled, GivenNeighbours, GivenTool, Gives
from gedanken.agents.embedded import open_embedded
from gedanken.agents.passed_in_models import register_model, wrap_chat_model
from gedanken.agents.players.bank import Bank, read_bank
from gedanken.analysis.probe_verdict import verdict_of
from gedanken.compare.verdict import sentences
from gedanken.experiment.probe_design import ProbeDesign
from gedanken.experiment.progress import Silent
from gedanken.experiment.run_spec import SandboxSpec
from gedanken.machines.batches import LIMITS, run_batches
from gedanken.machines.open_machine import open_real_machine
from gedanken.probing.probe_spec import probe_spec
from gedanken.runner import run
from gedanken.sandbox.machine import SandboxMachine
from gedanken.terminal.screen import Screen

FAMILIES: dict[Gives, tuple[str, ...]] = {
    "tool": ("counterfactual", "shortcut twins", "mutations", "state"),
    "neighbours": ("shortcut twins", "mutations", "seed twins", "state"),
}
"""The families that each control is asked by default: their programs run quickly, or they reveal imitation."""


def control_design(
    gives: Gives, groups: int, sizes: Sequence[int], families: Sequence[str], seed: int
) -> ProbeDesign:
    """Return what a control is asked; if `families` is empty, those in `FAMILIES` are used."""
    chosen = tuple(families or FAMILIES[gives])
    return ProbeDesign(families=chosen, sizes=tuple(sizes), groups=groups, seed=seed, arms=("direct",))


def control(bank: Path, gives: Gives, out: Path, design: ProbeDesign) -> None:
    """Probe the embedded model with a tool or with neighbours, store the run in `out`, and print the verdict."""
    asyncio.run(_control(bank, gives, out, design))


async def _control(bank: Path, gives: Gives, out: Path, design: ProbeDesign) -> None:
    screen = Screen()
    log_file = out.with_name(f"{out.name}-given.jsonl")
    async with open_real_machine("mnist", LIMITS, Silent()) as (machine, _data), open_embedded(screen) as model:
        loaded_bank = read_bank(bank)
        chat: Controlled = GivenNeighbours(inner=model.chat, bank=without_obscure_twins(loaded_bank), kept=log_file)
        if gives == "tool":
            chat = GivenTool(inner=model.chat, bank=loaded_bank, kept=log_file, really_run=_runner(machine))
        labelled = replace(wrap_chat_model(chat), name=f"python:embedded, given {gives}", cores=model.cores)
        with register_model(labelled) as named:
            finished = await run(
                probe_spec(design, named.model_copy(update={"parallel": 1}), SandboxSpec()), screen, out
            )
    print(f"given {gives}: {sentences.describe_verdict(verdict_of(finished.log, resamples=0))}")


def without_obscure_twins(bank: Bank) -> Bank:
    """Return the bank without the hard items of its corpus, so that none of them is shown as a neighbour.

    The hard items are obscure twins: programs whose output nobody prints. The nearest neighbour among them is often
    the very program that the model is asked about. A model that copies its output is then right, just like a model
    that computes.
    """
    return Bank(bank.items, tuple(entry for entry in bank.corpus if entry.item.role != "hard"))


def _runner(machine: SandboxMachine) -> Callable[[str], str]:
    """Return a function that runs shell commands in an empty workspace and returns what they printed.

    It blocks, so call it from another thread than that of the event loop.
    """
    loop = asyncio.get_running_loop()

    def really_run(commands: str) -> str:
        program = f"import subprocess\nsubprocess.run(['bash', '-c', {commands!r}], stderr=subprocess.STDOUT)\n"
        result = asyncio.run_coroutine_threadsafe(run_batches(machine, {"it": program}), loop).result()["it"]
        return result.stdout or result.problem

    return really_run
