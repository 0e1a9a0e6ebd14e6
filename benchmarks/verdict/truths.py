"""The bank: items of every family, with what their programs and their rivals printed in the sandbox."""

import asyncio
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from gedanken.agents.players.bank import Bank, Entry, write_bank
from gedanken.experiment.probe_item import ProbeItem
from gedanken.experiment.progress import Silent
from gedanken.machines.batches import LIMITS, run_batches
from gedanken.machines.open_machine import open_real_machine
from gedanken.probes.families.built_in import FAMILIES

BANK = Path(__file__).parent / "bank.json.xz"
ASKED_SEED, READ_SEED = 101, 202
ASKED, READ = 8, 4
"""For each operation and size: how many pairs or single items the simulated models are asked, and how many other
items the imitating models know.
"""
ROUNDS = 5
_JUDGED = ("easy", "hard", "alone")


def make_bank(path: Path) -> None:
    """Run every program of the bank and its rivals in the sandbox, and write the bank to `path`."""
    asked, read = list(_items(ASKED_SEED, ASKED)), list(_items(READ_SEED, READ))
    programs = list(dict.fromkeys(text for item in (*asked, *read) for text in (item.program, item.rival) if text))
    outputs = asyncio.run(_run(programs))
    entries = [Entry(item, outputs[item.program], outputs.get(item.rival or "")) for item in asked]
    # A pair whose rival prints the same tells nothing apart.
    indistinct = {entry.item.pair for entry in entries if entry.item.role == "hard" and entry.rival == entry.truth}
    kept_entries = [entry for entry in entries if entry.item.pair is None or entry.item.pair not in indistinct]
    corpus = [Entry(item, outputs[item.program]) for item in read]
    write_bank(path, Bank(tuple(kept_entries), tuple(corpus)))
    print(
        f"{len(programs):,} programs run; {len(kept_entries):,} items, {len(indistinct):,} pairs left out, "
        f"{len(corpus):,} read"
    )


def _items(seed: int, count: int) -> Iterator[ProbeItem]:
    for family in FAMILIES:
        for operation in family.operations:
            for size in family.sizes:
                for item in family.items(operation, size, seed, count):
                    if item.role in _JUDGED:
                        yield item


async def _run(programs: Sequence[str]) -> dict[str, str]:
    """Return the output of each program, by its text. Raises SystemExit if a program fails.

    Programs that time out are run again: those that load torch may be slow on a busy machine.
    """
    outputs: dict[str, str] = {}
    waiting = {f"p{index}": text for index, text in enumerate(sorted(programs, key=lambda text: "torch" in text))}

    def report_progress(done: int) -> None:
        print(f"\r{len(outputs) + done:,} of {len(programs):,} ", end="", file=sys.stderr, flush=True)

    async with open_real_machine("mnist", LIMITS, Silent()) as (machine, _data):
        for _ in range(ROUNDS):
            results = await run_batches(machine, waiting, report_progress)
            outputs |= {waiting[name]: result.stdout for name, result in results.items() if not result.problem}
            waiting = {f"{name}again": waiting[name] for name, result in results.items() if result.end == "too long"}
            failed = [result.problem for result in results.values() if result.problem and result.end != "too long"]
            if failed:
                raise SystemExit(f"{len(failed)} programs have no output, the first: {failed[0]}")
            if not waiting:
                return outputs
    raise SystemExit(f"{len(waiting)} programs did not come to their end in {ROUNDS} tries")
