"""Checks of training: PyTorch, the data set, and seeds."""

from functools import partial

from gedanken.experiment.execution import Cause, Execution, RealMachine
from gedanken.sandbox.conformance.canary import Canaries
from gedanken.sandbox.conformance.check import SMALL, Check, Trial, Verdict, ending, prints

_LARGE_LIMITS = SMALL.model_copy(update={"memory_mib": 2048, "processes": 256, "wall_seconds": 60.0})
_check = partial(Check, group="training", limits=_LARGE_LIMITS, harmless=True)
_OTHER_SEED = 1

NUMPY = """
import numpy
a = numpy.arange(6.0).reshape(2, 3)
print((a @ a.T).tolist(), float(numpy.linalg.norm(numpy.eye(4))))
"""

TORCH = """
import torch
model = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.ReLU(), torch.nn.Linear(8, 1))
optimiser = torch.optim.SGD(model.parameters(), lr=0.05)
x = torch.linspace(-1, 1, 64).reshape(16, 4)
losses = []
for _ in range(20):
    loss = ((model(x) - x.sum(1, keepdim=True)) ** 2).mean()
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()
    losses.append(loss.item())
torch.save(model.state_dict(), "model.pt")
print(losses[-1] < losses[0], len(torch.load("model.pt")))
"""

MNIST = """
from torchvision import datasets, transforms
from torch.utils.data import DataLoader
data = datasets.MNIST("./data", train=True, download=True, transform=transforms.ToTensor())
images, labels = next(iter(DataLoader(data, batch_size=32, shuffle=True)))
print(len(data) > 1000, tuple(images.shape), 0 <= labels.min() <= labels.max() <= 9)
"""

_DRAW_CODE = "import random, numpy, torch; print(random.random(), numpy.random.rand(), torch.rand(1).item())"
SEEDS = f"for _ in 1 2; do python3 -c '{_DRAW_CODE}'; done"


async def _draw_with_another_seed(machine: RealMachine, _canaries: Canaries) -> Execution:
    async with machine.branch(_OTHER_SEED) as branch:
        return await branch.run(f"python3 -c '{_DRAW_CODE}'")


def has_seeded_numbers(trial: Trial) -> Verdict:
    """Pass if two programs with the same seed drew the same numbers.

    A program with another seed must have drawn none of them.
    """
    lines = trial.execution.stdout.splitlines()
    other_numbers = trial.after.stdout.split() if trial.after else []
    if trial.execution.cause is not Cause.FINISHED or len(lines) != 2 or len(other_numbers) != 3:
        return Verdict(False, ending(trial.execution))
    if lines[0] != lines[1]:
        return Verdict(False, "two programs with one seed drew different numbers")
    common_numbers = set(lines[0].split()) & set(other_numbers)
    return Verdict(
        not common_numbers, "two seeds drew the same numbers" if common_numbers else "random, NumPy and torch"
    )


CHECKS = (
    _check("numpy", promise="NumPy works.", program=NUMPY, judge=prints("[[5.0, 14.0], [14.0, 50.0]] 2.0\n")),
    _check("torch", promise="PyTorch trains, saves and loads.", program=TORCH, judge=prints("True 4\n")),
    _check(
        "mnist",
        promise="torchvision finds MNIST wherever a program looks for it.",
        program=MNIST,
        judge=prints("True (32, 1, 28, 28) tensor(True)\n"),
    ),
    _check(
        "seeds",
        promise="A seed applies to Python, NumPy and PyTorch, and another seed gives another run.",
        program=SEEDS,
        language="bash",
        judge=has_seeded_numbers,
        sequel=_draw_with_another_seed,
    ),
)
