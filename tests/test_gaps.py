"""A step that one of three imagined logs leaves out is found by what its lines count, whatever names it."""

import json
from collections.abc import Callable
from random import Random

import pytest
from test_log_structure import checks, compared


def csv(random: Random, at: int) -> str:
    return f"{at},{1 / (at + 1) + random.gauss(0, 0.05):.4f},{random.uniform(3, 5):.1f}"


def columns(random: Random, at: int) -> str:
    return f"{1 / (at + 1) + random.gauss(0, 0.05):>9.4f} {10 * at:>6d}"


def process(random: Random, at: int) -> str:
    return (
        f"I0{random.randrange(100, 999)} 10:11:12.{random.randrange(10**6):06d} {random.randrange(10**4)} run.cc:8] "
        f"at {50 * at}: nll = {1 / (at + 1) + random.gauss(0, 0.05):.4f}"
    )


def keys(random: Random, at: int) -> str:
    values = {"nll": round(1 / (at + 1) + random.gauss(0, 0.05), 4), "tokens": 4096 * at, "norm": random.random()}
    return json.dumps(dict(random.sample(list(values.items()), 3)))


def per_epoch(random: Random, at: int) -> str:
    return f"epoch {at // 4} batch {at % 4 * 100} nll {1 / (at + 1) + random.gauss(0, 0.05):.4f}"


HEADS: dict[Callable[[Random, int], str], str] = {csv: "epoch,rmse,seconds\n", columns: "     rmse   step\n"}
COUNTED: dict[Callable[[Random, int], str], str] = {
    csv: "epoch 5 to 7",
    columns: "step 50 to 70",
    process: "250 to 350",
    keys: "tokens 20480 to 28672",
    per_epoch: "batch 100 to 300",
}
STYLES = [csv, columns, process, keys, per_epoch]


def log(style: Callable[[Random, int], str], seed: int, left_out: int | None = None) -> str:
    random = Random(seed)
    lines = [style(random, at) + "\n" for at in range(12)]
    after = "saved\n" if style is process else ""
    return HEADS.get(style, "") + "".join(line + after for at, line in enumerate(lines) if at != left_out) + "done\n"


@pytest.mark.parametrize("style", STYLES)
def test_a_step_that_one_of_three_leaves_out_is_one_finding(style: Callable[[Random, int], str]) -> None:
    real = [log(style, seed) for seed in range(7)]
    found = compared(real, [log(style, 20, left_out=6), log(style, 21), log(style, 22)])
    assert checks(found) == ["count skips"]
    (skips,) = (finding for finding in found.findings if finding.check == "count skips")
    assert skips.runs == ("imagined1",)
    assert skips.observed.startswith(f"jumps from {COUNTED[style]} ")
    assert not any("missing" in reason for reason in found.undecided)


@pytest.mark.parametrize("style", STYLES)
def test_logs_that_count_on_are_no_finding(style: Callable[[Random, int], str]) -> None:
    real = [log(style, seed) for seed in range(7)]
    assert checks(compared(real, [log(style, seed) for seed in (20, 21, 22)])) == []


def test_what_the_gap_does_not_hold_is_a_finding_of_its_own() -> None:
    real = [log(per_epoch, seed).replace("done", "testing\ntested\ndone") for seed in range(7)]
    lacking = log(per_epoch, 20, left_out=6).replace("done", "tested\ndone")
    others = [log(per_epoch, seed).replace("done", "testing\ntested\ndone") for seed in (21, 22)]
    assert "count skips" in checks(compared(real, [lacking, *others]))
    assert "print count differs" in checks(compared(real, [lacking] * 3))


NAMED = ("parses", "adds", "rejects nan", "keeps order", "is stable", "closes")


@pytest.mark.parametrize("head", ["ok {} - {}", "[{}/6] building {}.o", "Case {} finished: {}"])
def test_what_is_numbered_counts_whatever_is_said_of_each(head: str) -> None:
    def listed(seed: int, left_out: int = 0) -> str:
        lines = [head.format(at, name) for at, name in enumerate(NAMED, start=1) if at != left_out]
        return "\n".join([*lines, f"took {Random(seed).random():.3f} s", ""])

    real = [listed(seed) for seed in range(7)]
    found = compared(real, [listed(seed, left_out=3) for seed in (20, 21, 22)])
    assert checks(found) == ["count skips"] and " 2 to 4 " in found.findings[0].observed
    assert checks(compared(real, [listed(seed) for seed in (20, 21, 22)])) == []


def test_the_best_step_so_far_may_jump() -> None:
    def best(seed: int, worse: int | None = None) -> str:
        random, at_hand, lines = Random(seed), 0, []
        for at in range(10):
            at_hand = at_hand if at == worse else at
            lines.append(f"step {at} nll {1 / (at + 1) + random.gauss(0, 0.01):.4f} best at {at_hand}\n")
        return "".join(lines)

    assert checks(compared([best(seed) for seed in range(7)], [best(20, worse=4), best(21), best(22)])) == []


def in_rounds(seed: int, shown: Callable[[int, int], bool] = lambda *_: True, *, tested: bool = False) -> str:
    random, lines = Random(seed), []
    for part in range(6):
        for at in range(0, 40, 10):
            nll = 1 / (4 * part + at / 10 + 1) + random.gauss(0, 0.02)
            lines += [f"<{part} of 6, {at:>2}> nll {nll:.4f}"] if shown(part, at) else []
        lines += [f"tested: nll {nll + 0.1:.4f}"] if tested and shown(part, 0) else []
    return "\n".join([*lines, ""])


ROUNDS = [in_rounds(seed) for seed in range(7)]


@pytest.mark.parametrize("tested", [False, True])
def test_a_gap_in_what_counts_over_several_lines_is_no_early_end(tested: bool) -> None:
    real = [in_rounds(seed, tested=tested) for seed in range(7)]
    lacking = [in_rounds(seed, lambda part, _at: part not in (2, 3), tested=tested) for seed in (20, 21, 22)]
    found = compared(real, lacking)
    assert checks(found) == ["count skips"] and "1 to 4" in found.findings[0].observed
    assert not any("end" in reason for reason in found.undecided)


def test_a_log_that_has_its_last_line_lacks_lines_before_it_and_does_not_end_early() -> None:
    left_out = ((2, 20), (2, 30), (3, 0))
    lacking = [in_rounds(seed, lambda *place: place not in left_out) for seed in (20, 21, 22)]
    assert checks(compared(ROUNDS, lacking)) == ["print count differs"]


@pytest.mark.parametrize("last", [(5, 0), (4, 30)])
def test_a_log_that_counts_over_several_lines_may_end_early_all_the_same(last: tuple[int, int]) -> None:
    cut = [in_rounds(seed, lambda part, at: (part, at) <= last) for seed in (20, 21, 22)]
    gap = [in_rounds(seed, lambda part, at: part != 2 and (part, at) <= last) for seed in (20, 21, 22)]
    assert checks(compared(ROUNDS, cut)) == ["ends early"]
    assert "ends early" in checks(compared(ROUNDS, gap))


def boxed(seed: int, left_out: int | None = None, add: float = 0.0) -> str:
    random, lines = Random(seed), []
    for at in range(14):
        nll, drift = 3 - at / 5 + random.gauss(0, 0.02) + add, at / 4 + random.gauss(0, 0.02)
        rows = [f"| nll   | {nll:.4f} |", f"| lap   | {at} |", f"| drift | {drift:.4f} |", "+-------+"]
        lines += rows if at != left_out else []
    return "\n".join([*lines, ""])


def in_parts(seed: int, left_out: tuple[int, ...] = (), add: float = 0.0) -> str:
    random, lines = Random(seed), []
    for at in range(12):
        rows = [f"({at} of 12) part {part} of 3 nll {3 - at / 5 + random.gauss(0, 0.02) + add:.4f}" for part in "123"]
        rows += [f"tested: drift {at / 4 + random.gauss(0, 0.02):.4f}"]
        lines += rows if at not in left_out else []
    return "\n".join([*lines, ""])


def all_checks(real: list[str], imagined: list[str]) -> list[str]:
    return [finding.check for finding in compared(real, imagined).findings]


def test_what_only_its_order_places_is_compared_behind_a_gap_with_the_values_behind_it() -> None:
    real = [boxed(seed) for seed in range(7)]
    found = compared(real, [boxed(seed, left_out=5) for seed in (20, 21, 22)])
    assert [finding.check for finding in found.findings] == ["count skips"]
    assert {series.name for series in found.series if series.p is not None} >= {"nll", "drift"}
    other = all_checks(real, [boxed(seed, left_out=5, add=0.5) for seed in (20, 21, 22)])
    assert "count skips" in other and len(other) > 1


@pytest.mark.parametrize("left_out", [(4,), (2, 3, 7)])
def test_what_its_order_and_a_part_place_is_compared_behind_gaps_too(left_out: tuple[int, ...]) -> None:
    real = [in_parts(seed) for seed in range(7)]
    assert all_checks(real, [in_parts(seed, left_out) for seed in (20, 21, 22)]) == ["count skips"]
    other = all_checks(real, [in_parts(seed, left_out, add=0.5) for seed in (20, 21, 22)])
    assert "count skips" in other and len(other) > 1


def in_phases(seed: int, left_out: range = range(0), after: str = "") -> str:
    """Rounds whose lines repeat the number of the round, in two prints; `left_out` are lines that are missing."""
    random, lines = Random(seed), []
    for at in range(12):
        nll = 1 / (at + 1) + random.gauss(0, 0.02)
        lines += [f"fit {at} part {part} of 4 nll {nll + random.gauss(0, 0.02):.4f}" for part in range(1, 5)]
        lines += [f"judge {at} part {part} of 2 hits {100 - 50 * nll + random.gauss(0, 1):.2f}" for part in (1, 2)]
    return "\n".join(line for at, line in enumerate(lines) if at not in left_out and line[:13] != after) + "\n"


@pytest.mark.parametrize("first", [18, 19, 21, 22, 23])
@pytest.mark.parametrize("behind", [42, 44, 45, 47])
def test_a_gap_that_begins_or_ends_within_a_block_of_lines_is_one_finding(first: int, behind: int) -> None:
    real = [in_phases(seed) for seed in range(7)]
    found = compared(real, [in_phases(seed, range(first, behind)) for seed in (20, 21, 22)])
    assert checks(found) == ["count skips"]


def test_lines_that_are_missing_elsewhere_than_in_a_gap_are_told_beside_it() -> None:
    real = [in_phases(seed) for seed in range(7)]
    whole = [in_phases(seed, range(18, 42)) for seed in (20, 21, 22)]
    assert checks(compared(real, whole)) == ["count skips"]
    lacking = [in_phases(seed, range(18, 42), after="fit 7 part 4 ") for seed in (20, 21, 22)]
    assert sorted(checks(compared(real, lacking))) == ["count skips", "print count differs"]
