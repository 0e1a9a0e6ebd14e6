"""Logs that end early, go on too long, or repeat their last line; numbers that only look constant."""

import random

from test_log_structure import compare_logs, log, structural_checks

from gedanken.compare.output.text_lines import MAX_LINE_LENGTH


def test_a_repeated_last_line_that_lacks_once_is_no_early_end() -> None:
    real = [log(seed, end="").replace("\n", "\ncheckpoint\n") for seed in range(7)]
    lines = log(20, end="").replace("\n", "\ncheckpoint\n").splitlines(keepends=True)
    shortened_log = "".join(lines[:5] + lines[6:])
    assert (
        structural_checks(
            compare_logs(
                real, [shortened_log, *(log(seed, end="").replace("\n", "\ncheckpoint\n") for seed in (21, 22))]
            )
        )
        == []
    )


def test_a_run_that_goes_on_for_an_epoch_is_told_by_that_alone_and_not_by_where_it_ends() -> None:
    def to_target(seed: int, epochs: int) -> str:
        losses = [3 - epoch * 0.9 + (seed * 37 + epoch) % 11 / 500 for epoch in range(epochs)]
        return "".join(f"epoch {epoch}\nloss {loss:.4f}\n" for epoch, loss in enumerate(losses)) + "done\n"

    real = [to_target(seed, 3) for seed in range(7)]
    findings = compare_logs(real, [to_target(8, 4), to_target(9, 3), to_target(10, 3)]).findings
    assert [finding.check for finding in findings] == ["epochs too many"]


def test_the_best_iteration_so_far_is_no_constant_where_each_was_better_than_the_last() -> None:
    def log(seed: int, last_best: int) -> str:
        rng = random.Random(seed)
        best_steps = [round_number if round_number < 90 else last_best for round_number in range(0, 100, 10)]
        rows = [
            f"{round_number}: learn {1 / (round_number + 9) + rng.gauss(0, 0.003):.4f} ({best_step})"
            for round_number, best_step in zip(range(0, 100, 10), best_steps, strict=True)
        ]
        return "\n".join(rows) + "\n"

    assert not structural_checks(
        compare_logs([log(seed, 90) for seed in range(7)], [log(8, 90), log(9, 80), log(10, 90)])
    )
    wrong_log = log(11, 90).replace("50:", "55:")
    assert structural_checks(compare_logs([log(seed, 90) for seed in range(7)], [log(8, 90), wrong_log, log(10, 90)]))


def test_a_line_of_blanks_that_is_too_long_to_be_read_says_of_no_epoch_that_it_is_left_out() -> None:
    real = [log(seed).replace("round", "epoch") for seed in range(7)]
    comparison = compare_logs(real, [" " * (MAX_LINE_LENGTH + 1) + "0.5\n"])
    assert "epochs declared as skipped" not in structural_checks(
        comparison
    ) and "epochs silently missing" in structural_checks(comparison)


def test_half_a_line_at_the_end_is_no_print_in_other_words() -> None:
    full_logs = [f"{log(seed, end='')}round 6 loss 0.1" for seed in range(7)]
    cut_logs = [text[: -(2 + seed)] for seed, text in enumerate(full_logs)]
    assert structural_checks(compare_logs(cut_logs[:6], [f"{log(9, end='')}round 6 lo"])) == []
    assert (
        structural_checks(compare_logs([log(seed, end="") for seed in range(7)], [f"{log(9, end='')}ended with"]))
        != []
    )


def test_a_log_that_ends_early_does_so_whatever_warnings_chance_put_into_it() -> None:
    def service(seed: int, rounds: int = 9) -> str:
        lines = [
            f"round {index} loss {1 / (index + 1) + random.Random(seed * 50 + index).gauss(0, 0.05):.4f}"
            for index in range(rounds)
        ]
        for index in random.Random(seed).sample(range(rounds), seed % 4):
            lines[index] += "\nkernel: a port was closed"
        return "\n".join([*lines, "service: stopped", "service: 3.2 s of a processor", ""])

    real = [service(seed) for seed in range(7)]
    cut_log = service(11).split("round 7")[0]
    assert structural_checks(compare_logs(real, [cut_log])) == ["ends early"]
    assert structural_checks(compare_logs(real, [f"{cut_log}kernel: a port was closed\n"])) == ["ends early"]
    assert structural_checks(compare_logs(real, [service(12)])) == []


def test_a_total_time_that_grows_is_the_last_one_and_in_other_words_it_is_no_other_time() -> None:
    def box(seed: int, word: str = "Total time") -> str:
        rounds = (
            f"round {round_number}\nIteration time: {10 + seed / 9:.2f}s\n{word}: {10 * round_number + seed:.2f}s\n"
            for round_number in range(1, 9)
        )
        return "".join(rounds)

    real = [box(seed) for seed in range(7)]
    assert structural_checks(compare_logs(real, [box(8, "overall time")])) == ["literal differs"]
    late_log = box(8).replace("Total time: 88.00s", "Total time: 880.00s")
    (finding,) = [
        candidate for candidate in compare_logs(real, [late_log]).findings if candidate.check == "time differs"
    ]
    assert "880 s" in finding.observed and "83.0 s" in finding.expected


def test_the_best_epoch_so_far_is_no_constant_either() -> None:
    def make_log(seed: int, last: int = 6) -> str:
        rng = random.Random(seed)
        lines = [
            f"epoch: [{epoch}/6] loss {1 / epoch + rng.gauss(0, 0.02):.4f}\nbest loss 0 best_epoch: "
            f"{min(epoch, last)}"
            for epoch in range(1, 7)
        ]
        return "\n".join(lines) + "\n"

    assert "constant line differs" not in structural_checks(
        compare_logs([make_log(seed) for seed in range(7)], [make_log(8, last=5)])
    )
