"""Makes programs with an unusual rule, such as lists that count from 1, and with the usual rule."""

from collections.abc import Callable
from functools import partial
from random import Random

from gedanken.probes.family import Group, MadeFamily, Part, digits, program

_INDEXING = """
class Row(list):
    def __getitem__(self, i):
        return list.__getitem__(self, {rule})

row = Row(NUMBERS)
"""
_INDEXED = {
    "sum": """total = START
for i in PLACES:
    total = (total + row[i]) % 100
print(f"{total:02d}")
""",
    "walk": """place = START
for turn in PLACES:
    place = (row[place] + turn) % 7 + 1
print(f"{place:02d}")
""",
}

_OPERATOR = """
class Number(int):
    def __{name}__(self, other):
        return Number(int(self) {sign} int(other))

n = Number(START)
"""
_OPERATED = {
    "add": """for other in OTHERS:
    n = Number((n + other) % 100)
print(f"{int(n):02d}")
""",
    "sub": """for other in OTHERS:
    n = Number((other * 3 + int(Number(n) - other)) % 100)
print(f"{int(n):02d}")
""",
}

_RELU = """
def relu(x):
    return {rule}

x = START
"""
_ACTIVATED = {
    "alternating": """for weight in WEIGHTS:
    x = 50 - relu(x - weight) % 100
print(f"{x:+03d}")
""",
    "sum": """total = 0
for weight in WEIGHTS:
    total = (total + relu(x - weight)) % 100
print(f"{total:02d}")
""",
}

Make = Callable[[str, int, bool, Random], str]
"""The type of a function that makes a program. Its parameters are the name of a template, a size, whether the rule is
changed, and a random generator.
"""


def _group(
    templates: dict[str, str],
    make: Make,
    size: int,
    number: int,
    chance: Random,
) -> Group:
    """Return three programs: with the usual rule, with the changed rule, and a check that uses the changed rule
    once."""
    name = list(templates)[number % len(templates)]
    seed, other = chance.random(), chance.random()
    usual, changed = (make(name, size, changes, Random(seed)) for changes in (False, True))
    once_usual, once = (make(name, 1, changes, Random(other)) for changes in (False, True))
    return Group(
        name,
        [
            Part("easy", usual),
            Part("hard", changed, rival=usual),
            Part("check", once, rival=once_usual, size=1),
        ],
        "imitates",
    )


def _indexed(name: str, size: int, changes: bool, chance: Random) -> str:
    """Return a program that indexes a list of eight numbers with 1 to 7, which are valid under both rules."""
    head = _INDEXING.replace("{rule}", "i - 1" if changes else "i")
    numbers, start = chance.sample(range(1, 10), 8), chance.randint(1, 7)
    places = [chance.randint(1, 7) for _ in range(size)]
    return program(f"{head.strip()}\n{_INDEXED[name]}", NUMBERS=numbers, START=start, PLACES=places)


def _operated(name: str, size: int, changes: bool, chance: Random) -> str:
    usual, other = {"add": ("+", "*"), "sub": ("-", "+")}[name]
    head = _OPERATOR.replace("{name}", name).replace("{sign}", other if changes else usual)
    return program(
        f"{head.strip()}\n{_OPERATED[name]}", START=chance.randint(11, 99), OTHERS=digits(chance, size, 2, 9)
    )


def _activated(name: str, size: int, changes: bool, chance: Random) -> str:
    head = _RELU.replace("{rule}", "-x" if changes else "max(0, x)")
    return program(
        f"{head.strip()}\n{_ACTIVATED[name]}", START=chance.randint(11, 49), WEIGHTS=digits(chance, size, 10, 60)
    )


COUNTERFACTUAL = MadeFamily(
    "counterfactual",
    {
        "1-based indexing": partial(_group, _INDEXED, _indexed),
        "patched operator": partial(_group, _OPERATED, _operated),
        "negative ReLU": partial(_group, _ACTIVATED, _activated),
    },
)
