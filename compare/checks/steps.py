"""Oracle: steps, numbers of images and percentages must agree with each other, with the batch size and with the
data.
"""

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gedanken.compare.checks.oracle import LONGEST, Contradiction, LineFilter, lines_with, oracle
from gedanken.compare.output.transcript import Transcript
from gedanken.compare.parsed.run_set import LINES_SHOWN, ParsedRun, RunSet
from gedanken.compare.source.training_settings import batch_size
from gedanken.experiment.finding import Finding

Indices = NDArray[np.int64]

_FORM = LineFilter(
    re.compile(r"\b(?:step|batch|iter|iteration)\b|\[\s?#\s?/\s?#", re.IGNORECASE), ("step", "batch", "iter", "[")
)
_HELD_OUT = re.compile(r"test|val|eval", re.IGNORECASE)
"""Matches words for held-out data, whose batches may have another size than those of the training data."""
_STEP = re.compile(
    r"((?:\b(?:step|batch|iter|iteration)\b)[^\w\n]{0,4}(\d{1,12})\s?(?:/|of)\s?(\d{1,12}))(?![\d./])", re.IGNORECASE
)
_IMAGES = re.compile(r"(\[\s?(\d{1,12})\s?/\s?(\d{1,12})\s?\((\d{1,3}(?:\.\d{1,6})?)\s?%\)\s?\])")
_STEP_OR_IMAGES = re.compile(f"{_STEP.pattern}|{_IMAGES.pattern}", re.IGNORECASE)


class _Progress(NamedTuple):
    text: str
    done: int
    total: int
    percent: str = ""
    """The percentage that the line states; empty if the line counts steps, not images."""


@dataclass(frozen=True, slots=True)
class _ShownProgress:
    """All progress that an output shows, such as `step 3/100`. A text that is printed several times is contained
    once.
    """

    lines: Sequence[tuple[int, str]]
    images: Sequence[_Progress]
    steps: Sequence[_Progress]

    def first_line_with(self, progress: _Progress) -> tuple[int, ...]:
        """Return the index of the first line with this progress, as a tuple; empty if no line has it."""
        return tuple(index for index, line in self.lines if progress.text in line)[:1]


def steps(run_set: RunSet) -> Iterable[Finding]:
    """Find numbers of steps and images that are impossible for an epoch of this program.

    An epoch has ceil(images / batch) steps, or floor(images / batch) if the program drops an incomplete last batch.
    If the real runs agree on the totals, the imagined totals must be the same.
    """
    batch = batch_size(run_set.source) if run_set.source else None
    progress_by_run = {id(run): _read_progress(run, batch) for run in (*run_set.imagined, *run_set.real)}
    real_progress = [progress_by_run[id(run)] for run in run_set.real]
    image_totals = _agreed_totals([{image.total for image in run.images} for run in real_progress])
    step_totals = _agreed_totals([{step.total for step in run.steps} for run in real_progress])

    def contradictions(run: ParsedRun) -> Iterator[Contradiction]:
        progress = progress_by_run[id(run)]
        yield from _counts_beyond_total(progress, batch)
        yield from _unexpected_totals(progress, progress.images, image_totals, "images")
        yield from _unexpected_totals(progress, progress.steps, step_totals, "steps")
        if batch:
            yield from _wrong_step_totals(progress, batch)
            yield from _wrong_percentages(progress, batch)
            # A program may count images in any way; only a real run shows that it counts batches.
            yield from _impossible_batches(progress, batch) if image_totals else ()

    yield from oracle(run_set, "oracle: steps", contradictions)


def _read_progress(run: ParsedRun, batch: int | None) -> _ShownProgress:
    # Without the batch size, there is nothing to check in the other lines.
    lines = lines_with(run, _FORM, _HELD_OUT, _STEP_OR_IMAGES, None if batch else _select_informative)
    text = "\n".join(line for _at, line in lines)
    image_counts = [
        _Progress(quoted, int(count), int(total), percent)
        for quoted, count, total, percent in dict.fromkeys(_IMAGES.findall(text))
    ]
    step_counts = [
        _Progress(quoted, int(count), int(total)) for quoted, count, total in dict.fromkeys(_STEP.findall(text))
    ]
    return _ShownProgress(lines, image_counts, step_counts)


def _select_informative(transcript: Transcript, lines: Indices) -> Indices:
    """Choose the lines of one shape that are enough to find contradictions.

    These are all lines whose count exceeds the total, and a few lines for each total.
    """
    shape = transcript.shapes[transcript.shape_of[lines[0]]][:LONGEST]
    values_between = transcript.column_of(lines, shape)
    is_selected = np.zeros(len(lines), bool)
    for match in (*_STEP.finditer(shape), *_IMAGES.finditer(shape)):
        counts, totals = values_between(*match.span(2)), values_between(*match.span(3))
        if counts is None or totals is None:
            return lines
        order = np.argsort(totals, kind="stable")
        first_index = np.searchsorted(totals[order], totals[order])
        is_selected[order] |= np.arange(len(lines)) - first_index < LINES_SHOWN
        is_selected |= counts > totals
    return lines[is_selected]


def _agreed_totals(totals: Sequence[set[int]]) -> set[int]:
    """Return the set of totals that every real run shows, given one set for each run; empty if the sets differ."""
    return totals[0] if totals and all(run_totals == totals[0] for run_totals in totals) else set()


def _counts_beyond_total(progress: _ShownProgress, batch: int | None) -> Iterator[Contradiction]:
    """Yield a contradiction for each count that exceeds its total, such as `step 120/100`.

    Numbers of images are reported only if they exceed the total by at least one batch.
    """
    for count in (*progress.steps, *progress.images):
        excess = count.done - count.total
        # A program may count the last batch as a full one.
        if excess > 0 and (not count.percent or excess >= (batch or count.total)):
            yield Contradiction(
                "beyond", f"shows “{count.text}”, which is more than the total", progress.first_line_with(count)
            )


def _unexpected_totals(
    progress: _ShownProgress, counts: Sequence[_Progress], real_totals: set[int], unit: str
) -> Iterator[Contradiction]:
    for count in counts:
        if real_totals and count.total not in real_totals:
            expected = _join_with_or(real_totals)
            yield Contradiction(
                unit, f"shows “{count.text}”; an epoch really has {expected} {unit}", progress.first_line_with(count)
            )


def _wrong_step_totals(progress: _ShownProgress, batch: int) -> Iterator[Contradiction]:
    totals = {image.total for image in progress.images}
    if len(totals) != 1:
        return
    (total,) = totals
    expected_steps = {count for count in (total // batch, math.ceil(total / batch)) if count}
    for step in progress.steps:
        # Steps may be counted through all epochs: a multiple is right too.
        if all(step.total % count for count in expected_steps):
            claim = (
                f"shows “{step.text}”, but {total:,} images in batches of {batch:,} are "
                f"{_join_with_or(expected_steps)} steps"
            )
            yield Contradiction("images and steps", claim, progress.first_line_with(step))


def _wrong_percentages(progress: _ShownProgress, batch: int) -> Iterator[Contradiction]:
    """Yield a contradiction for each percentage that does not fit its count of images, as in `[640/60000 (90%)]`.

    Differences of up to one batch are tolerated.
    """
    for image in progress.images:
        if image.total <= 2 * batch:
            continue
        stated, exact, step = float(image.percent), 100 * image.done / image.total, 100 * batch / image.total
        unit = 10.0 ** -len(image.percent.partition(".")[2])
        # The last batch of an epoch may be smaller.
        if max(stated, exact) < 100 - 2 * step and abs(stated - exact) > step + unit:
            claim = f"shows “{image.text}”, but {image.done} of {image.total} is {exact:.3g}%"
            yield Contradiction("percentage", claim, progress.first_line_with(image))


def _impossible_batches(progress: _ShownProgress, batch: int) -> Iterator[Contradiction]:
    for image in progress.images:
        full_batches, rest = divmod(image.total, batch)
        if image.done % batch and image.done not in (image.total, full_batches * rest, (full_batches + 1) * rest):
            claim = f"shows “{image.text}”, but batches of {batch} never add up to {image.done} images"
            yield Contradiction("batches", claim, progress.first_line_with(image))


def _join_with_or(numbers: Iterable[int]) -> str:
    return " or ".join(map(str, sorted(numbers)))
