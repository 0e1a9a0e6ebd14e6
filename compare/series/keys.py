"""Merges columns that show the same number in lines of several forms. A form is a line with its values replaced by
`#`; a column is one number of a form."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from gedanken.compare.series.columns import Column, Form
from gedanken.compare.series.printed import Printed

_TIME = re.compile(r"#(?:ms|us|µs|ns|s|m|h)\b(?: #(?:ms|us|µs|ns|s|m|h)\b)*")
_TEXT = re.compile(r"(?P<quote>[\"'])(?P<text>(?:(?!(?P=quote)).)*)(?P=quote)(?P<is_key>\s*:)?")


def together(columns: Sequence[Column], forms: Mapping[str, Form], real: Sequence[Printed]) -> list[Column]:
    """Merge columns of the same name whose forms may come from one print.

    One print may make several forms. For example, a JSON object may contain an evaluation only every hundred steps,
    or a line may lack a time at the first step. So two columns are merged if they belong to JSON objects with equal
    texts (not to `"event": "epoch"` and `"event": "step"`), or if one form is the beginning of the other form. In
    both cases, the forms must have a counter in common, such as the step, and no real run may show both forms at the
    same step.
    """
    kept: list[Column] = []
    of_words: dict[str, list[int]] = {}
    for column in columns:
        its = of_words.setdefault(column.words, [])
        at = next((at for at in its if _is_one_key(kept[at], column, forms, real)), None)
        if at is None:
            its.append(len(kept))
            kept.append(column)
        else:
            kept[at] = replace(kept[at], parts=(*kept[at].parts, (column.form, column.index)))
    return kept


def counters_of(form: Form) -> dict[str, int]:
    """Return the index of each counter of a form, including the epoch, by the counter's name."""
    counters = {form.name_of(at): at for at in reversed(form.counters)}
    return counters if form.epoch is None else {"epoch": form.epoch, **counters}


def _is_one_key(column: Column, other: Column, forms: Mapping[str, Form], real: Sequence[Printed]) -> bool:
    if column.words != other.words or not column.words or column.fixed or other.fixed:
        return False
    parts = [column.form, *(form for form, _index in column.parts)]
    are_keys = column.is_key and other.is_key and _texts(column.form) == _texts(other.form)
    ours, theirs = _without_units(column.form), _without_units(other.form)
    goes_on = column.index == other.index and (ours.startswith(theirs) or theirs.startswith(ours))
    if other.form in parts or not (are_keys or goes_on):
        return False
    return all(_count_apart(forms[part], forms[other.form], real) for part in parts)


def _without_units(form: str) -> str:
    """Return a form with one `#` in place of each duration and its units, so that `took 903ms`, `took 1.2s` and `took
    1m 2s` have equal forms."""
    return _TIME.sub("#", form)


def _texts(form: str) -> list[str]:
    """Return the text before the object (JSON, a Python dict) in a form, and then, sorted, the quoted texts that are
    not keys."""
    return [form.partition("{")[0], *sorted(found["text"] for found in _TEXT.finditer(form) if not found["is_key"])]


def _count_apart(one: Form, other: Form, real: Sequence[Printed]) -> bool:
    """Return whether the two forms have counters in common, and no real run shows both forms with the same values of
    these counters."""
    ours, theirs = counters_of(one), counters_of(other)
    common = sorted(ours.keys() & theirs.keys())
    if not common:
        return False
    for run in real:
        points = [_points(run, form, [its[name] for name in common]) for form, its in ((one, ours), (other, theirs))]
        if points[0] & points[1]:
            return False
    return True


def _points(run: Printed, form: Form, counters: Sequence[int]) -> set[tuple[float, ...]]:
    lines = run.lines(form.form)
    return set(map(tuple, np.stack([run.values(lines, at) for at in counters], axis=1).tolist()))
