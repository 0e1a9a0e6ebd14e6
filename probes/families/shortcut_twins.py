"""Makes pairs of similar loops. A formula gives the result of the easy loop; the result of the hard loop must be
computed step by step.
"""

from random import Random

from gedanken.probes.family import Group, GroupFamily, Part, program, random_numbers

_SUM = """
x = START
for i in range(1, ROUNDS + 1):
    x = ({step}) % 1000
print(f"{{x:03d}}")
"""
_SUMS = {
    "arithmetic": ("x + FACTOR * i", "x * FACTOR + i"),
    "squares": ("x + i * i", "x * x + i"),
}
"""Two expressions for the body of a loop. A formula gives the result of the first loop; the second must be run."""

_TELESCOPE = """
def f(n):
    return n * n * FACTOR % 101

total = START
for i in range(1, ROUNDS + 1):
    total = (total + f({first}) - f({second})) % 1000
print(f"{{total:03d}}")
"""
_DIFFERENCES = """
total = START
for i in range(ROUNDS):
    total = (total {sign} NUMBERS[i + 1] - NUMBERS[i]) % 1000
print(f"{{total:03d}}")
"""

_KERNEL = """
v = START
for _ in range(ROUNDS):
    v = [(K[0] * v[i - 1] + K[1] * v[i] + K[2] * v[(i + 1) % 3]) % 100 for i in range(3)]
print(*[f"{number:02d}" for number in v])
"""
_MATRIX = """
x, y = START
for _ in range(ROUNDS):
    x, y = (M[0][0] * x + M[0][1] * y) % 100, (M[1][0] * x + M[1][1] * y) % 100
print(f"{x:02d} {y:02d}")
"""


def _easy_hard_pair(template: str, easy: str, hard: str) -> Group:
    """Return a pair of programs. A formula gives the result of the easy one, but not of the hard one."""
    # A model that applies the closed form to the hard program gets the easy program's output.
    return Group(template, [Part("easy", easy), Part("hard", hard, rival=easy)], "shortcut")


def _closed_form(size: int, number: int, rng: Random) -> Group:
    name = list(_SUMS)[number % len(_SUMS)]
    constants = {"START": rng.randint(100, 999), "FACTOR": rng.randint(3, 29), "ROUNDS": size}
    if name == "squares":
        del constants["FACTOR"]
    easy, hard = (program(_SUM.format(step=step), **constants) for step in _SUMS[name])
    return _easy_hard_pair(name, easy, hard)


def _telescoping(size: int, number: int, rng: Random) -> Group:
    start = rng.randint(100, 999)
    if number % 2:
        numbers = random_numbers(rng, size + 1, 10, 99)
        easy, hard = (
            program(_DIFFERENCES.format(sign=sign), START=start, NUMBERS=numbers, ROUNDS=size) for sign in "+*"
        )
        return _easy_hard_pair("listed numbers", easy, hard)
    factor = rng.randint(3, 29)
    easy_function, hard_function = (
        program(_TELESCOPE.format(first=first, second="i"), START=start, FACTOR=factor, ROUNDS=size)
        for first in ("i + 1", "total + 1")
    )
    return _easy_hard_pair("a function", easy_function, hard_function)


def _identity(size: int, number: int, rng: Random) -> Group:
    if number % 2:
        start, random_matrix = random_numbers(rng, 2, 10, 99), [random_numbers(rng, 2), random_numbers(rng, 2)]
        easy, hard = (
            program(_MATRIX, START=start, M=matrix, ROUNDS=size) for matrix in ([[1, 0], [0, 1]], random_matrix)
        )
        return _easy_hard_pair("a matrix", easy, hard)
    start = random_numbers(rng, 3, 10, 99)
    easy, hard = (
        program(_KERNEL, START=start, K=kernel, ROUNDS=size) for kernel in ([0, 1, 0], random_numbers(rng, 3))
    )
    return _easy_hard_pair("a kernel", easy, hard)


SHORTCUT_TWINS = GroupFamily(
    "shortcut twins", {"closed form": _closed_form, "telescoping": _telescoping, "identity": _identity}
)
