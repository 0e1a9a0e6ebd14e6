"""The numbers and names in docs/probes.md agree with the code."""

import re
from pathlib import Path

import pytest

from gedanken.experiment.probe_design import ARMS
from gedanken.graphs.probe_asking import STEPS_FACTOR
from gedanken.machines.batches import PROGRAM_BYTES, PROGRAM_SECONDS, PROGRAMS_A_BATCH, SLACK_SECONDS
from gedanken.machines.suites import JUDGE_SECONDS
from gedanken.probes.families.built_in import FAMILIES, slug
from gedanken.probes.families.seed_twins import FAMOUS

TEXT = " ".join((Path(__file__).parents[2] / "docs/probes.md").read_text().split())


def names_in_table(heading: str) -> list[str]:
    """The names in the first column of the table whose first word is `heading`."""
    table = (
        (Path(__file__).parents[2] / "docs/probes.md").read_text().partition(f"\n| {heading} |")[2].partition("\n\n")
    )
    return [name for row in table[0].splitlines()[2:] for name in re.findall("`([^`]+)`", row.split("|")[1])]


def test_the_tables_name_every_family_and_every_arm() -> None:
    assert sorted(names_in_table("family")) == sorted(map(slug, FAMILIES))
    assert sorted(names_in_table("arm")) == sorted(ARMS)


@pytest.mark.parametrize(
    "said",
    [
        f"in batches of {PROGRAMS_A_BATCH} programs a container",
        f"limits of its own ({PROGRAM_SECONDS:g} s, {PROGRAM_BYTES >> 10} KiB)",
        f"a seed that everybody prints ({', '.join(map(str, FAMOUS))})",
        f"up to {STEPS_FACTOR} times as many tokens",
        f"in the sandbox, within {JUDGE_SECONDS:g} seconds",
        f"a program's time ({PROGRAM_SECONDS:g} s for many together, {JUDGE_SECONDS:g} s for one by itself) and "
        f"{SLACK_SECONDS:g} seconds have passed",
        f"{PROGRAM_SECONDS:g} s in the joint program, {JUDGE_SECONDS + SLACK_SECONDS:g} s by itself",
    ],
)
def test_a_limit_is_told_as_it_is(said: str) -> None:
    assert said in TEXT


def test_each_operation_has_two_templates_or_more() -> None:
    for family in FAMILIES:
        for operation in family.operations:
            assert len({item.template for item in family.items(operation, 4, 0, 8)}) >= 2
