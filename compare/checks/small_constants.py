"""Finds settings, sizes and other numbers that are the same in all real logs, but not in the imagined logs."""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gedanken.compare.checks.header_numbers import header_numbers
from gedanken.compare.checks.missing_epochs import names_one_epoch_once
from gedanken.compare.checks.values import informative_columns
from gedanken.compare.output.joined_numbers import joined_numbers, names_of_joined
from gedanken.compare.output.line_names import names_in_line
from gedanken.compare.output.machine_names import is_machine_name, machine_columns
from gedanken.compare.output.masking import MASK
from gedanken.compare.output.named_numbers import NamedNumber
from gedanken.compare.output.number_lists import name_before, number_lists
from gedanken.compare.output.transcript import VALUE
from gedanken.compare.output.vocabulary import Role, meaning_of, name_key
from gedanken.compare.parsed.early_ends import cut_lines
from gedanken.compare.parsed.run_set import LINES_SHOWN, ParsedRun, RunSet, shorten, verb
from gedanken.compare.results import Doubt
from gedanken.experiment.counts import format_count
from gedanken.experiment.finding import Finding, LineRef

REAL_RUNS = 7
"""Minimum number of real runs that must show the same number."""
IMAGINED_RUNS = 3
"""Minimum number of imagined runs. A number is reported only if every imagined run shows another number than the
real runs do.

The probability that chance gives another number to all of three imagined runs, but to none of seven real runs, is at
most .0022.
"""
MAX_CONSTANTS = 4
"""A constant is judged only if at most this many constants, itself included, are of its `rank` or of a lower one.

This keeps the probability of a false finding below .01.
"""
_VARYING_ROLES = (Role.ENVIRONMENT, Role.METRIC)
_BRACKETS_SUFFIX = " in brackets"
_SIMPLE, _NAMED, _LISTED, _AT_HEAD, _UNCERTAIN = range(5)
_FEW_LINES = 4
"""Lists without a name, and decimal numbers after `=`, are judged only if their form has at most this many lines."""
_LAYER_SIZES = re.compile(r"(?<![\w.-])\d{1,5}(?:-\d{1,5}){2,30}(?![\w.-])")
"""Matches the sizes of several layers: `64-128-256`."""
_ASSIGNMENT = re.compile(r"\w\s?=\s?$")


class _CandidateNumber(NamedTuple):
    """A number in the lines of one form that may be constant."""

    columns: tuple[int, ...]
    """Indices of the values that make up the number: several for a joined number such as `12,345,678`, otherwise
    one.
    """
    is_simple: bool
    """True if the number's first value may also be constant by itself, such as the 12 in `12M`."""
    may_have_decimals: bool


class _Constant(NamedTuple):
    """A number in the lines of one form. Each of these lines shows the same number in all real logs."""

    form: str
    columns: tuple[int, ...]
    values: NDArray[np.float64]
    """The values of the number: one row for each line, one column for each index in `columns`."""
    rank: int
    """How certain it is that the number is a constant of the program: the lower the rank, the more certain.

    In rising order: _SIMPLE, a whole number for which `_CandidateNumber.is_simple` is True. _NAMED, any other
    candidate. _LISTED, found only by `_listed_columns`. _AT_HEAD, found only by `header_numbers`. _UNCERTAIN, the
    same, but it may have been measured, so that a difference is never reported.
    """
    judged_columns: tuple[int, ...] = ()
    """The indices of the values of this form that the check `constant_lines_differ` judges."""


class SmallConstants:
    """Judges imagined logs by the numbers that are equal in all real logs, called constants.

    A different number becomes a finding only if there are at least `IMAGINED_RUNS` imagined logs, all of them show a
    different number, and few constants were found (see `MAX_CONSTANTS`). Otherwise the difference stays undecided.
    """

    def __init__(self, run_set: RunSet) -> None:
        self._run_set = run_set
        self.findings: list[Finding] = []
        self._undecided_constants: list[tuple[_Constant, list[ParsedRun]]] = []
        if run_set.program is not None or len(run_set.finished) < REAL_RUNS:
            return
        constants = list(_constants(run_set))
        are_few = [
            sum(constant.rank <= rank for constant in constants) <= MAX_CONSTANTS for rank in range(_AT_HEAD + 1)
        ]
        are_few.append(False)
        for constant in constants:
            if constant.rank != _SIMPLE and _is_reported_elsewhere(run_set, constant):
                continue
            differing_runs = [run for run in run_set.imagined if len(self._differing_lines(run, constant))]
            if len(differing_runs) == len(run_set.imagined) >= IMAGINED_RUNS and are_few[constant.rank]:
                finding = self._finding(constant, differing_runs)
                # Two numbers of one line are one finding.
                self.findings += [finding] if finding not in self.findings else []
            elif differing_runs:
                self._undecided_constants.append((constant, differing_runs))

        reported_lines = {line for finding in self.findings for line in finding.evidence}
        self._undecided_constants = [
            case
            for case in self._undecided_constants
            if reported_lines.isdisjoint(self._evidence_if_uncertain(*case))
        ]

    def _evidence_if_uncertain(self, constant: _Constant, runs: Sequence[ParsedRun]) -> list[LineRef]:
        return [run.ref(int(self._differing_lines(run, constant)[0])) for run in runs if constant.rank == _UNCERTAIN]

    def _finding(self, constant: _Constant, runs: Sequence[ParsedRun]) -> Finding:
        first_real = self._run_set.finished[0]
        differing_lines = [(run, int(self._differing_lines(run, constant)[0])) for run in runs]
        real_line = int(first_real.transcript.lines_of(constant.form)[0])
        return Finding(
            "constant line differs",
            tuple(run.label for run in runs),
            (*(run.ref(line) for run, line in differing_lines[:LINES_SHOWN]), first_real.ref(real_line)),
            expected=f"All {len(self._run_set.finished)} real runs have the same numbers in "
            f"“{shorten(first_real.lines[real_line])}”",
            observed=f"{verb(runs, 'shows', 'show')} other numbers, such as "
            f"“{shorten(differing_lines[0][0].lines[differing_lines[0][1]])}”",
            of=len(self._run_set.imagined),
        )

    def _differing_lines(self, run: ParsedRun, constant: _Constant) -> NDArray[np.int64]:
        """Return the indices of the lines in which an imagined run shows another number than the real runs.

        An unfinished progress bar at the end of the log is left out.
        """
        lines = _differing_lines(run, constant)
        uncut_lines: NDArray[np.int64] = lines[lines != self._run_set.compute_once(cut_lines).get(id(run), -1)]
        return uncut_lines

    def undecided(self) -> Doubt | None:
        """Return a doubt about numbers that differ from the real ones, perhaps by chance; None if there are no
        such numbers.
        """
        if not self._undecided_constants:
            return None
        constant, runs = self._undecided_constants[0]
        first_real, line = self._run_set.finished[0], int(self._differing_lines(runs[0], constant)[0])
        real_line = int(first_real.transcript.lines_of(constant.form)[0])
        n_more = len(self._undecided_constants) - 1
        suffix = f" (also undecided for {format_count(n_more, 'more line')})" if n_more else ""
        labels = ", ".join(run.label for run in runs[:3])
        return Doubt(
            f"whether a run may show “{shorten(runs[0].lines[line])}” where real runs show "
            f"“{shorten(first_real.lines[real_line])}”{suffix}",
            f"all {len(self._run_set.finished)} real runs show the same number there; {len(runs)} of "
            f"{len(self._run_set.imagined)} imagined runs ({labels}) {verb(runs, 'shows', 'show')} another number",
        )


def small_constants_differ(run_set: RunSet) -> Iterable[Finding]:
    """Report numbers that are equal in all real logs, but different in every imagined log."""
    yield from run_set.compute_once(SmallConstants).findings


def _constants(run_set: RunSet) -> Iterator[_Constant]:
    first_run = run_set.finished[0]
    for form in first_run.transcript.forms:
        steady = run_set.invariants.numbers(form) if "#" in form else None
        if steady is None:
            continue
        lines = first_run.transcript.lines_of(form)
        judged_columns = tuple(informative_columns(first_run, lines, steady))
        # An epoch that is counted is judged by another check; one that is only named once is judged here.
        epochs = (
            np.full(len(lines), np.nan)
            if run_set.compute_once(names_one_epoch_once)
            else first_run.curves.epochs.epochs_at(lines)
        )
        constants: list[_Constant] = []
        names = names_in_line(first_run.transcript, int(lines[0]))
        for number in sorted(_candidate_numbers(first_run, int(lines[0]))):
            values, width, column = steady[:, number.columns], len(number.columns), number.columns[0]
            is_known = not set(judged_columns).isdisjoint(number.columns) or (values == epochs[:, None]).all()
            is_known |= set(values.ravel()) <= set(first_run.curves.totals)
            equal_starts = (
                start
                for start in range(column - width + 1)
                if np.array_equal(values, steady[:, start : start + width])
            )
            is_repeated = any(not _are_two_settings(names[start], names[column]) for start in equal_starts)
            is_whole = bool((values == np.rint(values)).all())
            has_decimals = number.may_have_decimals and bool(np.isfinite(values).all())
            if (is_whole or has_decimals) and not (is_known or is_repeated):
                rank = _SIMPLE if number.is_simple and is_whole else _NAMED
                constants.append(_Constant(form, number.columns, values, rank, judged_columns))
        epoch_columns = np.flatnonzero((steady == epochs[:, None]).all(axis=0)).tolist()
        with_listed = _with_listed(constants, form, steady, (*judged_columns, *epoch_columns), first_run)
        yield from with_listed
        known_columns = {column for constant in with_listed for column in constant.columns}.union(
            judged_columns, epoch_columns
        )
        for index, is_set in header_numbers(run_set, form):
            values = steady[:, [index]]
            if (
                index not in known_columns
                and np.isfinite(values).all()
                and not set(values.ravel()) <= set(first_run.curves.totals)
            ):
                yield _Constant(form, (index,), values, _AT_HEAD if is_set else _UNCERTAIN, judged_columns)


def _are_two_settings(first: NamedNumber, second: NamedNumber) -> bool:
    """Return whether two equal numbers are separate settings, as in `heads=8 layers=8`.

    If not, they may be the same number, printed twice.
    """
    roles = [named.role for named in (first, second) if named.name and named.role not in _VARYING_ROLES]
    is_summary = meaning_of(first.name).is_summary or meaning_of(second.name).is_summary
    return (
        len(roles) == 2 > roles.count(Role.COUNTER)
        and not is_summary
        and name_key(first.name) != name_key(second.name)
    )


def _with_listed(
    constants: list[_Constant],
    form: str,
    steady: NDArray[np.float64],
    judged_columns: tuple[int, ...],
    run: ParsedRun,
) -> list[_Constant]:
    """Add the constants that `_listed_columns` finds. A list replaces constants that are part of the list.

    `steady` contains the real numbers of the form (lines × numbers), with NaN where real runs differ.
    """
    lines = run.transcript.lines_of(form)
    for group in _listed_columns(run, int(lines[0]), is_few=len(lines) <= _FEW_LINES):
        columns = tuple(column for column in group if column not in judged_columns)
        values = steady[:, columns]
        if np.isnan(steady[:, group]).any() or set(values.ravel()) <= set(run.curves.totals):
            continue
        rank = min(
            (constant.rank for constant in constants if set(constant.columns) <= set(columns)), default=_LISTED
        )
        constants = [constant for constant in constants if not set(constant.columns) <= set(columns)]
        constants.append(_Constant(form, columns, values, rank, judged_columns))
    return sorted(constants, key=lambda constant: constant.columns)


def _listed_columns(run: ParsedRun, line: int, *, is_few: bool) -> Iterator[tuple[int, ...]]:
    """Yield the indices of values that may be constant together, as one tuple for each group.

    A group is a list, several layer sizes such as `64-128-256`, or a single decimal number after `=`.
    """
    text = run.transcript.compared(line).replace(MASK, " ")
    spans = [match.span() for match in VALUE.finditer(text)]
    names = names_in_line(run.transcript, line)[: len(spans)]
    lists, machine_indices = number_lists(text, spans), machine_columns(text, spans, names)
    for number_list in lists:
        first_named = names[number_list.columns[0]]
        name = first_named.name or name_before(text, spans, number_list)
        # A list without a name may be constant if no words are behind it: in `[1, 100] loss 0.5`, it counts.
        is_alone = is_few and not any(map(str.isalpha, text[spans[number_list.columns[-1]][1] :]))
        if (
            _is_of_program(NamedNumber(name, first_named.role))
            and (name or is_alone)
            and machine_indices.isdisjoint(number_list.columns)
        ):
            yield number_list.columns
    for match in _LAYER_SIZES.finditer(text):
        columns = tuple(
            index for index, (start, end) in enumerate(spans) if match.start() <= start < end <= match.end()
        )
        if columns and names[columns[0]].role is Role.SETTING and machine_indices.isdisjoint(columns):
            yield columns
    listed_indices = {column for number_list in lists for column in number_list.columns}
    for index, named in enumerate(names if is_few else ()):
        is_assigned = _ASSIGNMENT.search(text, 0, spans[index][0]) and "." in text[slice(*spans[index])]
        if (
            index not in listed_indices | machine_indices
            and is_assigned
            and _is_fixed(named)
            and _is_of_program(named)
        ):
            yield (index,)


def _is_of_program(named: NamedNumber) -> bool:
    """Return whether the number is neither a measurement nor a property of the machine, judging by its role and
    name.
    """
    return named.role not in _VARYING_ROLES and meaning_of(named.name).role not in _VARYING_ROLES


def _candidate_numbers(run: ParsedRun, line: int) -> Iterator[_CandidateNumber]:
    """Yield the named numbers of a line that may be constant, because they are not metrics and do not depend on
    the machine.
    """
    text = run.transcript.compared(line).replace(MASK, " ")
    spans = [match.span() for match in VALUE.finditer(text)]
    joined = joined_numbers(text, spans)
    joined_indices = {index for number in joined for index in number.columns}
    names = names_in_line(run.transcript, line)[: len(spans)]
    machine_indices = machine_columns(text, spans, names)
    for index, named in enumerate(names):
        if index not in joined_indices | machine_indices and _is_fixed(named):
            yield _CandidateNumber((index,), True, named.role is Role.SETTING)
    for number, named in zip(joined, names_of_joined(text, joined), strict=True):
        is_chosen = named.role in (Role.SETTING, Role.COUNTER)
        if (
            _is_fixed(named, is_size=number.is_size)
            and machine_indices.isdisjoint(number.columns)
            and not named.name.endswith(_BRACKETS_SUFFIX)
            and (is_chosen or not number.has_unit)
        ):
            yield _CandidateNumber(number.columns, _is_fixed(names[number.columns[0]]), is_chosen)


def _is_fixed(named: NamedNumber, *, is_size: bool = False) -> bool:
    is_of_run = bool(named.name) and named.role not in _VARYING_ROLES
    return is_of_run and not is_machine_name(named.name, is_size=is_size)


def _is_reported_elsewhere(run_set: RunSet, constant: _Constant) -> bool:
    """Return whether `constant_lines_differ` already reports a different number in lines of this form."""
    steady = run_set.invariants.numbers(constant.form)
    if not constant.judged_columns or steady is None:
        return False
    judged_columns = list(constant.judged_columns)
    outputs = ((run.transcript, run.transcript.lines_of(constant.form)) for run in run_set.imagined)
    tables = [transcript.table(lines) for transcript, lines in outputs if len(lines) == len(steady)]
    return any((table[:, judged_columns] != steady[:, judged_columns]).any() for table in tables)


def _differing_lines(run: ParsedRun, constant: _Constant) -> NDArray[np.int64]:
    """Return the indices of the lines in which an imagined run shows another number than the real runs.

    Empty if the imagined run has more or fewer lines of this form.
    """
    lines = run.transcript.lines_of(constant.form)
    if len(lines) != len(constant.values):
        return lines[:0]
    values = run.transcript.table(lines)[:, constant.columns]
    differs: NDArray[np.bool_] = (values != constant.values).any(axis=1)
    return lines[differs]
