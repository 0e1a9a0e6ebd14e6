"""Finds imagined logs that are copies of another log, or that copy one of its curves.

A curve consists of the values of one number of a form, line by line. It may be copied in whole or in part.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from itertools import combinations, islice
from math import comb, prod
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gedanken.compare.output.line_names import names_in_line
from gedanken.compare.output.transcript import Transcript
from gedanken.compare.output.value_columns import EXPONENT, NO_DECIMALS
from gedanken.compare.output.vocabulary import Role
from gedanken.compare.parsed.run_set import ParsedRun, RunSet
from gedanken.compare.results import Doubt
from gedanken.compare.series.sections import sections
from gedanken.experiment.counts import format_count
from gedanken.experiment.finding import Finding
from gedanken.experiment.format import format_number

FEWEST_REAL = 3
"""Minimum number of real runs. From fewer, it cannot be estimated how often two runs agree by chance."""
FEWEST = 3
"""A copy of a whole curve is reported only if the curve has at least this many different values."""
FEWEST_IN_A_ROW = 5
"""A copy of a part of a curve is reported only if the part has at least this many different values."""
FEWEST_OF_LOG = 4
"""A copy of a whole log is reported only if the log has at least this many different values.

Exceptions are made for precise values: see `ENOUGH_DIGITS`.
"""
FEW_NUMBERS, ENOUGH_DIGITS = 3, 6.0
"""A copied log with fewer values than `FEWEST_OF_LOG` is reported only if its values are precise.

Take the `FEW_NUMBERS` numbers that differ in the most digits between real runs: these digits must add up to at least
`ENOUGH_DIGITS`. For example, values from 0.250 to 0.349 differ in 2 digits.
"""
_MAX_NAMED_LOGS = 3
"""Maximum number of logs that are named in an undecided question."""
MOST_EARLIER = 12
"""Maximum number of imagined logs, counted from the first, whose curves are compared with each other."""
CHANCE = 1e-3
"""A copied curve is reported only if the probability that chance produced the copy is at most this.

The probability takes into account how many curves were compared.
"""
POSSIBLE = 0.05
"""A copied curve is never reported if the probability that chance produced the copy is above this.

Between `CHANCE` and this, it is reported only together with copies in other logs: their joint probability must be at
most `CHANCE`.
"""
MOST_PAIRS = 300
"""Maximum number of pairs of real runs from which it is estimated how often two runs agree at a point."""
MOST_FORMS = 200
"""Maximum number of line forms whose curves are examined in one log."""
MOST_READ = 100_000
"""Number of characters at the beginning of a log that are searched for digits in which real runs differ."""
_NUMBER = re.compile(r"\d{1,18}(?:\.\d{1,18})?")
_NOT_MEASURED = (Role.ENVIRONMENT, Role.COUNTER)
"""Roles of numbers whose curves are not compared. Their points depend on each other.

For example, two equally fast machines show the same minutes at every point.
"""


class _Curve(NamedTuple):
    run: ParsedRun
    values: NDArray[np.float64]
    lines: NDArray[np.int64]


_Key = tuple[str, int, int]
"""Identifies a curve: a form, the index of a number in the form, and an index for the heading above the lines, as
`sections` returns it.

The last index is -1 for a curve of all lines with this form, whatever their heading.
"""
_Curves = Mapping[_Key, _Curve]


class _Copy(NamedTuple):
    ours: _Curve
    theirs: _Curve
    first: int
    """Index of the first point at which the two curves are equal."""
    points: int
    chance: float


def whole_copies(run_set: RunSet, reported_labels: frozenset[str] = frozenset()) -> Iterable[Finding]:
    """Find imagined logs that equal another log or contain a copied curve. Nothing is found if the source is
    known.

    `reported_labels` are the labels of runs that were already reported as copies; their curves are not compared
    again. The real runs show how often points are equal by chance.
    """
    if run_set.source is not None or len(run_set.real) < FEWEST_REAL:
        return
    real_curves = _RealCurves([_curves(run) for run in run_set.real])
    run_by_fingerprint = {_fingerprint(run): run for run in reversed(run_set.real)}
    if len(run_by_fingerprint) < len(run_set.real):
        return  # real runs repeat one another, so other runs may too
    curves_of = cache(lambda index: _curves(run_set.imagined[index]))
    possible: list[tuple[_Key, _Copy]] = []
    for index, run in enumerate(run_set.imagined):
        fingerprint = _fingerprint(run)
        original = run_by_fingerprint.get(fingerprint)
        if (
            original is not None
            and run.lines
            and (
                _has_enough_numbers(run, run_set.real)
                or _has_precise_numbers(run, run_set.real)
                or (run.text == original.text and _has_many_digits(run, run_set.real))
            )
        ):
            manner = "byte for byte" if run.text == original.text else "except for times and names of machines"
            yield Finding(
                "log copied",
                (run.label,),
                (run.ref(0), original.ref(0)),
                expected="no two real logs are the same",
                observed=f"equals {original.label} {manner}",
            )
        elif run.label not in reported_labels:
            earlier = [curves_of(earlier_index) for earlier_index in range(index)] if index < MOST_EARLIER else []
            copies = [
                (key, copy)
                for key, curve in curves_of(index).items()
                if (copy := real_curves.longest_copy(key, curve, earlier)) is not None
            ]
            possible += [(key, copy) for key, copy in copies if copy.chance <= POSSIBLE]
        run_by_fingerprint.setdefault(fingerprint, run)
    certain = _improbable_copies(possible, len(run_set.imagined))
    for run in run_set.imagined:
        if run_copies := [copy for copy in certain if copy.ours.run is run]:
            yield _copied_curve_finding(max(run_copies, key=lambda copy: copy.points))


def doubt_on_equal_logs(run_set: RunSet) -> Doubt | None:
    """Return a doubt if imagined logs equal a real log, but there are too few real logs to call them copies.

    None otherwise.
    """
    if run_set.program is not None or len(run_set.real) >= FEWEST_REAL:
        return None
    label_by_text = {run.text: run.label for run in run_set.real if _NUMBER.search(run.text)}
    copies = [(run.label, label_by_text[run.text]) for run in run_set.imagined if run.text in label_by_text]
    if not copies:
        return None
    pairs = ", ".join(f"{label} is a copy of {original}" for label, original in copies[:_MAX_NAMED_LOGS])
    suffix = f", and {len(copies) - _MAX_NAMED_LOGS} more" if len(copies) > _MAX_NAMED_LOGS else ""
    number_of_logs = format_count(len(run_set.real), "real log")
    return Doubt(
        f"whether {pairs}{suffix}",
        f"they are the same byte for byte, but with {number_of_logs} it is not known whether two runs of the program "
        f"ever are; {FEWEST_REAL} real logs show that",
    )


def _improbable_copies(possible: Sequence[tuple[_Key, _Copy]], imagined: int) -> list[_Copy]:
    """Return the copies that chance cannot explain, either a copy by itself or all copies with the same key
    together.

    `imagined` is the number of imagined logs.
    """
    by_key: dict[_Key, list[_Copy]] = {}
    for key, copy in possible:
        by_key.setdefault(key, []).append(copy)
    joint_chances = {
        key: comb(imagined, len(copies)) * prod(copy.chance for copy in copies) for key, copies in by_key.items()
    }
    return [copy for key, copy in possible if min(copy.chance, joint_chances[key]) <= CHANCE]


def _has_enough_numbers(run: ParsedRun, real: Sequence[ParsedRun]) -> bool:
    """Return whether a log shows at least `FEWEST_OF_LOG` different decimal numbers, and as many that are not the
    same in all real logs.
    """
    transcript = run.transcript
    numbers = np.unique(transcript.values[_has_decimals(transcript.decimals, 2)])
    # Two logs without such numbers may be equal by chance; so may two logs that end early and contain only what all
    # real logs share.
    return len(numbers) >= FEWEST_OF_LOG and len(_unshared_numbers(transcript, real)) >= FEWEST_OF_LOG


def _unshared_numbers(transcript: Transcript, real: Sequence[ParsedRun]) -> NDArray[np.float64]:
    """Return the different numbers of a log, without those that all real logs show at the same position."""
    parts = [np.empty(0)]
    for form in transcript.forms:
        if "#" not in form:
            continue
        table = transcript.table(transcript.lines_of(form))
        n_logs, is_equal = np.zeros(len(table), int), np.ones(table.shape, bool)
        for real_table in (run.transcript.table(run.transcript.lines_of(form)[: len(table)]) for run in real):
            if rows := len(real_table):
                n_logs[:rows] += 1
                is_equal[:rows] &= (real_table == table[:rows]) | (np.isnan(real_table) & np.isnan(table[:rows]))
        parts.append(table[~(is_equal & (n_logs > 1)[:, None])])
    return np.unique(np.concatenate(parts))


def _has_precise_numbers(run: ParsedRun, real: Sequence[ParsedRun]) -> bool:
    """Return whether the numbers of a log have so many decimals that two runs hardly share them by chance,
    although the numbers are few.
    """
    transcript = run.transcript
    similar = [real_run.transcript for real_run in real if _has_same_forms(transcript, real_run.transcript)]
    if len(similar) < FEWEST_REAL:
        return False
    indices = np.flatnonzero(_has_decimals(transcript.decimals, 2) & (transcript.decimals < EXPONENT))
    table = np.stack([real_transcript.values[indices] for real_transcript in similar])
    is_distinct = np.array([len(np.unique(column)) == len(similar) for column in table.T], bool)
    values = np.ptp(table, axis=0)[is_distinct] * 10.0 ** transcript.decimals[indices][is_distinct]
    _numbers, first = np.unique(transcript.values[indices][is_distinct], return_index=True)
    digits = np.sort(np.log10(values[first] + 1))[-FEW_NUMBERS:]
    return len(digits) > 1 and float(digits.sum()) >= ENOUGH_DIGITS


def _has_many_digits(run: ParsedRun, real: Sequence[ParsedRun]) -> bool:
    """Return whether the numbers in which real runs differ have so many digits that a log with equal numbers must
    be a copy.
    """
    numbers = _NUMBER.findall(run.text[:MOST_READ])
    rows = [_NUMBER.findall(real_run.text[:MOST_READ]) for real_run in real]
    similar_rows = [row for row in rows if len(row) == len(numbers)]
    if len(similar_rows) < FEWEST_REAL:
        return False
    distinct_columns = {
        column[0]: column
        for column in zip(numbers, *similar_rows, strict=True)
        if len(set(column[1:])) == len(similar_rows)
    }
    digits = sorted(len(text.replace(".", "").lstrip("0")) for text in distinct_columns)[-FEW_NUMBERS:]
    return len(digits) > 1 and sum(digits) >= 2 * ENOUGH_DIGITS


def _has_same_forms(transcript: Transcript, other: Transcript) -> bool:
    return transcript.forms == other.forms and np.array_equal(transcript.form_of, other.form_of)


def _has_decimals(decimals: NDArray[np.uint8], fewest: int) -> NDArray[np.bool_]:
    """Return which values have at least `fewest` digits after the decimal point. Values with an exponent count as
    well.
    """
    has_enough: NDArray[np.bool_] = (decimals != NO_DECIMALS) & (decimals % EXPONENT >= fewest)
    return has_enough


def _fingerprint(run: ParsedRun) -> int:
    """Return a fingerprint that is equal for logs with the same forms and numbers in the same order."""
    transcript = run.transcript
    return hash((tuple(transcript.forms), transcript.form_of.tobytes(), transcript.values.tobytes()))


def _copied_curve_finding(copy: _Copy) -> Finding:
    numbers, source = format_count(copy.points, "number"), copy.theirs.run.label
    is_whole = copy.points == len(copy.ours.values)
    return Finding(
        "curve copied",
        (copy.ours.run.label,),
        (
            copy.ours.run.ref(int(copy.ours.lines[copy.first])),
            copy.theirs.run.ref(int(copy.theirs.lines[copy.first])),
        ),
        expected=f"by chance, this happens with probability {format_number(copy.chance)}",
        observed=f"repeats a whole curve of {source} ({numbers}) digit for digit"
        if is_whole
        else f"repeats {numbers} in a row from {source}, digit for digit",
    )


def _curves(run: ParsedRun) -> _Curves:
    transcript = run.transcript
    curves: dict[_Key, _Curve] = {}
    headings = sections(transcript, run.curves.epochs.epochs_at(np.arange(len(transcript.lines))))
    for form in transcript.forms[:MOST_FORMS]:
        lines = transcript.lines_of(form)
        if "#" not in form or len(lines) < FEWEST:
            continue
        line_headings = headings[lines]
        groups = [(-1, lines)]
        if line_headings.any() and not line_headings.all():
            groups += [(heading, lines[line_headings == heading]) for heading in np.unique(line_headings).tolist()]
        for heading, group in groups:
            curves |= _curves_of_form(run, form, heading, group)
    return curves


def _curves_of_form(run: ParsedRun, form: str, heading: int, lines: NDArray[np.int64]) -> _Curves:
    transcript = run.transcript
    curves: dict[_Key, _Curve] = {}
    if len(lines) >= FEWEST:
        table = transcript.table(lines)
        names = names_in_line(transcript, int(lines[0]))
        decimals = transcript.decimals[transcript.starts[lines[0]] : transcript.starts[lines[0]] + table.shape[1]]
        for column in np.flatnonzero(_has_decimals(decimals, 0))[:MOST_FORMS].tolist():
            is_measured = column < len(names) and names[column].role not in _NOT_MEASURED
            is_measured &= bool(_has_decimals(decimals, 1)[column]) or bool(names[column].name)
            if is_measured and _has_enough_values(table[:, column]):
                curves[form, column, heading] = _Curve(run, table[:, column], lines)
    return curves


def _has_enough_values(values: NDArray[np.float64]) -> bool:
    # The first values show it nearly always.
    return len(np.unique(values[: 2 * FEWEST])) >= FEWEST or len(np.unique(values)) >= FEWEST


class _RealCurves:
    def __init__(self, real: Sequence[_Curves]) -> None:
        self._real = real
        self._curves_per_run = max(1, *map(len, real))
        self._curves_with_key = cache(self._find_curves)
        self._agreement = cache(self._estimate_agreement)

    def _find_curves(self, key: _Key) -> tuple[list[_Curve], NDArray[np.float64]]:
        """Return all real curves with this key, as a list and as a table.

        The table has one row for each curve. Rows of shorter curves are filled up with NaN.
        """
        curves = [curves[key] for curves in self._real if key in curves]
        return curves, _as_table(curves)

    def longest_copy(self, key: _Key, curve: _Curve, earlier: Sequence[_Curves]) -> _Copy | None:
        """Return the longest sequence that a curve shares, at the same positions, with a real or an earlier
        imagined curve.

        None if the sequence is too short.
        """
        candidates, table = self._curves_with_key(key)
        if earlier_curves := [curves[key] for curves in earlier if key in curves]:
            candidates, table = [*candidates, *earlier_curves], _as_table([*candidates, *earlier_curves])
        if not candidates:
            return None
        row, first, points = _longest_match(curve.values, table)
        n_different = len(np.unique(curve.values[first : first + points]))
        if n_different < (FEWEST if points == len(curve.values) else FEWEST_IN_A_ROW):
            return None
        share, share_of_next = self._agreement(key)
        n_starts = len(curve.values) - points + 1
        n_comparisons = len(self._real) * self._curves_per_run * n_starts
        chance = min(1.0, share * share_of_next ** (n_different - 1) * n_comparisons)
        return _Copy(curve, candidates[row], first, points, chance)

    def _estimate_agreement(self, key: _Key) -> tuple[float, float]:
        """Estimate how probable it is that two real runs agree at a point, and that they then also agree at the
        next point.

        Both are 1 if equal curves prove nothing, for example because there are too few real curves.
        """
        curves, _table = self._curves_with_key(key)
        if len(curves) < FEWEST_REAL:
            return 1.0, 1.0
        equal = points = equal_twice = 0
        for curve, other_curve in islice(combinations(curves, 2), MOST_PAIRS):
            length = min(len(curve.values), len(other_curve.values))
            is_equal = curve.values[:length] == other_curve.values[:length]
            # The whole curve may follow from one random event, such as a count of steps: equal curves then prove
            # nothing.
            if 2 * np.count_nonzero(is_equal) > length:
                return 1.0, 1.0
            equal += int(np.count_nonzero(is_equal))
            equal_twice += int(np.count_nonzero(is_equal[1:] & is_equal[:-1]))
            points += length
        share = (equal + 1) / (points + 1)
        return share, max(share, (equal_twice + share) / (equal + 1))


def _as_table(curves: Sequence[_Curve]) -> NDArray[np.float64]:
    table = np.full((len(curves), max((len(curve.values) for curve in curves), default=0)), np.nan)
    for row, curve in zip(table, curves, strict=True):
        row[: len(curve.values)] = curve.values
    return table


def _longest_match(values: NDArray[np.float64], table: NDArray[np.float64]) -> tuple[int, int, int]:
    """Find the longest sequence in any row of `table` that equals `values` at the same positions.

    Return (row, start, length).
    """
    width = min(len(values), table.shape[1])
    equal = np.zeros((len(table), width + 1), np.int64)
    equal[:, :width] = table[:, :width] == values[:width]
    total = np.cumsum(equal, axis=1)
    # The number of equal points up to here, minus that up to the last point that differs.
    lengths = total - np.maximum.accumulate(np.where(equal == 0, total, 0), axis=1)
    row, end = np.unravel_index(int(np.argmax(lengths)), lengths.shape)
    points = int(lengths[row, end])
    return int(row), int(end) - points + 1, points
