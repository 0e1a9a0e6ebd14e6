"""How far is the loss of an untrained classifier from ln(classes)?

    python -m benchmarks.first_losses [--seeds 20]

The bounds of the oracle `first loss` are based on this. Networks of several kinds are measured in the sandbox, with
PyTorch's default initialization, 10 and 100 classes, MNIST images in several scales, and several batch sizes. The
table shows the lowest and the highest difference for each scale.
"""

import argparse
import asyncio
import json
from pathlib import Path

from gedanken.compare.checks.first_loss import ABOVE, BELOW
from gedanken.experiment.execution import Limits
from gedanken.machines.open_machine import open_real_machine
from gedanken.terminal.screen import Screen

PROGRAM = Path(__file__).with_name("first_losses_program.py")


async def main(arguments: argparse.Namespace) -> None:
    """Measure in the sandbox and print the table."""
    async with open_real_machine("mnist", Limits(wall_seconds=3600), Screen()) as (machine, _dataset):
        machine.write(PROGRAM.name, PROGRAM.read_text())
        execution = await machine.run(f"python3 {PROGRAM.name} {arguments.seeds}")
    if execution.exit_code != 0:
        raise SystemExit(execution.terminal)
    print("| images | first losses | lowest less ln(classes) | highest less ln(classes) |\n|---|---|---|---|")
    for row in map(json.loads, execution.stdout.splitlines()):
        lowest, highest = (f"{row[name]['off']:+.2f} ({row[name]['where']})" for name in ("lowest", "highest"))
        print(f"| {row['scale']} | {row['count']:,} | {lowest} | {highest} |")
    print(f"\nThe oracle speaks from {BELOW} below, and from {ABOVE} above where images are scaled by ToTensor.")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--seeds", type=int, default=20, help="number of seeds for each network, scale and batch size"
    )
    asyncio.run(main(parser.parse_args()))
