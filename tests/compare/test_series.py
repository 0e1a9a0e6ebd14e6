"""Series: the numbers read from the lines of all runs, and which of them are tested."""

import json
import re

import numpy as np
import pytest
from builders import TRAIN, find_differences, imagined, kinds, lines, program, real

from gedanken.analysis.analysis import VersionAnalysis
from gedanken.analysis.analyze import analysis_of
from gedanken.compare.compare_runs import compare_runs
from gedanken.compare.results import ComparisonResult, SeriesResult
from gedanken.compare.sentences import format_finding
from gedanken.experiment.execution import Cause
from gedanken.experiment.run_log import RunLog
from gedanken.report.values import values_of

PROGRAM_WITH_TEST = TRAIN + "print(f'Test loss: {test_loss:.4f}, hits: {hits}, accuracy: {100 * acc:.2f}%')\n"


def log(seed: int, shift: float = 0.0, epochs: int = 4) -> str:
    """Make what `TRAIN` would print, with noise of one hundredth."""
    noise = np.random.default_rng(seed).normal(0, 0.01, (3, epochs))
    losses = [0.3 + 0.65 / epoch + shift + noise[0, epoch - 1] for epoch in range(1, epochs + 1)]
    return lines(losses, [1 - loss / 3 + noise[1, 0] for loss in losses])


def log_with_test(seed: int, shift: float = 0.0) -> str:
    hits = 9500 + round(300 * float(np.random.default_rng(seed).normal()))
    return log(seed) + f"Test loss: {0.4 + seed % 7 / 100 + shift:.4f}, hits: {hits}, accuracy: {hits / 100:.2f}%\n"


def compare_texts(real_texts: list[str], imagined_texts: list[str], source: str | None = TRAIN) -> ComparisonResult:
    return compare_runs(
        program(source) if source else None,
        [real(text, seed) for seed, text in enumerate(real_texts, start=1)],
        [imagined(text, sample) for sample, text in enumerate(imagined_texts, start=1)],
    )


def index_by_name(comparison: ComparisonResult) -> dict[str, SeriesResult]:
    return {series.name: series for series in comparison.series}


REAL = [log(seed) for seed in range(7)]
MORE_REAL_LOGS = [log(seed) for seed in range(7, 10)]


def test_a_series_is_named_after_its_number_and_the_line_of_its_print() -> None:
    assert list(index_by_name(compare_texts(REAL, MORE_REAL_LOGS))) == [
        "last loss (train.py:32)",
        "loss (train.py:32)",
        "acc (train.py:32)",
    ]
    assert list(index_by_name(compare_texts(REAL, MORE_REAL_LOGS, None))) == ["last loss", "loss", "acc"]


def test_the_last_loss_that_real_runs_show_is_the_primary_endpoint() -> None:
    comparison = compare_texts(
        [log_with_test(seed) for seed in range(7)], [log_with_test(seed) for seed in range(7, 10)], PROGRAM_WITH_TEST
    )
    assert [
        (series.name, series.n_real, series.n_imagined) for series in comparison.series if series.role == "primary"
    ] == [("last Test loss (train.py:33)", 7, 3)]


def test_epochs_are_compared_with_the_same_epochs_however_many_are_skipped() -> None:
    long_logs = [log(seed, epochs=100) for seed in range(7)]
    shortened_log = "".join(
        line for index, line in enumerate(log(8, epochs=100).splitlines(True)) if index in (0, 1, 98, 99)
    )
    loss = index_by_name(compare_texts(long_logs, [shortened_log] * 2))["loss (train.py:32)"]
    assert (loss.axis, len(loss.points)) == ("epoch", 100)
    assert [point for point, value in zip(loss.points, loss.imagined[0], strict=True) if value is not None] == [
        1,
        2,
        99,
        100,
    ]
    assert (loss.p, loss.why_no_p) == (None, "the runs have 4 of 100 points in common, fewer than half")
    assert loss.difference is not None


def test_steps_within_epochs_are_points_of_their_own() -> None:
    def steps(seed: int) -> str:
        noise = np.random.default_rng(seed).normal(size=(2, 3))
        return "".join(f"Epoch {e}, step {100 * s}/300: {noise[e, s]:.4f}\n" for e in range(2) for s in range(3))

    (series,) = compare_texts([steps(seed) for seed in range(7)], [steps(seed) for seed in range(7, 10)], None).series
    assert (series.axis, series.points, series.n_real) == ("times printed", (1, 2, 3, 4, 5, 6), 7)


def test_lines_that_only_count_themselves_are_counted_by_that() -> None:
    def log_of_steps(seed: int) -> str:
        return "".join(f"[{step}] {np.random.default_rng([seed, step]).normal():.4f}\n" for step in (10, 20, 40))

    series_by_name = index_by_name(
        compare_texts([log_of_steps(seed) for seed in range(7)], [log_of_steps(seed) for seed in range(7, 10)], None)
    )
    assert {series.points for series in series_by_name.values()} == {(10, 20, 40)}


@pytest.mark.parametrize("source", [TRAIN, None], ids=["with a program", "logs alone"])
def test_real_runs_taken_for_imagined_ones_have_no_finding(source: str | None) -> None:
    comparison = compare_texts(REAL, MORE_REAL_LOGS, source)
    assert (comparison.findings, comparison.undecided) == ((), ())
    assert all(series.p is not None and series.difference_interval is not None for series in comparison.series)


def test_a_last_loss_and_curves_that_lie_apart_are_told_with_values_p_and_interval() -> None:
    endpoint_finding, curve_finding = compare_texts(REAL, [log(seed, 0.1) for seed in range(7, 10)]).findings
    assert (endpoint_finding.check, curve_finding.check) == ("primary endpoint differs", "series differs")
    assert "In 3 of 3 imagined runs" in format_finding(endpoint_finding)
    assert "p = .008; the imagined mean is 0.1" in format_finding(endpoint_finding)
    assert " higher at the end, 95 % interval 0.0" in format_finding(endpoint_finding)
    assert "acc (train.py:32) (adjusted p =" in format_finding(
        curve_finding
    ) and "loss (train.py:32) (" not in format_finding(curve_finding)
    assert [line.source for line in endpoint_finding.evidence] == [
        f"line01-train-v1-imagined-{sample}" for sample in (1, 2, 3)
    ]


def test_a_mean_that_lies_below_is_called_lower_with_an_interval_of_positive_numbers() -> None:
    endpoint_finding = compare_texts(REAL, [log(seed, -0.1) for seed in range(7, 10)]).findings[0]
    match = re.search(
        r"mean is (\S+) lower at the end, 95 % interval (\S+) to (\S+)\)", format_finding(endpoint_finding)
    )
    assert match and 0 < float(match[2]) < float(match[1]) < float(match[3])


def test_a_last_value_that_all_imagined_runs_share_is_named_once() -> None:
    last_line = log(7, 0.1).splitlines(keepends=True)[-1]
    imagined_logs = ["".join([*log(seed, 0.1).splitlines(keepends=True)[:-1], last_line]) for seed in range(7, 10)]
    endpoint_finding = compare_texts(REAL, imagined_logs).findings[0]
    assert endpoint_finding.check == "primary endpoint differs"
    assert re.fullmatch(r"is 0\.\d+ in each", endpoint_finding.observed)


def test_a_loss_told_in_other_words_is_judged_all_the_same() -> None:
    imagined_logs = [log(seed, 0.1).replace(" - loss: ", ", the loss is ") for seed in range(7, 10)]
    assert "primary endpoint differs" in kinds(compare_texts(REAL, imagined_logs).findings)


def test_a_loss_that_each_imagined_run_words_in_its_own_way_is_judged_too() -> None:
    real_logs = [
        "".join(f"Epoch {epoch}: {word}, loss: {epoch / 3:.2f}\n" for epoch in (1, 2))
        for word in ("well", "fine") * 3
    ]
    imagined_logs = ["not converged, loss: 2.91!\n", "converged, loss: 0.52\nconverged, loss: 0.53\n"]
    assert compare_texts(real_logs, imagined_logs, None).series


def in_percent(text: str) -> str:
    """The text that `log` prints, with accuracies in percent."""
    return re.sub(r"acc: (\S+)", lambda match: f"acc: {100 * float(match[1]):.2f}%", text)


@pytest.mark.parametrize("source", [TRAIN, None], ids=["with a program", "logs alone"])
@pytest.mark.parametrize("which", ["real", "imagined", "one of each"])
def test_an_accuracy_is_the_same_as_a_fraction_and_in_percent(source: str | None, which: str) -> None:
    real_logs = [
        in_percent(text) if which == "real" or (which == "one of each" and index == 4) else text
        for index, text in enumerate(REAL)
    ]
    imagined_logs = [
        in_percent(text) if which == "imagined" or (which == "one of each" and index == 1) else text
        for index, text in enumerate(MORE_REAL_LOGS)
    ]
    comparison = compare_texts(real_logs, imagined_logs, source)
    accuracy = next(series for name, series in index_by_name(comparison).items() if name.startswith("acc"))
    values = [value for run in accuracy.real + accuracy.imagined for value in run if value is not None]
    assert len(values) == 40 and min(values) > 0.5 and max(values) <= 1
    assert not {"series differs", "primary endpoint differs"} & set(kinds(comparison.findings))


def test_so_many_of_so_many_are_divided_line_by_line() -> None:
    def log_with_hits(seed: int, total: int) -> str:
        return f"{log(seed)}Test accuracy: {round(total * (0.9 + seed / 100))}/{total}\n"

    series_by_name = index_by_name(
        compare_texts(
            [log_with_hits(seed, 10_000) for seed in range(7)], [log_with_hits(seed, 1000) for seed in range(3)], None
        )
    )
    assert series_by_name["Test accuracy"].imagined == ((0.9,), (0.91,), (0.92,))


def test_accuracies_in_percent_without_a_sign_are_read_alike_though_one_run_has_less_than_one_percent() -> None:
    series_by_name = index_by_name(
        compare_texts([f"accuracy: {number}.5\n" for number in range(7)], ["accuracy: 0.9\n"] * 3, None)
    )
    assert series_by_name["accuracy"].real[0] == (0.005,)
    assert series_by_name["accuracy"].imagined[0] == pytest.approx((0.009,))


def _json_values(comparison: ComparisonResult) -> dict[str, object]:
    version = VersionAnalysis(None, (), (), comparison)
    return values_of(analysis_of(RunLog("logs"), [version], comparison.findings))


def test_runs_that_diverge_are_told_from_those_that_do_not() -> None:
    diverged_logs = [
        text.replace(text.splitlines()[-1], "Epoch 4/4 - loss: nan - acc: 0.1000") for text in MORE_REAL_LOGS
    ]
    comparison = compare_texts(REAL, diverged_logs)
    assert "primary endpoint differs" in kinds(comparison.findings)
    json.dumps(_json_values(comparison), allow_nan=False)


def test_numbers_that_tell_the_same_twice_are_counted_once() -> None:
    series_by_name = index_by_name(
        compare_texts(
            [log_with_test(seed) for seed in range(7)],
            [log_with_test(seed) for seed in range(7, 10)],
            PROGRAM_WITH_TEST,
        )
    )
    assert series_by_name["hits (train.py:33)"].why_no_p == "it shows the same as Test accuracy (train.py:33)"
    assert series_by_name["Test loss (train.py:33)"].why_no_p == "it shows the same as last Test loss (train.py:33)"


def test_a_seed_that_each_run_prints_is_in_no_test() -> None:
    real_logs = [f"Seed: {seed}\n{text}" for seed, text in enumerate(REAL, start=1)]
    imagined_logs = [f"Seed: {seed}\n{text}" for seed, text in enumerate(MORE_REAL_LOGS, start=101)]
    result = compare_texts(real_logs, imagined_logs, None)
    assert index_by_name(result)["Seed"].why_no_p == "it is set for each run, not measured"
    assert not any("Seed" in finding.subject + finding.observed for finding in result.findings)


def test_what_all_real_runs_agree_on_and_what_takes_time_is_in_no_test() -> None:
    def with_constants(text: str, seed: int) -> str:
        return f"{text}Parameters: 50890\nTraining took {seed}.5s\n"

    real_logs = [with_constants(text, seed) for seed, text in enumerate(REAL, start=1)]
    series_by_name = index_by_name(
        compare_texts(
            real_logs, [with_constants(text, seed) for seed, text in enumerate(MORE_REAL_LOGS, start=2)], None
        )
    )
    assert series_by_name["Parameters"].why_no_p == "it is the same in all real runs"
    assert series_by_name["Training took"].why_no_p == "times, speeds and memory are measured on another machine"


@pytest.mark.parametrize(
    ("n_real", "n_imagined", "said"),
    [
        (
            3,
            3,
            "A test needs values from 5 real and 3 imagined runs, or from 3 real and 5 imagined runs. With",
        ),
        (
            7,
            1,
            "7 of 7 real and 1 of 1 imagined run ended normally and printed a value. With 7 real and 1 imagined",
        ),
        (7, 1, "A test needs values from 49 real and 1 imagined run, or from 7 real and 3 imagined runs."),
    ],
)
def test_too_few_runs_leave_it_undecided_and_it_is_said_how_many_are_needed(
    n_real: int, n_imagined: int, said: str
) -> None:
    comparison = compare_texts(REAL[:n_real], [log(seed, 1.0) for seed in range(7, 7 + n_imagined)])
    (undecided,) = comparison.undecided
    assert said in undecided
    assert not {"primary endpoint differs", "series differs"} & set(kinds(comparison.findings))


def test_what_is_undecided_says_how_many_runs_ended_and_had_a_value_and_that_single_runs_are_judged_apart() -> None:
    log_without_values, distant_logs = (
        "shape of input is torch.Size([64, 1, 28, 28])\n",
        [log(seed, 5.0) for seed in (7, 8)],
    )
    comparison = compare_texts(REAL, [*distant_logs, log_without_values])
    assert "outlier" in kinds(comparison.findings)
    (undecided,) = comparison.undecided
    assert undecided.startswith(
        "Whether the imagined runs, taken together, differ in the last loss (train.py:32); single runs are "
        "judged separately. 7 of 7 real and 3 of 3 imagined runs ended normally; 7 real and 2 imagined runs printed "
        "a value. "
    )
    assert "With fewer runs" not in undecided


@pytest.mark.parametrize("few", [3, 4])
def test_single_runs_are_only_said_to_be_judged_where_they_are(few: int) -> None:
    real_logs = [*REAL[: few - 1], log(99, float("nan"))]
    (undecided,) = compare_texts(real_logs, MORE_REAL_LOGS[:2]).undecided
    assert "single runs" not in undecided and undecided.endswith(
        "With fewer runs, no difference in this metric can be found."
    )


def test_a_run_that_was_cut_has_no_last_loss_and_no_whole_curve() -> None:
    cut_runs = [imagined(text[:60], 9, cause=Cause.CUT, exit_code=None) for text in MORE_REAL_LOGS[:1]]
    real_runs = [real(text, seed) for seed, text in enumerate(REAL, start=1)]
    comparison = compare_runs(
        program(), real_runs, [*(imagined(text, sample) for sample, text in enumerate(MORE_REAL_LOGS, 1)), *cut_runs]
    )
    assert {series.n_imagined for series in comparison.series} == {3}
    assert comparison.series[0].imagined[3] == (None,)


def test_of_a_long_series_two_thousand_points_are_shown_with_both_ends() -> None:
    rng = np.random.default_rng(0)
    logs = ["".join(f"loss: {value:.5f}\n" for value in rng.normal(size=5000)) for _ in range(10)]
    series = index_by_name(compare_texts(logs[:7], logs[7:], None))["loss"]
    assert (len(series.points), series.points[0], series.points[-1]) == (2000, 1, 5000)
    assert series.p is not None


def test_imagined_runs_that_repeat_one_another_are_told_and_real_ones_may() -> None:
    real_runs = [real(text, seed) for seed, text in enumerate(REAL, start=1)]
    repeated_runs = [imagined(MORE_REAL_LOGS[0], 1), imagined(MORE_REAL_LOGS[0], 2)]
    assert kinds(find_differences(program(), real_runs, repeated_runs)) == ["samples repeat each other"]
    seeded_program = "torch.manual_seed(0)\n" + TRAIN
    equal_runs = [real(MORE_REAL_LOGS[0], seed) for seed in range(1, 8)]
    assert find_differences(program(seeded_program), equal_runs, repeated_runs) == ()
    assert find_differences(None, equal_runs, repeated_runs) == ()


@pytest.mark.parametrize(
    "text", ["0.1234 " * 100_000, "loss 1\n" * 50_000, "epoch 1e999 loss 9e307\n", "[nan] inf\n" * 9]
)
def test_hostile_numbers_are_judged_in_no_time(text: str) -> None:
    comparison = compare_texts([text + log for log in REAL], [text] * 3, None)
    json.dumps(_json_values(comparison), allow_nan=False)


def test_one_series_that_is_far_out_is_told_however_many_stand_beside_it() -> None:
    rng = np.random.default_rng(1)

    def scores(has_outlier: float) -> str:
        rows = [(name, 0.05 if name == "d" and has_outlier else 0.9) for name in "abcdefghij"]
        return "".join(f"class {name}: width {rng.normal(mean, 0.01):.4f}\n" for name, mean in rows)

    comparison = compare_texts([scores(0) for _ in range(7)], [scores(1) for _ in range(3)], None)
    (finding,) = comparison.findings
    assert format_finding(finding).startswith("1 of 10 series differs significantly from the real runs")
    assert "class d" in format_finding(finding) and "class e" not in format_finding(finding)


def test_one_run_of_three_that_ends_far_out_is_told_and_the_others_are_not_blamed() -> None:
    real_logs = [log(seed) for seed in range(7)]
    comparison = compare_texts(real_logs, [log(7), log(8), log(9, 4.0)])
    (finding,) = [candidate for candidate in comparison.findings if candidate.check == "outlier"]
    assert finding.runs == ("line01-train-v1-imagined-3",)
    assert "standard deviations from the mean of the real runs; 7 real runs end between" in format_finding(finding)


def test_a_curve_that_is_right_and_has_no_noise_is_told() -> None:
    rng = np.random.default_rng(2)

    def curve(noise: float) -> str:
        values = [2 * np.exp(-epoch / 5) + 0.4 + rng.normal(0, noise) for epoch in range(16)]
        return "".join(f"epoch {epoch} val_loss: {value:.4f}\n" for epoch, value in enumerate(values))

    noisy_comparison = compare_texts([curve(0.05) for _ in range(7)], [curve(0.05) for _ in range(3)], None)
    assert kinds(noisy_comparison.findings) == []
    smooth_comparison = compare_texts([curve(0.05) for _ in range(7)], [curve(0.001) for _ in range(3)], None)
    (finding,) = smooth_comparison.findings
    assert "scatter of val_loss from point to point" in format_finding(finding)


def test_real_runs_that_end_in_nan_are_counted_as_such() -> None:
    real_logs = [f"epoch 1 loss: 0.5{seed}\nepoch 2 loss: {'nan' if seed else '0.41'}\n" for seed in range(7)]
    imagined_logs = [f"epoch 1 loss: 0.5{seed}\nepoch 2 loss: 0.2{seed}\n" for seed in range(3)]
    (finding,) = compare_texts(real_logs, imagined_logs, None).findings
    assert "6 of 7 real runs end with nan, the rest at 0.41" in format_finding(finding)


def test_a_real_log_that_lacks_the_lines_of_the_others_is_compared_too() -> None:
    real_logs = ["".join(f"Epoch {epoch} loss: 0.{seed}{epoch}70\n" for epoch in range(10)) for seed in range(2)]
    imagined_log = "".join(f"Epoch {epoch} loss: 0.3{epoch}\n" for epoch in range(10))
    comparison = compare_texts([*real_logs, "CUDA not found, stopping\n"], [imagined_log], None)
    assert "number format differs" in kinds(comparison.findings)


@pytest.mark.parametrize("word", ["ınf", "İNF"])
def test_letters_that_only_look_like_those_of_a_number_are_words(word: str) -> None:
    for real_value, imagined_value in ((word, "0.1"), ("0.1", word)):
        comparison = compare_texts([f"loss: {real_value}\n"] * 2, [f"loss: {imagined_value}\n"], None)
        assert {"literal differs", "line in no real log"} & set(kinds(comparison.findings))


def test_colours_are_no_words() -> None:
    coloured_logs = [text.replace("Epoch", "\x1b[32mEpoch\x1b[0m") for text in MORE_REAL_LOGS]
    for source in (TRAIN, None):
        comparison = compare_texts(REAL, coloured_logs, source)
        assert (
            comparison.findings == ()
            and index_by_name(comparison)["last loss" + " (train.py:32)" * bool(source)].n_imagined == 3
        )


def test_what_is_imagined_where_real_runs_print_nothing_is_in_no_real_log() -> None:
    assert kinds(compare_texts([""] * 7, MORE_REAL_LOGS, None).findings) == ["line in no real log"]
