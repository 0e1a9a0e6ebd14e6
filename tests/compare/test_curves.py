"""Epochs, losses and accuracies in the forms in which programs print them."""

import math

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gedanken.compare.output.metrics import read_curves


def epochs_of(text: str) -> list[int]:
    return [epoch for _line, epoch in read_curves(text).epochs]


def values_of(line: str) -> dict[str, float]:
    return {name: points[-1].value for name, points in read_curves(line).series.items()}


@pytest.mark.parametrize(
    "line",
    [
        "Epoch 3/10 - loss: 0.1",
        "  epoch: 3",
        "Epoch [3/10], Step [100/938], Loss: 0.3",
        "Epoch 003 | train loss 0.1",
        "[Epoch=3]",
        "Epochs: 3/10",
        "Epoch 3 of 10",
        ".epoch 3/3 - loss: 2.6066",
    ],
)
def test_the_epoch_of_a_line_is_read_in_the_usual_forms(line: str) -> None:
    assert epochs_of(line) == [3]


@pytest.mark.parametrize(
    "line",
    [
        "Epochs: 10",
        "[... epochs 3-98 omitted ...]",
        "for 10 epochs",
        "epochal 3",
        "print(f'Epoch {epoch + 1}/{EPOCHS}')",
        "Epoch 99999999999999999999",
    ],
)
def test_a_line_that_speaks_of_epochs_names_none(line: str) -> None:
    assert epochs_of(line) == []


def test_totals_are_kept_with_the_first_line_that_names_them() -> None:
    assert read_curves("start\nEpoch 1/10\nEpoch 2/10\nEpoch 3/12").totals == {10: 1, 12: 3}


@pytest.mark.parametrize(
    ("line", "values"),
    [
        ("loss: 0.25 - acc: 0.9", {"loss": 0.25, "accuracy": 0.9}),
        ("Loss = 2.5e-05, Accuracy = 97.5%", {"loss": 2.5e-05, "accuracy": 0.975}),
        ("Training Loss: .5 | Training Accuracy: 97.5", {"loss": 0.5, "accuracy": 0.975}),
        ("train_loss: 0.5, val_loss: 0.6, val_acc: 0.7", {"loss": 0.5, "test loss": 0.6, "test accuracy": 0.7}),
        ("Test Accuracy: 0.91, loss 0.3", {"test accuracy": 0.91, "loss": 0.3}),
        ("Average loss: 0.0508, Accuracy: 9829/10000 (98%)", {"loss": 0.0508, "accuracy": 0.9829}),
        ("loss is -0.5", {"loss": -0.5}),
        ("The accuracy of 0.5", {"accuracy": 0.5}),
    ],
)
def test_losses_and_accuracies_are_read_in_the_usual_forms(line: str, values: dict[str, float]) -> None:
    assert values_of(line) == pytest.approx(values)


@pytest.mark.parametrize(
    "line",
    ["print(f'loss: {loss:.4f} - acc: {acc:.4f}')", "glossy 3", "loss function: CrossEntropyLoss", "accelerate 3"],
)
def test_words_and_source_code_hold_no_values(line: str) -> None:
    assert values_of(line) == {}


def test_each_value_knows_its_line_and_its_epoch() -> None:
    points = read_curves("loss: 3\nEpoch 1\nloss: 2\nEpoch 2 loss: 1").series["loss"]
    assert [tuple(point) for point in points] == [(0, None, 3.0), (2, 1, 2.0), (3, 2, 1.0)]


def test_the_last_value_is_the_last_that_is_a_number() -> None:
    curves = read_curves("loss: 0.5\nloss: 0.4\nloss: nan")
    assert (curves.first("loss"), curves.last("loss")) == (0.5, 0.4)
    assert math.isnan(curves.series["loss"][-1].value)


def test_a_series_that_is_not_there_has_no_first_and_no_last_value() -> None:
    assert (read_curves("").first("loss"), read_curves("loss: nan").last("loss")) == (None, None)


FRAGMENTS = [
    "Epoch",
    "epochs",
    "loss",
    "accuracy",
    "val_",
    " ",
    ":",
    "/",
    "%",
    "9" * 30,
    "nan",
    "-inf",
    "1e999",
    ".",
    "\n",
    "²",
    "٣",
]


@given(st.text() | st.lists(st.sampled_from(FRAGMENTS)).map("".join))
@example("loss " + "1" * 5000 + "/" + "0" * 20)
@example("acc: 1/0")
def test_reading_never_fails(text: str) -> None:
    read_curves(text)


@pytest.mark.parametrize("unit", ["a", "1", " ", "loss ", "epoch ", "a-", "a_", "1.", "acc 1", "epochs 1"])
def test_a_line_of_a_megabyte_is_read_in_no_time(unit: str) -> None:
    read_curves("loss " + unit * (1_000_000 // len(unit)))


decimals = st.integers(0, 99_999).map(lambda number: number / 10_000)


@given(st.lists(st.tuples(decimals, st.integers(0, 10_000)), min_size=1, max_size=20))
def test_what_a_program_prints_is_what_is_read(rows: list[tuple[float, int]]) -> None:
    text = "".join(
        f"Epoch {epoch}/{len(rows)} - loss: {loss:.4f} - acc: {hits / 10_000:.4f}\n"
        for epoch, (loss, hits) in enumerate(rows, start=1)
    )
    curves = read_curves(text)
    assert epochs_of(text) == list(range(1, len(rows) + 1))
    assert [(point.epoch, point.value) for point in curves.series["loss"]] == [
        (epoch, loss) for epoch, (loss, _hits) in enumerate(rows, start=1)
    ]
    assert [point.value for point in curves.series["accuracy"]] == [hits / 10_000 for _loss, hits in rows]
