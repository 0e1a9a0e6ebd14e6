"""Makes a well-known program, an edit that computes something else, and an edit that computes the same."""

import re
from dataclasses import dataclass
from random import Random

from gedanken.probes.family import Group, GroupFamily, Part, program

_FOR_LOOP = """
{init}
for i in range({first}, N + {first}):
    {step}
print(f"{{{shown}:04d}}")
"""
_WHILE_LOOP = """
{init}
i = {first}
while i < N + {first}:
    {step}
    i += 1
print(f"{{{shown}:04d}}")
"""


@dataclass(frozen=True, slots=True)
class KnownLoop:
    """A well-known loop, such as the sum of the first N numbers."""

    init: str
    step: str
    shown: str
    changes: tuple[tuple[str, str], ...]
    """Minimal edits that change what the program computes, as (old text, new text).

    The old text is in `init` or in `step`.
    """

    def text(self, size: int, shape: str = _FOR_LOOP, change: tuple[str, str] = ("", ""), extra: str = "") -> str:
        """Return the program for a size.

        `shape` is the template of the loop, `change` is one of `changes`, and `extra` is text that is put before the
        step.
        """
        old, new = change
        lines = f"{self.init}\n{self.step}"
        assert not old or old in lines, f"{old} does not occur in {lines}"
        init, step = (part.replace(old, new, 1) if old else part for part in (self.init, self.step))
        body = shape.format(init=init, step=f"{extra}{step}", first=1, shown=self.shown)
        return program(body, N=size)


_SUMS = {
    "sum": KnownLoop("total = 0", "total = (total + i) % 10000", "total", (("= 0", "= 3"), ("+ i", "- i"))),
    "sum of squares": KnownLoop(
        "total = 0", "total = (total + i * i) % 10000", "total", (("i * i", "i * 4"), ("= 0", "= 7"))
    ),
    "factorial": KnownLoop("p = 1", "p = p * i % 10000", "p", (("* i", "* (i + 2)"), ("= 1", "= 3"))),
}
_SEQUENCES = {
    "fibonacci": KnownLoop(
        "a, b = 0, 1", "a, b = b, (a + b) % 10000", "a", (("0, 1", "2, 1"), ("a + b", "a + 2 * b"))
    ),
    "powers of two": KnownLoop("x = 1", "x = (x * 2) % 10000", "x", (("x * 2", "x * 2 + 1"), ("x * 2", "x * 3"))),
    "collatz": KnownLoop(
        "x = 27",
        "x = x // 2 if x % 2 == 0 else 3 * x + 1",
        "x",
        (("3 * x + 1", "3 * x - 1"), ("= 27", "= 29"), ("// 2", "// 3")),
    ),
}
_OBSCURE_NAMES = ("qv", "mzk", "wt", "ub", "jx")


def _rename_variables(text: str, rng: Random) -> str:
    """Return the program with meaningless variable names."""
    names = sorted(set(re.findall(r"\b(?:total|[abipx])\b", text)))
    new_names = dict(zip(names, rng.sample(_OBSCURE_NAMES, len(names)), strict=True))
    return re.sub(r"\b(?:total|[abipx])\b", lambda match: new_names[match[0]], text)


def _edited_group(loops: dict[str, KnownLoop], size: int, number: int, rng: Random) -> Group:
    name = list(loops)[number % len(loops)]
    loop = loops[name]
    usual = loop.text(size)
    changed = loop.text(size, change=rng.choice(loop.changes))
    preserved = rng.choice(
        (
            _rename_variables(usual, rng),
            loop.text(size, _WHILE_LOOP),
            loop.text(size, extra="unused = i * 7\n    "),
        )
    )
    return Group(name, [Part("easy", usual), Part("hard", changed, rival=usual), Part("same", preserved)], "imitates")


MUTATIONS = GroupFamily(
    "mutations",
    {
        "sums": lambda size, number, rng: _edited_group(_SUMS, size, number, rng),
        "sequences": lambda size, number, rng: _edited_group(_SEQUENCES, size, number, rng),
    },
)
