"""The structure of logs without a program: lines that no real log has, progress bars, machine names, early ends,
copies.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from gedanken.compare.compare_runs import compare_runs
from gedanken.compare.output.progress_bars import redrawn_lines
from gedanken.compare.output.transcript import Transcript
from gedanken.compare.results import ComparisonResult
from gedanken.experiment.execution import Cause, Execution, Origin


def log(seed: int, *, head: str = "", word: str = "loss", end: str = "saved\nfinished\n", rounds: int = 6) -> str:
    rng = random.Random(seed)
    body = "".join(
        f"round {round_number} {word} {1 / (round_number + 1) + rng.gauss(0, 0.05):.4f}\n"
        for round_number in range(rounds)
    )
    return head + body + end


def compare_logs(real: Sequence[str], imagined: Sequence[str]) -> ComparisonResult:
    def run(label: str, text: str, origin: Origin, seed: int | None, sample: int | None) -> Execution:
        execution = Execution("log", "", 0, Cause.FINISHED, 0.0, text, text)
        return replace(execution, called=label, origin=origin, seed=seed, sample=sample)

    runs = [run(f"real{number}", text, Origin.CLAIMED, number, None) for number, text in enumerate(real, 1)]
    runs += [run(f"imagined{number}", text, Origin.IMAGINED, None, number) for number, text in enumerate(imagined, 1)]
    return compare_runs(None, runs[: len(real)], runs[len(real) :])


VALUE_CHECKS = ("primary endpoint differs", "outlier", "series differs")


def structural_checks(result: ComparisonResult) -> list[str]:
    """The names of the checks with findings on structure. Checks of values are left out, because values may differ by
    chance.
    """
    return [finding.check for finding in result.findings if finding.check not in VALUE_CHECKS]


REAL = [log(seed) for seed in range(7)]
REAL_WITH_ODD_LINE = [log(9, head="using backend quux\n"), *REAL[1:]]


def summary(seed: int, passed: int = 12, penalty: str = "1") -> str:
    fits = [
        f"[part {part}/5] penalty={penalty_of_fit}, score={random.Random(seed * 99 + fit_number).random():.3f}"
        for fit_number, (part, penalty_of_fit) in NUMBERED_FITS
    ]
    fits[7] = fits[7].replace("penalty=1,", f"penalty={penalty},")
    return "\n".join([*fits, f"Tests: {passed} passed, {passed} in all", ""])


NUMBERED_FITS = list(enumerate((part, penalty) for penalty in ("0.1", "1", "10") for part in range(1, 6)))
SUMMARIES = [summary(seed) for seed in range(7)]


def test_a_small_number_that_all_real_logs_share_is_told_where_all_others_differ_and_undecided_where_one_does() -> (
    None
):
    three_differ = compare_logs(SUMMARIES, [summary(20, 13), summary(21, 13), summary(22, 11)])
    assert structural_checks(three_differ) == ["constant line differs"] and len(three_differ.findings[0].runs) == 3
    one_differs = compare_logs(SUMMARIES, [summary(20, 13), summary(21), summary(22)])
    assert structural_checks(one_differs) == [] and any(
        "“Tests: 13 passed, 13 in all”" in reason for reason in one_differs.undecided
    )
    none_differs = compare_logs(SUMMARIES, [summary(20), summary(21), summary(22)])
    assert structural_checks(none_differs) == [] and not any("Tests" in reason for reason in none_differs.undecided)


def test_a_line_that_names_another_epoch_than_its_own_is_told_where_no_epoch_is_missing() -> None:
    def phases(seed: int, wrong_epoch: int = 0) -> str:
        rng = random.Random(seed)
        fit = "Fit, epoch: {} nll: {:.4f}\nHeld-out, epoch: {} nll: {:.4f}\n"
        return "".join(
            fit.format(epoch, rng.random(), epoch + (epoch == wrong_epoch), rng.random()) for epoch in range(1, 8)
        )

    real = [phases(seed) for seed in range(7)]
    assert structural_checks(compare_logs(real, [phases(20, wrong_epoch=3), phases(21), phases(22)])) == [
        "constant line differs"
    ]
    assert structural_checks(compare_logs(real, [phases(20), phases(21), phases(22)])) == []


def test_a_setting_that_takes_few_values_in_many_lines_is_the_same_in_all_runs() -> None:
    assert structural_checks(compare_logs(SUMMARIES, [summary(20, penalty="2"), summary(21), summary(22)])) == [
        "constant line differs"
    ]


def test_a_reworded_print_is_found_beside_an_odd_real_line() -> None:
    comparison = compare_logs(REAL_WITH_ODD_LINE, [log(20 + seed, word="losses now") for seed in range(3)])
    assert "literal differs" in [finding.check for finding in comparison.findings]


def test_an_invented_line_of_all_is_found_beside_an_odd_real_line() -> None:
    comparison = compare_logs(
        REAL_WITH_ODD_LINE, [log(20 + seed, end="saved\nuploading weights\nfinished\n") for seed in range(3)]
    )
    assert structural_checks(comparison) == ["line in no real log"]


@pytest.mark.parametrize(
    ("those", "told"), [((0,), "1 of 3 imagined logs holds"), ((0, 2), "2 of 3 imagined logs hold")]
)
def test_how_many_logs_hold_an_invented_line_is_said(those: tuple[int, ...], told: str) -> None:
    imagined_logs = [log(20 + index, head="uploading weights\n" if index in those else "") for index in range(3)]
    findings = [
        finding for finding in compare_logs(REAL, imagined_logs).findings if finding.check == "line in no real log"
    ]
    assert [finding.observed.partition(" lines")[0] for finding in findings] == [told]


def test_what_one_log_alone_adds_beside_odd_real_lines_is_undecided_and_said() -> None:
    comparison = compare_logs(REAL_WITH_ODD_LINE, [log(20), log(21), log(22, head="uploading weights\n")])
    assert structural_checks(comparison) == [] and comparison.first_undecided is not None
    assert "uploading weights" in comparison.first_undecided and any(
        comparison.first_undecided[1:] in undecided for undecided in comparison.undecided
    )


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Mar  3 04:05:06 alpha trainer[12]: begin", "Dec 24 23:59:59 beta-2 trainer[9913]: begin"),
        ("[Tue Mar 03 04:05:06 2026] begin", "[Sun Dec 14 14:15:16 2025] begin"),
        ("03/04/2026 01:02:03 AM - begin", "12/11/2025 11:12:13 PM - begin"),
        ("job 0f8fad5b-d9cb-469f-a165-70867728950e", "job 7c9e6679-7425-40de-944b-e07fc1f90ae7"),
        ("commit 4f5e6d7", "commit abc1234"),
        ("pod worker-7f9c4d8b6-x2x9z begins", "pod worker-4561304638-mw4f4 begins"),
        ("w-7f9c4d8b6-x2x9z a\nw-7f9c4d8b6-x2x9z b", "w-367e468788-2zk69 a\nw-4561304638-mw4f4 b"),
        ("writing /home/ann/out-1a2b3c/w.pt", "writing /scratch/7/bob/x.pt"),
        ("listening on 10.0.0.7:29500", "listening on 192.168.1.20:41234"),
        ("I0304 01:02:03.000004  77 net.cpp:9] begin", "I1211 11:12:13.567890 41234 net.cpp:9] begin"),
        ("date: 2026-03-04_05-06-07 begin", "date: 2025-12-24_23-59-58 begin"),
        ("\ufeffbegin", "begin"),
        ("sum:  dev_loss █▄▂▁▁", "sum:  dev_loss ▇█▃▁"),
        ("Dev: [ 7/30] took ( 8.1)", "Dev: [17/30] took (11.9)"),
        ("part= 9.5 left", "part=10.5 left"),
    ],
)
def test_what_another_machine_would_write_is_no_word(one: str, other: str) -> None:
    assert Transcript(one, is_log=True).forms == Transcript(other, is_log=True).forms


def test_an_id_without_a_letter_is_an_id_too() -> None:
    assert len(Transcript("key 12ab56 x\nkey 123456 x\nkey 1234e6 x", is_log=True).forms) == 1


def test_an_id_without_a_letter_is_one_where_other_logs_have_ids() -> None:
    def log(commit: str) -> str:
        return f"commit {commit}\nbegin\nend\n"

    real = [log(commit) for commit in ("4f5e6d7", "1234567", "abc1234", "77e1d02", "9a8b7c6")]
    assert not compare_logs(real, [log("2475e44"), log("6189582"), log("0a1b2c3")]).findings


def draw_bar(states: Sequence[int], form: Callable[[int], str]) -> str:
    return "\r".join(map(form, states)) + "\n"


BARS: dict[str, Callable[[int], str]] = {
    "tqdm": lambda percent: (
        f"{percent:3d}%|{'#' * (percent // 10):10}| {percent}/100 [00:{percent // 10:02d}<00:01, "
        f"{percent + 7}.3it/s, loss={percent}]"
    ),
    "keras": lambda percent: (
        f"{percent}/100 [{'=' * (percent // 10)}>{'.' * (10 - percent // 10)}] - ETA: {percent}s - loss: 0.{percent}"
    ),
    "rich": lambda percent: f"Working {'━' * (percent // 10 + 5)} {percent}% 0:00:{percent // 10:02d}",
}


@pytest.mark.parametrize("form", BARS.values(), ids=BARS)
def test_a_bar_is_one_line_however_often_it_is_drawn(form: Callable[[int], str]) -> None:
    short_transcript, long_transcript = (
        Transcript(draw_bar(states, form), is_log=True) for states in ([0, 100], [0, 10, 40, 70, 100])
    )
    assert [form_text for form_text in short_transcript.forms if form_text] == [
        form_text for form_text in long_transcript.forms if form_text
    ]
    assert len([form_text for form_text in long_transcript.forms if form_text]) == 1


def test_two_bars_after_one_another_are_two() -> None:
    assert redrawn_lines((draw_bar([0, 50, 100], BARS["tqdm"]) * 2).splitlines()) == {0, 1, 3, 4}


def test_a_log_that_just_ends_is_one_finding() -> None:
    comparison = compare_logs(REAL, ["".join(log(20 + seed).splitlines(keepends=True)[:4]) for seed in range(3)])
    assert structural_checks(comparison) == ["ends early"]
    assert comparison.findings[0].runs == ("imagined1", "imagined2", "imagined3")
    assert comparison.findings[0].evidence[0].number == 4


def test_what_a_log_that_just_ends_shows_last_is_not_its_last_value() -> None:
    cut_logs = ["".join(log(20 + seed).splitlines(keepends=True)[:3]) for seed in range(3)]
    comparison = compare_logs(REAL, cut_logs)
    assert [finding.check for finding in comparison.findings] == ["ends early"]
    assert any("no imagined run reached its end" in reason for reason in comparison.undecided)
    assert [finding.check for finding in compare_logs(REAL, [cut_logs[0], log(21), log(22)]).findings] == [
        "ends early"
    ]


def test_an_epoch_that_no_real_log_shows_is_one_finding() -> None:
    real_starts, longer_starts = ([f"epoch_start {seed}" for seed in range(n)] for n in (3, 4))

    def text(starts: Sequence[str], seed: int) -> str:
        rng = random.Random(seed)
        return (
            "".join(
                f"{start}\nepoch {epoch} loss {1 / (epoch + 1) + rng.gauss(0, 0.3):.4f}\nevaluating\n"
                for epoch, start in enumerate(starts)
            )
            + "reached\n"
        )

    comparison = compare_logs(
        [text(real_starts, seed) for seed in range(7)],
        [text(longer_starts if seed == 30 else real_starts, seed) for seed in range(30, 33)],
    )
    assert structural_checks(comparison) == ["epochs too many"]


def test_a_whole_log_that_is_another_s_is_told_once() -> None:
    assert structural_checks(compare_logs(REAL, [log(20), log(2), log(21)])) == ["log copied"]


def test_real_logs_that_are_like_the_others_have_no_findings() -> None:
    assert structural_checks(compare_logs(REAL_WITH_ODD_LINE, [log(20 + seed) for seed in range(3)])) == []


def test_a_line_that_one_of_three_lacks_is_undecided_and_said() -> None:
    shorter_log = log(20, end="saved\n")
    comparison = compare_logs(
        [text + "bye\n" for text in REAL], [shorter_log + "bye\n", log(21) + "bye\n", log(22) + "bye\n"]
    )
    assert structural_checks(comparison) == [] and comparison.first_undecided is not None
    assert "“finished”" in comparison.first_undecided and comparison.undecided[0].endswith("lacks it (p = .300).")


def test_a_line_that_all_lack_is_found() -> None:
    comparison = compare_logs(
        [text + "bye\n" for text in REAL], [log(seed, end="saved\n") + "bye\n" for seed in range(20, 23)]
    )
    assert structural_checks(comparison) == ["print count differs"]
    assert comparison.findings[0].runs == ("imagined1", "imagined2", "imagined3")


def test_prints_that_the_same_logs_lack_are_one_finding() -> None:
    real = [text + "a\nb\nc\nbye\n" for text in REAL]
    comparison = compare_logs(real, [log(seed, end="") + "bye\n" for seed in range(20, 23)])
    assert structural_checks(comparison) == ["print count differs"]
    assert "“b”" in comparison.findings[0].observed


def test_logs_copied_of_three_runs_are_one_finding_that_says_of_which() -> None:
    comparison = compare_logs(REAL, [log(2), log(4), log(5)])
    assert structural_checks(comparison) == ["log copied"]
    assert "real3" in comparison.findings[0].observed and "real6" in comparison.findings[0].observed


def schedule(seed: int, lines: int = 60) -> str:
    rng = random.Random(seed)
    timestamps = [f"2025-03-04 05:{rng.randint(10, 59)}:{rng.randint(10, 59)} " for _ in range(20)]
    head = "".join(f"{timestamps[step]}warm-up {step} of 12: rate {0.002 * 0.9**step:.6f}\n" for step in range(12))
    return "".join((head + log(seed)).splitlines(keepends=True)[:lines])


def test_logs_that_end_before_real_logs_begin_to_differ_are_no_copies() -> None:
    real = [schedule(seed) for seed in range(7)]
    assert structural_checks(compare_logs(real, [schedule(seed, 10) for seed in (20, 21, 22)])) == ["ends early"]
    assert structural_checks(compare_logs(real, [schedule(3), schedule(21), schedule(22)])) == ["log copied"]
    comparison = compare_logs(real, [schedule(20, 17), schedule(20, 17), schedule(22)])
    assert structural_checks(comparison) == ["ends early", "log copied"]


def test_a_rule_of_another_width_is_no_new_form_where_widths_vary() -> None:
    def ruled(seed: int, min_width: int = 20) -> str:
        rng = random.Random(seed)
        return "".join(f"{'~' * rng.randint(min_width, min_width + 3)}\n{line}\n" for line in log(seed).splitlines())

    assert (
        structural_checks(compare_logs([ruled(seed) for seed in range(7)], [ruled(20, 40), ruled(21), ruled(22)]))
        == []
    )


@pytest.mark.parametrize("host", ["9e53aabb7c1a", "r29u31n02", "node7.example", "vm-3"])
def test_the_name_of_a_machine_is_no_wording(host: str) -> None:
    hosts = ["alpha-1", "r3u4n5", "77312790cd65", "beta9.example", "alpha-2", "0a1b2c3d4e5f", "gamma"]
    real = [log(seed, head=f"GPU 0 on {name} ready\n") for seed, name in enumerate(hosts)]
    assert (
        structural_checks(compare_logs(real, [log(seed, head=f"GPU 0 on {host} ready\n") for seed in range(20, 23)]))
        == []
    )


@pytest.mark.parametrize("host", ["r29u31n02", "ip-10-0-13-84", "3d517dbbac1d"])
def test_a_host_of_another_shape_than_any_real_one_is_no_rewording(host: str) -> None:
    real = [log(seed, head=f"running on {name}\n") for seed, name in enumerate(["4d0fdbb7ac1e", "node-3", "n7"] * 2)]
    assert structural_checks(compare_logs(real, [log(20, head=f"running on {host}\n")])) == []


def test_a_bar_counts_in_parts_too() -> None:
    bars = [
        f"     {'━' * 9}╺{'━' * 30} {received}/43.2 kB 3.1 MB/s eta 0:00:01" for received in ("0.0", "12.3", "43.2")
    ]
    assert redrawn_lines(bars) == {0, 1}


def test_an_iteration_left_out_is_found_where_real_logs_differ_in_length() -> None:
    real = [log(seed, rounds=rounds) for seed, rounds in enumerate([9, 12, 10, 14, 9, 11, 13])]
    imagined_logs = [
        "".join(
            line for line in log(20 + index, rounds=12).splitlines(keepends=True) if not line.startswith("round 5 ")
        )
        for index in range(3)
    ]
    findings = [finding for finding in compare_logs(real, imagined_logs).findings if finding.check == "count skips"]
    assert [finding.runs for finding in findings] == [("imagined1", "imagined2", "imagined3")]
    assert "imagined1 jumps from round 4 to 6 in “round {} loss {}”" in findings[0].observed
    assert "count skips" not in structural_checks(
        compare_logs(real, [log(20, rounds=12), log(21, rounds=8), log(22, rounds=9)])
    )


def test_a_print_that_is_not_there_at_all_is_found_where_real_logs_show_it_various_times() -> None:
    def with_scores(seed: int, rounds: int) -> str:
        return log(seed, rounds=rounds).replace("\nround", "\nscore 0.5\nround")

    real = [with_scores(seed, rounds) for seed, rounds in enumerate([9, 12, 10, 14, 9, 11, 13])]
    assert "print count differs" in structural_checks(compare_logs(real, [log(20, rounds=12)]))
    assert structural_checks(compare_logs(real, [with_scores(20, 8)])) == []


def test_a_copy_of_a_log_of_two_exact_numbers_is_told_and_of_rounded_ones_is_not() -> None:
    def summary(seed: int, digits: int) -> str:
        rng = random.Random(seed)
        return f"fitted\nscore {rng.gauss(3, 0.2):.{digits}f}\nbest c {rng.uniform(1, 3):.{digits}f}\n"

    real = [summary(seed, 6) for seed in range(7)]
    assert structural_checks(compare_logs(real, [real[2], summary(8, 6)])) == ["log copied"]
    rounded_logs = [summary(seed, 1) for seed in range(7)]
    assert structural_checks(compare_logs(rounded_logs, [rounded_logs[2], summary(8, 1)])) == []
