"""How often does the coder's program work? One seed after the other is tried, with the graph's own nodes `write`
and `execute`.

    python -m benchmarks.codegen [--seeds 20] [--experiment mnist] [--model embedded]

A program works if it can be parsed, has the required layers, ends, prints what was requested, and learns. The table
shows the number of tries for each seed. The last lines are the shares of seeds whose program worked within five tries
and at the first try, with Wilson intervals at 95 %.
"""

import argparse
import asyncio
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from gedanken.agents.registry import open_model
from gedanken.analysis.analyze import ComparisonCache
from gedanken.compare.stats.proportions import wilson_share
from gedanken.experiment.run_log import DONE
from gedanken.experiment.run_spec import ModelSpec, RunSpec
from gedanken.graphs.context import Context
from gedanken.graphs.experiment_graph import MAX_STEPS, build_graph
from gedanken.graphs.routing import MAX_TRIES
from gedanken.loading.experiments_and_personas import load_experiment, load_persona
from gedanken.machines.open_machine import open_real_machine
from gedanken.records.run_store import open_store
from gedanken.terminal.screen import Screen


async def main(arguments: argparse.Namespace) -> None:
    """Run all seeds and print the table."""
    experiment = load_experiment(arguments.experiment)
    persona = load_persona("matched")
    screen = Screen()
    tries: list[int | None] = []
    print(f"{'seed':>4} {'tries':>5} {'seconds':>7}  ended")
    async with open_model(ModelSpec(name=arguments.model), screen) as model:
        for seed in range(arguments.seeds):
            started = time.monotonic()
            spec = RunSpec(
                experiment=experiment, persona=persona, real=0, simulate=False, coder_seed=seed * MAX_TRIES
            )
            with TemporaryDirectory() as folder, open_store(Path(folder), spec) as store:
                async with open_real_machine(experiment.dataset, experiment.limits, screen) as (machine, dataset):
                    facts = await machine.measure(dataset)
                    context = Context(spec, facts, model, machine, store, ComparisonCache())
                    config: Any = {"recursion_limit": MAX_STEPS}
                    state = await build_graph().ainvoke({"index": -1}, config, context=context)
                programs = [store.programs[label] for label in state["programs"]]
            needed_tries = len(state["programs"]) if state["outcome"] == DONE else None
            tries.append(needed_tries)
            seconds = time.monotonic() - started
            print(f"{seed:>4} {needed_tries or '-':>5} {seconds:>7.1f}  {state['outcome']}", flush=True)
            for program in programs:
                if program.problems:
                    print(f"     {program.label}: {'; '.join(program.problems)}", flush=True)
    for name, count in (
        (f"within {MAX_TRIES} tries", sum(1 for needed_tries in tries if needed_tries)),
        ("at the first try", tries.count(1)),
    ):
        print(f"{name}: {wilson_share(count, len(tries))}, 95 % interval, model {arguments.model}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--experiment", default="mnist")
    parser.add_argument("--model", default="embedded")
    asyncio.run(main(parser.parse_args()))
