"""Finds settings without a usual name at the head of logs: `keep_prob: 0.5`, `--betas 0.9 0.98`, `size 2**20`."""

import re
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from gedanken.compare.output.durations import untimed
from gedanken.compare.output.line_names import names_in_line
from gedanken.compare.output.machine_names import is_of_machine, machine_columns
from gedanken.compare.output.masking import MASK
from gedanken.compare.output.named_numbers import Named
from gedanken.compare.output.transcript import VALUE
from gedanken.compare.output.vocabulary import Role, meaning_of, words_in
from gedanken.compare.parsed.run_set import ParsedRun, RunSet

_REPEATED = 3
"""A form with a varying number shows that training has begun if it has at least this many lines."""
_FEW_LINES = 4
"""Maximum number of lines of one form at the head of a log."""
_FARTHEST = 12
"""Maximum number of lines between the key of a list and an item of it."""
_ITEM = re.compile(r"\s*-\s+[-+\d.eE]+\s*")
_KEY = re.compile(r"\s*(?P<name>[A-Za-z_][\w. -]{0,40}):\s*")
_SET = re.compile(r"(?:\w[\"']?\s?[=:]\s?|(?<!\S)--[a-z][\w-]*[ =])[\"']?$")
"""Matches what stands before the value of a setting: `name=`, `name:`, `--name `."""
_GOES_ON = re.compile(r"\*\*|\^|/|\.\.")
_UNIT = re.compile(
    r"\s?(?:[KMGT]i?B|bytes|it|MHz|GHz|W|°?C|%|[mun]?s|secs?|min|minutes?|seconds?|h|hours?)\b", re.ASCII
)


class HeaderNumber(NamedTuple):
    """A number at the head of a log that may be constant."""

    column: int
    """Index of the number among the values of its line."""
    is_set: bool
    """True if the line says that it is a setting; else it may be measured, and equal in all runs by chance."""


def head_of(run_set: RunSet) -> int:
    """Return the index of the line with which training begins in the first finished real run; 0 if unknown."""
    first = run_set.finished[0]
    script, epochs = first.transcript, first.curves.epochs
    begins = [int(epochs.lines[0])] if len(epochs) > 1 else []
    for form in script.forms:
        lines = script.lines_of(form)
        if "#" in form and len(lines) >= _REPEATED:
            steady = run_set.invariants.numbers(form)
            if steady is None or np.isnan(steady).any():
                begins.append(int(lines[0]))
    return min(begins, default=0)


def header_numbers(run_set: RunSet, form: str) -> Iterator[HeaderNumber]:
    """Yield the numbers of a form that occurs only at the head of the first finished real run."""
    run = run_set.finished[0]
    lines = run.transcript.lines_of(form)
    if len(lines) > _FEW_LINES or int(lines[-1]) >= run_set.once(head_of):
        return
    text = run.transcript.compared(int(lines[0])).replace(MASK, " ")
    if untimed(text) != text.strip():
        return
    spans = [found.span() for found in VALUE.finditer(text)]
    usual = list(names_in_line(run.transcript, int(lines[0])))[: len(spans)]
    of_machine = machine_columns(text, spans, usual)
    is_item = _ITEM.fullmatch(text) is not None
    if is_item:
        names = [_key_above(run, line) for line in lines.tolist()]
        usual = [Named(names[0], meaning_of(names[0]).role)] if all(map(_may_be_set, names)) else []
    of: Named | None = None
    is_set = False
    for at, named in enumerate(usual):
        before = text[spans[at - 1][1] if at else 0 : spans[at][0]]
        goes_on = of is not None and (_GOES_ON.fullmatch(before) or (before.isspace() and is_set))
        if not goes_on:
            of = named
            is_set = is_item or _SET.search(text, 0, spans[at][0]) is not None
        if at not in of_machine and of and _is_of_program(of, is_set=is_set) and not _UNIT.match(text, spans[at][1]):
            yield HeaderNumber(at, is_set and bool(of.name) and of.role is not Role.ENVIRONMENT)


def _is_of_program(named: Named, *, is_set: bool) -> bool:
    if named.role is Role.METRIC or is_of_machine(named.name):
        return False
    if named.role is not Role.ENVIRONMENT:
        return True
    # `power_t = 0.5` is one setting whose name begins as that of a measured power does.
    words = words_in(named.name)
    return is_set and "_" in named.name and meaning_of(words[-1]).role is not Role.ENVIRONMENT and len(words[-1]) == 1


def _key_above(run: ParsedRun, line: int) -> str:
    """Return the key of the list that a line belongs to: `betas` for `- 0.9` below `betas:`; empty if none."""
    for above in range(line - 1, max(-1, line - _FARTHEST), -1):
        text = run.transcript.compared(above)
        if key := _KEY.fullmatch(text):
            return key["name"]
        if not _ITEM.fullmatch(text):
            break
    return ""


def _may_be_set(name: str) -> bool:
    return not is_of_machine(name) and meaning_of(name).role not in (Role.METRIC, Role.ENVIRONMENT)
