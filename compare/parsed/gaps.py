"""Finds imagined logs that skip part of a loop: a counter jumps, but advances evenly in real logs."""

from collections import Counter as Tally
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gedanken.compare.output.transcript import Transcript
from gedanken.compare.parsed.order import times_of_sites
from gedanken.compare.parsed.run_set import ParsedRun, RunSet
from gedanken.compare.source.print_sites import PrintSite

FEWEST = 4
"""A number of a print is taken for a counter only if each real log has at least this many lines of the print."""
MOST_WORDS = 100
"""Maximum number of different line beginnings that are examined; a beginning is the text before the first number."""
COLUMNS = 8
"""Only this many values of a line are examined, from its first value on."""

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
    """A jump in the count of one imagined log."""

    site: PrintSite
    column: int
    """Index of the number that counts, among the numbers of its print."""
    before: int
    """Index of the line before the jump."""
    after: int
    """Index of the line after the jump."""
    low: float
    """The count before the jump."""
    high: float
    """The count after the jump."""
    lacking: Indices
    """For each print site, how many lines this log lacks between the two counts, compared with the real run that has
    the most of these lines."""
    beside: Passage | None
    """The part of a real run between the two counts; None if no real run shows both."""


class Counter(NamedTuple):
    """A number in the lines of a print. It advances in equal steps in all real runs."""

    site: PrintSite
    column: int
    step: float
    words: str | None = None
    """The words before the number, such as `Trial`, if the words after it vary; None if they do not vary."""

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
    found: dict[int, list[Gap]] = {}
    for counter in run_set.once(counters):
        for run in run_set.imagined:
            jumps = list(_jumps(run_set, run, counter))
            if jumps and (id(run) not in found or len(jumps) > len(found[id(run)])):
                found[id(run)] = jumps
    return found


def _found(run_set: RunSet) -> Iterator[Counter]:
    """Yield, for each print, the first number that counts in equal steps in all real runs."""
    fewest = np.min([times_of_sites(run, len(run_set.sites)) for run in run_set.real], axis=0)
    for site in [run_set.sites[at] for at in np.flatnonzero(fewest >= FEWEST).tolist()]:
        lines = [run.ledger.lines_of(site) for run in run_set.real]
        if min(map(len, lines)) < FEWEST:
            continue
        columns = COLUMNS if len(set(map(len, lines))) == 1 else 1
        before: list[list[Numbers]] = []
        for column in range(columns):
            values = [values_of(run, its, column) for run, its in zip(run_set.real, lines, strict=True)]
            step = _step(values)
            # `best step` repeats an earlier number of the line for as long as each step is better than the last.
            if step and not any(all(map(np.array_equal, values, others)) for others in before):
                yield Counter(site, column, step)
                break
            before.append(values)


def counters(run_set: RunSet) -> Sequence[Counter]:
    """Return all counters in the real runs; see `_found` and `_found_by_words`."""
    return (*_found(run_set), *_found_by_words(run_set))


def _found_by_words(run_set: RunSet) -> Iterator[Counter]:
    """Yield counters in lines that have the same words before their first number, but other words after it."""
    first = run_set.real[0]
    forms = Tally(form[: form.index("#")] for form in first.transcript.forms if "#" in form)
    wanted = frozenset([words for words, times in forms.most_common(MOST_WORDS) if times > 1 and words.strip()])
    if not wanted:
        return
    of_each = [_lines_by_words(run.transcript, wanted) for run in run_set.real]
    for words in sorted(wanted):
        if not all(words in lines for lines in of_each):
            continue
        counts = [values_of(run, lines[words], 0) for run, lines in zip(run_set.real, of_each, strict=True)]
        site = int(first.ledger.site_of[of_each[0][words][0]])
        step = _step(counts)
        is_one_by_one = step > 0 and bool((np.diff(counts[0]) == step).all())
        if is_one_by_one and 0 <= site < len(run_set.sites) and all(np.array_equal(counts[0], one) for one in counts):
            yield Counter(run_set.sites[site], 0, step, words)


def _lines_by_words(script: Transcript, wanted: frozenset[str]) -> dict[str, Indices]:
    """Return, for each text in `wanted`, the lines that have exactly this text before their first number."""
    found: dict[str, list[Indices]] = {}
    for form in script.forms:
        words = form.partition("#")[0]
        if words in wanted and words != form:
            found.setdefault(words, []).append(script.lines_of(form))
    return {words: np.sort(np.concatenate(lines)) for words, lines in found.items()}


def _step(values: Sequence[Numbers]) -> float:
    """Return the step by which a whole number always grows, in all real runs; 0 if there is no such step."""
    grown = [(steps := np.diff(its))[steps > 0] for its in values]
    if min(map(len, grown)) < FEWEST - 1:
        return 0.0
    steps = np.unique(np.concatenate(grown))
    whole = all((its == np.rint(its)).all() for its in values)
    return float(steps[0]) if whole and len(steps) == 1 else 0.0


def values_of(run: ParsedRun, lines: Indices, column: int) -> Numbers:
    """Return the value with index `column` of each line; NaN for a line that has fewer values."""
    script = run.transcript
    at = script.starts[lines] + column
    known = at < script.starts[lines + 1]
    found = np.full(len(lines), np.nan)
    found[known] = script.values[at[known]]
    return np.where(np.isfinite(found), found, np.nan)


def _jumps(run_set: RunSet, run: ParsedRun, counter: Counter) -> Iterator[Gap]:
    lines = counter.lines_of(run)
    counts = values_of(run, lines, counter.column)
    epochs = run.curves.epochs.at(lines)
    for at in np.flatnonzero(np.diff(counts) > counter.step).tolist():
        low, high = float(counts[at]), float(counts[at + 1])
        is_repeated = high in counts[at + 2 : at + 3]
        # Missing epochs and wrong numbers are not jumps: other checks report them.
        if epochs[at + 1] - epochs[at] > 1 or (is_repeated and not _is_skipped(run_set, counter, counts, low, high)):
            continue  # the new count is shown twice: its first line has a wrong number, and nothing is skipped
        before, after = int(lines[at]), int(lines[at + 1])
        passages = _passages(run_set, counter, run, at)
        there = _most_lines(passages, len(run_set.sites))
        here = sites_between(run, before, after, len(run_set.sites))
        yield Gap(
            counter.site,
            counter.column,
            before,
            after,
            low,
            high,
            np.maximum(there - here, 0),
            passages[0] if passages else None,
        )


def _is_skipped(run_set: RunSet, counter: Counter, counts: Numbers, low: float, high: float) -> bool:
    """Return whether a log has no count between `low` and `high`, while real logs have some, and `high` as often."""
    # For example, 1 and 3 in `[1/5][200/250]`, `[3/5][0/250]`, `[3/5][50/250]`.
    of_real = [values_of(run, counter.lines_of(run), counter.column) for run in run_set.real]
    shows_none = not ((low < counts) & (counts < high)).any()
    all_do = all(bool(((low < its) & (its < high)).any()) for its in of_real)
    return shows_none and all_do and all((its == high).sum() >= (counts == high).sum() for its in of_real)


def _passages(run_set: RunSet, counter: Counter, run: ParsedRun, at: int) -> list[Passage]:
    """Return the passages of real runs that a log skips after its counter line `at`."""
    ours = counter.lines_of(run)
    counts = values_of(run, ours, counter.column)
    low, high = counts[at], counts[at + 1]
    times, again = (int(np.cumprod(part).sum()) for part in (counts[at::-1] == low, counts[at + 1 :] == high))
    first = at - times + 1
    found: list[Passage] = []
    later: list[Passage] = []
    for real in run_set.real:
        lines = counter.lines_of(real)
        theirs = values_of(real, lines, counter.column)
        # If the log shows the count before the jump n times in a row, the passage begins at the n-th such line of the
        # real run.
        begins = first + np.flatnonzero(theirs[first:] == low)[times - 1 : times]
        ends = begins + np.flatnonzero(theirs[begins[0] :] == high)[:1] if len(begins) else begins
        if len(ends):
            lacking = max(int(np.cumprod(theirs[ends[0] :] == high).sum()) - again, 0)
            found.append(Passage(real, int(lines[begins[0]]), int(lines[ends[0]])))
            later.append(found[-1]._replace(after=int(lines[ends[0] + lacking])))
    # A log may skip only the first of several lines with one count, such as `[8][0/3]`, `[8][1/3]`, `[8][2/3]`.
    return later if _end_alike(later, run, int(ours[at + 1])) else found


def _end_alike(passages: Sequence[Passage], run: ParsedRun, line: int) -> bool:
    """Return whether `line` shows all numbers on which the last lines of the passages agree."""
    ends = [(part.run, part.after) for part in passages]
    rows = np.array([[values_of(of, np.array([at]), column)[0] for column in range(COLUMNS)] for of, at in ends])
    agreed = (rows == rows[:1]).all(axis=0) if len(rows) else np.zeros(COLUMNS, bool)
    ours = np.array([values_of(run, np.array([line]), column)[0] for column in range(COLUMNS)])
    return bool((ours[agreed] == rows[0, agreed]).all()) if len(rows) else False


def _most_lines(passages: Sequence[Passage], sites: int) -> Indices:
    """Return, for each of `sites` print sites, the largest number of its lines in any one of the passages."""
    its = [sites_between(run, before, after, sites) for run, before, after in passages]
    return np.max(its, axis=0) if its else np.zeros(sites, np.int64)


def sites_between(run: ParsedRun, before: int, after: int, sites: int) -> Indices:
    site_of = run.ledger.site_of[before + 1 : after]
    return np.bincount(site_of[(site_of >= 0) & (site_of < sites)], minlength=sites)
