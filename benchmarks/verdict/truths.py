"""The bank: items of every family, with the sandbox's output of their programs and their rivals."""

import asyncio
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from gedanken.agents.players.bank import Bank, Entry, write_bank
from gedanken.experiment.probe_item import ProbeItem
from gedanken.experiment.progress import Silent
from gedanken.machines.batches import LIMITS, run_batches
from gedanken.machines.open_machine import open_real
from gedanken.probes.families.built_in import FAMILIES

BANK = Path(__file__).parent / "bank.json.xz"
ASKED_SEED, READ_SEED = 101, 202
ASKED, READ = 8, 4
"""Groups of items of each kind of operation and size: those that are asked, and those that imitators have read."""
ROUNDS = 5
_JUDGED = ("easy", "hard", "alone")


def make_bank(path: Path) -> None:
    """Run every program of the bank, and its rivals, in the sandbox."""
    asked, read = list(_items(ASKED_SEED, ASKED)), list(_items(READ_SEED, READ))
    programs = list(dict.fromkeys(text for item in (*asked, *read) for text in (item.program, item.rival) if text))
    outputs = asyncio.run(_run(programs))
    entries = [Entry(one, outputs[one.program], outputs.get(one.rival or "")) for one in asked]
    # A pair whose rival prints the same tells nothing apart.
    alike = {one.item.pair for one in entries if one.item.role == "hard" and one.rival == one.truth}
    kept = [one for one in entries if one.item.pair is None or one.item.pair not in alike]
    corpus = [Entry(one, outputs[one.program]) for one in read]
    write_bank(path, Bank(tuple(kept), tuple(corpus)))
    print(f"{len(programs):,} programs run; {len(kept):,} items, {len(alike):,} pairs left out, {len(corpus):,} read")


def _items(seed: int, count: int) -> Iterator[ProbeItem]:
    for family in FAMILIES:
        for operation in family.operations:
            for size in family.sizes:
                for item in family.items(operation, size, seed, count):
                    if item.role in _JUDGED:
                        yield item


async def _run(programs: Sequence[str]) -> dict[str, str]:
    """Return the output of each program. Programs that load torch may time out on a busy machine, and are run
    again.
    """
    outputs: dict[str, str] = {}
    waiting = {f"p{at}": text for at, text in enumerate(sorted(programs, key=lambda text: "torch" in text))}

    def told(done: int) -> None:
        print(f"\r{len(outputs) + done:,} of {len(programs):,} ", end="", file=sys.stderr, flush=True)

    async with open_real("mnist", LIMITS, Silent()) as (machine, _data):
        for _ in range(ROUNDS):
            ran = await run_batches(machine, waiting, told)
            outputs |= {waiting[name]: one.stdout for name, one in ran.items() if not one.why}
            waiting = {f"{name}again": waiting[name] for name, one in ran.items() if one.end == "too long"}
            failed = [one.why for one in ran.values() if one.why and one.end != "too long"]
            if failed:
                raise SystemExit(f"{len(failed)} programs have no output, the first: {failed[0]}")
            if not waiting:
                return outputs
    raise SystemExit(f"{len(waiting)} programs did not come to their end in {ROUNDS} tries")
