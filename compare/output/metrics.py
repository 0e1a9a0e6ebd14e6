"""Reads epochs, losses and accuracies from printed lines."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gedanken.compare.output.points import Epochs, Points
from gedanken.compare.output.transcript import Transcript

_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?|[-+]?\b(?-i:[nN][aA][nN]|[iI][nN][fF])\b"
_EPOCH = re.compile(
    # `Epochs: 10`, `Epochs 3-98` and `epoch + 1` name no epoch; `Epochs: 1/10` does.
    # `2s/epoch - 11ms/step` is a time; `epoch: 1.5` is counted by its fraction.
    r"(?<![\w/])epoch(?:s(?=\W{0,4}\d+\s*(?:/|of))|_?(?:num|number|idx|index|id)|\s?\((?:train|val|test)\))?(?!\w)"
    r"[^\w+]{0,4}(?P<epoch>\d{1,18})(?!\.?\d)"
    r"(?:\s*(?:/|of)\s*(?P<of>\d{1,18})(?!\d))?",
    re.IGNORECASE,
)
_METRIC = re.compile(
    rf"(?P<name>(?:\b[A-Za-z]+[ _-])?(?<![A-Za-z])[A-Za-z]*(?:loss|acc(?:uracy)?)\b)[^\w.+-]{{0,6}}(?:is |of )?"
    rf"(?P<value>{_NUMBER})(?:\s?/\s?(?P<of>\d{{1,18}})(?!\.?\d))?(?!\w)\s?(?P<percent>%)?",
    re.IGNORECASE,
)
_CURVE_WORDS = ("epoch", "loss", "acc")
"""Every line that names an epoch, a loss or an accuracy contains one of these."""
_MIN_COLUMN_LINES = 8
"""Minimum number of lines of one shape that are read together, as arrays. If there are fewer, they are read one by
one.
"""
_MAX_EXACT_INTEGER = 2.0**53
"""Up to this number, a double represents every whole number exactly."""
_HELD_OUT_PREFIXES = ("val", "valid", "validation", "test", "eval")


class Metric(NamedTuple):
    """One loss or accuracy in a line."""

    name: str
    """`loss` or `accuracy`, with `test ` before it if it is measured on validation or test data."""
    is_accuracy: bool
    start: int
    """Position of the number in the line."""
    value: float
    of: int
    """The total, such as 10000 in `9829/10000`; 0 if there is none."""
    is_percent: bool


@dataclass(frozen=True, slots=True, eq=False)
class Curves:
    """All series of one output. A series is named `loss` or `accuracy`, with `test ` before it if it was measured
    on validation or test data.
    """

    epochs: Epochs
    """Pairs (line, epoch), one for each line that names an epoch."""
    totals: dict[int, int]
    """Maps each total number of epochs, as in `Epoch 3/10`, to the first line that states this total."""
    series: dict[str, Points]

    def last(self, name: str) -> float | None:
        """Return the last finite value of a series; None if there is none."""
        return self.series[name].last_finite() if name in self.series else None

    def first(self, name: str) -> float | None:
        """Return the first value of a series; None if there is none."""
        points = self.series.get(name, ())
        return points[0].value if points else None


def read_curves(output: str | Transcript) -> Curves:
    """Read every epoch, loss and accuracy from an output.

    Accuracies become fractions: 97, 97 % and 9700/10000 are all read as 0.97.
    """
    transcript = Transcript(output) if isinstance(output, str) else output
    reader = _CurveReader(transcript)
    shape_indices = transcript.shapes_with(_CURVE_WORDS)
    shape_of = transcript.shape_of
    order = np.argsort(shape_of, kind="stable")
    ends = np.searchsorted(shape_of[order], np.arange(len(transcript.shapes) + 1))
    for shape_index in shape_indices:
        reader.read(order[ends[shape_index] : ends[shape_index + 1]], transcript.shapes[shape_index])
    return reader.curves()


class _CurveReader:
    """Collects epochs, losses and accuracies from lines, one shape at a time."""

    def __init__(self, transcript: Transcript) -> None:
        self._transcript = transcript
        nothing = np.empty(0, np.int64)
        self._epochs = [(nothing, nothing)]
        self._totals = [(nothing, nothing)]
        self._series: dict[str, list[tuple[NDArray[np.int64], int, NDArray[np.float64]]]] = {}

    def read(self, lines: NDArray[np.int64], shape: str) -> None:
        """Read the lines with these indices, which all have this shape."""
        if len(lines) < _MIN_COLUMN_LINES or not self._read_columns(lines, shape):
            for line in lines:
                self._read_line(np.array([line]), self._transcript.normalized_line(int(line)))

    def _read_line(self, line: NDArray[np.int64], text: str) -> None:
        epoch = _EPOCH.search(text)
        if epoch:
            self._epochs.append((line, np.array([int(epoch["epoch"])])))
            if epoch["of"]:
                self._totals.append((line, np.array([int(epoch["of"])])))
        for position, metric in enumerate(metrics_in(text)):
            value = np.array([metric.value / metric.of if metric.of else metric.value])
            self._add(metric, line, position, value)

    def _read_columns(self, lines: NDArray[np.int64], shape: str) -> bool:
        """Read lines of one shape as arrays, and return True. If one of their numbers cannot be read as an array,
        return False.
        """
        column = self._transcript.column_of(lines, shape)
        epoch = _EPOCH.search(shape)
        metrics = list(_METRIC.finditer(shape))
        groups = [(epoch, name) for name in ("epoch", "of")] if epoch else []
        groups += [(metric, name) for metric in metrics for name in ("value", "of")]
        spans = [match.span(name) for match, name in groups if match[name]]
        columns = {span: column(*span) for span in spans}
        # The transcript has no value at this position, or one that is too large for a double.
        if any(values is None or np.any(np.abs(values) >= _MAX_EXACT_INTEGER) for values in columns.values()):
            return False
        if epoch:
            self._epochs.append((lines, _integers(columns[epoch.span("epoch")])))
            if epoch["of"]:
                self._totals.append((lines, _integers(columns[epoch.span("of")])))
        for position, (match, metric) in enumerate(zip(metrics, metrics_in(shape), strict=True)):
            values = columns[match.span("value")]
            assert values is not None
            totals = columns.get(match.span("of")) if metric.is_accuracy and match["of"] else None
            if totals is not None:
                is_part = totals != 0
                self._add(metric._replace(of=1), lines[is_part], position, values[is_part] / totals[is_part])
                self._add(metric._replace(of=0), lines[~is_part], position, values[~is_part])
            else:
                self._add(metric, lines, position, values)
        return True

    def _add(self, metric: Metric, lines: NDArray[np.int64], position: int, values: NDArray[np.float64]) -> None:
        if metric.is_accuracy and not metric.of:
            values = values / 100 if metric.is_percent else np.where(values > 1, values / 100, values)
        self._series.setdefault(metric.name, []).append((lines, position, values))

    def curves(self) -> Curves:
        """Return the epochs, totals and series that were read, in the order of the lines."""
        epochs = Epochs(*_sorted(self._epochs))
        total_lines, totals = _sorted(self._totals)
        numbers, first_indices = np.unique(totals, return_index=True)
        in_order = np.argsort(first_indices)
        series = {name: self._points(name, epochs) for name in self._series}
        return Curves(
            epochs,
            dict(zip(numbers[in_order].tolist(), total_lines[first_indices[in_order]].tolist(), strict=True)),
            dict(sorted(series.items(), key=lambda item: item[1][0].line)),
        )

    def _points(self, name: str, epochs: Epochs) -> Points:
        parts = self._series[name]
        lines = np.concatenate([lines for lines, _position, _values in parts])
        positions = np.concatenate([np.full(len(lines), position) for lines, position, _values in parts])
        values = np.concatenate([values for _lines, _position, values in parts])
        order = np.lexsort((positions, lines))
        return Points(lines[order], epochs.epochs_at(lines[order]), values[order])


def _integers(values: NDArray[np.float64] | None) -> NDArray[np.int64]:
    assert values is not None
    return values.astype(np.int64)


def _sorted(parts: Sequence[tuple[NDArray[np.int64], NDArray[np.int64]]]) -> list[NDArray[np.int64]]:
    lines, numbers = (np.concatenate(column) for column in zip(*parts, strict=True))
    order = np.argsort(lines, kind="stable")
    return [lines[order], numbers[order]]


def metrics_in(line: str) -> Iterator[Metric]:
    """Yield every loss and every accuracy in a line."""
    for match in _METRIC.finditer(line):
        name, is_accuracy = _series_name(match["name"])
        total = int(match["of"] or 0) if is_accuracy else 0
        yield Metric(name, is_accuracy, match.start("value"), float(match["value"]), total, bool(match["percent"]))


def epoch_position(line: str) -> int | None:
    """Return the position of the epoch number in a line; None if the line names no epoch."""
    match = _EPOCH.search(line)
    return match.start("epoch") if match else None


def epoch_and_total(line: str) -> tuple[int, int | None] | None:
    """Return the epoch in a line, and the total number of epochs (None if the line does not state it). None if the
    line names no epoch.
    """
    match = _EPOCH.search(line)
    return (int(match["epoch"]), int(match["of"]) if match["of"] else None) if match else None


def _series_name(label: str) -> tuple[str, bool]:
    words = re.split(r"[ _-]", label.lower())
    is_accuracy = words[-1].endswith(("acc", "accuracy"))
    kind = "accuracy" if is_accuracy else "loss"
    held_out = any(word.startswith(_HELD_OUT_PREFIXES) for word in words)
    return (f"test {kind}" if held_out else kind), is_accuracy
