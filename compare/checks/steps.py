"""Oracle: steps, image counts and percentages must agree with each other, with the batch size and the data."""

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gedanken.compare.checks.oracle import LONGEST, Contradiction, Wanted, lines_with, oracle
from gedanken.compare.output.transcript import Transcript
from gedanken.compare.parsed.run_set import LINES_SHOWN, ParsedRun, RunSet
from gedanken.compare.source.training_settings import batch_size
from gedanken.experiment.finding import Finding

Indices = NDArray[np.int64]

_FORM = Wanted(
    re.compile(r"\b(?:step|batch|iter|iteration)\b|\[\s?#\s?/\s?#", re.IGNORECASE), ("step", "batch", "iter", "[")
)
_HELD_OUT = re.compile(r"test|val|eval", re.IGNORECASE)
"""Matches words for held-out data, whose batches may have another size than those of the training data."""
_STEP = re.compile(
    r"((?:\b(?:step|batch|iter|iteration)\b)[^\w\n]{0,4}(\d{1,12})\s?(?:/|of)\s?(\d{1,12}))(?![\d./])", re.IGNORECASE
)
_IMAGES = re.compile(r"(\[\s?(\d{1,12})\s?/\s?(\d{1,12})\s?\((\d{1,3}(?:\.\d{1,6})?)\s?%\)\s?\])")
_EITHER = re.compile(f"{_STEP.pattern}|{_IMAGES.pattern}", re.IGNORECASE)


class _Progress(NamedTuple):
    """Progress within an epoch, as a line states it."""

    text: str
    at: int
    all: int
    percent: str = ""
    """The percentage that the line states; empty if the line counts steps, not images."""


@dataclass(frozen=True, slots=True)
class _Shown:
    """All progress that one output shows, such as `step 3/100`; each distinct text once."""

    lines: Sequence[tuple[int, str]]
    images: Sequence[_Progress]
    steps: Sequence[_Progress]

    def where(self, shown: _Progress) -> tuple[int, ...]:
        """Return the index of the first line with this progress, as a tuple; empty if no line has it."""
        return tuple(at for at, line in self.lines if shown.text in line)[:1]


def steps(run_set: RunSet) -> Iterable[Finding]:
    """Find step and image counts that an epoch of this program cannot have.

    An epoch has ceil(images / batch) steps, or floor(images / batch) if an incomplete last batch is left out. Totals
    must be those on which the real runs agree.
    """
    batch = batch_size(run_set.source) if run_set.source else None
    shown = {id(run): _read(run, batch) for run in (*run_set.imagined, *run_set.real)}
    real = [shown[id(run)] for run in run_set.real]
    images = _agreed([{image.all for image in run.images} for run in real])
    counts = _agreed([{step.all for step in run.steps} for run in real])

    def contradictions(run: ParsedRun) -> Iterator[Contradiction]:
        progress = shown[id(run)]
        yield from _beyond(progress, batch)
        yield from _other_totals(progress, progress.images, images, "images")
        yield from _other_totals(progress, progress.steps, counts, "steps")
        if batch:
            yield from _steps_of_images(progress, batch)
            yield from _percentages(progress, batch)
            # A program may count images in any way; only a real run shows that it counts batches.
            yield from _batches(progress, batch) if images else ()

    yield from oracle(run_set, "oracle: steps", contradictions)


def _read(run: ParsedRun, batch: int | None) -> _Shown:
    # Without the batch size, there is nothing to check in the other lines.
    lines = lines_with(run, _FORM, _HELD_OUT, _EITHER, None if batch else _telling)
    text = "\n".join(line for _at, line in lines)
    images = [
        _Progress(said, int(at), int(whole), share) for said, at, whole, share in dict.fromkeys(_IMAGES.findall(text))
    ]
    counted = [_Progress(said, int(at), int(whole)) for said, at, whole in dict.fromkeys(_STEP.findall(text))]
    return _Shown(lines, images, counted)


def _telling(script: Transcript, lines: Indices) -> Indices:
    """Select lines of one shape: all whose count exceeds the total, and a few lines for each total."""
    shape = script.shapes[script.shape_of[lines[0]]][:LONGEST]
    column = script.column_of(lines, shape)
    kept = np.zeros(len(lines), bool)
    for found in (*_STEP.finditer(shape), *_IMAGES.finditer(shape)):
        at, whole = column(*found.span(2)), column(*found.span(3))
        if at is None or whole is None:
            return lines
        order = np.argsort(whole, kind="stable")
        first = np.searchsorted(whole[order], whole[order])
        kept[order] |= np.arange(len(lines)) - first < LINES_SHOWN
        kept |= at > whole
    return lines[kept]


def _agreed(totals: Sequence[set[int]]) -> set[int]:
    """Return the totals that all real runs count to; empty if the runs differ."""
    return totals[0] if totals and all(total == totals[0] for total in totals) else set()


def _beyond(shown: _Shown, batch: int | None) -> Iterator[Contradiction]:
    """Yield a contradiction for each step above its total, and each image count a batch or more above its total."""
    for count in (*shown.steps, *shown.images):
        over = count.at - count.all
        # A program may count the last batch as a full one.
        if over > 0 and (not count.percent or over >= (batch or count.all)):
            yield Contradiction("beyond", f"shows “{count.text}”, which is more than the total", shown.where(count))


def _other_totals(shown: _Shown, said: Sequence[_Progress], really: set[int], what: str) -> Iterator[Contradiction]:
    for count in said:
        if really and count.all not in really:
            told = _or(really)
            yield Contradiction(what, f"shows “{count.text}”; an epoch really has {told} {what}", shown.where(count))


def _steps_of_images(shown: _Shown, batch: int) -> Iterator[Contradiction]:
    """Check totals of steps against the number of images."""
    totals = {image.all for image in shown.images}
    if len(totals) != 1:
        return
    (total,) = totals
    right = {count for count in (total // batch, math.ceil(total / batch)) if count}
    for step in shown.steps:
        # Steps may be counted through all epochs: a multiple is right too.
        if all(step.all % count for count in right):
            claim = f"shows “{step.text}”, but {total:,} images in batches of {batch:,} are {_or(right)} steps"
            yield Contradiction("images and steps", claim, shown.where(step))


def _percentages(shown: _Shown, batch: int) -> Iterator[Contradiction]:
    """Check the percentages of image counts, with a tolerance of one batch."""
    for image in shown.images:
        if image.all <= 2 * batch:
            continue
        told, exact, step = float(image.percent), 100 * image.at / image.all, 100 * batch / image.all
        unit = 10.0 ** -len(image.percent.partition(".")[2])
        # The last batch of an epoch may be smaller.
        if max(told, exact) < 100 - 2 * step and abs(told - exact) > step + unit:
            claim = f"shows “{image.text}”, but {image.at} of {image.all} is {exact:.3g}%"
            yield Contradiction("percentage", claim, shown.where(image))


def _batches(shown: _Shown, batch: int) -> Iterator[Contradiction]:
    for image in shown.images:
        whole, rest = divmod(image.all, batch)
        if image.at % batch and image.at not in (image.all, whole * rest, (whole + 1) * rest):
            claim = f"shows “{image.text}”, but batches of {batch} never add up to {image.at} images"
            yield Contradiction("batches", claim, shown.where(image))


def _or(numbers: Iterable[int]) -> str:
    return " or ".join(map(str, sorted(numbers)))
