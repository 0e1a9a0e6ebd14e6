"""Logs of which most is drawn: what a cut bar, a bar in a sentence and a log of a single bar show."""

from random import Random

import pytest
from test_log_structure import checks, compared


def labeller(seed: int, parts: int = 10, end: str = "N 300\nP {:.3f}\n", at: int = 100) -> str:
    random = Random(seed)
    states = [
        f"Done: {10 * part}.0% speed: {random.randrange(900, 999)} cost: {9 / part:.4f}" for part in range(1, 11)
    ]
    return f"Read 4 words\nNumber of labels: 7\n{states[parts - 1]}" + (
        "\n" + end.format(random.random()) if at else ""
    )


def tuner(seed: int) -> str:
    random = Random(seed)
    clock = f"[00:{random.randrange(30, 59)}<00:00, {random.random():.4f}s/it]"
    bar = f"1|20|Cost: {random.random():.12f}: 100%|█████| 20/20 {clock}"
    return f"tool: seed {random.randrange(10**6, 10**7)}\n{bar}\ntool: saved 6.4 GB\n"


def arrows(seed: int) -> str:
    random = Random(seed)
    return "".join(
        f"train: iter={at} cost={2 - at / 20 + random.gauss(0, 0.02):.4f} |{'-' * random.randrange(1, 40)}>\n"
        for at in range(9)
    )


def test_a_log_that_ends_while_a_bar_is_drawn_ends_early_and_the_state_of_the_bar_is_no_finding() -> None:
    cut = [labeller(seed, parts=5 + seed % 3, at=0) for seed in (20, 21, 22)]
    result = compared([labeller(seed) for seed in range(7)], cut)
    assert [one.check for one in result.findings] == ["ends early"]


def test_a_single_line_that_a_cut_bar_hides_is_told_though_one_log_alone_lacks_it() -> None:
    real = [tuner(seed) for seed in range(7)]
    cut = tuner(20).partition("100%")[0] + "70%|███▌ | 14/20 [00:21<00:09, 0.6412s/it]"
    assert checks(compared(real, [cut, tuner(21), tuner(22)])) == ["ends early"]


def test_a_copy_to_the_byte_is_told_though_a_bar_leaves_a_single_number() -> None:
    real = [tuner(seed) for seed in range(7)]
    assert checks(compared(real, [real[3], tuner(21), tuner(22)])) == ["log copied"]
    assert checks(compared(real, [tuner(20), tuner(21), tuner(22)])) == []


def test_a_bar_of_letters_at_the_end_of_a_line_is_no_wording() -> None:
    real = [arrows(seed) for seed in range(7)]
    assert checks(compared(real, [arrows(seed) for seed in (20, 21, 22)])) == []
    other = [arrows(seed).replace("\n", "\nnote: a queue was emptied\n", 1) for seed in (20, 21, 22)]
    assert checks(compared(real, other)) == ["line in no real log"]


def blocks(seed: int, of: int | None = None) -> str:
    """Blocks of which the held-out part may be that of another run."""
    held, own = Random(seed if of is None else of), Random(seed + 50)
    return "".join(
        f"- epoch: {at}\n  train:\n    cost: {own.random():.4f}\n  val:\n    cost: {held.random():.4f}\n"
        for at in range(6)
    )


def test_a_curve_below_a_heading_that_is_another_run_s_is_a_copy() -> None:
    real = [blocks(seed) for seed in range(7)]
    assert checks(compared(real, [blocks(20, of=3), blocks(21), blocks(22)])) == ["curve copied"]
    assert checks(compared(real, [blocks(20), blocks(21), blocks(22)])) == []


def drawn_between(seed: int, shown: int | None = None) -> str:
    """Lines between which one bar is drawn again and again."""
    random = Random(seed)
    lines = ["loading shards"]
    for at in range(1, 11):
        lines.append(f"  step {6 * at} nll {3 / at + random.gauss(0, 0.02):.4f}")
        fill = f"{'#' * at}{'-' * (10 - at)}"
        lines.append(f"Fitting: {10 * at:3d}%|{fill}| {6 * at}/60 [00:{random.randrange(10, 59)}<00:09, 2.1it/s]")
    return "\n".join([*lines[:shown], ""])


@pytest.mark.parametrize("shown", [9, 12, 13, 17])
def test_a_log_that_ends_behind_a_bar_that_is_not_full_ends_early(shown: int) -> None:
    real = [drawn_between(seed) for seed in range(7)]
    result = compared(real, [drawn_between(seed, shown) for seed in (20, 21, 22)])
    assert [one.check for one in result.findings] == ["ends early"]
    assert f"after line {shown}" in result.findings[0].observed
    assert checks(compared(real, [drawn_between(20, shown), drawn_between(21), drawn_between(22)])) == ["ends early"]
    assert checks(compared(real, [drawn_between(seed) for seed in (20, 21, 22)])) == []


def test_a_log_whose_last_bar_is_drawn_otherwise_does_not_end_early() -> None:
    real = [drawn_between(seed) for seed in range(7)]
    other = [drawn_between(seed).replace("100%|", " 98%|").replace("60/60", "59/60") for seed in (20, 21, 22)]
    assert "ends early" not in checks(compared(real, other))
    late = "Fitting:  98%|#########-| 59/60 [00:30<00:01, 2.1it/s]\n"
    stopped = [drawn_between(seed, -1) + late for seed in range(7)]
    assert "ends early" not in checks(compared(stopped, [drawn_between(seed) for seed in (20, 21, 22)]))
