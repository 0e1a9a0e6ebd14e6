"""Series: what is read off the lines of all runs, what is tested of it, and what is not."""

import json
import re

import numpy as np
import pytest
from builders import TRAIN, findings_of, imagined, kinds, lines, program, real

from gedanken.analysis.analysis import VersionAnalysis
from gedanken.analysis.analyze import analysis_of
from gedanken.compare.compare_runs import compare_runs
from gedanken.compare.results import ComparisonResult, SeriesResult
from gedanken.compare.sentences import sentence
from gedanken.experiment.execution import Cause
from gedanken.experiment.run_log import RunLog
from gedanken.report.values import values_of

TESTED = TRAIN + "print(f'Test loss: {test_loss:.4f}, hits: {hits}, accuracy: {100 * acc:.2f}%')\n"


def log(seed: int, shift: float = 0.0, epochs: int = 4) -> str:
    """What TRAIN would print, with noise of one hundredth."""
    noise = np.random.default_rng(seed).normal(0, 0.01, (3, epochs))
    losses = [0.3 + 0.65 / epoch + shift + noise[0, epoch - 1] for epoch in range(1, epochs + 1)]
    return lines(losses, [1 - loss / 3 + noise[1, 0] for loss in losses])


def with_test(seed: int, shift: float = 0.0) -> str:
    hits = 9500 + round(300 * float(np.random.default_rng(seed).normal()))
    return log(seed) + f"Test loss: {0.4 + seed % 7 / 100 + shift:.4f}, hits: {hits}, accuracy: {hits / 100:.2f}%\n"


def compared(ours: list[str], theirs: list[str], source: str | None = TRAIN) -> ComparisonResult:
    return compare_runs(
        program(source) if source else None,
        [real(text, seed) for seed, text in enumerate(ours, start=1)],
        [imagined(text, sample) for sample, text in enumerate(theirs, start=1)],
    )


def by_name(these: ComparisonResult) -> dict[str, SeriesResult]:
    return {series.name: series for series in these.series}


REAL = [log(seed) for seed in range(7)]
ALIKE = [log(seed) for seed in range(7, 10)]


def test_a_series_is_named_after_its_number_and_the_line_of_its_print() -> None:
    assert list(by_name(compared(REAL, ALIKE))) == [
        "last loss (train.py:32)",
        "loss (train.py:32)",
        "acc (train.py:32)",
    ]
    assert list(by_name(compared(REAL, ALIKE, None))) == ["last loss", "loss", "acc"]


def test_the_last_loss_that_real_runs_show_is_the_primary_endpoint() -> None:
    found = compared([with_test(seed) for seed in range(7)], [with_test(seed) for seed in range(7, 10)], TESTED)
    assert [
        (series.name, series.n_real, series.n_imagined) for series in found.series if series.role == "primary"
    ] == [("last Test loss (train.py:33)", 7, 3)]


def test_epochs_are_compared_with_the_same_epochs_however_many_are_skipped() -> None:
    long = [log(seed, epochs=100) for seed in range(7)]
    short = "".join(line for at, line in enumerate(log(8, epochs=100).splitlines(True)) if at in (0, 1, 98, 99))
    loss = by_name(compared(long, [short] * 2))["loss (train.py:32)"]
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

    (series,) = compared([steps(seed) for seed in range(7)], [steps(seed) for seed in range(7, 10)], None).series
    assert (series.axis, series.points, series.n_real) == ("times printed", (1, 2, 3, 4, 5, 6), 7)


def test_lines_that_only_count_themselves_are_counted_by_that() -> None:
    def counted(seed: int) -> str:
        return "".join(f"[{at}] {np.random.default_rng([seed, at]).normal():.4f}\n" for at in (10, 20, 40))

    every = by_name(compared([counted(seed) for seed in range(7)], [counted(seed) for seed in range(7, 10)], None))
    assert {one.points for one in every.values()} == {(10, 20, 40)}


@pytest.mark.parametrize("source", [TRAIN, None], ids=["with a program", "logs alone"])
def test_real_runs_taken_for_imagined_ones_have_no_finding(source: str | None) -> None:
    found = compared(REAL, ALIKE, source)
    assert (found.findings, found.undecided) == ((), ())
    assert all(series.p is not None and series.difference_interval is not None for series in found.series)


def test_a_last_loss_and_curves_that_lie_apart_are_told_with_values_p_and_interval() -> None:
    last, curves = compared(REAL, [log(seed, 0.1) for seed in range(7, 10)]).findings
    assert (last.check, curves.check) == ("primary endpoint differs", "series differs")
    assert "In 3 of 3 imagined runs" in sentence(last)
    assert "p = .008; the imagined mean is 0.1" in sentence(last)
    assert " higher at the end, 95 % interval 0.0" in sentence(last)
    assert "acc (train.py:32) (adjusted p =" in sentence(curves) and "loss (train.py:32) (" not in sentence(curves)
    assert [line.source for line in last.evidence] == [f"line01-train-v1-imagined-{sample}" for sample in (1, 2, 3)]


def test_a_mean_that_lies_below_is_called_lower_with_an_interval_of_positive_numbers() -> None:
    last = compared(REAL, [log(seed, -0.1) for seed in range(7, 10)]).findings[0]
    found = re.search(r"mean is (\S+) lower at the end, 95 % interval (\S+) to (\S+)\)", sentence(last))
    assert found and 0 < float(found[2]) < float(found[1]) < float(found[3])


def test_a_last_value_that_all_imagined_runs_share_is_named_once() -> None:
    same = log(7, 0.1).splitlines(keepends=True)[-1]
    theirs = ["".join([*log(seed, 0.1).splitlines(keepends=True)[:-1], same]) for seed in range(7, 10)]
    last = compared(REAL, theirs).findings[0]
    assert last.check == "primary endpoint differs"
    assert re.fullmatch(r"is 0\.\d+ in each", last.observed)


def test_a_loss_told_in_other_words_is_judged_all_the_same() -> None:
    said = [log(seed, 0.1).replace(" - loss: ", ", the loss is ") for seed in range(7, 10)]
    assert "primary endpoint differs" in kinds(compared(REAL, said).findings)


def test_a_loss_that_each_imagined_run_words_in_its_own_way_is_judged_too() -> None:
    ours = ["".join(f"Epoch {at}: {word}, loss: {at / 3:.2f}\n" for at in (1, 2)) for word in ("well", "fine") * 3]
    theirs = ["not converged, loss: 2.91!\n", "converged, loss: 0.52\nconverged, loss: 0.53\n"]
    assert compared(ours, theirs, None).series


def told_as(text: str) -> str:
    """What `log` prints, with accuracies in percent."""
    return re.sub(r"acc: (\S+)", lambda found: f"acc: {100 * float(found[1]):.2f}%", text)


@pytest.mark.parametrize("source", [TRAIN, None], ids=["with a program", "logs alone"])
@pytest.mark.parametrize("which", ["real", "imagined", "one of each"])
def test_an_accuracy_is_the_same_as_a_fraction_and_in_percent(source: str | None, which: str) -> None:
    ours = [
        told_as(text) if which == "real" or (which == "one of each" and at == 4) else text
        for at, text in enumerate(REAL)
    ]
    theirs = [
        told_as(text) if which == "imagined" or (which == "one of each" and at == 1) else text
        for at, text in enumerate(ALIKE)
    ]
    found = compared(ours, theirs, source)
    accuracy = next(one for name, one in by_name(found).items() if name.startswith("acc"))
    values = [value for run in accuracy.real + accuracy.imagined for value in run if value is not None]
    assert len(values) == 40 and min(values) > 0.5 and max(values) <= 1
    assert not {"series differs", "primary endpoint differs"} & set(kinds(found.findings))


def test_so_many_of_so_many_are_divided_line_by_line() -> None:
    def counted(seed: int, whole: int) -> str:
        return f"{log(seed)}Test accuracy: {round(whole * (0.9 + seed / 100))}/{whole}\n"

    found = by_name(
        compared([counted(seed, 10_000) for seed in range(7)], [counted(seed, 1000) for seed in range(3)], None)
    )
    assert found["Test accuracy"].imagined == ((0.9,), (0.91,), (0.92,))


def test_accuracies_in_percent_without_a_sign_are_read_alike_though_one_run_has_less_than_one_percent() -> None:
    found = by_name(compared([f"accuracy: {at}.5\n" for at in range(7)], ["accuracy: 0.9\n"] * 3, None))
    assert found["accuracy"].real[0] == (0.005,)
    assert found["accuracy"].imagined[0] == pytest.approx((0.009,))


def _values(found: ComparisonResult) -> dict[str, object]:
    version = VersionAnalysis(None, (), (), found)
    return values_of(analysis_of(RunLog("logs"), [version], found.findings))


def test_runs_that_diverge_are_told_from_those_that_do_not() -> None:
    lost = [text.replace(text.splitlines()[-1], "Epoch 4/4 - loss: nan - acc: 0.1000") for text in ALIKE]
    found = compared(REAL, lost)
    assert "primary endpoint differs" in kinds(found.findings)
    json.dumps(_values(found), allow_nan=False)


def test_numbers_that_tell_the_same_twice_are_counted_once() -> None:
    found = by_name(
        compared([with_test(seed) for seed in range(7)], [with_test(seed) for seed in range(7, 10)], TESTED)
    )
    assert found["hits (train.py:33)"].why_no_p == "it shows the same as Test accuracy (train.py:33)"
    assert found["Test loss (train.py:33)"].why_no_p == "it shows the same as last Test loss (train.py:33)"


def test_a_seed_that_each_run_prints_is_in_no_test() -> None:
    ours = [f"Seed: {seed}\n{text}" for seed, text in enumerate(REAL, start=1)]
    theirs = [f"Seed: {seed}\n{text}" for seed, text in enumerate(ALIKE, start=101)]
    result = compared(ours, theirs, None)
    assert by_name(result)["Seed"].why_no_p == "it is set for each run, not measured"
    assert not any("Seed" in finding.subject + finding.observed for finding in result.findings)


def test_what_all_real_runs_agree_on_and_what_takes_time_is_in_no_test() -> None:
    def more(text: str, seed: int) -> str:
        return f"{text}Parameters: 50890\nTraining took {seed}.5s\n"

    ours = [more(text, seed) for seed, text in enumerate(REAL, start=1)]
    found = by_name(compared(ours, [more(text, seed) for seed, text in enumerate(ALIKE, start=2)], None))
    assert found["Parameters"].why_no_p == "it is the same in all real runs"
    assert found["Training took"].why_no_p == "times, speeds and memory are measured on another machine"


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
    found = compared(REAL[:n_real], [log(seed, 1.0) for seed in range(7, 7 + n_imagined)])
    (undecided,) = found.undecided
    assert said in undecided
    assert not {"primary endpoint differs", "series differs"} & set(kinds(found.findings))


def test_what_is_undecided_says_how_many_runs_ended_and_had_a_value_and_that_single_runs_are_judged_apart() -> None:
    silent, far = "shape of input is torch.Size([64, 1, 28, 28])\n", [log(seed, 5.0) for seed in (7, 8)]
    found = compared(REAL, [*far, silent])
    assert "outlier" in kinds(found.findings)
    (undecided,) = found.undecided
    assert undecided.startswith(
        "Whether the imagined runs, taken together, differ in the last loss (train.py:32); single runs are "
        "judged separately. 7 of 7 real and 3 of 3 imagined runs ended normally; 7 real and 2 imagined runs printed "
        "a value. "
    )
    assert "With fewer runs" not in undecided


@pytest.mark.parametrize("few", [3, 4])
def test_single_runs_are_only_said_to_be_judged_where_they_are(few: int) -> None:
    ours = [*REAL[: few - 1], log(99, float("nan"))]
    (undecided,) = compared(ours, ALIKE[:2]).undecided
    assert "single runs" not in undecided and undecided.endswith(
        "With fewer runs, no difference in this metric can be found."
    )


def test_a_run_that_was_cut_has_no_last_loss_and_no_whole_curve() -> None:
    stopped = [imagined(text[:60], 9, cause=Cause.CUT, exit_code=None) for text in ALIKE[:1]]
    ours = [real(text, seed) for seed, text in enumerate(REAL, start=1)]
    found = compare_runs(program(), ours, [*(imagined(text, at) for at, text in enumerate(ALIKE, 1)), *stopped])
    assert {series.n_imagined for series in found.series} == {3}
    assert found.series[0].imagined[3] == (None,)


def test_of_a_long_series_two_thousand_points_are_shown_with_both_ends() -> None:
    rng = np.random.default_rng(0)
    logs = ["".join(f"loss: {value:.5f}\n" for value in rng.normal(size=5000)) for _ in range(10)]
    series = by_name(compared(logs[:7], logs[7:], None))["loss"]
    assert (len(series.points), series.points[0], series.points[-1]) == (2000, 1, 5000)
    assert series.p is not None


def test_imagined_runs_that_repeat_one_another_are_told_and_real_ones_may() -> None:
    ours = [real(text, seed) for seed, text in enumerate(REAL, start=1)]
    twice = [imagined(ALIKE[0], 1), imagined(ALIKE[0], 2)]
    assert kinds(findings_of(program(), ours, twice)) == ["samples repeat each other"]
    fixed = "torch.manual_seed(0)\n" + TRAIN
    same = [real(ALIKE[0], seed) for seed in range(1, 8)]
    assert findings_of(program(fixed), same, twice) == ()
    assert findings_of(None, same, twice) == ()


@pytest.mark.parametrize(
    "text", ["0.1234 " * 100_000, "loss 1\n" * 50_000, "epoch 1e999 loss 9e307\n", "[nan] inf\n" * 9]
)
def test_hostile_numbers_are_judged_in_no_time(text: str) -> None:
    found = compared([text + log for log in REAL], [text] * 3, None)
    json.dumps(_values(found), allow_nan=False)


def test_one_series_that_is_far_out_is_told_however_many_stand_beside_it() -> None:
    chance = np.random.default_rng(1)

    def scores(worst: float) -> str:
        rows = [(name, 0.05 if name == "d" and worst else 0.9) for name in "abcdefghij"]
        return "".join(f"class {name}: width {chance.normal(mean, 0.01):.4f}\n" for name, mean in rows)

    found = compared([scores(0) for _ in range(7)], [scores(1) for _ in range(3)], None)
    (finding,) = found.findings
    assert sentence(finding).startswith("1 of 10 series differs significantly from the real runs")
    assert "class d" in sentence(finding) and "class e" not in sentence(finding)


def test_one_run_of_three_that_ends_far_out_is_told_and_the_others_are_not_blamed() -> None:
    ours = [log(seed) for seed in range(7)]
    found = compared(ours, [log(7), log(8), log(9, 4.0)])
    (finding,) = [one for one in found.findings if one.check == "outlier"]
    assert finding.runs == ("line01-train-v1-imagined-3",)
    assert "standard deviations from the mean of the real runs; 7 real runs end between" in sentence(finding)


def test_a_curve_that_is_right_and_has_no_noise_is_told() -> None:
    chance = np.random.default_rng(2)

    def curve(noise: float) -> str:
        values = [2 * np.exp(-at / 5) + 0.4 + chance.normal(0, noise) for at in range(16)]
        return "".join(f"epoch {at} val_loss: {value:.4f}\n" for at, value in enumerate(values))

    alike = compared([curve(0.05) for _ in range(7)], [curve(0.05) for _ in range(3)], None)
    assert kinds(alike.findings) == []
    smooth = compared([curve(0.05) for _ in range(7)], [curve(0.001) for _ in range(3)], None)
    (finding,) = smooth.findings
    assert "scatter of val_loss from point to point" in sentence(finding)


def test_real_runs_that_end_in_nan_are_counted_as_such() -> None:
    ours = [f"epoch 1 loss: 0.5{seed}\nepoch 2 loss: {'nan' if seed else '0.41'}\n" for seed in range(7)]
    theirs = [f"epoch 1 loss: 0.5{seed}\nepoch 2 loss: 0.2{seed}\n" for seed in range(3)]
    (finding,) = compared(ours, theirs, None).findings
    assert "6 of 7 real runs end with nan, the rest at 0.41" in sentence(finding)


def test_a_real_log_that_lacks_the_lines_of_the_others_is_compared_too() -> None:
    ours = ["".join(f"Epoch {at} loss: 0.{seed}{at}70\n" for at in range(10)) for seed in range(2)]
    theirs = "".join(f"Epoch {at} loss: 0.3{at}\n" for at in range(10))
    found = compared([*ours, "CUDA not found, stopping\n"], [theirs], None)
    assert "number format differs" in kinds(found.findings)


@pytest.mark.parametrize("word", ["ınf", "İNF"])
def test_letters_that_only_look_like_those_of_a_number_are_words(word: str) -> None:
    for ours, theirs in ((word, "0.1"), ("0.1", word)):
        found = compared([f"loss: {ours}\n"] * 2, [f"loss: {theirs}\n"], None)
        assert {"literal differs", "line in no real log"} & set(kinds(found.findings))


def test_colours_are_no_words() -> None:
    coloured = [text.replace("Epoch", "\x1b[32mEpoch\x1b[0m") for text in ALIKE]
    for source in (TRAIN, None):
        found = compared(REAL, coloured, source)
        assert found.findings == () and by_name(found)["last loss" + " (train.py:32)" * bool(source)].n_imagined == 3


def test_what_is_imagined_where_real_runs_print_nothing_is_in_no_real_log() -> None:
    assert kinds(compared([""] * 7, ALIKE, None).findings) == ["line in no real log"]
