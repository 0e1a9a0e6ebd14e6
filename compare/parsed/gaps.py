"""Finds imagined logs that skip part of a loop: a counter jumps, but advances evenly in real logs."""

from collections import Counter as Tally
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gedanken.compare.output.transcript import Transcript
from gedanken.compare.parsed.order import count_lines_by_site
from gedanken.compare.parsed.run_set import ParsedRun, RunSet
from gedanken.compare.source.print_sites import PrintSite

FEWEST = 4
"""A number can be a counter only if each real log has at least this many lines of its print."""
MOST_WORDS = 100
"""Maximum number of different line beginnings that are examined.

A beginning is the text before the first number.
"""
COLUMNS = 8
"""Maximum number of values of a line that are examined, from the first one on."""

Indices = NDArray[np.int64]
Numbers = NDArray[np.float64]


class Passage(NamedTuple):
    """The part of a real run that an imagined log skips."""

    run: ParsedRun
    before: int
    """Index of the line that shows the count before the jump."""
    after: int
    """Index of the line that shows the count after the jump."""


class Gap(NamedTuple):
    """A jump in a counter of one imagined log."""

    site: PrintSite
    column: int
    """Index of the counter among the numbers of its print."""
    before: int
    """Index of the line before the jump."""
    after: int
    """Index of the line after the jump."""
    count_before: float
    """The count before the jump."""
    count_after: float
    """The count after the jump."""
    missing_lines: Indices
    """For each print site, how many lines this log lacks between the two counts.

    The log is compared with the real run that shows the most lines of the site there.
    """
    real_passage: Passage | None
    """The part of a real run between the two counts; None if no real run shows both counts."""


class Counter(NamedTuple):
    """A number in the lines of a print that advances in equal steps in all real runs."""

    site: PrintSite
    column: int
    step: float
    words: str | None = None
    """The words before the number, such as `Trial`, if the words after the number vary; otherwise None."""

    def lines_of(self, run: ParsedRun) -> Indices:
        """Return the indices of the lines of a run that contain this counter."""
        if self.words is None:
            return np.asarray(run.ledger.lines_of(self.site), np.int64)
        return _lines_by_words(run.transcript, frozenset([self.words])).get(self.words, np.empty(0, np.int64))


def gaps(run_set: RunSet) -> Mapping[int, Sequence[Gap]]:
    """Return the jumps of each imagined log that has jumps, keyed by the run's `id`.

    If several counters jump, the counter with the most jumps is taken. The result is empty if the source is known, or
    if there are fewer than two real logs.
    """
    if run_set.source is not None or len(run_set.real) < 2:
        return {}
    gaps_by_run: dict[int, list[Gap]] = {}
    for counter in run_set.compute_once(counters):
        for run in run_set.imagined:
            jumps = list(_find_jumps(run_set, run, counter))
            if jumps and (id(run) not in gaps_by_run or len(jumps) > len(gaps_by_run[id(run)])):
                gaps_by_run[id(run)] = jumps
    return gaps_by_run


def _counters_by_column(run_set: RunSet) -> Iterator[Counter]:
    """Yield, for each print, the first number that counts in equal steps in all real runs."""
    fewest = np.min([count_lines_by_site(run, len(run_set.sites)) for run in run_set.real], axis=0)
    for site in [run_set.sites[index] for index in np.flatnonzero(fewest >= FEWEST).tolist()]:
        lines = [run.ledger.lines_of(site) for run in run_set.real]
        if min(map(len, lines)) < FEWEST:
            continue
        columns = COLUMNS if len(set(map(len, lines))) == 1 else 1
        earlier_columns: list[list[Numbers]] = []
        for column in range(columns):
            values = [values_of(run, run_lines, column) for run, run_lines in zip(run_set.real, lines, strict=True)]
            step = _common_step(values)
            # `best step` repeats an earlier number of the line for as long as each step is better than the last.
            if step and not any(all(map(np.array_equal, values, earlier)) for earlier in earlier_columns):
                yield Counter(site, column, step)
                break
            earlier_columns.append(values)


def counters(run_set: RunSet) -> Sequence[Counter]:
    """Return all counters in the real runs."""
    return (*_counters_by_column(run_set), *_counters_by_words(run_set))


def _counters_by_words(run_set: RunSet) -> Iterator[Counter]:
    """Yield the counters that are recognized by the words before them, such as `Trial`, because the words after them
    vary.
    """
    first = run_set.real[0]
    forms = Tally(form[: form.index("#")] for form in first.transcript.forms if "#" in form)
    wanted_words = frozenset([words for words, count in forms.most_common(MOST_WORDS) if count > 1 and words.strip()])
    if not wanted_words:
        return
    lines_by_run = [_lines_by_words(run.transcript, wanted_words) for run in run_set.real]
    for words in sorted(wanted_words):
        if not all(words in lines for lines in lines_by_run):
            continue
        counts = [values_of(run, lines[words], 0) for run, lines in zip(run_set.real, lines_by_run, strict=True)]
        site = int(first.ledger.site_of[lines_by_run[0][words][0]])
        step = _common_step(counts)
        is_one_by_one = step > 0 and bool((np.diff(counts[0]) == step).all())
        if (
            is_one_by_one
            and 0 <= site < len(run_set.sites)
            and all(np.array_equal(counts[0], run_counts) for run_counts in counts)
        ):
            yield Counter(run_set.sites[site], 0, step, words)


def _lines_by_words(transcript: Transcript, wanted: frozenset[str]) -> dict[str, Indices]:
    """Return the indices of lines with only wanted words before their first number, keyed by these words."""
    lines_by_words: dict[str, list[Indices]] = {}
    for form in transcript.forms:
        words = form.partition("#")[0]
        if words in wanted and words != form:
            lines_by_words.setdefault(words, []).append(transcript.lines_of(form))
    return {words: np.sort(np.concatenate(lines)) for words, lines in lines_by_words.items()}


def _common_step(values: Sequence[Numbers]) -> float:
    """Return the step by which the values grow, if it is always the same in all runs; otherwise 0.

    Falling and repeated values are ignored. The result is also 0 if a value is not whole, or if there are too few
    steps.
    """
    increases = [(steps := np.diff(run_values))[steps > 0] for run_values in values]
    if min(map(len, increases)) < FEWEST - 1:
        return 0.0
    steps = np.unique(np.concatenate(increases))
    is_whole = all((run_values == np.rint(run_values)).all() for run_values in values)
    return float(steps[0]) if is_whole and len(steps) == 1 else 0.0


def values_of(run: ParsedRun, lines: Indices, column: int) -> Numbers:
    """Return the value with index `column` of each line; NaN for a line that has fewer values."""
    transcript = run.transcript
    indices = transcript.starts[lines] + column
    is_shown = indices < transcript.starts[lines + 1]
    values = np.full(len(lines), np.nan)
    values[is_shown] = transcript.values[indices[is_shown]]
    return np.where(np.isfinite(values), values, np.nan)


def _find_jumps(run_set: RunSet, run: ParsedRun, counter: Counter) -> Iterator[Gap]:
    lines = counter.lines_of(run)
    counts = values_of(run, lines, counter.column)
    epochs = run.curves.epochs.epochs_at(lines)
    for index in np.flatnonzero(np.diff(counts) > counter.step).tolist():
        low, high = float(counts[index]), float(counts[index + 1])
        is_repeated = high in counts[index + 2 : index + 3]
        # Missing epochs and wrong numbers are not jumps: other checks report them.
        if epochs[index + 1] - epochs[index] > 1 or (
            is_repeated and not _is_skipped(run_set, counter, counts, low, high)
        ):
            continue  # the new count is shown twice: its first line has a wrong number, and nothing is skipped
        before, after = int(lines[index]), int(lines[index + 1])
        passages = _skipped_passages(run_set, counter, run, index)
        real_lines = _most_lines(passages, len(run_set.sites))
        shown_lines = sites_between(run, before, after, len(run_set.sites))
        yield Gap(
            counter.site,
            counter.column,
            before,
            after,
            low,
            high,
            np.maximum(real_lines - shown_lines, 0),
            passages[0] if passages else None,
        )


def _is_skipped(run_set: RunSet, counter: Counter, counts: Numbers, low: float, high: float) -> bool:
    """Return whether a log has no count between `low` and `high`, although all real logs have some.

    Every real log must show `high` at least as often as this log.
    """
    # For example, 1 and 3 in `[1/5][200/250]`, `[3/5][0/250]`, `[3/5][50/250]`.
    real_counts = [values_of(run, counter.lines_of(run), counter.column) for run in run_set.real]
    shows_none = not ((low < counts) & (counts < high)).any()
    all_real_show = all(bool(((low < run_counts) & (run_counts < high)).any()) for run_counts in real_counts)
    return (
        shows_none
        and all_real_show
        and all((run_counts == high).sum() >= (counts == high).sum() for run_counts in real_counts)
    )


def _skipped_passages(run_set: RunSet, counter: Counter, run: ParsedRun, index: int) -> list[Passage]:
    """Return the passages of real runs that a log skips between the counter line with this index and the next one."""
    run_lines = counter.lines_of(run)
    counts = values_of(run, run_lines, counter.column)
    low, high = counts[index], counts[index + 1]
    n_low, n_high = (int(np.cumprod(part).sum()) for part in (counts[index::-1] == low, counts[index + 1 :] == high))
    first = index - n_low + 1
    passages: list[Passage] = []
    extended: list[Passage] = []
    for real in run_set.real:
        real_lines = counter.lines_of(real)
        real_counts = values_of(real, real_lines, counter.column)
        # If the log shows the count before the jump n times in a row, the passage begins at the n-th such line of the
        # real run.
        begins = first + np.flatnonzero(real_counts[first:] == low)[n_low - 1 : n_low]
        ends = begins + np.flatnonzero(real_counts[begins[0] :] == high)[:1] if len(begins) else begins
        if len(ends):
            n_missing = max(int(np.cumprod(real_counts[ends[0] :] == high).sum()) - n_high, 0)
            passages.append(Passage(real, int(real_lines[begins[0]]), int(real_lines[ends[0]])))
            extended.append(passages[-1]._replace(after=int(real_lines[ends[0] + n_missing])))
    # A log may skip only the first of several lines with one count, such as `[8][0/3]`, `[8][1/3]`, `[8][2/3]`.
    return extended if _end_with_line(extended, run, int(run_lines[index + 1])) else passages


def _end_with_line(passages: Sequence[Passage], run: ParsedRun, line: int) -> bool:
    """Return whether `line` shows all numbers on which the last lines of the passages agree."""
    ends = [(passage.run, passage.after) for passage in passages]
    real_numbers = np.array(
        [[values_of(real, np.array([index]), column)[0] for column in range(COLUMNS)] for real, index in ends]
    )
    is_agreed = (real_numbers == real_numbers[:1]).all(axis=0) if len(real_numbers) else np.zeros(COLUMNS, bool)
    numbers = np.array([values_of(run, np.array([line]), column)[0] for column in range(COLUMNS)])
    return bool((numbers[is_agreed] == real_numbers[0, is_agreed]).all()) if len(real_numbers) else False


def _most_lines(passages: Sequence[Passage], sites: int) -> Indices:
    """Return, for each print site, the largest number of its lines in any one of the passages."""
    line_counts = [sites_between(run, before, after, sites) for run, before, after in passages]
    return np.max(line_counts, axis=0) if line_counts else np.zeros(sites, np.int64)


def sites_between(run: ParsedRun, before: int, after: int, sites: int) -> Indices:
    site_of = run.ledger.site_of[before + 1 : after]
    return np.bincount(site_of[(site_of >= 0) & (site_of < sites)], minlength=sites)
