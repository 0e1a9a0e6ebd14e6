"""From executions to findings: what the graph finds as it goes, found once more from what was kept."""

from collections.abc import Sequence
from dataclasses import replace

from gedanken.analysis.analysis import Analysis, VersionAnalysis
from gedanken.analysis.effects import effects_in
from gedanken.analysis.verdict import verdict_of
from gedanken.compare.commands.answers import BOOT_COMMANDS, compare_answers, compare_with_persona, gpus_not_seen
from gedanken.compare.compare_runs import compare_runs
from gedanken.compare.results import NOTHING_ASKED, Asked, ComparisonResult
from gedanken.compare.source.program_source import Source
from gedanken.experiment.errors import BadInput
from gedanken.experiment.execution import Execution
from gedanken.experiment.finding import Finding
from gedanken.experiment.program import Program
from gedanken.records.read_run import RunFolder


def analyze(run: RunFolder, asked: Asked = NOTHING_ASKED) -> Analysis:
    """Compare everything that a run folder holds. Raises BadInput for a program that cannot be read."""
    findings = list(_booted(run))
    cases: list[VersionAnalysis] = []
    programs = {program.label: program for program in run.programs}
    for program in run.programs:
        check_source(program, f"{run.folder}: {program.label}")
    claims = run.persona.claims if run.persona else ()
    gpus = run.machine_facts.gpus.count if run.machine_facts else None
    for line in dict.fromkeys(execution.line for execution in run.executions if execution.line >= 0):
        here = [execution for execution in run.executions if execution.line == line]
        for label in dict.fromkeys(run.program for run in here):
            real = tuple(run for run in here if run.program == label and not run.imagined)
            imagined = tuple(run for run in here if run.program == label and run.imagined)
            if label is not None:
                before = _before(run, label, line)
                compared = compare_runs(programs[label], real, imagined, claims, before, gpus, asked)
                compared = _in_one_world_only(compared, label, real, imagined)
                cases.append(VersionAnalysis(programs[label], real, imagined, compared))
                findings += compared.findings
            elif real and imagined:
                findings += compare_answers(real[0], imagined[0], claims)
    analysis = analysis_of(str(run.about["experiment"]), run.about, run.programs, run.executions, cases, findings)
    effects = effects_in(run.programs, run.executions)
    verdict = effects[0].verdict if effects else analysis.verdict
    return replace(analysis, effects=effects, verdict=verdict, notes=run.notes, tokens=run.tokens)


def analysis_of(  # noqa: PLR0913 (the parts of an analysis)
    title: str,
    about: dict[str, object],
    programs: Sequence[Program],
    executions: Sequence[Execution],
    cases: Sequence[VersionAnalysis],
    findings: Sequence[Finding],
) -> Analysis:
    """All of it, with its verdict."""
    verdict = verdict_of(cases, findings)
    return Analysis(title, about, tuple(programs), tuple(executions), tuple(cases), tuple(findings), verdict)


def check_source(program: Program, what: object) -> None:
    """See that a program is one that Python can hold; a mistake in it is none of ours. Raises BadInput."""
    try:
        Source(program.source)
    except SyntaxError:
        pass
    except (ValueError, RecursionError, MemoryError) as error:
        raise BadInput(f"{what}: not a Python program: {error}") from error


def _in_one_world_only(
    result: ComparisonResult, label: str, real: Sequence[Execution], imagined: Sequence[Execution]
) -> ComparisonResult:
    """The same; of a version that has no runs in one world, nothing but that is undecided."""
    if real and imagined:
        return result
    lacking = "imagined" if real else "real"
    return replace(result, undecided=(f"Everything about {label}: it has no {lacking} run to compare with.",))


def _booted(run: RunFolder) -> Sequence[Finding]:
    """What both machines answered when they were asked who they are, as the graph's first node compares it."""
    if run.machine_facts is None or run.persona is None:
        return ()
    findings = list(gpus_not_seen(run.machine_facts))
    answers = [execution for execution in run.executions if execution.line < 0]
    real = {answer.command: answer for answer in answers if not answer.imagined}
    theirs = {answer.command: answer for answer in answers if answer.imagined}
    for command in BOOT_COMMANDS:
        if command in real and command in theirs:
            findings += compare_answers(real[command], theirs[command], run.persona.claims)
    if theirs:
        findings += compare_with_persona(answers, run.persona, run.machine_facts)
    return findings


def _before(run: RunFolder, label: str, line: int) -> list[Execution]:
    """The runs of all versions that came before this one, up to this line of the script."""
    versions = [program.label for program in run.programs]
    before = frozenset(versions[: versions.index(label)])
    return [execution for execution in run.executions if execution.program in before and execution.line <= line]
