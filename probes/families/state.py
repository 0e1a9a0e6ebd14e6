"""Makes programs that change a value, the state, in each round, so that one error makes all later values wrong."""

from collections.abc import Callable, Mapping
from functools import partial
from random import Random

from gedanken.probes.family import Group, GroupFamily, Part, next_template, program, random_numbers

# The state is printed after round SHOWN. This is the last round; in an item with the role `middle`, it is the round
# half-way. The arm `forced` tells the model the state before the last round.
_LOOP = """
state = shown = START
for step in range(ROUNDS):
{work}
    if step + 1 == SHOWN:
        shown = state
print({print})
"""
_NUMBER = 'f"{shown:03d}"'

_HASHES = {
    "polynomial": ("    state = (state * FACTOR + DATA[step % 5]) % 1000", _NUMBER),
    "xor and multiply": ("    state = ((state ^ DATA[step % 5]) * FACTOR) % 1000", _NUMBER),
}
_GENERATORS = {
    "linear congruential": ("    state = (FACTOR * state + SHIFT) % 1000", _NUMBER),
    "middle square": ("    state = (state * state // 10 + SHIFT) % 1000", _NUMBER),
    "xorshift": ("    state ^= state << 3 & 255\n    state ^= state >> 5\n    state ^= state << 4 & 255", _NUMBER),
}
_PERMUTATIONS = {
    "letters": ("    state = [state[place] for place in ORDERS[step % 2]]", '"".join(shown)'),
    "numbers": ("    state = [ORDERS[step % 2][place] for place in state]", '"".join(map(str, shown))'),
}
_STACKS = {
    "words": (
        """    word = CODE[step]
    if word == "add":
        state = state[:-2] + [(state[-2] + state[-1]) % 100]
    elif word == "mul":
        state = state[:-2] + [state[-2] * state[-1] % 100]
    elif word == "swap":
        state = state[:-2] + [state[-1], state[-2]]
    else:
        state = state + [word]""",
        'f"{shown[-1]:02d} {shown[-2]:02d}"',
    ),
    "functions": (
        """    state = {
        "add": lambda s: s[:-2] + [(s[-2] + s[-1]) % 100],
        "mul": lambda s: s[:-2] + [s[-2] * s[-1] % 100],
        "swap": lambda s: s[:-2] + [s[-1], s[-2]],
    }.get(CODE[step], lambda s: s + [CODE[step]])(state)""",
        'f"{shown[-1]:02d} {shown[-2]:02d}"',
    ),
}
_STRINGS = {
    "slices": (
        """    kind, at = EDITS[step % 4]
    if kind == "turn":
        state = state[at:] + state[:at]
    elif kind == "flip":
        state = state[:at][::-1] + state[at:]
    else:
        state = state[:at] + "xyz"[step % 3] + state[at + 1:]""",
        "shown",
    ),
    "parts": (
        """    kind, at = EDITS[step % 4]
    head, tail = state[:at], state[at:]
    moved = {"turn": tail + head, "flip": head[::-1] + tail, "put": head + "xyz"[step % 3] + tail[1:]}
    state = moved[kind]""",
        "shown",
    ),
}

Templates = Mapping[str, tuple[str, str]]


def _program_text(template: tuple[str, str], size: int, shown: int, constants: Mapping[str, object]) -> str:
    work, print_expression = template
    body = _LOOP.replace("{work}", work).replace("{print}", print_expression)
    return program(body, **constants, ROUNDS=size, SHOWN=shown)


def _end_and_middle_parts(template: tuple[str, str], size: int, constants: Mapping[str, object]) -> list[Part]:
    """Return two programs: one prints the state at the end, the other half-way.

    For size 1, return only the first.
    """
    text = partial(_program_text, template, size, constants=constants)
    if size == 1:
        return [Part("hard", text(1))]
    return [Part("hard", text(size), given=text(size - 1)), Part("middle", text(size // 2))]


def _single_group(
    templates: Templates,
    make_constants: Callable[[str, Random], dict[str, object]],
    size: int,
    number: int,
    rng: Random,
) -> Group:
    names = {name: name for name in templates}
    name, _ = next_template(names, number)
    parts = _end_and_middle_parts(templates[name], size, make_constants(name, rng))
    return Group(name, [part._replace(role="alone") if part.role == "hard" else part for part in parts])


def _easy_hard_group(
    templates: Templates,
    make_constants: Callable[[Random], tuple[dict[str, object], dict[str, object]]],
    size: int,
    number: int,
    rng: Random,
) -> Group:
    """Return an easy program, for whose result there is a formula, and a hard one.

    From size 2 on, also return the hard program stopped half-way.
    """
    name, _ = next_template({name: name for name in templates}, number)
    easy_constants, hard_constants = make_constants(rng)
    easy = Part("easy", _program_text(templates[name], size, size, easy_constants))
    return Group(name, [easy, *_end_and_middle_parts(templates[name], size, hard_constants)], "shortcut")


def _hash_constants(_name: str, rng: Random) -> dict[str, object]:
    return {
        "START": rng.randint(100, 999),
        "FACTOR": rng.choice((7, 11, 13, 17, 19)),
        "DATA": random_numbers(rng, 5),
    }


def _generator_constants(name: str, rng: Random) -> dict[str, object]:
    if name == "xorshift":
        return {"START": rng.randint(1, 255)}
    factor = {"FACTOR": rng.choice((21, 37, 41, 57, 61))} if name == "linear congruential" else {}
    return {"START": rng.randint(100, 999), **factor, "SHIFT": rng.randint(11, 97)}


def _permutation_constants(name: str, rng: Random) -> tuple[dict[str, object], dict[str, object]]:
    start: list[object] = list("abcdef") if name == "letters" else list(range(6))
    rng.shuffle(start)
    rotations = [[(place + shift) % 6 for place in range(6)] for shift in rng.sample(range(1, 6), 2)]
    orders = [rng.sample(range(6), 6) for _ in range(2)]
    return {"START": start, "ORDERS": rotations}, {"START": start, "ORDERS": orders}


def _permutations(size: int, number: int, rng: Random) -> Group:
    name, _ = next_template({name: name for name in _PERMUTATIONS}, number)
    return _easy_hard_group(_PERMUTATIONS, partial(_permutation_constants, name), size, number, rng)


def _stack_constants(size: int, rng: Random) -> dict[str, object]:
    """Return a stack and `size` instructions, which keep two to six numbers on the stack."""
    start, code = random_numbers(rng, 3), list[str | int]()
    depth = len(start)
    for _ in range(size):
        words: list[str | int] = ["swap"]
        words += ["add", "mul"] if depth > 2 else []
        words += [rng.randint(1, 9), rng.randint(1, 9)] if depth < 6 else []
        word = rng.choice(words)
        depth += 1 if isinstance(word, int) else 0 if word == "swap" else -1
        code.append(word)
    return {"START": start, "CODE": code}


def _stack(size: int, number: int, rng: Random) -> Group:
    return _single_group(_STACKS, lambda _name, rng: _stack_constants(size, rng), size, number, rng)


def _edit_constants(rng: Random) -> tuple[dict[str, object], dict[str, object]]:
    start = "".join(rng.sample("abcdefghklmnopqrstuv", 6))
    turns = [("turn", rng.randint(1, 5)) for _ in range(4)]
    mixed = [("turn", rng.randint(1, 5)), ("flip", rng.randint(2, 5)), ("put", rng.randint(0, 5))]
    mixed.append(("flip", rng.randint(2, 5)))
    return {"START": start, "EDITS": turns}, {"START": start, "EDITS": mixed}


STATE = GroupFamily(
    "state",
    {
        "hash rounds": partial(_single_group, _HASHES, _hash_constants),
        "PRNG steps": partial(_single_group, _GENERATORS, _generator_constants),
        "permutations": _permutations,
        "stack machine": _stack,
        "string state": partial(_easy_hard_group, _STRINGS, _edit_constants),
    },
)
