"""Makes pairs of programs that draw random numbers, with a well-known seed such as 42 and an arbitrary seed."""

from random import Random

from gedanken.probes.family import Group, GroupFamily, Part, next_template, program

FAMOUS = (42, 0, 123, 1)

_PYTHON_TEMPLATES = {
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

_NUMPY_TEMPLATES = {
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

_TORCH_TEMPLATES = {
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


def _seed_pair(templates: dict[str, str], size: int, number: int, rng: Random) -> Group:
    """Return a pair of programs with different seeds.

    Each program draws `size` + 2 random numbers and prints the last three.
    """
    name, body = next_template(templates, number)
    famous_seed = FAMOUS[number // len(templates) % len(FAMOUS)]
    famous_program = program(body, SEED=famous_seed, DRAWS=size + 2)
    arbitrary_program = program(body, SEED=rng.randint(10_007, 89_989), DRAWS=size + 2)
    return Group(
        name, [Part("easy", famous_program), Part("hard", arbitrary_program, rival=famous_program)], "imitates"
    )


SEED_TWINS = GroupFamily(
    "seed twins",
    {
        "python seed": lambda size, number, rng: _seed_pair(_PYTHON_TEMPLATES, size, number, rng),
        "numpy seed": lambda size, number, rng: _seed_pair(_NUMPY_TEMPLATES, size, number, rng),
        "torch seed": lambda size, number, rng: _seed_pair(_TORCH_TEMPLATES, size, number, rng),
    },
)
