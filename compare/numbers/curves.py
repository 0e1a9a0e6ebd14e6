"""Numbers read off printed lines: epochs, losses, accuracies."""

import math
import re
from dataclasses import dataclass
from typing import NamedTuple

_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?|[-+]?\b(?:nan|inf)\b"
_EPOCH = re.compile(
    # `Epochs: 10`, `Epochs 3-98` and `epoch + 1` name no epoch; `Epochs: 1/10` does.
    r"\bepoch(?:s(?=\W{0,4}\d+\s*(?:/|of)))?\b[^\w+]{0,4}(?P<epoch>\d{1,18})(?!\d)"
    r"(?:\s*(?:/|of)\s*(?P<of>\d{1,18})(?!\d))?",
    re.IGNORECASE,
)
_METRIC = re.compile(
    rf"(?P<name>(?:\b[A-Za-z]+[ _-])?(?<![A-Za-z])[A-Za-z]*(?:loss|acc(?:uracy)?)\b)[^\w.+-]{{0,6}}(?:is |of )?"
    rf"(?P<value>{_NUMBER})(?:\s?/\s?(?P<of>\d{{1,18}})(?!\.?\d))?(?!\w)\s?(?P<percent>%)?",
    re.IGNORECASE,
)
_QUALIFIERS = ("val", "valid", "validation", "test", "eval")


class Point(NamedTuple):
    """One number that a line shows."""

    line: int
    """Index of the line, from 0."""
    epoch: int | None
    value: float


@dataclass(frozen=True, slots=True)
class Curves:
    """All series of one output; a series is named `loss`, `accuracy`, or so with `test ` before it."""

    epochs: tuple[tuple[int, int], ...]
    """(line, epoch) for each line that names an epoch."""
    totals: dict[int, int]
    """Numbers of epochs that lines like `Epoch 3/10` name, each with the first line that does."""
    series: dict[str, tuple[Point, ...]]

    def last(self, name: str) -> float | None:
        """The last finite value of a series."""
        finite = [point.value for point in self.series.get(name, ()) if math.isfinite(point.value)]
        return finite[-1] if finite else None

    def first(self, name: str) -> float | None:
        """The first value of a series."""
        points = self.series.get(name, ())
        return points[0].value if points else None


def read_curves(text: str) -> Curves:
    """Read every epoch, loss and accuracy off an output.

    Accuracies are fractions: 97 % and 9700/10000 read as 0.97.
    """
    epochs: list[tuple[int, int]] = []
    totals: dict[int, int] = {}
    series: dict[str, list[Point]] = {}
    epoch: int | None = None
    for number, line in enumerate(text.splitlines()):
        found = _EPOCH.search(line)
        if found:
            epoch = int(found["epoch"])
            epochs.append((number, epoch))
            if found["of"]:
                totals.setdefault(int(found["of"]), number)
        for metric in _METRIC.finditer(line):
            name, is_accuracy = _series_name(metric["name"])
            value = float(metric["value"])
            if is_accuracy and int(metric["of"] or 0):
                value /= int(metric["of"])
            elif is_accuracy and (metric["percent"] or value > 1):
                value /= 100
            series.setdefault(name, []).append(Point(number, epoch, value))
    return Curves(tuple(epochs), totals, {name: tuple(points) for name, points in series.items()})


def _series_name(label: str) -> tuple[str, bool]:
    words = re.split(r"[ _-]", label.lower())
    is_accuracy = words[-1].endswith(("acc", "accuracy"))
    kind = "accuracy" if is_accuracy else "loss"
    held_out = any(word.startswith(_QUALIFIERS) for word in words)
    return (f"test {kind}" if held_out else kind), is_accuracy
