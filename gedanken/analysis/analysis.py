"""What was kept of a comparison: a run folder read back, or logs that somebody brought."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from gedanken.compare.interventions import Effects
from gedanken.compare.parsed.print_table import PrintRow, print_table
from gedanken.compare.results import ComparisonResult
from gedanken.experiment.execution import Execution
from gedanken.experiment.finding import Finding
from gedanken.experiment.program import Program
from gedanken.experiment.run_log import RunLog


@dataclass(frozen=True)
class VersionAnalysis:
    """One program version, or brought logs, in both worlds."""

    program: Program | None
    real: tuple[Execution, ...]
    imagined: tuple[Execution, ...]
    compared: ComparisonResult

    @property
    def has_trunk(self) -> bool:
        """Whether a run that chose what was typed next is among them; brought logs have none."""
        return any(0 in (run.seed, run.sample) for run in (*self.real, *self.imagined))


@dataclass(frozen=True)
class Analysis:
    """Everything that is concluded from a log, of every program version. All that people see is a view of it."""

    log: RunLog
    versions: tuple[VersionAnalysis, ...]
    findings: tuple[Finding, ...]
    """All of them, those on commands too."""
    verdict: str
    """In plain words, one or two sentences."""
    effects: tuple[Effects, ...] = ()
    """Of each given program that the script changes, what the changes come to."""
    notes: tuple[str, ...] = ()
    """How it was brought together: what was left out, and what could not be read back."""

    @property
    def title(self) -> str:
        """The experiment's name, or the names of the files."""
        return self.log.title

    @cached_property
    def main_version(self) -> VersionAnalysis | None:
        """The version that the verdict speaks of; None where there is nothing to compare."""
        return main_version(self.versions)

    @cached_property
    def prints(self) -> tuple[PrintRow, ...]:
        """What was printed of each print of each program, in all its runs."""
        return tuple(row for program in self.log.programs for row in print_table(program, self._runs_of(program)))

    def _runs_of(self, program: Program) -> list[Execution]:
        here = [version for version in self.versions if version.program and version.program.label == program.label]
        return [run for version in here for run in (*version.real, *version.imagined)]


def main_version(versions: Sequence[VersionAnalysis]) -> VersionAnalysis | None:
    """What a verdict speaks of: the newest version with runs in both worlds, one that works where there is one."""
    both = [version for version in versions if version.real and any(run.is_run for run in version.imagined)]
    works = [version for version in both if version.program is None or version.program.works is not False]
    return next(reversed(works or both), None)
