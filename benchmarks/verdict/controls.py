"""Positive controls: given the sandbox as a tool, a model must come out as computing; given neighbours, as imitating.

What it is given are real outputs, which no imagined machine may see (fairness rule 2). So the control is a model of
its own, whose name says in every result what it is given; it goes through the same graph as any other.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage

from benchmarks.verdict.truths import ASKED_SEED
from gedanken.agents.brought import brought, model_of
from gedanken.agents.embedded import open_embedded
from gedanken.agents.players.bank import Bank, Entry, read_bank
from gedanken.agents.players.chat import BankChat
from gedanken.agents.players.reading import neighbours, pieces
from gedanken.analysis.probe_verdict import verdict_of
from gedanken.compare.verdict import sentences
from gedanken.experiment.probe_design import ProbeDesign
from gedanken.experiment.run_spec import SandboxSpec
from gedanken.probes.families.built_in import FAMILIES
from gedanken.probing.specs import probe_spec
from gedanken.runner import run
from gedanken.terminal.screen import Screen

Gives = Literal["tool", "neighbours"]
CALL = "run_program"
SIZES = (1, 4, 16)
_HERE = Path(__file__).parent
_NEAREST = 2


class Controlled(BankChat):
    """A chat model that is given more than it was asked with."""

    inner: Any
    """The chat model itself."""
    gives: Gives

    @property
    def _llm_type(self) -> str:
        return "controlled"

    def reply(self, messages: list[BaseMessage], entry: Entry | None) -> str:
        """See BankChat."""
        return self._ask(messages) if entry is None else self._answer(messages, entry)

    def _answer(self, messages: list[BaseMessage], entry: Entry) -> str:
        told = (_HERE / f"control_{self.gives}.txt").read_text(encoding="utf-8")
        if self.gives == "neighbours":
            seen = "\n\n".join(_shown(one) for one in neighbours(self.bank, entry, pieces)[:_NEAREST])
            return self._ask([*messages[:-1], _with(messages[-1], f"{told}\n{seen}")])
        asked = [*messages[:-1], _with(messages[-1], told)]
        first = self._ask(asked)
        if CALL not in first:
            return first
        printed = HumanMessage(f"{CALL} printed:\n{entry.truth}\nNow reply with exactly what the terminal prints.")
        return self._ask([*asked, AIMessage(first), printed])

    def _ask(self, messages: Sequence[BaseMessage]) -> str:
        names = ("seed", "temperature", "top_p", "max_tokens")
        settings = {name: getattr(self, name) for name in names if name in type(self.inner).model_fields}
        return str(self.inner.model_copy(update=settings).invoke(list(messages)).text)


def _with(message: BaseMessage, told: str) -> HumanMessage:
    return HumanMessage(f"{{{told.strip()}}}\n{message.text}")


def _shown(entry: Entry) -> str:
    return f"This program:\n{entry.item.program.strip()}\nprinted:\n{entry.truth.strip()}"


def control(bank: Path, gives: Gives, out: Path) -> None:
    """Have the embedded model go through the graph with what it is given; the run stays in `out`."""
    asyncio.run(_control(read_bank(bank), gives, out))


async def _control(bank: Bank, gives: Gives, out: Path) -> None:
    screen = Screen()
    names = tuple(one.name for one in FAMILIES)
    design = ProbeDesign(families=names, sizes=SIZES, groups=1, seed=ASKED_SEED, arms=("direct",))
    async with open_embedded(screen) as model:
        chat = Controlled(inner=model.chat, bank=bank, gives=gives)
        labelled = replace(model_of(chat), name=f"python:embedded, given {gives}", cores=model.cores)
        with brought(labelled) as named:
            done = await run(probe_spec(design, named.model_copy(update={"parallel": 1}), SandboxSpec()), screen, out)
    print(f"given {gives}: {sentences.of_all(verdict_of(done.log, resamples=0))}")
