"""Decides which questions a probe asks, in which order, and how many fit into a time limit."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby

from gedanken.experiment.probe_design import Arm, Plan, ProbeDesign, Question, SuiteItem
from gedanken.experiment.probe_item import SUITE, ProbeItem
from gedanken.probes.families.built_in import find_family

Unit = tuple[Question, ...]
"""Questions that are asked one after the other in one session. Most sessions have only one question."""
ENOUGH_GROUPS_PER_SIZE = 3
"""Number of groups that a plan keeps for each operation and size as long as possible.

If time is short, the plan leaves out the largest sizes before it goes below this number.
"""
DIRECT_SHARE = 0.75
"""Share of the time that the questions of the arm `direct` may take.

The remaining time is for the other arms.
"""
PILOT_QUESTIONS = 4
"""Number of `direct` questions that are asked first, to measure how long one question takes."""
_HORIZON_ROLES = ("alone", "easy", "hard")


def sizes_of(design: ProbeDesign) -> tuple[int, ...]:
    """Return the sizes of a design, smallest first.

    If the design names no sizes, they are the default sizes of its families.
    """
    default_sizes = {size for name in design.families for size in find_family(name).sizes}
    return tuple(sorted(set(design.sizes) or default_sizes))


def items_of(design: ProbeDesign, sizes: Sequence[int], groups: int) -> list[ProbeItem]:
    """Return the items of a design in `groups` rounds, then the items of the user's suite.

    Each round has one group for each operation and size.
    """
    groups_by_kind = {
        (name, operation, size): _split_into_groups(find_family(name).items(operation, size, design.seed, groups))
        for name in design.families
        for operation in find_family(name).operations
        for size in sizes
    }
    # With this order, all operations and sizes are asked about nearly equally often, even if time runs out.
    ordered = [
        item
        for number in range(groups)
        for size in sizes
        for (_, _, kind_size), kind_groups in groups_by_kind.items()
        if kind_size == size
        for item in kind_groups[number]
    ]
    return ordered + [suite_item(line) for line in design.suite]


def units_of(design: ProbeDesign, items: Sequence[ProbeItem]) -> tuple[list[Unit], list[Unit]]:
    """Return the units of the arm `direct`, and the units of all other arms.

    The other arms are in order of how much their answers tell; the most informative one is first.
    """
    direct: list[Unit] = [
        (Question(item.id, "direct", sample),) for sample in range(design.samples) for item in items
    ]
    arms = set(design.arms)
    units_by_arm: dict[Arm, list[Unit]] = {
        "again": _repeated_questions(items),
        "forced": [(Question(item.id, "forced"),) for item in items if item.given is not None],
        "session": list(_session_units(items)),
        "steps": [(Question(item.id, "steps"),) for item in items if item.role in _HORIZON_ROLES],
    }
    selected = [(name, units) for name, units in units_by_arm.items() if name in arms]
    return direct if "direct" in arms else [], [unit for _, units in selected for unit in units]


def interleave(direct: Sequence[Unit], others: Sequence[Unit]) -> list[Unit]:
    """Return all units, with `others` spread evenly among `direct`.

    If a time limit ends the probe early, the same share of both lists has been asked.
    """
    placed_direct = [(index / max(1, len(direct)), unit) for index, unit in enumerate(direct)]
    placed_others = [((index + 1) / (len(others) + 1), unit) for index, unit in enumerate(others)]
    return [unit for _, unit in sorted([*placed_direct, *placed_others], key=lambda pair: pair[0])]


def pilot_of(design: ProbeDesign, items: Sequence[ProbeItem]) -> list[Unit]:
    """Return the units that are asked first, to measure how long a question takes.

    Every plan contains these units.
    """
    direct, others = units_of(design, items)
    steps = [unit for unit in others if unit[0].arm == "steps"]
    return [*direct[:PILOT_QUESTIONS], *steps[:1]]


def plan_within(design: ProbeDesign, seconds: float, seconds_by_arm: Mapping[Arm, float]) -> Plan:
    """Return the part of a design that fits into `seconds`. The largest sizes are left out first.

    `seconds_by_arm` holds the seconds for one question of each arm.
    """
    sizes = sizes_of(design)

    def seconds_of(count: int, groups: int) -> float:
        return _total_seconds(units_of(design, items_of(design, sizes[:count], groups))[0], seconds_by_arm)

    # A few sizes with enough programs each are more informative than many sizes with one program.
    options = [
        (count, groups)
        for groups in range(min(ENOUGH_GROUPS_PER_SIZE, design.groups), 0, -1)
        for count in _size_counts(sizes)
    ]
    fitting = [option for option in options if seconds_of(*option) <= DIRECT_SHARE * seconds]
    count, groups = fitting[0] if fitting else (1, 1)
    while groups < design.groups and seconds_of(count, groups + 1) <= DIRECT_SHARE * seconds:
        groups += 1
    direct, others = units_of(design, items_of(design, sizes[:count], groups))
    seconds_left, number = seconds - _total_seconds(direct, seconds_by_arm), 0
    for unit in others:
        seconds_left -= _total_seconds([unit], seconds_by_arm)
        if seconds_left < 0:
            break
        number += 1
    return Plan(sizes[:count], groups, number)


def whole_plan(design: ProbeDesign) -> Plan:
    """Return the plan that asks the complete design."""
    items = items_of(design, sizes_of(design), design.groups)
    return Plan(sizes_of(design), design.groups, len(units_of(design, items)[1]))


def _total_seconds(units: Iterable[Unit], seconds_by_arm: Mapping[Arm, float]) -> float:
    return sum(seconds_by_arm.get(question.arm, seconds_by_arm["direct"]) for unit in units for question in unit)


def _size_counts(sizes: Sequence[int]) -> range:
    return range(len(sizes), min(2, len(sizes)) - 1, -1)


def _split_into_groups(items: Iterable[ProbeItem]) -> list[list[ProbeItem]]:
    return [list(group) for _, group in groupby(items, lambda item: item.pair or item.id)]


def _repeated_questions(items: Sequence[ProbeItem]) -> list[Unit]:
    """Return one unit for each operation. It repeats the question about the operation's first item."""
    first_items: dict[tuple[str, str], ProbeItem] = {}
    for item in items:
        if item.role in _HORIZON_ROLES:
            first_items.setdefault((item.family, item.operation), item)
    return [(Question(item.id, "again"),) for item in first_items.values()]


def _session_units(items: Sequence[ProbeItem]) -> Iterator[Unit]:
    """Yield two sessions for each family with at least three items.

    The first asks about three items, and once more about the first; the second asks in reverse order.
    """
    for name in dict.fromkeys(item.family for item in items):
        ids = [item.id for item in items if item.family == name and item.role in _HORIZON_ROLES][:3]
        if len(ids) < 3:
            continue
        forward: list[Question] = [
            Question(item_id, "session", 0, tuple(ids[:index])) for index, item_id in enumerate(ids)
        ]
        yield (*forward, Question(ids[0], "later", 0, tuple(ids)))
        reversed_ids = ids[::-1]
        yield tuple(
            Question(item_id, "other order", 0, tuple(reversed_ids[:index]))
            for index, item_id in enumerate(reversed_ids)
        )


def suite_item(line: SuiteItem) -> ProbeItem:
    """Return an item for a line of the user's suite. The item's program prints the function's result."""
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
