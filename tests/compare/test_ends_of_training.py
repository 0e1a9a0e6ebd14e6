"""Runs that train until they reach a target or no longer improve. Their length and the reason why they end depend on
chance.
"""

from random import Random

import pytest
from test_log_structure import compare_logs, structural_checks

from gedanken.compare.output.stopping import mentions_stopping
from gedanken.compare.sentences import format_finding


def target_log(seed: int, rounds: int, *, reached: bool = True) -> str:
    random, text = Random(seed), ""
    for round_number in range(rounds):
        for inner in (0, 40, 80):
            text += f"s:{125 * round_number + inner} nll:{1 / (round_number + 1) + random.gauss(0, 0.02):.4f}\n"
        text += (
            f"step:{125 * round_number + 120}/1750 dev_nll:{1.1 / (round_number + 1) + random.gauss(0, 0.02):.4f}\n"
        )
        text += "kept the weights\n" if round_number % 4 == 3 else ""
    return text + ("reached the target\n" if reached else "") + "peak 31 MiB\n"


ROUNDS = (10, 11, 10, 11, 10, 11, 10)
REAL = [target_log(seed, rounds) for seed, rounds in enumerate(ROUNDS)]


@pytest.mark.parametrize(("rounds", "reached"), [(9, True), (12, True), (13, False)])
def test_a_run_that_ends_sooner_or_later_than_all_others_is_no_finding(rounds: int, reached: bool) -> None:
    outlier = target_log(20, rounds, reached=reached)
    assert structural_checks(compare_logs(REAL, [outlier, target_log(21, 10), target_log(22, 11)])) == []
    assert structural_checks(compare_logs(REAL[:5], [outlier])) == []


def test_lines_that_lack_within_it_are_found_all_the_same() -> None:
    incomplete = [target_log(seed, 9).replace("kept the weights\n", "", 1) for seed in (20, 21, 22)]
    assert structural_checks(compare_logs(REAL, incomplete)) == ["print count differs"]


def test_a_run_that_is_far_too_short_is_found() -> None:
    assert structural_checks(compare_logs(REAL, [target_log(20, 3), target_log(21, 10), target_log(22, 11)])) != []


def boosting_log(seed: int, end: str, rounds: int = 8) -> str:
    random = Random(seed)
    body = "".join(
        f"[{round_number}]\tdev-mse:{1 / (round_number + 1) + random.gauss(0, 0.02):.4f}\n"
        for round_number in range(rounds)
    )
    return f"{body}{end}\nsaved\n"


STOPPED = "Early stopping, best iteration is:"


@pytest.mark.parametrize(
    "end", ["Did not meet early stopping. Best iteration is:", "Reached the maximum number of rounds"]
)
def test_an_end_that_no_real_run_came_to_is_undecided_in_one_of_three(end: str) -> None:
    real = [boosting_log(seed, STOPPED, rounds=8 + seed % 3) for seed in range(7)]
    comparison = compare_logs(
        real, [boosting_log(20, end, rounds=12), boosting_log(21, STOPPED), boosting_log(22, STOPPED, rounds=9)]
    )
    assert (
        structural_checks(comparison) == []
        and comparison.first_undecided is not None
        and end[:20] in comparison.first_undecided
    )


def test_other_words_of_all_and_lines_that_tell_of_no_end_are_found() -> None:
    real = [boosting_log(seed, STOPPED, rounds=8 + seed % 3) for seed in range(7)]
    assert (
        structural_checks(
            compare_logs(real, [boosting_log(seed, "Early stopping, top round is:") for seed in (20, 21, 22)])
        )
        != []
    )
    assert (
        structural_checks(
            compare_logs(
                real, [boosting_log(20, f"{STOPPED}\nstopping the clock"), *real[:0], boosting_log(21, STOPPED)]
            )
        )
        != []
    )


def test_an_end_that_is_told_twice_is_found() -> None:
    real = [boosting_log(seed, STOPPED, rounds=8 + seed % 3) for seed in range(7)]
    twice = boosting_log(20, f"Did not meet early stopping\n{STOPPED}")
    assert "line in no real log" in structural_checks(
        compare_logs(real, [twice, boosting_log(21, STOPPED), boosting_log(22, STOPPED)])
    )


@pytest.mark.parametrize("line", ["the stopover in Rome", "no improvement", "epoch 3 tolls", "targeted loss 0.5"])
def test_other_lines_tell_of_no_stop(line: str) -> None:
    assert not mentions_stopping(line)


def spaced_log(seed: int, between: str) -> str:
    random = Random(seed)
    return (
        "".join(
            f"round {round_number} cost {1 / (round_number + 1) + random.gauss(0, 0.05):.4f}\n{between}"
            for round_number in range(6)
        )
        + "end\n"
    )


def test_blank_lines_that_all_real_logs_have_are_missed() -> None:
    real = [spaced_log(seed, "\n") for seed in range(7)]
    assert structural_checks(compare_logs(real, [spaced_log(seed, "") for seed in (20, 21, 22)])) == [
        "blank lines missing"
    ]
    comparison = compare_logs(real, [spaced_log(20, ""), spaced_log(21, "\n"), spaced_log(22, "\n")])
    assert structural_checks(comparison) == ["blank lines missing"]
    assert format_finding(comparison.findings[0]) == (
        "1 of 3 imagined runs shows no blank line after “round {} cost {}”; all real logs have a blank line after "
        "each such line."
    )
    assert structural_checks(compare_logs(real, [spaced_log(seed, "\n") for seed in (20, 21, 22)])) == []
    assert (
        structural_checks(
            compare_logs([*real[1:], spaced_log(0, "")], [spaced_log(seed, "") for seed in (20, 21, 22)])
        )
        == []
    )


def patience_log(odd: tuple[int, ...], last: int, seed: int = 0) -> str:
    random = Random(seed * 10_000 + last * 100 + sum(odd))
    return "".join(
        f"epoch {epoch} dev_nll {2 / epoch + random.gauss(0, 0.02):.4f}\n"
        f"{'no better, waiting' if epoch in odd else 'better, weights kept'}\n"
        for epoch in range(1, last + 1)
    )


def test_a_line_that_varies_only_after_the_shortest_run_is_one_that_values_decide() -> None:
    real = [
        patience_log(*spec)
        for spec in [
            ((6,), 6),
            ((6, 7), 7),
            ((7, 8, 10), 10),
            ((9, 10), 11),
            ((9, 10), 10),
            ((8, 12), 12),
            ((7, 9), 9),
        ]
    ]
    others = [patience_log((8,), 9), patience_log((10,), 11)]
    assert structural_checks(compare_logs(real, [patience_log((4, 9), 10), *others])) == []
    reworded = patience_log((4, 9), 10).replace("epoch 3", "epoch three", 1)
    assert structural_checks(compare_logs(real, [reworded, *others])) != []


def fetching_log(seed: int, rounds: int = 9, *, fetches: bool = True, often: float = 0.2) -> str:
    random = Random(seed)
    text = ""
    for epoch in range(1, rounds + 1):
        notice = " [driver notice: going down]" if random.random() < often else ""
        text += f"epoch {epoch} fetching shards, depth {random.random():.3f}{notice}\n" if fetches else ""
        text += f"epoch {epoch} dev_nll {2 / epoch + random.gauss(0, 0.02):.4f}\n"
    return text


def test_a_print_that_all_leave_out_is_found_although_a_notice_may_stand_behind_any_of_its_lines() -> None:
    real = [fetching_log(seed) for seed in range(1, 8)]
    without_fetches = [fetching_log(seed, fetches=False) for seed in (20, 21, 22)]
    assert structural_checks(compare_logs(real, without_fetches)) == ["print count differs"]
    assert structural_checks(compare_logs(real, [fetching_log(seed) for seed in (20, 21, 22)])) == []


def test_lines_of_which_one_or_the_other_is_printed_are_no_print_that_is_left_out() -> None:
    real = [patience_log(tuple(Random(seed).sample(range(1, 13), 5)), 12) for seed in range(7)]
    assert structural_checks(compare_logs(real, [patience_log((), 12, seed) for seed in (1, 2, 3)])) == []
