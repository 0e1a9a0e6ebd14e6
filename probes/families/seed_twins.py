"""Makes pairs of programs that draw random numbers, with a well-known seed such as 42 and an arbitrary seed."""

from random import Random

from gedanken.probes.family import Group, MadeFamily, Part, program, turn

FAMOUS = (42, 0, 123, 1)

_PYTHON = {
    "random()": """
import random

random.seed(SEED)
drawn = [random.random() for _ in range(DRAWS)]
print(*[f"{number:.4f}" for number in drawn[-3:]])
""",
    "randint()": """
import random

random.seed(SEED)
drawn = [random.randint(1, 100) for _ in range(DRAWS)]
print(*[f"{number:03d}" for number in drawn[-3:]])
""",
}

_NUMPY = {
    "rand()": """
import numpy as np

np.random.seed(SEED)
drawn = [np.random.rand() for _ in range(DRAWS)]
print(*[f"{number:.4f}" for number in drawn[-3:]])
""",
    "randint()": """
import numpy as np

np.random.seed(SEED)
drawn = [np.random.randint(0, 100) for _ in range(DRAWS)]
print(*[f"{number:02d}" for number in drawn[-3:]])
""",
}

_TORCH = {
    "randn()": """
import torch

torch.manual_seed(SEED)
drawn = torch.randn(DRAWS).tolist()
print(*[f"{number:+.4f}" for number in drawn[-3:]])
""",
    "rand()": """
import torch

torch.manual_seed(SEED)
drawn = torch.rand(DRAWS).tolist()
print(*[f"{number:.4f}" for number in drawn[-3:]])
""",
}


def _twins(templates: dict[str, str], size: int, number: int, chance: Random) -> Group:
    """Return a pair of programs, each of which draws `size` + 2 random numbers and prints the last three."""
    name, body = turn(templates, number)
    famous = FAMOUS[number // len(templates) % len(FAMOUS)]
    known = program(body, SEED=famous, DRAWS=size + 2)
    obscure = program(body, SEED=chance.randint(10_007, 89_989), DRAWS=size + 2)
    return Group(name, [Part("easy", known), Part("hard", obscure, rival=known)], "imitates")


SEED_TWINS = MadeFamily(
    "seed twins",
    {
        "python seed": lambda size, number, chance: _twins(_PYTHON, size, number, chance),
        "numpy seed": lambda size, number, chance: _twins(_NUMPY, size, number, chance),
        "torch seed": lambda size, number, chance: _twins(_TORCH, size, number, chance),
    },
)
