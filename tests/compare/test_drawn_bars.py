"""Logs that consist mostly of progress bars: a bar that is cut off, a bar within a sentence, a log with a single
bar.
"""

from random import Random

import pytest
from test_log_structure import compare_logs, structural_checks


def labeller_log(seed: int, parts: int = 10, end: str = "N 300\nP {:.3f}\n", has_end: int = 100) -> str:
    random = Random(seed)
    states = [
        f"Done: {10 * part}.0% speed: {random.randrange(900, 999)} cost: {9 / part:.4f}" for part in range(1, 11)
    ]
    return f"Read 4 words\nNumber of labels: 7\n{states[parts - 1]}" + (
        "\n" + end.format(random.random()) if has_end else ""
    )


def tuner_log(seed: int) -> str:
    random = Random(seed)
    clock = f"[00:{random.randrange(30, 59)}<00:00, {random.random():.4f}s/it]"
    bar = f"1|20|Cost: {random.random():.12f}: 100%|█████| 20/20 {clock}"
    return f"tool: seed {random.randrange(10**6, 10**7)}\n{bar}\ntool: saved 6.4 GB\n"


def arrow_log(seed: int) -> str:
    random = Random(seed)
    return "".join(
        f"train: iter={index} cost={2 - index / 20 + random.gauss(0, 0.02):.4f} |{'-' * random.randrange(1, 40)}>\n"
        for index in range(9)
    )


def test_a_log_that_ends_while_a_bar_is_drawn_ends_early_and_the_state_of_the_bar_is_no_finding() -> None:
    cut = [labeller_log(seed, parts=5 + seed % 3, has_end=0) for seed in (20, 21, 22)]
    result = compare_logs([labeller_log(seed) for seed in range(7)], cut)
    assert [finding.check for finding in result.findings] == ["ends early"]


def test_a_single_line_that_a_cut_bar_hides_is_told_though_one_log_alone_lacks_it() -> None:
    real = [tuner_log(seed) for seed in range(7)]
    cut = tuner_log(20).partition("100%")[0] + "70%|███▌ | 14/20 [00:21<00:09, 0.6412s/it]"
    assert structural_checks(compare_logs(real, [cut, tuner_log(21), tuner_log(22)])) == ["ends early"]


def test_a_copy_to_the_byte_is_told_though_a_bar_leaves_a_single_number() -> None:
    real = [tuner_log(seed) for seed in range(7)]
    assert structural_checks(compare_logs(real, [real[3], tuner_log(21), tuner_log(22)])) == ["log copied"]
    assert structural_checks(compare_logs(real, [tuner_log(20), tuner_log(21), tuner_log(22)])) == []


def test_a_bar_of_letters_at_the_end_of_a_line_is_no_wording() -> None:
    real = [arrow_log(seed) for seed in range(7)]
    assert structural_checks(compare_logs(real, [arrow_log(seed) for seed in (20, 21, 22)])) == []
    with_note = [arrow_log(seed).replace("\n", "\nnote: a queue was emptied\n", 1) for seed in (20, 21, 22)]
    assert structural_checks(compare_logs(real, with_note)) == ["line in no real log"]


def block_log(seed: int, held_out_seed: int | None = None) -> str:
    """Blocks of epochs. If `held_out_seed` is given, their values on held-out data come from the run with that
    seed.
    """
    held_out, training = Random(seed if held_out_seed is None else held_out_seed), Random(seed + 50)
    return "".join(
        f"- epoch: {epoch}\n  train:\n    cost: {training.random():.4f}\n  val:\n    cost: {held_out.random():.4f}\n"
        for epoch in range(6)
    )


def test_a_curve_below_a_heading_that_is_another_run_s_is_a_copy() -> None:
    real = [block_log(seed) for seed in range(7)]
    assert structural_checks(compare_logs(real, [block_log(20, held_out_seed=3), block_log(21), block_log(22)])) == [
        "curve copied"
    ]
    assert structural_checks(compare_logs(real, [block_log(20), block_log(21), block_log(22)])) == []


def redrawn_bar_log(seed: int, line_count: int | None = None) -> str:
    """Lines between which one progress bar is drawn again and again. If `line_count` is given, the log ends after so
    many lines.
    """
    random = Random(seed)
    lines = ["loading shards"]
    for step in range(1, 11):
        lines.append(f"  step {6 * step} nll {3 / step + random.gauss(0, 0.02):.4f}")
        fill = f"{'#' * step}{'-' * (10 - step)}"
        lines.append(f"Fitting: {10 * step:3d}%|{fill}| {6 * step}/60 [00:{random.randrange(10, 59)}<00:09, 2.1it/s]")
    return "\n".join([*lines[:line_count], ""])


@pytest.mark.parametrize("shown", [9, 12, 13, 17])
def test_a_log_that_ends_behind_a_bar_that_is_not_full_ends_early(shown: int) -> None:
    real = [redrawn_bar_log(seed) for seed in range(7)]
    result = compare_logs(real, [redrawn_bar_log(seed, shown) for seed in (20, 21, 22)])
    assert [finding.check for finding in result.findings] == ["ends early"]
    assert f"after line {shown}" in result.findings[0].observed
    assert structural_checks(
        compare_logs(real, [redrawn_bar_log(20, shown), redrawn_bar_log(21), redrawn_bar_log(22)])
    ) == ["ends early"]
    assert structural_checks(compare_logs(real, [redrawn_bar_log(seed) for seed in (20, 21, 22)])) == []


def test_a_log_whose_last_bar_is_drawn_otherwise_does_not_end_early() -> None:
    real = [redrawn_bar_log(seed) for seed in range(7)]
    unfinished = [redrawn_bar_log(seed).replace("100%|", " 98%|").replace("60/60", "59/60") for seed in (20, 21, 22)]
    assert "ends early" not in structural_checks(compare_logs(real, unfinished))
    late_bar = "Fitting:  98%|#########-| 59/60 [00:30<00:01, 2.1it/s]\n"
    stopped = [redrawn_bar_log(seed, -1) + late_bar for seed in range(7)]
    assert "ends early" not in structural_checks(
        compare_logs(stopped, [redrawn_bar_log(seed) for seed in (20, 21, 22)])
    )
