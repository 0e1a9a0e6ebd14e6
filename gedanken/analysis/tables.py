"""Builds the tables of an analysis: its executions, its findings, and its series of numbers."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Literal, NamedTuple

from gedanken.compare.results import SeriesResult
from gedanken.compare.sentences import format_finding
from gedanken.experiment.execution import Execution
from gedanken.experiment.finding import Finding
from gedanken.experiment.tables import EXECUTION_COLUMNS, Rows, execution_rows

TableName = Literal["executions", "findings", "series"]
_FINDING_COLUMNS: dict[str, type] = dict.fromkeys(
    ("check", "sentence", "runs", "subject", "expected", "observed", "explained_by", "evidence"), str
)
_SERIES_COLUMNS: dict[str, type] = {
    "program": str,
    "series": str,
    "role": str,
    "axis": str,
    "point": float,
    "origin": str,
    "run": int,
    "value": float,
    "p_adjusted": float,
}


class TableData(NamedTuple):
    """The rows of a table, and the type of each column."""

    rows: Rows
    columns: dict[str, type]


def executions_table(executions: Sequence[Execution]) -> TableData:
    """Build a table with one row per execution."""
    return TableData(execution_rows(executions), EXECUTION_COLUMNS)


def findings_table(findings: Iterable[Finding]) -> TableData:
    """Build a table with one row per finding."""
    return TableData([_finding_row(finding) for finding in findings], _FINDING_COLUMNS)


def series_table(series: Iterable[tuple[str | None, SeriesResult]]) -> TableData:
    """Build a table with one row per series, run and point.

    `series` holds pairs of program label and series.
    """
    return TableData([row for label, result in series for row in _series_rows(label, result)], _SERIES_COLUMNS)


def _finding_row(finding: Finding) -> dict[str, object]:
    first_line = next(iter(finding.evidence), None)
    return {
        "check": finding.check,
        "sentence": format_finding(finding),
        "runs": ", ".join(finding.runs),
        "subject": finding.subject,
        "expected": finding.expected,
        "observed": finding.observed,
        "explained_by": finding.explained_by,
        "evidence": f"{first_line.source}:{first_line.number}: {first_line.text}" if first_line else None,
    }


def _series_rows(label: str | None, series: SeriesResult) -> Iterator[dict[str, object]]:
    yield from _point_rows(label, series, "real", series.real)
    yield from _point_rows(label, series, "imagined", series.imagined)


def _point_rows(
    program: str | None, series: SeriesResult, origin: str, runs: Sequence[Sequence[float | None]]
) -> Iterator[dict[str, object]]:
    for number, values in enumerate(runs, start=1):
        for point, value in zip(series.points, values, strict=True):
            yield {
                "program": program,
                "series": series.name,
                "role": series.role,
                "axis": series.axis,
                "point": float(point),
                "origin": origin,
                "run": number,
                "value": value,
                "p_adjusted": series.p_adjusted,
            }
