"""What the numbers in a form of line are: which count, which tell a time, which are losses and accuracies."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from gedanken.compare.output.durations import CLOCK
from gedanken.compare.output.metrics import Metric, epoch_in, metrics_in
from gedanken.compare.output.transcript import VALUE
from gedanken.compare.output.wording import HOLE
from gedanken.compare.source.print_sites import PrintSite

LONGEST = 2000
"""Characters of a form that is read; what is longer is no line of a log."""
MOST_COLUMNS = 100
_NEAR = 40
"""Characters on either side of a number that tell what it is."""
_COUNTER = re.compile(r"\b(step|iter(?:ation)?|it|(?:mini)?batch|round|fold|update)s?\b[^\w]{0,4}$", re.IGNORECASE)
_TOTAL = re.compile(r"^\s?(?:/|of)\s?$", re.IGNORECASE)
_UNIT = re.compile(
    r"^\s?(?:ms|milliseconds?|s|secs?|seconds?|mins?|minutes?|h|hours?|it/s|s/it|[KMGT]?i?B(?:/s)?)\b", re.IGNORECASE
)
_TIME = re.compile(
    r"\b(?:time|took|elapsed|duration|eta|seconds|speed|throughput|memory|finished in|completed in|training in)\b"
    r"[^\w]{0,6}$",
    re.IGNORECASE,
)
_WORDS = re.compile(r"[^\W\d_][\w ]*(?=\W*$)")


@dataclass(frozen=True, slots=True)
class Column:
    """One number in a form of line, the same in every line that has the form."""

    form: str
    index: int
    """Among all values of the line, from 0."""
    label: str
    """What it is called: `loss`, `test accuracy`, or the words before it."""
    metric: Metric | None
    """As the line read for it names it, where it is a loss or an accuracy."""
    is_environment: bool
    """A time, a date, a speed or a memory."""
    site: PrintSite | None

    @property
    def is_loss(self) -> bool:
        return self.metric is not None and not self.metric.is_accuracy


@dataclass(frozen=True)
class Form:
    """A form of line, read off one line that has it."""

    form: str
    line: str
    sites: Sequence[PrintSite]

    @cached_property
    def spans(self) -> list[tuple[int, int]]:
        """Where each value stands in the line."""
        return [found.span() for found in VALUE.finditer(self.line)]

    @cached_property
    def site(self) -> PrintSite | None:
        """The site that makes the line, the one with the most words of its own where several do."""
        making = [site for site in self.sites if site.values(self.line) is not None]
        return max(making, key=lambda site: len(site.template.replace(HOLE, "")), default=None)

    @cached_property
    def epoch(self) -> int | None:
        """Index of the value that is the epoch."""
        begins = epoch_in(self.line)
        if begins is None:
            return None
        return next((at for at, (start, end) in enumerate(self.spans) if start <= begins < end), None)

    @cached_property
    def counters(self) -> tuple[int, ...]:
        """Indices of the other values that count: steps, batches, rounds."""
        found = (at for at in range(len(self.spans)) if at != self.epoch and _COUNTER.search(self._before(at)))
        return tuple(found)

    def name_of(self, counter: int) -> str:
        """What a value that counts is called, such as `step`."""
        words = _WORDS.search(self._before(counter))
        return words[0].strip().lower() if words else "count"

    @cached_property
    def _metrics(self) -> list[Metric]:
        return list(metrics_in(self.line))

    def metric(self, at: int) -> Metric | None:
        """The loss or accuracy that the value with this index is; None where it is another number."""
        start, end = self.spans[at]
        return next((metric for metric in self._metrics if start <= metric.start < end), None)

    def columns(self) -> list[Column]:
        """The columns that may be measured: without counters, totals, and numbers that stand in the source itself."""
        counting = {self.epoch, *self.counters}
        metric: Metric | None = None
        found = []
        for at, (start, end) in enumerate(self.spans[:MOST_COLUMNS]):
            is_total = (at - 1 in counting or (metric and metric.of)) and _TOTAL.match(self._between(at))
            metric = self.metric(at)
            is_shape = self.line.startswith(("torch.Size", "tensor("), start)
            if at in counting or is_total or is_shape or not self._is_in_hole(start, end):
                continue
            words = _WORDS.search(self._before(at))
            label = metric.name if metric else words[0].strip() if words else "value"
            environment = metric is None and self._is_environment(at)
            found.append(Column(self.form, at, label, metric, environment, self.site))
        return found

    def _before(self, at: int) -> str:
        """The words between a value and the one before it, the last of them."""
        return self._between(at)[-_NEAR:]

    def _between(self, at: int) -> str:
        return self.line[self.spans[at - 1][1] if at else 0 : self.spans[at][0]]

    def _is_environment(self, at: int) -> bool:
        start, end = self.spans[at]
        is_clock = any(low <= start < high for low, high in self._clocks)
        return is_clock or bool(_UNIT.match(self.line[end : end + _NEAR]) or _TIME.search(self._before(at)))

    @cached_property
    def _clocks(self) -> list[tuple[int, int]]:
        return [found.span() for found in CLOCK.finditer(self.line)]

    def _is_in_hole(self, start: int, end: int) -> bool:
        return self.site is None or any(low < end and start < high for low, high in self._holes)

    @cached_property
    def _holes(self) -> list[tuple[int, int]]:
        values = self.site.values(self.line) if self.site else None
        if self.site is None or values is None:
            return []
        at = len(self.line) - len(self.line.lstrip())
        found = []
        for words, value in zip(self.site.template.split(HOLE), (*values, ""), strict=True):
            at += len(words)
            found.append((at, at + len(value)))
            at += len(value)
        return found
