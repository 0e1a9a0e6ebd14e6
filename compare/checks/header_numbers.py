"""Finds numbers at the beginning of logs that may be settings, although their names are unusual ones for settings:
`keep_prob: 0.5`, `--betas 0.9 0.98`, `size 2**20`.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from gedanken.compare.output.durations import mask_durations
from gedanken.compare.output.line_names import names_in_line
from gedanken.compare.output.machine_names import is_machine_name, machine_columns
from gedanken.compare.output.masking import MASK
from gedanken.compare.output.named_numbers import NamedNumber
from gedanken.compare.output.transcript import VALUE
from gedanken.compare.output.vocabulary import Role, meaning_of, words_in
from gedanken.compare.parsed.run_set import ParsedRun, RunSet

_REPEATED = 3
"""If a form has at least this many lines, and a number in them differs between real runs, training has begun at
the first of these lines.
"""
_FEW_LINES = 4
"""A form with more lines than this does not count as part of the beginning of a log."""
_MAX_KEY_DISTANCE = 12
"""The key of a list, such as `betas:`, is searched for in fewer than this many lines above an item."""
_ITEM = re.compile(r"\s*-\s+[-+\d.eE]+\s*")
_KEY = re.compile(r"\s*(?P<name>[A-Za-z_][\w. -]{0,40}):\s*")
_BEFORE_SETTING = re.compile(r"(?:\w[\"']?\s?[=:]\s?|(?<!\S)--[a-z][\w-]*[ =])[\"']?$")
"""Matches what stands before the value of a setting: `name=`, `name:`, `--name `."""
_CONTINUATION = re.compile(r"\*\*|\^|/|\.\.")
_UNIT = re.compile(
    r"\s?(?:[KMGT]i?B|bytes|it|MHz|GHz|W|°?C|%|[mun]?s|secs?|min|minutes?|seconds?|h|hours?)\b", re.ASCII
)


class HeaderNumber(NamedTuple):
    """A number at the beginning of a log that may be constant."""

    column: int
    """Index of the number among the values of its line."""
    is_set: bool
    """True if the line says that the number is a setting.

    If it does not, the number may be a measurement that is equal in all runs by chance.
    """


def training_start(run_set: RunSet) -> int:
    """Return the index of the line with which training begins in the first finished real run; 0 if unknown."""
    first_run = run_set.finished[0]
    transcript, epochs = first_run.transcript, first_run.curves.epochs
    starts = [int(epochs.lines[0])] if len(epochs) > 1 else []
    for form in transcript.forms:
        lines = transcript.lines_of(form)
        if "#" in form and len(lines) >= _REPEATED:
            steady = run_set.invariants.numbers(form)
            if steady is None or np.isnan(steady).any():
                starts.append(int(lines[0]))
    return min(starts, default=0)


def header_numbers(run_set: RunSet, form: str) -> Iterator[HeaderNumber]:
    """Yield the numbers of a form that may be settings.

    Yields nothing unless the form occurs only before training begins, in at most `_FEW_LINES` lines. Only the first
    finished real run is read.
    """
    run = run_set.finished[0]
    lines = run.transcript.lines_of(form)
    if len(lines) > _FEW_LINES or int(lines[-1]) >= run_set.compute_once(training_start):
        return
    text = run.transcript.compared(int(lines[0])).replace(MASK, " ")
    if mask_durations(text) != text.strip():
        return
    spans = [match.span() for match in VALUE.finditer(text)]
    named_values = list(names_in_line(run.transcript, int(lines[0])))[: len(spans)]
    of_machine = machine_columns(text, spans, named_values)
    is_item = _ITEM.fullmatch(text) is not None
    if is_item:
        keys = [_key_above(run, line) for line in lines.tolist()]
        named_values = [NamedNumber(keys[0], meaning_of(keys[0]).role)] if all(map(_may_be_setting, keys)) else []
    setting: NamedNumber | None = None
    is_set = False
    for index, named in enumerate(named_values):
        text_before = text[spans[index - 1][1] if index else 0 : spans[index][0]]
        is_continuation = setting is not None and (
            _CONTINUATION.fullmatch(text_before) or (text_before.isspace() and is_set)
        )
        if not is_continuation:
            setting = named
            is_set = is_item or _BEFORE_SETTING.search(text, 0, spans[index][0]) is not None
        if (
            index not in of_machine
            and setting
            and _is_of_program(setting, is_set=is_set)
            and not _UNIT.match(text, spans[index][1])
        ):
            yield HeaderNumber(index, is_set and bool(setting.name) and setting.role is not Role.ENVIRONMENT)


def _is_of_program(named: NamedNumber, *, is_set: bool) -> bool:
    if named.role is Role.METRIC or is_machine_name(named.name):
        return False
    if named.role is not Role.ENVIRONMENT:
        return True
    # `power_t = 0.5` is one setting whose name begins as that of a measured power does.
    words = words_in(named.name)
    return is_set and "_" in named.name and meaning_of(words[-1]).role is not Role.ENVIRONMENT and len(words[-1]) == 1


def _key_above(run: ParsedRun, line: int) -> str:
    """Return the key of the list to which a line belongs, such as `betas` for the line `- 0.9` below `betas:`.

    Empty if there is none.
    """
    for index in range(line - 1, max(-1, line - _MAX_KEY_DISTANCE), -1):
        text = run.transcript.compared(index)
        if key := _KEY.fullmatch(text):
            return key["name"]
        if not _ITEM.fullmatch(text):
            break
    return ""


def _may_be_setting(name: str) -> bool:
    return not is_machine_name(name) and meaning_of(name).role not in (Role.METRIC, Role.ENVIRONMENT)
