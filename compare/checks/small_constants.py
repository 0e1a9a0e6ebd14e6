"""Finds settings, sizes, and small or rare whole numbers that all real logs share, but not imagined ones."""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gedanken.compare.checks.header_numbers import header_numbers
from gedanken.compare.checks.missing_epochs import names_one_epoch_once
from gedanken.compare.checks.values import telling
from gedanken.compare.output.joined_numbers import joined_numbers, names_of_joined
from gedanken.compare.output.line_names import names_in_line
from gedanken.compare.output.machine_names import is_of_machine, machine_columns
from gedanken.compare.output.masking import MASK
from gedanken.compare.output.named_numbers import Named
from gedanken.compare.output.number_lists import name_before, number_lists
from gedanken.compare.output.transcript import VALUE
from gedanken.compare.output.vocabulary import Role, key_of, meaning_of
from gedanken.compare.parsed.early_ends import cut_lines
from gedanken.compare.parsed.run_set import LINES_SHOWN, ParsedRun, RunSet, short, verb
from gedanken.compare.results import Doubt
from gedanken.experiment.counts import many
from gedanken.experiment.finding import Finding, LineRef

REAL_RUNS = 7
"""Minimum number of real runs that must show the same number."""
IMAGINED_RUNS = 3
"""Minimum number of imagined runs, which must all have another number than the real runs. The probability that chance
gives such a number to all three imagined runs, but to none of seven real ones, is .0022 at most.
"""
MOST = 4
"""A constant is judged only if at most this many constants have the same `rank` or a lower one. This keeps the
probability of a false finding below .01.
"""
_NOT_FIXED = (Role.ENVIRONMENT, Role.METRIC)
_RESTATED = " in brackets"
_SIMPLE, _WRITTEN, _FURTHER, _AT_HEAD, _UNCERTAIN = range(5)
_FEW_LINES = 4
"""Unnamed lists, and decimal numbers after `=`, are judged only in forms with at most this many lines."""
_CHAIN = re.compile(r"(?<![\w.-])\d{1,5}(?:-\d{1,5}){2,30}(?![\w.-])")
"""Matches the sizes of several layers: `64-128-256`."""
_ASSIGNED = re.compile(r"\w\s?=\s?$")


class _Number(NamedTuple):
    """A number in the lines of one form that may be constant."""

    columns: tuple[int, ...]
    """The indices of the values that it consists of; several for a joined number such as `12,345,678`."""
    is_simple: bool
    """True if its first value, read alone, may be constant too, such as the 12 in `12,345,678` or `12M`."""
    may_have_decimals: bool


class _Constant(NamedTuple):
    """A number in the lines of one form; in each of these lines, it is equal in all real logs."""

    form: str
    columns: tuple[int, ...]
    values: NDArray[np.float64]
    """The values of the number: one row for each line, one column for each index in `columns`."""
    rank: int
    """_SIMPLE: whole, and `_Number.is_simple` is true. _FURTHER: found only by `_further`. _AT_HEAD, _UNCERTAIN
    (possibly measured): found only by `header_numbers`. _WRITTEN: all others.
    """
    told: tuple[int, ...] = ()
    """The indices of the values of this form that the check `constant_lines_differ` judges."""


class SmallConstants:
    """Judges the numbers that are equal in all real logs: as findings, or as undecided.

    A finding needs at least `IMAGINED_RUNS` imagined logs, all with another number than the real logs, and at most
    `MOST` constants.
    """

    def __init__(self, run_set: RunSet) -> None:
        self._run_set = run_set
        self.findings: list[Finding] = []
        self._unsure: list[tuple[_Constant, list[ParsedRun]]] = []
        if run_set.program is not None or len(run_set.finished) < REAL_RUNS:
            return
        constants = list(_constants(run_set))
        are_few = [sum(one.rank <= rank for one in constants) <= MOST for rank in range(_AT_HEAD + 1)]
        are_few.append(False)
        for constant in constants:
            if constant.rank != _SIMPLE and _is_told_otherwise(run_set, constant):
                continue
            other = [run for run in run_set.imagined if len(self._other_lines(run, constant))]
            if len(other) == len(run_set.imagined) >= IMAGINED_RUNS and are_few[constant.rank]:
                finding = self._finding(constant, other)
                # Two numbers of one line are one finding.
                self.findings += [finding] if finding not in self.findings else []
            elif other:
                self._unsure.append((constant, other))

        told = {line for finding in self.findings for line in finding.evidence}
        self._unsure = [one for one in self._unsure if told.isdisjoint(self._evidence(*one))]

    def _evidence(self, constant: _Constant, runs: Sequence[ParsedRun]) -> list[LineRef]:
        return [run.ref(int(self._other_lines(run, constant)[0])) for run in runs if constant.rank == _UNCERTAIN]

    def _finding(self, constant: _Constant, runs: Sequence[ParsedRun]) -> Finding:
        first = self._run_set.finished[0]
        its = [(run, int(self._other_lines(run, constant)[0])) for run in runs]
        really = int(first.transcript.lines_of(constant.form)[0])
        return Finding(
            "constant line differs",
            tuple(run.label for run in runs),
            (*(run.ref(at) for run, at in its[:LINES_SHOWN]), first.ref(really)),
            expected=f"All {len(self._run_set.finished)} real runs have the same numbers in "
            f"“{short(first.lines[really])}”",
            observed=f"{verb(runs, 'shows', 'show')} other numbers, such as “{short(its[0][0].lines[its[0][1]])}”",
            of=len(self._run_set.imagined),
        )

    def _other_lines(self, run: ParsedRun, constant: _Constant) -> NDArray[np.int64]:
        """Return the lines in which an imagined run shows another number, except a progress bar that is cut off."""
        lines = _other_lines(run, constant)
        kept: NDArray[np.int64] = lines[lines != self._run_set.once(cut_lines).get(id(run), -1)]
        return kept

    def undecided(self) -> Doubt | None:
        """Return the doubt whether some numbers may differ from the real ones; None if there are no such numbers."""
        if not self._unsure:
            return None
        constant, runs = self._unsure[0]
        first, line = self._run_set.finished[0], int(self._other_lines(runs[0], constant)[0])
        really = int(first.transcript.lines_of(constant.form)[0])
        others = len(self._unsure) - 1
        more = f" (also undecided for {many(others, 'more line')})" if others else ""
        labels = ", ".join(run.label for run in runs[:3])
        return Doubt(
            f"whether a run may show “{short(runs[0].lines[line])}” where real runs show "
            f"“{short(first.lines[really])}”{more}",
            f"all {len(self._run_set.finished)} real runs show the same number there; {len(runs)} of "
            f"{len(self._run_set.imagined)} imagined runs ({labels}) {verb(runs, 'shows', 'show')} another number",
        )


def small_constants_differ(run_set: RunSet) -> Iterable[Finding]:
    """Report numbers that are equal in all real logs and different in all imagined ones."""
    yield from run_set.once(SmallConstants).findings


def _constants(run_set: RunSet) -> Iterator[_Constant]:
    first = run_set.finished[0]
    for form in first.transcript.forms:
        steady = run_set.invariants.numbers(form) if "#" in form else None
        if steady is None:
            continue
        lines = first.transcript.lines_of(form)
        told = tuple(telling(first, lines, steady))
        # An epoch that is counted is judged by another check; one that is only named once is judged here.
        epochs = np.full(len(lines), np.nan) if run_set.once(names_one_epoch_once) else first.curves.epochs.at(lines)
        found: list[_Constant] = []
        usual = names_in_line(first.transcript, int(lines[0]))
        for number in sorted(_numbers(first, int(lines[0]))):
            values, width, column = steady[:, number.columns], len(number.columns), number.columns[0]
            is_known = not set(told).isdisjoint(number.columns) or (values == epochs[:, None]).all()
            is_known |= set(values.ravel()) <= set(first.curves.totals)
            equal = (at for at in range(column - width + 1) if np.array_equal(values, steady[:, at : at + width]))
            is_repeated = any(not _are_two_settings(usual[at], usual[column]) for at in equal)
            is_whole = bool((values == np.rint(values)).all())
            has_decimals = number.may_have_decimals and bool(np.isfinite(values).all())
            if (is_whole or has_decimals) and not (is_known or is_repeated):
                rank = _SIMPLE if number.is_simple and is_whole else _WRITTEN
                found.append(_Constant(form, number.columns, values, rank, told))
        counted = np.flatnonzero((steady == epochs[:, None]).all(axis=0)).tolist()
        further = _with_further(found, form, steady, (*told, *counted), first)
        yield from further
        known = {at for one in further for at in one.columns}.union(told, counted)
        for at, is_set in header_numbers(run_set, form):
            values = steady[:, [at]]
            if at not in known and np.isfinite(values).all() and not set(values.ravel()) <= set(first.curves.totals):
                yield _Constant(form, (at,), values, _AT_HEAD if is_set else _UNCERTAIN, told)


def _are_two_settings(one: Named, other: Named) -> bool:
    """Return whether equal numbers are two settings, as in `heads=8 layers=8`, and not one number printed twice."""
    roles = [each.role for each in (one, other) if each.name and each.role not in _NOT_FIXED]
    is_summary = meaning_of(one.name).is_summary or meaning_of(other.name).is_summary
    return len(roles) == 2 > roles.count(Role.COUNTER) and not is_summary and key_of(one.name) != key_of(other.name)


def _with_further(
    found: list[_Constant], form: str, steady: NDArray[np.float64], told: tuple[int, ...], first: ParsedRun
) -> list[_Constant]:
    """Return the constants in `found` and those of `_further`; a list replaces the constants inside it."""
    lines = first.transcript.lines_of(form)
    for every in _further(first, int(lines[0]), is_few=len(lines) <= _FEW_LINES):
        columns = tuple(at for at in every if at not in told)
        values = steady[:, columns]
        if np.isnan(steady[:, every]).any() or set(values.ravel()) <= set(first.curves.totals):
            continue
        rank = min((one.rank for one in found if set(one.columns) <= set(columns)), default=_FURTHER)
        found = [one for one in found if not set(one.columns) <= set(columns)]
        found.append(_Constant(form, columns, values, rank, told))
    return sorted(found, key=lambda one: one.columns)


def _further(run: ParsedRun, line: int, *, is_few: bool) -> Iterator[tuple[int, ...]]:
    """Yield the indices of values that may be constant together: those of a list, sizes joined by `-`, or one
    decimal number after `=`.
    """
    text = run.transcript.compared(line).replace(MASK, " ")
    spans = [found.span() for found in VALUE.finditer(text)]
    usual = names_in_line(run.transcript, line)[: len(spans)]
    lists, of_machine = number_lists(text, spans), machine_columns(text, spans, usual)
    for listed in lists:
        first = usual[listed.columns[0]]
        name = first.name or name_before(text, spans, listed)
        # A list without a name may be constant if no words are behind it: in `[1, 100] loss 0.5`, it counts.
        is_alone = is_few and not any(map(str.isalpha, text[spans[listed.columns[-1]][1] :]))
        if _is_of_program(Named(name, first.role)) and (name or is_alone) and of_machine.isdisjoint(listed.columns):
            yield listed.columns
    for chain in _CHAIN.finditer(text):
        columns = tuple(at for at, (start, end) in enumerate(spans) if chain.start() <= start < end <= chain.end())
        if columns and usual[columns[0]].role is Role.SETTING and of_machine.isdisjoint(columns):
            yield columns
    inside = {at for listed in lists for at in listed.columns}
    for at, named in enumerate(usual if is_few else ()):
        is_assigned = _ASSIGNED.search(text, 0, spans[at][0]) and "." in text[slice(*spans[at])]
        if at not in inside | of_machine and is_assigned and _is_fixed(named) and _is_of_program(named):
            yield (at,)


def _is_of_program(named: Named) -> bool:
    """Return whether a number is neither measured nor dependent on the machine, by its role and its name."""
    return named.role not in _NOT_FIXED and meaning_of(named.name).role not in _NOT_FIXED


def _numbers(run: ParsedRun, line: int) -> Iterator[_Number]:
    """Yield the named numbers of a line that may be constant: no metrics, and independent of the machine."""
    text = run.transcript.compared(line).replace(MASK, " ")
    spans = [found.span() for found in VALUE.finditer(text)]
    joined = joined_numbers(text, spans)
    inside = {at for number in joined for at in number.columns}
    usual = names_in_line(run.transcript, line)[: len(spans)]
    of_machine = machine_columns(text, spans, usual)
    for at, named in enumerate(usual):
        if at not in inside | of_machine and _is_fixed(named):
            yield _Number((at,), True, named.role is Role.SETTING)
    for number, named in zip(joined, names_of_joined(text, joined), strict=True):
        is_chosen = named.role in (Role.SETTING, Role.COUNTER)
        if (
            _is_fixed(named, is_size=number.is_size)
            and of_machine.isdisjoint(number.columns)
            and not named.name.endswith(_RESTATED)
            and (is_chosen or not number.has_unit)
        ):
            yield _Number(number.columns, _is_fixed(usual[number.columns[0]]), is_chosen)


def _is_fixed(named: Named, *, is_size: bool = False) -> bool:
    is_of_run = bool(named.name) and named.role not in _NOT_FIXED
    return is_of_run and not is_of_machine(named.name, is_size=is_size)


def _is_told_otherwise(run_set: RunSet, constant: _Constant) -> bool:
    """Return whether `constant_lines_differ` reports another number in an imagined run's lines of this form."""
    steady = run_set.invariants.numbers(constant.form)
    if not constant.told or steady is None:
        return False
    told = list(constant.told)
    shown = ((run.transcript, run.transcript.lines_of(constant.form)) for run in run_set.imagined)
    tables = [script.table(lines) for script, lines in shown if len(lines) == len(steady)]
    return any((its[:, told] != steady[:, told]).any() for its in tables)


def _other_lines(run: ParsedRun, constant: _Constant) -> NDArray[np.int64]:
    """Return the lines in which an imagined run shows another number; empty if it has more or fewer lines."""
    lines = run.transcript.lines_of(constant.form)
    if len(lines) != len(constant.values):
        return lines[:0]
    shown = run.transcript.table(lines)[:, constant.columns]
    is_other: NDArray[np.bool_] = (shown != constant.values).any(axis=1)
    return lines[is_other]
