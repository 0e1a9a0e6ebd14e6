"""Finds imagined logs that equal another log, or that contain all or part of another log's curve."""

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
from gedanken.experiment.counts import many
from gedanken.experiment.finding import Finding
from gedanken.experiment.format import figure

FEWEST_REAL = 3
"""Minimum number of real runs needed to estimate how often runs agree by chance."""
FEWEST = 3
"""Minimum number of different values in a curve for a copy of the whole curve to be reported."""
FEWEST_IN_A_ROW = 5
"""Minimum number of different values in a part of a curve for a copy of that part to be reported."""
FEWEST_OF_LOG = 4
"""Minimum number of different values in a log for a copy of it to be reported."""
FEW_NUMBERS, ENOUGH_DIGITS = 3, 6.0
"""A log with fewer values than `FEWEST_OF_LOG` is judged only if real runs differ in `ENOUGH_DIGITS` digits, summed
over `FEW_NUMBERS` of its values. For example, 0.250 to 0.349 differ in 2 digits.
"""
_TOLD = 3
"""Maximum number of logs that a question names."""
MOST_EARLIER = 12
"""Only the first imagined logs, up to this number, have their curves compared with each other."""
CHANCE = 1e-3
"""A copy is reported only if the probability that any two of all compared curves are equal by chance is at most this.
"""
POSSIBLE = 0.05
"""Up to this probability, a copied curve is reported together with copies in other logs, if their joint probability
is at most `CHANCE`.
"""
MOST_PAIRS = 300
"""Maximum number of pairs of real runs from which the probability of equal points is estimated."""
MOST_FORMS = 200
"""Maximum number of line forms whose curves are examined in one log."""
MOST_READ = 100_000
"""Number of characters, from the beginning of a log, that are searched for digits that differ among real runs."""
_NUMBER = re.compile(r"\d{1,18}(?:\.\d{1,18})?")
_NOT_MEASURED = (Role.ENVIRONMENT, Role.COUNTER)
"""Roles of numbers whose curves are not compared, because their points are not independent: two equally fast machines
show the same minutes at every point.
"""


class _Curve(NamedTuple):
    run: ParsedRun
    values: NDArray[np.float64]
    lines: NDArray[np.int64]


_Key = tuple[str, int, int]
"""Identifies a curve: a form, the index of a number in the form, and the kind of heading (see `sections`), -1 for
any.
"""
_Curves = Mapping[_Key, _Curve]


class _Copy(NamedTuple):
    ours: _Curve
    theirs: _Curve
    first: int
    """Index of the first point that is equal."""
    points: int
    chance: float


def whole_copies(run_set: RunSet, told: frozenset[str] = frozenset()) -> Iterable[Finding]:
    """Find imagined logs that equal another log or contain a copied curve, if the program is not known.

    `told` are the labels of runs already reported as copies. The real runs show how often points are equal by chance.
    """
    if run_set.source is not None or len(run_set.real) < FEWEST_REAL:
        return
    compared = _Compared([_curves(run) for run in run_set.real])
    logs = {_print_of(run): run for run in reversed(run_set.real)}
    if len(logs) < len(run_set.real):
        return  # real runs repeat one another, so other runs may too
    curves_of = cache(lambda at: _curves(run_set.imagined[at]))
    possible: list[tuple[_Key, _Copy]] = []
    for at, run in enumerate(run_set.imagined):
        ours = _print_of(run)
        same = logs.get(ours)
        if (
            same is not None
            and run.lines
            and (
                _holds_chance(run, run_set.real)
                or _is_exact(run, run_set.real)
                or (run.text == same.text and _is_exact_to_the_byte(run, run_set.real))
            )
        ):
            whose = "byte for byte" if run.text == same.text else "except for times and names of machines"
            yield Finding(
                "log copied",
                (run.label,),
                (run.ref(0), same.ref(0)),
                expected="no two real logs are the same",
                observed=f"equals {same.label} {whose}",
            )
        elif run.label not in told:
            earlier = [curves_of(before) for before in range(at)] if at < MOST_EARLIER else []
            copies = [
                (key, copy)
                for key, curve in curves_of(at).items()
                if (copy := compared.copy(key, curve, earlier)) is not None
            ]
            possible += [(key, copy) for key, copy in copies if copy.chance <= POSSIBLE]
        logs.setdefault(ours, run)
    certain = _certain(possible, len(run_set.imagined))
    for run in run_set.imagined:
        if of_run := [copy for copy in certain if copy.ours.run is run]:
            yield _curve_copied(max(of_run, key=lambda copy: copy.points))


def same_as_the_only(run_set: RunSet) -> Doubt | None:
    """Return the doubt about imagined logs that equal a real log, if there are too few real logs; else None."""
    if run_set.program is not None or len(run_set.real) >= FEWEST_REAL:
        return None
    of_text = {run.text: run.label for run in run_set.real if _NUMBER.search(run.text)}
    same = [(run.label, of_text[run.text]) for run in run_set.imagined if run.text in of_text]
    if not same:
        return None
    pairs = ", ".join(f"{label} is a copy of {other}" for label, other in same[:_TOLD])
    more = f", and {len(same) - _TOLD} more" if len(same) > _TOLD else ""
    few = many(len(run_set.real), "real log")
    return Doubt(
        f"whether {pairs}{more}",
        f"they are the same byte for byte, but with {few} it is not known whether two runs of the program ever are; "
        f"{FEWEST_REAL} real logs show that",
    )


def _certain(possible: Sequence[tuple[_Key, _Copy]], imagined: int) -> list[_Copy]:
    """Return the copies that are too improbable for chance, alone or with copies of the same number in other logs."""
    by_key: dict[_Key, list[_Copy]] = {}
    for key, copy in possible:
        by_key.setdefault(key, []).append(copy)
    together = {key: comb(imagined, len(some)) * prod(copy.chance for copy in some) for key, some in by_key.items()}
    return [copy for key, copy in possible if min(copy.chance, together[key]) <= CHANCE]


def _holds_chance(run: ParsedRun, real: Sequence[ParsedRun]) -> bool:
    """Return whether a log shows enough different decimal numbers, and enough numbers in which real logs differ."""
    script = run.transcript
    numbers = np.unique(script.values[_has_decimals(script.decimals, 2)])
    # Two logs without such numbers may be equal by chance; so may two logs that end early and contain only what all
    # real logs share.
    return len(numbers) >= FEWEST_OF_LOG and len(_not_shared(script, real)) >= FEWEST_OF_LOG


def _not_shared(ours: Transcript, real: Sequence[ParsedRun]) -> NDArray[np.float64]:
    """Return the different numbers of a log without those that real logs share at the same place."""
    found = [np.empty(0)]
    for form in ours.forms:
        if "#" not in form:
            continue
        table = ours.table(ours.lines_of(form))
        times, is_equal = np.zeros(len(table), int), np.ones(table.shape, bool)
        for theirs in (run.transcript.table(run.transcript.lines_of(form)[: len(table)]) for run in real):
            if rows := len(theirs):
                times[:rows] += 1
                is_equal[:rows] &= (theirs == table[:rows]) | (np.isnan(theirs) & np.isnan(table[:rows]))
        found.append(table[~(is_equal & (times > 1)[:, None])])
    return np.unique(np.concatenate(found))


def _is_exact(run: ParsedRun, real: Sequence[ParsedRun]) -> bool:
    """Return whether the few numbers of a log are so precise that no two runs share them by chance."""
    ours = run.transcript
    alike = [other.transcript for other in real if _prints_alike(ours, other.transcript)]
    if len(alike) < FEWEST_REAL:
        return False
    places = np.flatnonzero(_has_decimals(ours.decimals, 2) & (ours.decimals < EXPONENT))
    table = np.stack([other.values[places] for other in alike])
    apart = np.array([len(np.unique(column)) == len(alike) for column in table.T], bool)
    values = np.ptp(table, axis=0)[apart] * 10.0 ** ours.decimals[places][apart]
    _numbers, first = np.unique(ours.values[places][apart], return_index=True)
    digits = np.sort(np.log10(values[first] + 1))[-FEW_NUMBERS:]
    return len(digits) > 1 and float(digits.sum()) >= ENOUGH_DIGITS


def _is_exact_to_the_byte(run: ParsedRun, real: Sequence[ParsedRun]) -> bool:
    """Return whether a log has so many digits in which real runs differ that an equal log is a copy."""
    ours = _NUMBER.findall(run.text[:MOST_READ])
    rows = [_NUMBER.findall(other.text[:MOST_READ]) for other in real]
    alike = [row for row in rows if len(row) == len(ours)]
    if len(alike) < FEWEST_REAL:
        return False
    apart = {column[0]: column for column in zip(ours, *alike, strict=True) if len(set(column[1:])) == len(alike)}
    digits = sorted(len(text.replace(".", "").lstrip("0")) for text in apart)[-FEW_NUMBERS:]
    return len(digits) > 1 and sum(digits) >= 2 * ENOUGH_DIGITS


def _prints_alike(one: Transcript, other: Transcript) -> bool:
    return one.forms == other.forms and np.array_equal(one.form_of, other.form_of)


def _has_decimals(decimals: NDArray[np.uint8], fewest: int) -> NDArray[np.bool_]:
    """Return which values have at least `fewest` digits after the decimal point, with or without an exponent."""
    known: NDArray[np.bool_] = (decimals != NO_DECIMALS) & (decimals % EXPONENT >= fewest)
    return known


def _print_of(run: ParsedRun) -> int:
    """Return a fingerprint that is equal for logs with the same forms and numbers in the same order."""
    script = run.transcript
    return hash((tuple(script.forms), script.form_of.tobytes(), script.values.tobytes()))


def _curve_copied(copy: _Copy) -> Finding:
    numbers, of = many(copy.points, "number"), copy.theirs.run.label
    is_whole = copy.points == len(copy.ours.values)
    return Finding(
        "curve copied",
        (copy.ours.run.label,),
        (
            copy.ours.run.ref(int(copy.ours.lines[copy.first])),
            copy.theirs.run.ref(int(copy.theirs.lines[copy.first])),
        ),
        expected=f"by chance, this happens with probability {figure(copy.chance)}",
        observed=f"repeats a whole curve of {of} ({numbers}) digit for digit"
        if is_whole
        else f"repeats {numbers} in a row from {of}, digit for digit",
    )


def _curves(run: ParsedRun) -> _Curves:
    script = run.transcript
    found: dict[_Key, _Curve] = {}
    headings = sections(script, run.curves.epochs.at(np.arange(len(script.lines))))
    for form in script.forms[:MOST_FORMS]:
        lines = script.lines_of(form)
        if "#" not in form or len(lines) < FEWEST:
            continue
        above = headings[lines]
        below = [(-1, lines)]
        if above.any() and not above.all():
            below += [(heading, lines[above == heading]) for heading in np.unique(above).tolist()]
        for heading, its in below:
            found |= _curves_of(run, form, heading, its)
    return found


def _curves_of(run: ParsedRun, form: str, heading: int, lines: NDArray[np.int64]) -> _Curves:
    script = run.transcript
    found: dict[_Key, _Curve] = {}
    if len(lines) >= FEWEST:
        table = script.table(lines)
        named = names_in_line(script, int(lines[0]))
        decimals = script.decimals[script.starts[lines[0]] : script.starts[lines[0]] + table.shape[1]]
        for place in np.flatnonzero(_has_decimals(decimals, 0))[:MOST_FORMS].tolist():
            is_measured = place < len(named) and named[place].role not in _NOT_MEASURED
            is_measured &= bool(_has_decimals(decimals, 1)[place]) or bool(named[place].name)
            if is_measured and _has_many(table[:, place]):
                found[form, place, heading] = _Curve(run, table[:, place], lines)
    return found


def _has_many(values: NDArray[np.float64]) -> bool:
    """Return whether there are at least FEWEST different values; the first ones show it nearly always."""
    return len(np.unique(values[: 2 * FEWEST])) >= FEWEST or len(np.unique(values)) >= FEWEST


class _Compared:
    """The curves of the real runs, with which the curves of imagined runs are compared."""

    def __init__(self, real: Sequence[_Curves]) -> None:
        self._real = real
        self._keys = max(1, *map(len, real))
        self._of = cache(self._of_all)
        self._chances = cache(self._chances_of)

    def _of_all(self, key: _Key) -> tuple[list[_Curve], NDArray[np.float64]]:
        """Return all real curves with this key, and their table: one row for each curve, NaN after its end."""
        curves = [curves[key] for curves in self._real if key in curves]
        return curves, _as_table(curves)

    def copy(self, key: _Key, ours: _Curve, earlier: Sequence[_Curves]) -> _Copy | None:
        """Return the longest sequence that a curve shares with a real or earlier curve; None if it is too short."""
        others, table = self._of(key)
        if more := [curves[key] for curves in earlier if key in curves]:
            others, table = [*others, *more], _as_table([*others, *more])
        if not others:
            return None
        at, first, points = _longest(ours.values, table)
        numbers = len(np.unique(ours.values[first : first + points]))
        if numbers < (FEWEST if points == len(ours.values) else FEWEST_IN_A_ROW):
            return None
        share, next_too = self._chances(key)
        places = len(ours.values) - points + 1
        tries = len(self._real) * self._keys * places
        chance = min(1.0, share * next_too ** (numbers - 1) * tries)
        return _Copy(ours, others[at], first, points, chance)

    def _chances_of(self, key: _Key) -> tuple[float, float]:
        """Estimate the probabilities that two real runs agree at a point, and that they then agree at the next."""
        curves, _table = self._of(key)
        if len(curves) < FEWEST_REAL:
            return 1.0, 1.0
        equal = points = both = 0
        for one, other in islice(combinations(curves, 2), MOST_PAIRS):
            length = min(len(one.values), len(other.values))
            same = one.values[:length] == other.values[:length]
            # The whole curve may follow from one random event, such as a count of steps: equal curves then prove
            # nothing.
            if 2 * np.count_nonzero(same) > length:
                return 1.0, 1.0
            equal += int(np.count_nonzero(same))
            both += int(np.count_nonzero(same[1:] & same[:-1]))
            points += length
        share = (equal + 1) / (points + 1)
        return share, max(share, (both + share) / (equal + 1))


def _as_table(curves: Sequence[_Curve]) -> NDArray[np.float64]:
    table = np.full((len(curves), max((len(curve.values) for curve in curves), default=0)), np.nan)
    for row, curve in zip(table, curves, strict=True):
        row[: len(curve.values)] = curve.values
    return table


def _longest(values: NDArray[np.float64], table: NDArray[np.float64]) -> tuple[int, int, int]:
    """Return (row, start, length) of the longest part of a row that equals `values` at the same positions."""
    width = min(len(values), table.shape[1])
    equal = np.zeros((len(table), width + 1), np.int64)
    equal[:, :width] = table[:, :width] == values[:width]
    total = np.cumsum(equal, axis=1)
    # The number of equal points up to here, minus that up to the last point that differs.
    lengths = total - np.maximum.accumulate(np.where(equal == 0, total, 0), axis=1)
    row, end = np.unravel_index(int(np.argmax(lengths)), lengths.shape)
    points = int(lengths[row, end])
    return int(row), int(end) - points + 1, points
