"""Merges columns that show the same number in lines with different forms."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from gedanken.compare.series.columns import Column, Form
from gedanken.compare.series.printed import Printed

_DURATION = re.compile(r"#(?:ms|us|µs|ns|s|m|h)\b(?: #(?:ms|us|µs|ns|s|m|h)\b)*")
_QUOTED_TEXT = re.compile(r"(?P<quote>[\"'])(?P<text>(?:(?!(?P=quote)).)*)(?P=quote)(?P<is_key>\s*:)?")


def merge_columns(columns: Sequence[Column], forms: Mapping[str, Form], real: Sequence[Printed]) -> list[Column]:
    """Merge columns that have the same name and whose forms may come from the same print.

    Such forms differ, for example, because a JSON object contains an evaluation only every hundred steps, or because
    a time is missing in the first line. No real run may show both forms at the same step.
    """
    merged: list[Column] = []
    indices_by_words: dict[str, list[int]] = {}
    for column in columns:
        if not column.words or column.fixed:
            merged.append(column)  # merged with none
            continue
        indices = indices_by_words.setdefault(column.words, [])
        index = next((index for index in indices if _is_same_number(merged[index], column, forms, real)), None)
        if index is None:
            indices.append(len(merged))
            merged.append(column)
        else:
            merged[index] = replace(merged[index], merged=(*merged[index].merged, (column.form, column.index)))
    return merged


def counters_of(form: Form) -> dict[str, int]:
    """Return the index of each counter of a form, including the epoch, by the counter's name."""
    counters = {form.name_of(index): index for index in reversed(form.counters)}
    return counters if form.epoch is None else {"epoch": form.epoch, **counters}


def _is_same_number(column: Column, other: Column, forms: Mapping[str, Form], real: Sequence[Printed]) -> bool:
    parts = [column.form, *(form for form, _index in column.merged)]
    # The texts of `"event": "epoch"` and `"event": "step"` differ: these objects come from two prints.
    are_keys = column.is_key and other.is_key and _texts_of_object(column.form) == _texts_of_object(other.form)
    form, other_form = _without_units(column.form), _without_units(other.form)
    is_continued = column.index == other.index and (form.startswith(other_form) or other_form.startswith(form))
    if other.form in parts or not (are_keys or is_continued):
        return False
    return all(_are_never_at_one_step(forms[part], forms[other.form], real) for part in parts)


def _without_units(form: str) -> str:
    """Replace each duration with its units by one `#`: `took #m #s` becomes `took #`."""
    return _DURATION.sub("#", form)


def _texts_of_object(form: str) -> list[str]:
    """Return the text before an object, and then, sorted, those of its quoted texts that are not keys."""
    return [
        form.partition("{")[0],
        *sorted(match["text"] for match in _QUOTED_TEXT.finditer(form) if not match["is_key"]),
    ]


def _are_never_at_one_step(form: Form, other: Form, real: Sequence[Printed]) -> bool:
    """Return whether two forms have counters in common, and no real run shows both forms at the same step."""
    counters, other_counters = counters_of(form), counters_of(other)
    common = sorted(counters.keys() & other_counters.keys())
    if not common:
        return False
    for run in real:
        points = [
            _counter_values(run, counted_form, [counters_of_form[name] for name in common])
            for counted_form, counters_of_form in ((form, counters), (other, other_counters))
        ]
        if points[0] & points[1]:
            return False
    return True


def _counter_values(run: Printed, form: Form, counters: Sequence[int]) -> set[tuple[float, ...]]:
    lines = run.lines(form.form)
    return set(map(tuple, np.stack([run.values(lines, index) for index in counters], axis=1).tolist()))
