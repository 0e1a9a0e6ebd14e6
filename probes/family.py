"""Defines what a probe family is: it makes small programs, with a given number of operations, from a seed."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import NamedTuple, Protocol

from gedanken.experiment.errors import BadInput
from gedanken.experiment.probe_item import ProbeItem, Role, Way

SIZES = (1, 2, 4, 8, 16, 32)
_ID_CHARACTERS = str.maketrans({" ": "-", ".": "-"})


class ProbeFamily(Protocol):
    """A family of small programs, which together test one question about the model."""

    @property
    def name(self) -> str:
        """Name of the family, such as `linear algebra`."""
        ...

    @property
    def operations(self) -> tuple[str, ...]:
        """The kinds of operations in this family, such as `matrix product`; each gets its own verdict."""
        ...

    @property
    def sizes(self) -> tuple[int, ...]:
        """The default sizes: numbers of operations that a program performs."""
        ...

    def items(self, operation: str, size: int, seed: int, count: int) -> list[ProbeItem]:
        """Return `count` groups of items for an operation and a size.

        A larger `count` adds groups at the end. The same seed gives the same items on every machine. Raises BadInput
        for an unknown operation.
        """
        ...


class Part(NamedTuple):
    """One program of a group, with its role in the group, such as `easy` or `hard`."""

    role: Role
    program: str
    rival: str | None = None
    given: str | None = None
    size: int | None = None
    """Number of operations in this program; None if it is the size of the group."""


class Group(NamedTuple):
    """Programs that are made together, such as an easy and a hard one.

    A group may also be a single program.
    """

    template: str
    parts: Sequence[Part]
    rival_is: Way | None = None


MakeGroup = Callable[[int, int, Random], Group]
"""A function that makes a group.

Its parameters are the size, a number that selects the template, and a random generator.
"""


@dataclass(frozen=True, slots=True)
class GroupFamily:
    """A family that has one function for each operation.

    Each call of a function makes one group of programs.
    """

    name: str
    makes: Mapping[str, MakeGroup]
    sizes: tuple[int, ...] = SIZES

    @property
    def operations(self) -> tuple[str, ...]:
        """The kinds of operations; see `ProbeFamily`."""
        return tuple(self.makes)

    def items(self, operation: str, size: int, seed: int, count: int) -> list[ProbeItem]:
        """Return items; see `ProbeFamily`."""
        if operation not in self.makes:
            raise BadInput(f"{self.name} has no operation “{operation}”; it has {', '.join(self.makes)}")
        if size < 1:
            raise BadInput(f"{self.name}: a program needs at least 1 operation, not {size}")
        return [item for number in range(count) for item in self._group(operation, size, seed, number)]

    def _group(self, operation: str, size: int, seed: int, number: int) -> list[ProbeItem]:
        rng = Random(f"{self.name}, {operation}, {size}, {seed}, {number}")
        group = self.makes[operation](size, number, rng)
        name = f"{self.name}-{operation}-{size}-{seed}-{number}".translate(_ID_CHARACTERS)
        return [
            ProbeItem(
                id=f"{name}-{part.role}",
                family=self.name,
                operation=operation,
                template=group.template,
                size=part.size or size,
                seed=seed,
                role=part.role,
                program=part.program,
                pair=name if len(group.parts) > 1 else None,
                rival=part.rival,
                rival_is=group.rival_is if part.role in ("easy", "hard") else None,
                given=part.given,
            )
            for part in group.parts
        ]


def program(body: str, **constants: object) -> str:
    """Return a program: one line for each constant, then `body`."""
    constant_lines = "".join(f"{name} = {value!r}\n" for name, value in constants.items())
    return f"{constant_lines}{body.lstrip()}"


def next_template(templates: Mapping[str, str], number: int) -> tuple[str, str]:
    """Return the name and the text of the template that is next; `number` counts the turns from 0."""
    name = list(templates)[number % len(templates)]
    return name, templates[name]


def random_numbers(rng: Random, count: int, least: int = 1, most: int = 9) -> list[int]:
    """Return `count` random whole numbers from `least` to `most`."""
    return [rng.randint(least, most) for _ in range(count)]
