"""Data types for an analysis: all conclusions from a run folder, or from logs that the user supplies."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from gedanken.analysis.notebook import NotebookView, VersionRow, as_notebook_html
from gedanken.analysis.tables import TableData, TableName, executions_table, findings_table, series_table
from gedanken.compare.interventions import Effects
from gedanken.compare.parsed.print_table import PrintRow, print_table
from gedanken.compare.results import ComparisonResult
from gedanken.experiment.errors import BadInput
from gedanken.experiment.escaping import harmless
from gedanken.experiment.execution import Execution
from gedanken.experiment.finding import Finding
from gedanken.experiment.program import Program
from gedanken.experiment.run_log import RunLog
from gedanken.experiment.tables import as_pandas, as_polars

if TYPE_CHECKING:
    import pandas
    import polars


@dataclass(frozen=True)
class VersionAnalysis:
    """The real and the imagined runs of one program version, with the result of their comparison.

    The runs in logs that the user supplies count as one version.
    """

    program: Program | None
    real: tuple[Execution, ...]
    imagined: tuple[Execution, ...]
    compared: ComparisonResult

    @property
    def has_trunk(self) -> bool:
        """True if one of the runs is a trunk (seed 0 or sample 0); supplied logs have none."""
        return any(0 in (run.seed, run.sample) for run in (*self.real, *self.imagined))


@dataclass(frozen=True)
class Analysis:
    """All conclusions from a run log, as reports, summaries and JSON output show them."""

    log: RunLog
    versions: tuple[VersionAnalysis, ...]
    findings: tuple[Finding, ...]
    """All findings, on programs and on single commands."""
    verdict: str
    """The main result, in one or two sentences."""
    effects: tuple[Effects, ...] = ()
    """For each supplied program, the effects of the changes that the script makes to it."""
    notes: tuple[str, ...] = ()
    """Notes on what was left out of the analysis or could not be read."""

    @property
    def title(self) -> str:
        """The experiment's name, or the names of the files."""
        return self.log.title

    @cached_property
    def main_version(self) -> VersionAnalysis | None:
        """The program version that the verdict is about; None if there is nothing to compare."""
        return main_version(self.versions)

    @property
    def executions(self) -> tuple[Execution, ...]:
        """All executions, of programs and of other commands.

        They are sorted by script line, program version and origin (real first).
        """
        return self.log.executions

    @property
    def folder(self) -> Path | None:
        return self.log.folder

    @cached_property
    def prints(self) -> tuple[PrintRow, ...]:
        """The number of lines that each print statement of each program printed in each run."""
        return tuple(row for program in self.log.programs for row in print_table(program, self._runs_of(program)))

    def to_pandas(self, what: TableName = "executions") -> "pandas.DataFrame":
        """Return a table as a pandas DataFrame, with one row per execution, finding, or point of a series in one run.

        `executions`: label, origin, machine, line (of the script, from 1), program, seed, sample, arm, command,
        exit_code, cause, seconds, is_run, stdout. `findings`: check, sentence, runs, subject, expected, observed,
        explained_by, evidence (its first line). `series`: program, series, role, axis, point, origin, run (counted
        from 1, real and imagined runs separately), value (missing if the run has no value at this point), p_adjusted.

        Raises BadInput if pandas is not installed, or if the table is unknown.
        """
        return as_pandas(*self._table(what))

    def to_polars(self, what: TableName = "executions") -> "polars.DataFrame":
        """Return the table of `to_pandas` as a polars DataFrame.

        Raises BadInput if polars is not installed, or if the table is unknown.
        """
        return as_polars(*self._table(what))

    def __repr__(self) -> str:
        """Show only the title and the verdict, because the fields hold all printed text."""
        return f"<Analysis of {harmless(self.title)}: {harmless(self.verdict)}>"

    def _repr_html_(self) -> str:
        """Return the HTML that a notebook shows for this analysis."""
        main = self.main_version
        endpoint = main.compared.endpoint if main else None
        rows = [
            VersionRow(
                version.program.label if version.program else "not given", len(version.real), len(version.imagined)
            )
            for version in self.versions
        ]
        undecided = [reason for version in self.versions for reason in version.compared.undecided]
        primary = f"{endpoint.name}: {endpoint.reason}" if endpoint else ""
        main_findings = main.compared.findings if main else ()
        findings = dict.fromkeys((*main_findings, *self.findings))
        return as_notebook_html(
            NotebookView(self.title, self.verdict, primary, rows, tuple(findings), undecided, self.folder)
        )

    def _table(self, what: TableName) -> TableData:
        if what == "executions":
            return executions_table(self.executions)
        if what == "findings":
            return findings_table(self.findings)
        if what == "series":
            return series_table(
                (version.program.label if version.program else None, series)
                for version in self.versions
                for series in version.compared.series
            )
        raise BadInput(f"unknown table {what}; tables are executions, findings, series")

    def _runs_of(self, program: Program) -> list[Execution]:
        versions = [
            version for version in self.versions if version.program and version.program.label == program.label
        ]
        return [run for version in versions for run in (*version.real, *version.imagined)]


def main_version(versions: Sequence[VersionAnalysis]) -> VersionAnalysis | None:
    """Return the newest version that has both real and imagined runs.

    A version whose program failed is returned only if no other version has both.
    """
    comparable = [version for version in versions if version.real and any(run.is_run for run in version.imagined)]
    working = [version for version in comparable if version.program is None or version.program.works is not False]
    return next(reversed(working or comparable), None)
