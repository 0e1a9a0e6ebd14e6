"""Control groups are found even if other programs create and remove theirs at the same time."""

from pathlib import Path

from gedanken.sandbox.cgroup import PREFIX, groups_below


def test_a_group_that_another_program_removes_meanwhile_is_passed_over(tmp_path: Path) -> None:
    groups = [tmp_path / name / f"{PREFIX}one" for name in ("a", "b")]
    for group in groups:
        group.mkdir(parents=True)
    found_groups = groups_below(tmp_path)
    first = next(found_groups)
    other_group = groups[first == groups[0]]
    other_group.rmdir()
    other_group.parent.rmdir()
    assert first in groups and list(found_groups) == []
