"""Numbers without a digit before or after their point, or with underscores, are read as numbers."""

import random
from collections.abc import Callable

import pytest
from test_constants import find_checks
from test_log_structure import compare_logs

from gedanken.compare.output.edited_line import EditableLine, TracedLine, build_line
from gedanken.compare.output.metrics import read_curves
from gedanken.compare.output.plain_numbers import may_need_normalizing, normalize_numbers, normalized_numbers
from gedanken.compare.output.transcript import Transcript


@pytest.mark.parametrize(
    ("written", "plain"),
    [
        ("decay = .96", "decay = 0.96"),
        ("lr=.003, rho=-.5", "lr=0.003, rho=-0.5"),
        ("(.8, +.95)", "(0.8, +0.95)"),
        ("took .5s, .3%", "took 0.5s, 0.3%"),
        ("scale = 2.", "scale = 2.0"),
        ("wd 3.e-4", "wd 3.0e-4"),
        ("[ 1.  0.5 -2. ]", "[ 1.0  0.5 -2.0 ]"),
        ("7,1.,.9", "7,1.0,0.9"),
        ("loss: 1. acc: .9", "loss: 1.0 acc: 0.9"),
        ("warmup 2_500, -1_000 10_000.5", "warmup 2500, -1000 10000.5"),
        ("buffer=12_345_678_901", "buffer=12345678901"),
    ],
)
def test_a_number_is_rewritten_as_most_programs_print_it(written: str, plain: str) -> None:
    edited, traced = EditableLine(written), TracedLine(written)
    normalize_numbers(edited)
    normalize_numbers(traced)
    assert edited.text == plain == build_line(written, traced.pieces())
    assert may_need_normalizing(written)


@pytest.mark.parametrize(
    "line",
    [
        "Iteration: 500. Loss: 0.5. Accuracy: 90.",
        "Iteration: 500. Loss: 0.5",
        "saved at epoch 5.",
        "epoch=5. next",
        "1. Load data",
        "mAP@.5:.95 0.31",
        "AP@[.5:.95] 0.31",
        "v1.2.3 and .5.1",
        "runs/.5 cache.7z",
        "a-.5",
        "run_1_000 20240101_123 1_0000 2024_001",
        "12.",
    ],
)
def test_what_is_no_such_number_stays_as_it_is(line: str) -> None:
    assert normalized_numbers(line) == line


@pytest.mark.parametrize("count", [3, 30])
def test_an_epoch_with_underscores_is_one_number(count: int) -> None:
    text = "".join(f"epoch {1000 * index:_} loss .{index + 100}\n" for index in range(1, count))
    curves = read_curves(Transcript(text, is_log=True))
    assert curves.epochs.numbers.tolist() == [1000 * index for index in range(1, count)]
    assert curves.first("loss") == 0.101


@pytest.mark.parametrize(
    ("really", "shown"),
    [
        ("max_iters = 2_000_000", "max_iters = 2_400_000"),
        ("Replay(capacity=300_000, n=5)", "Replay(capacity=350_000, n=5)"),
        ("corpus of 3_141_592 tokens", "corpus of 3_141_692 tokens"),
        ("rho = .97", "rho = .94"),
        ("lr=.003", "lr=0.004"),
        ("ema decay .999, beta -.5", "ema decay .999, beta -.25"),
        ("scale = 2.", "scale = 3."),
        ("weight_decay 3.e-4", "weight_decay 1.e-4"),
        ("warm restarts (.5, 2_000)", "warm restarts (.5, 3_000)"),
        ("offset -1,250 rows", "offset -1,750 rows"),
    ],
)
def test_a_constant_is_told_whatever_digits_it_lacks(really: str, shown: str) -> None:
    assert find_checks(really, shown) == ["constant line differs"]
    assert find_checks(really, really) == []


def without_outer_zeros(value: float) -> str:
    """Write a number without zeros at its ends: `.5`, `1.`."""
    text = f"{value:.3f}".strip("0")
    return "0." if text == "." else text


def words_line(epoch: int, loss: float, acc: float) -> str:
    return f"epoch {epoch} loss {without_outer_zeros(loss)} val_acc {without_outer_zeros(acc)}"


def table_row(epoch: int, loss: float, acc: float) -> str:
    return f"{epoch},{without_outer_zeros(loss)},{without_outer_zeros(acc)}" if epoch else "epoch,loss,val_acc"


def step_line(epoch: int, loss: float, acc: float) -> str:
    return f"step {epoch * 500:_} | loss={without_outer_zeros(loss)} | val_acc={without_outer_zeros(acc)}"


@pytest.mark.parametrize("line", [words_line, table_row, step_line])
def test_a_series_is_read_whatever_digits_its_numbers_lack(line: Callable[[int, float, float], str]) -> None:
    def text(seed: int, shift: float = 0.0) -> str:
        rng = random.Random(seed)
        steps = [
            (2 / (epoch + 1) + rng.gauss(0, 0.03), 0.5 + 0.05 * epoch + rng.gauss(0, 0.01)) for epoch in range(9)
        ]
        return "".join(f"{line(epoch, loss, acc - shift)}\n" for epoch, (loss, acc) in enumerate(steps))

    real = [text(seed) for seed in range(7)]
    assert not compare_logs(real, [text(seed) for seed in (20, 21, 22)]).findings
    (finding,) = compare_logs(real, [text(seed, 0.2) for seed in (20, 21, 22)]).findings
    assert finding.check == "primary endpoint differs" and finding.subject == "last val_acc"
    assert "is 0.6" in finding.observed or "is 0.7" in finding.observed


def test_a_number_without_a_digit_before_its_point_belongs_to_the_label_above_it() -> None:
    def text(seed: int, shift: float = 0.0) -> str:
        rng = random.Random(seed)
        return "".join(
            f"Validation loss:\n{without_outer_zeros(shift + 1 / (index + 1) + rng.gauss(0, 0.02))}\n"
            for index in range(8)
        )

    result = compare_logs([text(seed) for seed in range(7)], [text(seed, 0.5) for seed in (20, 21, 22)])
    assert [finding.subject for finding in result.findings] == ["last Validation loss"]


@pytest.mark.parametrize("bare", [".5", "1.", "5.e-4", "-.25", "1_000"])
def test_one_number_that_lacks_a_digit_is_found_among_thousands(bare: str) -> None:
    row = " ".join(["0.125", "-3.5"] * 2_000)
    assert not may_need_normalizing(row)
    assert all(may_need_normalizing(text) for text in (f"{row}\n{bare}\n{row}", f"{bare}\n{row}", f"{row}\n{bare}"))
