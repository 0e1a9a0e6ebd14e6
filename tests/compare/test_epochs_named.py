"""An epoch that is only mentioned in real logs is not one that they count."""

from collections.abc import Callable
from random import Random

import pytest
from test_log_structure import compare_logs, structural_checks


def restored_log(seed: int, epoch: int) -> str:
    random = Random(seed)
    lines = [
        f"round {round_number} nll {1 / (round_number + 1) + random.gauss(0, 0.02):.4f}" for round_number in range(9)
    ]
    return "\n".join([*lines, f"weights of epoch {epoch} are restored, nll {random.uniform(0.1, 0.2):.4f}", ""])


def resumed_log(seed: int, epoch: int) -> str:
    random = Random(seed)
    lines = [f"{index:>4} | {1 / (index + 1) + random.gauss(0, 0.02):.4f}" for index in range(9)]
    return "\n".join([f"reading the file of Epoch: {epoch}", *lines, ""])


@pytest.mark.parametrize("style", [restored_log, resumed_log])
def test_another_epoch_in_the_one_line_that_names_one_is_neither_too_many_nor_missing(
    style: Callable[[int, int], str],
) -> None:
    real = [style(seed, 8) for seed in range(7)]
    comparison = compare_logs(real, [style(20, 8), style(21, 5), style(22, 8)])
    assert structural_checks(comparison) == []
    assert any("(imagined2)" in reason for reason in comparison.undecided)
    assert structural_checks(compare_logs(real, [style(seed, 5) for seed in (20, 21, 22)])) == [
        "constant line differs"
    ]


@pytest.mark.parametrize("style", [restored_log, resumed_log])
def test_few_real_logs_that_name_one_epoch_accuse_no_other(style: Callable[[int, int], str]) -> None:
    assert structural_checks(compare_logs([style(0, 8), style(1, 8)], [style(20, 5)])) == []


def counted_log(seed: int, first: int, total: int) -> str:
    random = Random(seed)
    lines = [f"round {step} nll {1 / (step + 1) + random.gauss(0, 0.02):.4f}\n" for step in range(6)]
    return "".join(f"Epoch {first + index}/{total}\n" + "".join(lines) for index in range(total))


def test_an_epoch_of_a_total_is_counted_even_if_it_is_the_only_one() -> None:
    real = [counted_log(seed, 1, 1) for seed in range(7)]
    assert "epochs too many" in structural_checks(
        compare_logs(real, [counted_log(20, 1, 1), counted_log(21, 1, 2), counted_log(22, 1, 1)])
    )


def timed_log(seed: int, *, names: bool = True) -> str:
    random = Random(seed)
    lines = []
    for step in range(1, 9):
        lines += [f"[clock] epoch=3/at={step}, speed={random.uniform(50, 60):.3f}"] if names else []
        lines.append(f"at {step} nll {1 / step + random.gauss(0, 0.02):.4f}")
    return "\n".join([*lines, ""])


def test_the_only_print_that_names_the_epoch_lacks_and_that_is_one_finding() -> None:
    real = [timed_log(seed) for seed in range(7)]
    unnamed = [timed_log(seed, names=False) for seed in (20, 21, 22)]
    assert structural_checks(compare_logs(real, unnamed)) == ["print count differs"]
    assert structural_checks(compare_logs(real, [timed_log(seed) for seed in (20, 21, 22)])) == []
