"""How much longer do K imagined samples take than one sample that is drawn with an empty cache?

    python -m benchmarks.samples [--samples 8] [--rounds 3] [--program train.py]

All samples have the same prompt: a program, and the command `python3 train.py`. The lengths of their replies vary. In
each round, the cache of the model's server is emptied once and all samples are drawn one after the other. Then the
same samples are drawn again, and the cache is emptied before each; the mean of these times is the cost of one cold
sample. The ratio of a round is the total time of the first pass divided by this mean. The result is the median ratio
of all rounds; the target is at most 4.5 with eight samples.
"""

import argparse
import asyncio
import time
from pathlib import Path
from statistics import mean, median

from gedanken.agents.imagined_machine import ImaginedMachine
from gedanken.agents.messages import Message
from gedanken.agents.model import Model, Sampling
from gedanken.agents.registry import open_model
from gedanken.experiment.execution import Limits
from gedanken.experiment.run_spec import ModelSpec
from gedanken.loading.experiments_and_personas import load_persona
from gedanken.terminal.screen import Screen

LIMITS = Limits(reply_tokens=512, continuations=0)
"""Twice the tokens that the output of the program needs.

Without this limit, a sample that repeats itself endlessly would take most of the measured time.
"""
PROGRAM = Path(__file__).parent / "samples_program.txt"
TARGET = 4.5


async def main(arguments: argparse.Namespace) -> None:
    """Run all rounds and print the table."""
    source = arguments.program.read_text()
    ratios: list[float] = []
    print(f"{'round':>5} {'all':>8} {'one cold':>8} {'ratio':>5}  characters of each")
    async with open_model(ModelSpec(name=arguments.model), Screen()) as model:
        for number in range(1, arguments.rounds + 1):
            await _forget(model)
            shared = [await _draw(model, source, sample) for sample in range(1, arguments.samples + 1)]
            cold = []
            for sample in range(1, arguments.samples + 1):
                await _forget(model)
                cold.append(await _draw(model, source, sample))
            together, alone = sum(seconds for seconds, _text in shared), mean(seconds for seconds, _text in cold)
            ratios.append(together / alone)
            same = "" if [text for _s, text in shared] == [text for _s, text in cold] else "  NOT THE SAME SAMPLES"
            lengths = " ".join(str(len(text)) for _s, text in shared)
            print(f"{number:>5} {together:>6.1f} s {alone:>6.1f} s {ratios[-1]:>5.2f}  {lengths}{same}", flush=True)
    ratio = median(ratios)
    print(f"{arguments.samples} samples cost {ratio:.2f} × one cold sample; asked for: {TARGET} at 8 samples")


async def _forget(model: Model) -> None:
    await model.reply([Message("user", "Say yes.")], Sampling(0, 1), role="benchmark", fresh=False)


async def _draw(model: Model, source: str, sample: int) -> tuple[float, str]:
    """Draw one sample; return how many seconds that took, and its text."""
    machine = ImaginedMachine(model, load_persona("matched"), limits=LIMITS, sample=sample)
    machine.place("train.py", source)
    started = time.monotonic()
    execution = await machine.run("python3 train.py")
    return time.monotonic() - started, execution.raw_reply or ""


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--samples", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--program", type=Path, default=PROGRAM)
    parser.add_argument("--model", default="embedded")
    asyncio.run(main(parser.parse_args()))
