"""The real outputs of a thousand generated programs: are they reproducible, and how long does it take to obtain
them?

    python -m benchmarks.probe_truths [--groups 4]

Programs of every family, operation and size are run twice, in batches on the real machine. The output shows how many
reached their end, and whether they printed the same both times. It also counts programs whose output is contained in
their own text, which would mean that a generator wrote the answer into the program.
"""

import argparse
import asyncio
import os
import time

from gedanken.experiment.progress import Silent
from gedanken.machines.batches import PROGRAMS_A_BATCH, ProgramResult, limits_of, run_batches
from gedanken.machines.open_machine import open_real_machine
from gedanken.probes.families.built_in import FAMILIES


def main() -> None:
    """Run the programs, and print the counts."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--groups", type=int, default=4)
    groups = parser.parse_args().groups
    items = [
        item
        for family in FAMILIES
        for operation in family.operations
        for size in family.sizes
        for item in family.items(operation, size, 0, groups)
    ]
    texts = dict.fromkeys(text for item in items for text in (item.program, item.rival, item.given) if text)
    first, seconds = asyncio.run(_run(dict.fromkeys(texts, "")))
    second, _ = asyncio.run(_run(dict.fromkeys(texts, "")))
    ended = [text for text in texts if first[text].end == "finished" and first[text].stdout.strip()]
    same = sum(first[text].stdout == second[text].stdout for text in texts)
    self_revealing = [
        text for text in ended if len(first[text].stdout.strip()) > 2 and first[text].stdout.strip() in text
    ]
    batches = -(-len(texts) // PROGRAMS_A_BATCH)
    print(f"{len(items)} items, {len(texts)} different programs with their rivals and given states")
    print(f"{len(ended)} came to their end and printed something, in {seconds:.0f} s in {batches} containers")
    print(f"{same} printed the same when they were run once more")
    print(f"{len(self_revealing)} hold what they print in their own text")


async def _run(texts: dict[str, str]) -> tuple[dict[str, ProgramResult], float]:
    async with open_real_machine("mnist", limits_of(os.cpu_count() or 1), Silent()) as (machine, _):
        started = time.monotonic()
        return await run_batches(machine, {text: text for text in texts}), time.monotonic() - started


if __name__ == "__main__":
    main()
