"""Decides which questions a probe asks, in which order, and how many fit into a time limit."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby

from gedanken.experiment.probe_design import Arm, Plan, ProbeDesign, Question, SuiteItem
from gedanken.experiment.probe_item import SUITE, ProbeItem
from gedanken.probes.families.built_in import family

Unit = tuple[Question, ...]
"""Questions that are asked one after the other in one session; most sessions have only one question."""
ENOUGH_GROUPS = 3
"""Number of groups for each operation and size that a plan keeps as long as it can. If time is short, it leaves out
the largest sizes first."""
DIRECT_SHARE = 0.75
"""Share of the time that the questions of the arm `direct` may take. The remaining time is for the other arms (ways
of asking).
"""
PILOT = 4
"""Number of `direct` questions that are asked first, to measure how long one takes."""
_IN_HORIZON = ("alone", "easy", "hard")


def sizes_of(design: ProbeDesign) -> tuple[int, ...]:
    """Return the sizes of a design, smallest first; the default sizes of its families if the design names none."""
    usual = {size for name in design.families for size in family(name).sizes}
    return tuple(sorted(set(design.sizes) or usual))


def items_of(design: ProbeDesign, sizes: Sequence[int], groups: int) -> list[ProbeItem]:
    """Return the items of a design in `groups` rounds, then the items of the user's suite. Each round has one group
    for each operation and size."""
    made = {
        (name, operation, size): _groups(family(name).items(operation, size, design.seed, groups))
        for name in design.families
        for operation in family(name).operations
        for size in sizes
    }
    # If time runs out, all operations and sizes have been asked about nearly equally often.
    ordered = [
        item
        for number in range(groups)
        for size in sizes
        for (_, _, its_size), some in made.items()
        if its_size == size
        for item in some[number]
    ]
    return ordered + [suite_item(line) for line in design.suite]


def units_of(design: ProbeDesign, items: Sequence[ProbeItem]) -> tuple[list[Unit], list[Unit]]:
    """Return two lists of units: those of the arm `direct`, and those of the other arms, the most informative arm
    first."""
    direct: list[Unit] = [
        (Question(item.id, "direct", sample),) for sample in range(design.samples) for item in items
    ]
    asked = set(design.arms)
    more: dict[Arm, list[Unit]] = {
        "again": _again(items),
        "forced": [(Question(item.id, "forced"),) for item in items if item.given is not None],
        "session": list(_sessions(items)),
        "steps": [(Question(item.id, "steps"),) for item in items if item.role in _IN_HORIZON],
    }
    wanted = [(name, units) for name, units in more.items() if name in asked]
    return direct if "direct" in asked else [], [unit for _, units in wanted for unit in units]


def mixed(direct: Sequence[Unit], more: Sequence[Unit]) -> list[Unit]:
    """Return all units, with `more` spread evenly among `direct`, so that a time limit cuts both lists alike."""
    at = [(index / max(1, len(direct)), unit) for index, unit in enumerate(direct)]
    between = [((index + 1) / (len(more) + 1), unit) for index, unit in enumerate(more)]
    return [unit for _, unit in sorted([*at, *between], key=lambda placed: placed[0])]


def pilot_of(design: ProbeDesign, items: Sequence[ProbeItem]) -> list[Unit]:
    """Return the units that are asked first, to measure how long a question takes; every plan contains them."""
    direct, more = units_of(design, items)
    steps = [unit for unit in more if unit[0].arm == "steps"]
    return [*direct[:PILOT], *steps[:1]]


def plan_in(design: ProbeDesign, seconds: float, taken: Mapping[Arm, float]) -> Plan:
    """Return the part of a design that fits into `seconds`; the largest sizes are left out first. `taken` holds the
    seconds for one question of each arm."""
    sizes = sizes_of(design)

    def seconds_of(count: int, groups: int) -> float:
        return _seconds(units_of(design, items_of(design, sizes[:count], groups))[0], taken)

    # A few sizes with enough programs each are more informative than many sizes with one program.
    tries = [(count, groups) for groups in range(min(ENOUGH_GROUPS, design.groups), 0, -1) for count in _down(sizes)]
    fits = [found for found in tries if seconds_of(*found) <= DIRECT_SHARE * seconds]
    count, groups = fits[0] if fits else (1, 1)
    while groups < design.groups and seconds_of(count, groups + 1) <= DIRECT_SHARE * seconds:
        groups += 1
    direct, more = units_of(design, items_of(design, sizes[:count], groups))
    left, number = seconds - _seconds(direct, taken), 0
    for unit in more:
        left -= _seconds([unit], taken)
        if left < 0:
            break
        number += 1
    return Plan(sizes[:count], groups, number)


def whole_plan(design: ProbeDesign) -> Plan:
    """Return the plan that asks the complete design."""
    items = items_of(design, sizes_of(design), design.groups)
    return Plan(sizes_of(design), design.groups, len(units_of(design, items)[1]))


def _seconds(units: Iterable[Unit], taken: Mapping[Arm, float]) -> float:
    return sum(taken.get(question.arm, taken["direct"]) for unit in units for question in unit)


def _down(sizes: Sequence[int]) -> range:
    return range(len(sizes), min(2, len(sizes)) - 1, -1)


def _groups(items: Iterable[ProbeItem]) -> list[list[ProbeItem]]:
    return [list(some) for _, some in groupby(items, lambda item: item.pair or item.id)]


def _again(items: Sequence[ProbeItem]) -> list[Unit]:
    """Return one unit for each operation, which asks once more about the operation's first item."""
    first: dict[tuple[str, str], ProbeItem] = {}
    for item in items:
        if item.role in _IN_HORIZON:
            first.setdefault((item.family, item.operation), item)
    return [(Question(item.id, "again"),) for item in first.values()]


def _sessions(items: Sequence[ProbeItem]) -> Iterator[Unit]:
    """Yield two sessions for each family with at least three items: the second asks about them in reverse order."""
    for name in dict.fromkeys(item.family for item in items):
        ids = [item.id for item in items if item.family == name and item.role in _IN_HORIZON][:3]
        if len(ids) < 3:
            continue
        there: list[Question] = [Question(one, "session", 0, tuple(ids[:at])) for at, one in enumerate(ids)]
        yield (*there, Question(ids[0], "later", 0, tuple(ids)))
        back = ids[::-1]
        yield tuple(Question(one, "other order", 0, tuple(back[:at])) for at, one in enumerate(back))


def suite_item(line: SuiteItem) -> ProbeItem:
    """Return an item for a line of the user's suite; the item's program prints the function's result."""
    return ProbeItem(
        id=line.id,
        family=SUITE,
        operation="functions",
        template=line.id,
        size=1,
        seed=0,
        role="alone",
        program=f"{line.code.rstrip()}\n\nprint(repr({line.call}))\n",
    )
