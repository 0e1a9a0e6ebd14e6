"""How fast is the sandbox, compared with bare `docker run`, llm-sandbox and AutoGen's executor on the same image?

    python -m benchmarks.sandbox [--rounds 20] [--long-rounds 5] [--peer-rounds 5] [--only NAME ...] [--json]
    python -m benchmarks.sandbox --table FILE...

The sandboxes take turns. Each ratio compares two times from the same turn; the table shows the median ratio. `--json`
prints one line for each measurement, with all its times. `--table` makes the table from files with such lines, so
that the measurements can be taken one by one:

    for name in session command drain drain-short training crowd; do
      python -m benchmarks.sandbox --only $name --json >> measured.jsonl
    done
    python -m benchmarks.sandbox --table measured.jsonl
"""

import argparse
import asyncio
import sys
from dataclasses import replace
from pathlib import Path

from benchmarks.sandbox_rows import ROWS, Setup
from benchmarks.sandbox_table import Measurement, describe_machine, markdown
from gedanken.experiment.progress import Silent
from gedanken.sandbox.datasets import ensure_dataset
from gedanken.sandbox.docker_engine import DockerEngine
from gedanken.sandbox.open_engine import open_engine


async def measure(arguments: argparse.Namespace) -> list[Measurement]:
    """Take all requested measurements."""
    engine = open_engine("docker", Silent())
    assert isinstance(engine, DockerEngine)
    _dataset, data = ensure_dataset("mnist", Silent())
    rounds = (arguments.rounds, arguments.long_rounds, arguments.peer_rounds)
    place = Setup(engine.client, engine, data, *rounds)
    machine = describe_machine(engine.client)
    measurements = []
    for name in arguments.only or ROWS:
        for measurement in await ROWS[name](place):
            measurements.append(replace(measurement, machine=machine))
            if arguments.json:
                print(measurements[-1].to_json(), flush=True)
    return measurements


def main(arguments: argparse.Namespace) -> None:
    """Take the measurements, or read stored ones, and print them."""
    if arguments.table:
        lines = [line for path in arguments.table for line in path.read_text().splitlines()]
        print(markdown([Measurement.from_json(line) for line in lines]))
        return
    measurements = asyncio.run(measure(arguments))
    if not arguments.json:
        print(markdown(measurements))


if __name__ == "__main__":
    if not sys.platform.startswith("linux"):
        raise SystemExit("the benchmark reads /proc")
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--rounds", type=int, default=20, help="repetitions of measurements that take less than a second"
    )
    parser.add_argument("--long-rounds", type=int, default=5, help="repetitions of draining and of training")
    parser.add_argument(
        "--peer-rounds", type=int, default=5, help="repetitions of the peers' sessions, which take ten seconds each"
    )
    parser.add_argument("--only", nargs="+", choices=list(ROWS), help="take only these measurements")
    parser.add_argument(
        "--json", action="store_true", help="print a line of JSON with all times for each measurement"
    )
    parser.add_argument(
        "--table",
        nargs="+",
        type=Path,
        metavar="FILE",
        help="print a table of measurements that were printed with --json",
    )
    main(parser.parse_args())
