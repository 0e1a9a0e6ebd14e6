"""If one of three imagined logs leaves out a step, this is found by the counters in its lines, whatever their
names.
"""

import json
from collections.abc import Callable
from random import Random

import pytest
from test_log_structure import compare_logs, structural_checks


def csv(random: Random, step: int) -> str:
    return f"{step},{1 / (step + 1) + random.gauss(0, 0.05):.4f},{random.uniform(3, 5):.1f}"


def columns(random: Random, step: int) -> str:
    return f"{1 / (step + 1) + random.gauss(0, 0.05):>9.4f} {10 * step:>6d}"


def process(random: Random, step: int) -> str:
    return (
        f"I0{random.randrange(100, 999)} 10:11:12.{random.randrange(10**6):06d} {random.randrange(10**4)} run.cc:8] "
        f"at {50 * step}: nll = {1 / (step + 1) + random.gauss(0, 0.05):.4f}"
    )


def keys(random: Random, step: int) -> str:
    values = {"nll": round(1 / (step + 1) + random.gauss(0, 0.05), 4), "tokens": 4096 * step, "norm": random.random()}
    return json.dumps(dict(random.sample(list(values.items()), 3)))


def per_epoch(random: Random, step: int) -> str:
    return f"epoch {step // 4} batch {step % 4 * 100} nll {1 / (step + 1) + random.gauss(0, 0.05):.4f}"


HEADS: dict[Callable[[Random, int], str], str] = {csv: "epoch,rmse,seconds\n", columns: "     rmse   step\n"}
EXPECTED_GAPS: dict[Callable[[Random, int], str], str] = {
    csv: "epoch 5 to 7",
    columns: "step 50 to 70",
    process: "250 to 350",
    keys: "tokens 20480 to 28672",
    per_epoch: "batch 100 to 300",
}
STYLES = [csv, columns, process, keys, per_epoch]


def log(style: Callable[[Random, int], str], seed: int, left_out: int | None = None) -> str:
    random = Random(seed)
    lines = [style(random, step) + "\n" for step in range(12)]
    suffix = "saved\n" if style is process else ""
    return (
        HEADS.get(style, "")
        + "".join(line + suffix for step, line in enumerate(lines) if step != left_out)
        + "done\n"
    )


@pytest.mark.parametrize("style", STYLES)
def test_a_step_that_one_of_three_leaves_out_is_one_finding(style: Callable[[Random, int], str]) -> None:
    real = [log(style, seed) for seed in range(7)]
    comparison = compare_logs(real, [log(style, 20, left_out=6), log(style, 21), log(style, 22)])
    assert structural_checks(comparison) == ["count skips"]
    (skips,) = (finding for finding in comparison.findings if finding.check == "count skips")
    assert skips.runs == ("imagined1",)
    assert skips.observed.startswith(f"jumps from {EXPECTED_GAPS[style]} ")
    assert not any("missing" in reason for reason in comparison.undecided)


@pytest.mark.parametrize("style", STYLES)
def test_logs_that_count_on_are_no_finding(style: Callable[[Random, int], str]) -> None:
    real = [log(style, seed) for seed in range(7)]
    assert structural_checks(compare_logs(real, [log(style, seed) for seed in (20, 21, 22)])) == []


def test_what_the_gap_does_not_hold_is_a_finding_of_its_own() -> None:
    real = [log(per_epoch, seed).replace("done", "testing\ntested\ndone") for seed in range(7)]
    incomplete = log(per_epoch, 20, left_out=6).replace("done", "tested\ndone")
    others = [log(per_epoch, seed).replace("done", "testing\ntested\ndone") for seed in (21, 22)]
    assert "count skips" in structural_checks(compare_logs(real, [incomplete, *others]))
    assert "print count differs" in structural_checks(compare_logs(real, [incomplete] * 3))


CASE_NAMES = ("parses", "adds", "rejects nan", "keeps order", "is stable", "closes")


@pytest.mark.parametrize("head", ["ok {} - {}", "[{}/6] building {}.o", "Case {} finished: {}"])
def test_what_is_numbered_counts_whatever_is_said_of_each(head: str) -> None:
    def make_log(seed: int, left_out: int = 0) -> str:
        lines = [head.format(number, name) for number, name in enumerate(CASE_NAMES, start=1) if number != left_out]
        return "\n".join([*lines, f"took {Random(seed).random():.3f} s", ""])

    real = [make_log(seed) for seed in range(7)]
    comparison = compare_logs(real, [make_log(seed, left_out=3) for seed in (20, 21, 22)])
    assert structural_checks(comparison) == ["count skips"] and " 2 to 4 " in comparison.findings[0].observed
    assert structural_checks(compare_logs(real, [make_log(seed) for seed in (20, 21, 22)])) == []


def test_the_best_step_so_far_may_jump() -> None:
    def make_log(seed: int, worse: int | None = None) -> str:
        random, best_step, lines = Random(seed), 0, []
        for step in range(10):
            best_step = best_step if step == worse else step
            lines.append(f"step {step} nll {1 / (step + 1) + random.gauss(0, 0.01):.4f} best at {best_step}\n")
        return "".join(lines)

    assert (
        structural_checks(
            compare_logs([make_log(seed) for seed in range(7)], [make_log(20, worse=4), make_log(21), make_log(22)])
        )
        == []
    )


def log_in_rounds(seed: int, is_shown: Callable[[int, int], bool] = lambda *_: True, *, tested: bool = False) -> str:
    random, lines = Random(seed), []
    for part in range(6):
        for batch in range(0, 40, 10):
            nll = 1 / (4 * part + batch / 10 + 1) + random.gauss(0, 0.02)
            lines += [f"<{part} of 6, {batch:>2}> nll {nll:.4f}"] if is_shown(part, batch) else []
        lines += [f"tested: nll {nll + 0.1:.4f}"] if tested and is_shown(part, 0) else []
    return "\n".join([*lines, ""])


ROUNDS = [log_in_rounds(seed) for seed in range(7)]


@pytest.mark.parametrize("tested", [False, True])
def test_a_gap_in_what_counts_over_several_lines_is_no_early_end(tested: bool) -> None:
    real = [log_in_rounds(seed, tested=tested) for seed in range(7)]
    incomplete = [log_in_rounds(seed, lambda part, _at: part not in (2, 3), tested=tested) for seed in (20, 21, 22)]
    comparison = compare_logs(real, incomplete)
    assert structural_checks(comparison) == ["count skips"] and "1 to 4" in comparison.findings[0].observed
    assert not any("end" in reason for reason in comparison.undecided)


def test_a_log_that_has_its_last_line_lacks_lines_before_it_and_does_not_end_early() -> None:
    left_out = ((2, 20), (2, 30), (3, 0))
    incomplete = [log_in_rounds(seed, lambda *place: place not in left_out) for seed in (20, 21, 22)]
    assert structural_checks(compare_logs(ROUNDS, incomplete)) == ["print count differs"]


@pytest.mark.parametrize("last", [(5, 0), (4, 30)])
def test_a_log_that_counts_over_several_lines_may_end_early_all_the_same(last: tuple[int, int]) -> None:
    cut = [log_in_rounds(seed, lambda part, batch: (part, batch) <= last) for seed in (20, 21, 22)]
    gap = [log_in_rounds(seed, lambda part, batch: part != 2 and (part, batch) <= last) for seed in (20, 21, 22)]
    assert structural_checks(compare_logs(ROUNDS, cut)) == ["ends early"]
    assert "ends early" in structural_checks(compare_logs(ROUNDS, gap))


def boxed_log(seed: int, left_out: int | None = None, add: float = 0.0) -> str:
    random, lines = Random(seed), []
    for lap in range(14):
        nll, drift = 3 - lap / 5 + random.gauss(0, 0.02) + add, lap / 4 + random.gauss(0, 0.02)
        rows = [f"| nll   | {nll:.4f} |", f"| lap   | {lap} |", f"| drift | {drift:.4f} |", "+-------+"]
        lines += rows if lap != left_out else []
    return "\n".join([*lines, ""])


def log_in_parts(seed: int, left_out: tuple[int, ...] = (), add: float = 0.0) -> str:
    random, lines = Random(seed), []
    for round_number in range(12):
        rows = [
            f"({round_number} of 12) part {part} of 3 nll {3 - round_number / 5 + random.gauss(0, 0.02) + add:.4f}"
            for part in "123"
        ]
        rows += [f"tested: drift {round_number / 4 + random.gauss(0, 0.02):.4f}"]
        lines += rows if round_number not in left_out else []
    return "\n".join([*lines, ""])


def all_checks(real: list[str], imagined: list[str]) -> list[str]:
    return [finding.check for finding in compare_logs(real, imagined).findings]


def test_what_only_its_order_places_is_compared_behind_a_gap_with_the_values_behind_it() -> None:
    real = [boxed_log(seed) for seed in range(7)]
    comparison = compare_logs(real, [boxed_log(seed, left_out=5) for seed in (20, 21, 22)])
    assert [finding.check for finding in comparison.findings] == ["count skips"]
    assert {series.name for series in comparison.series if series.p is not None} >= {"nll", "drift"}
    shifted_checks = all_checks(real, [boxed_log(seed, left_out=5, add=0.5) for seed in (20, 21, 22)])
    assert "count skips" in shifted_checks and len(shifted_checks) > 1


@pytest.mark.parametrize("left_out", [(4,), (2, 3, 7)])
def test_what_its_order_and_a_part_place_is_compared_behind_gaps_too(left_out: tuple[int, ...]) -> None:
    real = [log_in_parts(seed) for seed in range(7)]
    assert all_checks(real, [log_in_parts(seed, left_out) for seed in (20, 21, 22)]) == ["count skips"]
    shifted_checks = all_checks(real, [log_in_parts(seed, left_out, add=0.5) for seed in (20, 21, 22)])
    assert "count skips" in shifted_checks and len(shifted_checks) > 1


def log_in_phases(seed: int, left_out: range = range(0), omitted_prefix: str = "") -> str:
    """Rounds with two prints, whose lines repeat the number of the round.

    Lines with an index in `left_out` are missing. So are lines whose first 13 characters are `omitted_prefix`.
    """
    random, lines = Random(seed), []
    for round_number in range(12):
        nll = 1 / (round_number + 1) + random.gauss(0, 0.02)
        lines += [
            f"fit {round_number} part {part} of 4 nll {nll + random.gauss(0, 0.02):.4f}" for part in range(1, 5)
        ]
        lines += [
            f"judge {round_number} part {part} of 2 hits {100 - 50 * nll + random.gauss(0, 1):.2f}" for part in (1, 2)
        ]
    return (
        "\n".join(line for index, line in enumerate(lines) if index not in left_out and line[:13] != omitted_prefix)
        + "\n"
    )


@pytest.mark.parametrize("first", [18, 19, 21, 22, 23])
@pytest.mark.parametrize("behind", [42, 44, 45, 47])
def test_a_gap_that_begins_or_ends_within_a_block_of_lines_is_one_finding(first: int, behind: int) -> None:
    real = [log_in_phases(seed) for seed in range(7)]
    comparison = compare_logs(real, [log_in_phases(seed, range(first, behind)) for seed in (20, 21, 22)])
    assert structural_checks(comparison) == ["count skips"]


def test_lines_that_are_missing_elsewhere_than_in_a_gap_are_told_beside_it() -> None:
    real = [log_in_phases(seed) for seed in range(7)]
    one_gap = [log_in_phases(seed, range(18, 42)) for seed in (20, 21, 22)]
    assert structural_checks(compare_logs(real, one_gap)) == ["count skips"]
    gap_and_line = [log_in_phases(seed, range(18, 42), omitted_prefix="fit 7 part 4 ") for seed in (20, 21, 22)]
    assert sorted(structural_checks(compare_logs(real, gap_and_line))) == ["count skips", "print count differs"]
