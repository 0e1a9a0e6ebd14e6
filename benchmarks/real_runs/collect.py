"""Collects real runs of the programs in `programs/`, with many seeds of each, in the Docker sandbox.

    pip install -r benchmarks/real_runs/requirements.txt
    python -m benchmarks.real_runs.collect [--runs 320]

If it was stopped, it continues: stored runs are kept, and only missing seeds are run. A program that has changed
since is run again with all seeds.
"""

import argparse
import asyncio
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from benchmarks.real_runs.data import ensure_data
from benchmarks.real_runs.stored import HERE, RealRuns, Run
from benchmarks.sandbox_table import describe_machine
from gedanken.experiment.errors import NoSandbox
from gedanken.experiment.execution import Limits
from gedanken.sandbox.docker_engine import DockerEngine
from gedanken.sandbox.machine import SandboxMachine
from gedanken.sandbox.open_engine import open_engine
from gedanken.terminal.screen import Screen

LIMITS = Limits(wall_seconds=7200, output_bytes=1 << 26)
ROUND = 20
"""Number of seeds with which each program is run before the results are stored."""


async def main(arguments: argparse.Namespace) -> None:
    """Run what is missing, one round at a time."""
    runs = with_programs(RealRuns.load())
    rounds = [round_ for last in range(ROUND, arguments.runs + ROUND, ROUND) if (round_ := missing(runs, last))]
    if rounds:
        await collect(runs, rounds)
    for name, program_runs in runs.runs.items():
        seconds = sum(run.seconds for run in program_runs) / max(1, len(program_runs))
        print(
            f"{name}: {len(program_runs)} runs of {seconds:.2f} s, "
            f"{len({run.stdout for run in program_runs})} different outputs"
        )
    print(f"{runs.count} runs of {len(runs.programs)} programs")


def with_programs(stored: RealRuns) -> RealRuns:
    """Return the runs with the current source of each program. Runs of programs that have changed are left out."""
    programs = {path.stem: path.read_text() for path in sorted((HERE / "programs").glob("*.txt"))}
    unchanged_runs = {
        name: stored.runs[name] if stored.programs.get(name) == source else [] for name, source in programs.items()
    }
    return RealRuns(stored.machines, programs, unchanged_runs)


def missing(runs: RealRuns, last: int) -> list[tuple[str, int]]:
    """Return the programs and seeds that are not stored, of the round that ends with the seed `last`."""
    seeds = range(last - ROUND + 1, last + 1)
    stored = {(name, run.seed) for name, program_runs in runs.runs.items() for run in program_runs}
    return [(name, seed) for name in runs.programs for seed in seeds if (name, seed) not in stored]


async def collect(runs: RealRuns, rounds: list[list[tuple[str, int]]]) -> None:
    """Run all rounds in a sandbox, and store the results after each round."""
    screen = Screen()
    engine = open_engine("docker", screen)
    assert isinstance(engine, DockerEngine)
    machine = SandboxMachine.open(engine, ensure_data(screen), LIMITS)
    async with machine:
        machine.write("many_seeds.py", (HERE / "many_seeds.py").read_text())
        for name, source in runs.programs.items():
            machine.write(f"{name}.py", source)
        versions = (await machine.run("python3 -c 'import torch; print(torch.__version__)'")).stdout.strip()
        collection = f"{describe_machine(engine.client)}, torch {versions}, {datetime.now(UTC).date().isoformat()}"
        if collection not in runs.machines:
            runs.machines.append(collection)
        for number, work in enumerate(rounds, start=1):
            reader = RunReader(runs, f"round {number} of {len(rounds)}")
            machine.write("work.jsonl", "".join(json.dumps(task) + "\n" for task in work))
            execution = await machine.run("python3 many_seeds.py < work.jsonl", on_output=reader.read)
            runs.store()
            if execution.exit_code != 0:
                raise NoSandbox(f"the runs ended early, {execution.cause}: {execution.terminal[-500:]}")


@dataclass
class RunReader:
    """Extracts runs from the output of a container as it arrives."""

    runs: RealRuns
    title: str
    rest: str = ""

    def read(self, text: str) -> None:
        """Extract every complete run, and report each finished program."""
        *lines, self.rest = (self.rest + text).split("\n")
        for line in lines:
            self._store_run(json.loads(line))

    def _store_run(self, fields: dict[str, Any]) -> None:
        name, exit_code = fields.pop("program"), fields.pop("exit_code")
        if exit_code != 0:
            raise NoSandbox(f"{name} failed with seed {fields['seed']}: {fields['output'][-500:]}")
        program_runs = self.runs.runs[name]
        program_runs.append(Run(**fields))
        if len(program_runs) % ROUND == 0:
            seconds = sum(run.seconds for run in program_runs[-ROUND:]) / ROUND
            print(f"{self.title}: {name}, {len(program_runs)} runs, {seconds:.2f} s each", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=320, help="number of runs of each program")
    asyncio.run(main(parser.parse_args()))
