"""Makes programs with an unusual rule, such as lists that count from 1, and with the usual rule."""

from collections.abc import Callable
from functools import partial
from random import Random

from gedanken.probes.family import Group, GroupFamily, Part, program, random_numbers

_INDEXING_CLASS = """
class Row(list):
    def __getitem__(self, i):
        return list.__getitem__(self, {rule})

row = Row(NUMBERS)
"""
_INDEXING_BODIES = {
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

_OPERATOR_CLASS = """
class Number(int):
    def __{name}__(self, other):
        return Number(int(self) {sign} int(other))

n = Number(START)
"""
_OPERATOR_BODIES = {
    "add": """for other in OTHERS:
    n = Number((n + other) % 100)
print(f"{int(n):02d}")
""",
    "sub": """for other in OTHERS:
    n = Number((other * 3 + int(Number(n) - other)) % 100)
print(f"{int(n):02d}")
""",
}

_RELU_FUNCTION = """
def relu(x):
    return {rule}

x = START
"""
_RELU_BODIES = {
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

MakeProgram = Callable[[str, int, bool, Random], str]
"""A function that makes a program.

Its parameters are the name of a template, a size, whether the rule is changed, and a random generator.
"""


def _group(
    templates: dict[str, str],
    make: MakeProgram,
    size: int,
    number: int,
    rng: Random,
) -> Group:
    """Return three programs: an easy one, a hard one, and a check.

    The easy program has the usual rule, and the hard program the changed rule. The check uses the changed rule just
    once.
    """
    name = list(templates)[number % len(templates)]
    seed, check_seed = rng.random(), rng.random()
    usual_program, changed_program = (make(name, size, changes_rule, Random(seed)) for changes_rule in (False, True))
    usual_check, check = (make(name, 1, changes_rule, Random(check_seed)) for changes_rule in (False, True))
    return Group(
        name,
        [
            Part("easy", usual_program),
            Part("hard", changed_program, rival=usual_program),
            Part("check", check, rival=usual_check, size=1),
        ],
        "imitates",
    )


def _indexing_program(name: str, size: int, changes_rule: bool, rng: Random) -> str:
    """Return a program that indexes a list of eight numbers with 1 to 7. These indices are valid whether lists count
    from 0 or from 1.
    """
    definition = _INDEXING_CLASS.replace("{rule}", "i - 1" if changes_rule else "i")
    numbers, start = rng.sample(range(1, 10), 8), rng.randint(1, 7)
    places = [rng.randint(1, 7) for _ in range(size)]
    return program(f"{definition.strip()}\n{_INDEXING_BODIES[name]}", NUMBERS=numbers, START=start, PLACES=places)


def _operator_program(name: str, size: int, changes_rule: bool, rng: Random) -> str:
    usual_sign, changed_sign = {"add": ("+", "*"), "sub": ("-", "+")}[name]
    definition = _OPERATOR_CLASS.replace("{name}", name).replace(
        "{sign}", changed_sign if changes_rule else usual_sign
    )
    return program(
        f"{definition.strip()}\n{_OPERATOR_BODIES[name]}",
        START=rng.randint(11, 99),
        OTHERS=random_numbers(rng, size, 2, 9),
    )


def _relu_program(name: str, size: int, changes_rule: bool, rng: Random) -> str:
    definition = _RELU_FUNCTION.replace("{rule}", "-x" if changes_rule else "max(0, x)")
    return program(
        f"{definition.strip()}\n{_RELU_BODIES[name]}",
        START=rng.randint(11, 49),
        WEIGHTS=random_numbers(rng, size, 10, 60),
    )


COUNTERFACTUAL = GroupFamily(
    "counterfactual",
    {
        "1-based indexing": partial(_group, _INDEXING_BODIES, _indexing_program),
        "patched operator": partial(_group, _OPERATOR_BODIES, _operator_program),
        "negative ReLU": partial(_group, _RELU_BODIES, _relu_program),
    },
)
