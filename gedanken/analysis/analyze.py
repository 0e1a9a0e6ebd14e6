"""Computes the analysis of a run log. Every comparison of runs starts in this module."""

from collections.abc import Sequence
from dataclasses import replace

from gedanken.analysis.analysis import Analysis, VersionAnalysis
from gedanken.analysis.checks import installed_checks
from gedanken.analysis.effects import effects_in
from gedanken.analysis.verdict import verdict_of
from gedanken.compare.checks.check import Check
from gedanken.compare.commands.answers import BOOT_COMMANDS, compare_answers, compare_with_persona, find_unseen_gpus
from gedanken.compare.compare_runs import compare_runs
from gedanken.compare.results import DEFAULT_OPTIONS, ComparisonOptions, ComparisonResult
from gedanken.compare.source.program_source import Source
from gedanken.experiment.errors import BadInput
from gedanken.experiment.execution import Execution
from gedanken.experiment.finding import Finding
from gedanken.experiment.program import Program
from gedanken.experiment.run_log import RunLog

BOOT_LINE = -1
"""Line index of the commands that are typed into both machines before the script."""
_Key = tuple[str | None, tuple[str, ...], tuple[str, ...]]


class ComparisonCache:
    """The comparisons already made in a run.

    A version is compared again only if it or an earlier version has new runs.
    """

    def __init__(self, options: ComparisonOptions = DEFAULT_OPTIONS) -> None:
        """Create an empty cache. The `options` take precedence over the run's spec.

        Raises BadInput if the built-in checks are not installed.
        """
        self._options = options
        self._checks = installed_checks()
        self._versions: dict[_Key, VersionAnalysis] = {}

    def version(
        self, log: RunLog, program: Program | None, runs: Sequence[Execution], earlier: Sequence[Execution]
    ) -> VersionAnalysis:
        """Return the comparison of one program version, or of supplied logs. The same runs are compared only once.

        `earlier` are the runs of earlier versions.
        """
        key = (program.label if program else None, _labels(runs), _labels(earlier))
        if key not in self._versions:
            self._versions[key] = _compare(log, program, runs, earlier, self._options, self._checks)
        return replace(self._versions[key], program=program)


def analyze(log: RunLog, compared: ComparisonCache | None = None) -> Analysis:
    """Compare the real runs in a log with the imagined ones. Comparisons in `compared` are reused.

    Raises BadInput if a program cannot be analysed (`check_source`).
    """
    compared = compared or ComparisonCache()
    for program in log.programs:
        check_source(program, f"{log.folder or log.title}: {program.label}")
    findings = list(boot_findings(log))
    versions: list[VersionAnalysis] = []
    for line in dict.fromkeys(execution.line for execution in log.executions if execution.line >= 0):
        line_versions, line_findings = analyze_line(log, line, compared)
        versions += line_versions
        findings += line_findings
    return analysis_of(log, versions, findings)


def analyze_line(
    log: RunLog, line: int, compared: ComparisonCache
) -> tuple[tuple[VersionAnalysis, ...], tuple[Finding, ...]]:
    """Return the program versions that a script line executed, and the findings on its programs and commands."""
    programs = {program.label: program for program in log.programs}
    executions = [execution for execution in log.executions if execution.line == line]
    versions: list[VersionAnalysis] = []
    findings: list[Finding] = []
    for label in dict.fromkeys(run.program for run in executions):
        runs = [run for run in executions if run.program == label]
        if label is not None:
            versions.append(compared.version(log, programs[label], runs, _runs_of_older_versions(log, label, line)))
            findings += versions[-1].compared.findings
            continue
        real = [run for run in runs if not run.imagined]
        imagined = [run for run in runs if run.imagined]
        if real and imagined:
            findings += compare_answers(real[0], imagined[0], log.claims_at(line))
    return tuple(versions), tuple(findings)


def boot_findings(log: RunLog) -> Sequence[Finding]:
    """Return the findings on the boot commands.

    Real and imagined answers are compared with one another and with the persona.
    """
    machine, persona = log.machine_facts, log.persona_at(BOOT_LINE)
    if machine is None or persona is None:
        return ()
    findings = list(find_unseen_gpus(machine))
    answers = [execution for execution in log.executions if execution.line < 0]
    real = {answer.command: answer for answer in answers if not answer.imagined}
    imagined = {answer.command: answer for answer in answers if answer.imagined}
    for command in BOOT_COMMANDS:
        if command in real and command in imagined:
            findings += compare_answers(real[command], imagined[command], persona.claims)
    if imagined:
        findings += compare_with_persona(answers, persona, machine)
    return findings


def analysis_of(log: RunLog, versions: Sequence[VersionAnalysis], findings: Sequence[Finding]) -> Analysis:
    """Build the analysis of a log, with its verdict, effects of changes, and notes."""
    effects, left_out = effects_in(log)
    verdict = effects[0].verdict if effects else verdict_of(versions, findings)
    notes = dict.fromkeys(note for version in versions for note in version.compared.notes)
    return Analysis(log, tuple(versions), tuple(findings), verdict, effects, (*log.notes, *left_out, *notes))


def check_source(program: Program, program_name: object) -> None:
    """Raise BadInput if a program cannot be analysed, such as one nested too deeply.

    A syntax error is accepted. The message calls the program `program_name`.
    """
    try:
        Source(program.source)
    except SyntaxError:
        pass
    except (ValueError, RecursionError, MemoryError) as error:
        raise BadInput(f"{program_name}: not a Python program: {error}") from error


def _compare(  # noqa: PLR0913 (all that a comparison depends on)
    log: RunLog,
    program: Program | None,
    runs: Sequence[Execution],
    earlier: Sequence[Execution],
    options: ComparisonOptions,
    checks: Sequence[Check],
) -> VersionAnalysis:
    if options.primary is None and log.spec is not None:
        options = replace(options, primary=log.spec.primary)
    real = tuple(run for run in runs if not run.imagined)
    imagined = tuple(run for run in runs if run.imagined)
    gpus = log.machine_facts.gpus.count if log.machine_facts else None
    claims = log.claims_at(runs[0].line) if runs else log.claims
    result = compare_runs(program, real, imagined, claims, earlier, gpus, options, checks)
    if program:
        result = _mark_if_one_sided(result, program.label, real, imagined)
    return VersionAnalysis(program, real, imagined, result)


def _mark_if_one_sided(
    result: ComparisonResult, label: str, real: Sequence[Execution], imagined: Sequence[Execution]
) -> ComparisonResult:
    """If the version `label` has only real or only imagined runs, say in the result that nothing can be decided."""
    if real and imagined:
        return result
    missing_origin = "imagined" if real else "real"
    return replace(result, undecided=(f"Everything about {label}: it has no {missing_origin} run to compare with.",))


def _runs_of_older_versions(log: RunLog, label: str, line: int) -> list[Execution]:
    versions = [program.label for program in log.programs]
    older_labels = frozenset(versions[: versions.index(label)])
    return [execution for execution in log.executions if execution.program in older_labels and execution.line <= line]


def _labels(runs: Sequence[Execution]) -> tuple[str, ...]:
    return tuple(run.label for run in runs)
