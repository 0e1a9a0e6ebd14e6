"""Findings: an imagined log, or one whole curve of it, equals that of another run."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations, islice
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gedanken.compare.output.transcript import EXPONENT, NO_DECIMALS
from gedanken.compare.parsed.run_set import ParsedRun, RunSet
from gedanken.experiment.counts import many
from gedanken.experiment.finding import Finding
from gedanken.experiment.format import figure

FEWEST_REAL = 3
"""Minimum number of real runs needed to estimate what chance can do."""
FEWEST = 4
"""Minimum number of different values in a curve for it to be reported."""
CHANCE = 1e-4
"""Maximum probability that any two of all compared curves are equal by chance."""
MOST_PAIRS = 300
"""Maximum number of pairs of real runs from which the effect of chance is estimated."""
MOST_FORMS = 200
"""Maximum number of line forms whose curves are examined in one log."""


class _Curve(NamedTuple):
    run: ParsedRun
    values: NDArray[np.float64]
    lines: NDArray[np.int64]


_Key = tuple[str, int]
"""A form (a line with its values replaced by `#`), and the position of a number in it."""


def whole_copies(run_set: RunSet, told: frozenset[str] = frozenset()) -> Iterable[Finding]:
    """Find imagined logs that equal another log, if the program is not known; `told` are runs already reported as
    copies.

    The probability of a coincidence is estimated from the real runs: how many points any two of them have in common.
    """
    if run_set.source is not None or len(run_set.real) < FEWEST_REAL:
        return
    real = [_curves(run) for run in run_set.real]
    if len({_print_of(run) for run in run_set.real}) < len(run_set.real):
        return  # real runs repeat one another, so other runs may too
    logs = {_print_of(run): run for run in reversed(run_set.real)}
    for at, run in enumerate(run_set.imagined):
        same = logs.get(_print_of(run))
        if same is not None and run.lines and _holds_chance(run):
            whose = "to the byte" if run.text == same.text else "but for times and names of machines"
            yield Finding(
                "log copied",
                (run.label,),
                (run.ref(0), same.ref(0)),
                expected="no two real logs are the same",
                observed=f"is {same.label} {whose}",
            )
        elif run.label not in told:
            earlier = [_curves(run) for run in run_set.imagined[:at]] if at < FEWEST_REAL * FEWEST else []
            yield from _curve_copied(_curves(run), real, earlier)
        logs.setdefault(_print_of(run), run)


def _holds_chance(run: ParsedRun) -> bool:
    """Return whether a log shows numbers that no two runs share; a log without such numbers may well be printed
    twice."""
    script = run.transcript
    return len(np.unique(script.values[_has_decimals(script.decimals, 2)])) >= FEWEST


def _has_decimals(decimals: NDArray[np.uint8], fewest: int) -> NDArray[np.bool_]:
    """Return which values have at least so many digits after the decimal point, possibly before an exponent."""
    known: NDArray[np.bool_] = (decimals != NO_DECIMALS) & (decimals % EXPONENT >= fewest)
    return known


def _print_of(run: ParsedRun) -> int:
    """Return a fingerprint: equal for the same forms and numbers in the same order."""
    script = run.transcript
    return hash((tuple(script.forms), script.form_of.tobytes(), script.values.tobytes()))


def _curve_copied(
    ours: Mapping[_Key, _Curve], real: Sequence[Mapping[_Key, _Curve]], earlier: Sequence[Mapping[_Key, _Curve]]
) -> Iterator[Finding]:
    copies = [
        (curve, other, chance)
        for key, curve in ours.items()
        for others in (*real, *earlier)
        if (other := others.get(key)) and np.array_equal(curve.values, other.values)
        if (chance := _chance(curve, [curves[key] for curves in real if key in curves]) * len(real) * len(ours))
        <= CHANCE
    ]
    if copies:
        curve, other, chance = max(copies, key=lambda copy: len(copy[0].values))
        yield Finding(
            "curve copied",
            (curve.run.label,),
            (curve.run.ref(int(curve.lines[0])), other.run.ref(int(other.lines[0]))),
            expected=f"by chance that is so with a probability of {figure(chance)}",
            observed=f"shows {many(len(curve.values), 'number')} of {other.run.label}, all of a curve, to the digit",
        )


def _curves(run: ParsedRun) -> dict[_Key, _Curve]:
    script = run.transcript
    found: dict[_Key, _Curve] = {}
    for form in script.forms[:MOST_FORMS]:
        lines = script.lines_of(form)
        if "#" not in form or len(lines) < FEWEST:
            continue
        table = script.table(lines)
        decimals = script.decimals[script.starts[lines[0]] : script.starts[lines[0]] + table.shape[1]]
        for place in np.flatnonzero(_has_decimals(decimals, 0))[:MOST_FORMS].tolist():
            if len(np.unique(table[:, place])) >= FEWEST:
                found[form, place] = _Curve(run, table[:, place], lines)
    return found


def _chance(curve: _Curve, real: Sequence[_Curve]) -> float:
    """Compute the probability that two real curves are equal: their share of equal points, to the power of the number
    of points.

    If any two real runs have half of a curve's points in common, the curve follows from something that chance decides
    once, such as a count of steps; two equal curves then mean nothing.
    """
    if len(real) < FEWEST_REAL:
        return 1.0
    equal = points = 0
    for one, other in islice(combinations(real, 2), MOST_PAIRS):
        length = min(len(one.values), len(other.values))
        both = int(np.count_nonzero(one.values[:length] == other.values[:length]))
        if 2 * both > length:
            return 1.0
        equal += both
        points += length
    share = (equal + 1) / (points + 1)
    return float(share ** len(np.unique(curve.values)))
