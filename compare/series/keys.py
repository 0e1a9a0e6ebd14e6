"""Merges columns that show the same number in lines of several forms."""

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

    For example, a JSON object contains an evaluation only every hundred steps, or the first line lacks a time. No
    real run may show both forms at the same step.
    """
    kept: list[Column] = []
    of_words: dict[str, list[int]] = {}
    for column in columns:
        if not column.words or column.fixed:
            kept.append(column)  # merged with none
            continue
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
    parts = [column.form, *(form for form, _index in column.parts)]
    # The texts of `"event": "epoch"` and `"event": "step"` differ: these objects come from two prints.
    are_keys = column.is_key and other.is_key and _texts(column.form) == _texts(other.form)
    ours, theirs = _without_units(column.form), _without_units(other.form)
    goes_on = column.index == other.index and (ours.startswith(theirs) or theirs.startswith(ours))
    if other.form in parts or not (are_keys or goes_on):
        return False
    return all(_count_apart(forms[part], forms[other.form], real) for part in parts)


def _without_units(form: str) -> str:
    """Replace each duration with its units by one `#`: `took #m #s` becomes `took #`."""
    return _TIME.sub("#", form)


def _texts(form: str) -> list[str]:
    """Return the text before an object, then its quoted texts that are not keys, sorted."""
    return [form.partition("{")[0], *sorted(found["text"] for found in _TEXT.finditer(form) if not found["is_key"])]


def _count_apart(one: Form, other: Form, real: Sequence[Printed]) -> bool:
    """Return whether two forms have common counters, and no real run shows both forms at the same step."""
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
