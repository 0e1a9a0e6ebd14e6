"""Makes pairs of similar loops: the easy loop's result has a closed form, the hard loop's has none."""

from random import Random

from gedanken.probes.family import Group, MadeFamily, Part, digits, program

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
"""For each name, two loop steps: the first gives a loop with a closed form, the second a loop without one."""

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


def _twins(template: str, easy: str, hard: str) -> Group:
    """Return a pair: the easy program has a closed form, the hard one has none."""
    # A model that applies the closed form to the hard program gets the easy program's output.
    return Group(template, [Part("easy", easy), Part("hard", hard, rival=easy)], "shortcut")


def _closed_form(size: int, number: int, chance: Random) -> Group:
    name = list(_SUMS)[number % len(_SUMS)]
    constants = {"START": chance.randint(100, 999), "FACTOR": chance.randint(3, 29), "ROUNDS": size}
    if name == "squares":
        del constants["FACTOR"]
    easy, hard = (program(_SUM.format(step=step), **constants) for step in _SUMS[name])
    return _twins(name, easy, hard)


def _telescoping(size: int, number: int, chance: Random) -> Group:
    start = chance.randint(100, 999)
    if number % 2:
        numbers = digits(chance, size + 1, 10, 99)
        plus, times = (
            program(_DIFFERENCES.format(sign=sign), START=start, NUMBERS=numbers, ROUNDS=size) for sign in "+*"
        )
        return _twins("listed numbers", plus, times)
    factor = chance.randint(3, 29)
    telescopes, does_not = (
        program(_TELESCOPE.format(first=first, second="i"), START=start, FACTOR=factor, ROUNDS=size)
        for first in ("i + 1", "total + 1")
    )
    return _twins("a function", telescopes, does_not)


def _identity(size: int, number: int, chance: Random) -> Group:
    if number % 2:
        start, other = digits(chance, 2, 10, 99), [digits(chance, 2), digits(chance, 2)]
        easy, hard = (program(_MATRIX, START=start, M=m, ROUNDS=size) for m in ([[1, 0], [0, 1]], other))
        return _twins("a matrix", easy, hard)
    start = digits(chance, 3, 10, 99)
    easy, hard = (program(_KERNEL, START=start, K=k, ROUNDS=size) for k in ([0, 1, 0], digits(chance, 3)))
    return _twins("a kernel", easy, hard)


SHORTCUT_TWINS = MadeFamily(
    "shortcut twins", {"closed form": _closed_form, "telescoping": _telescoping, "identity": _identity}
)
