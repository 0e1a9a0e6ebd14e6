"""Reads the inputs of a comparison: run folders, files of runs, or plain logs, told apart by their content."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from gedanken.analysis.analysis import Analysis, VersionAnalysis, main_version
from gedanken.analysis.analyze import ComparisonCache, analysis_of, analyze, check_source
from gedanken.analysis.duplicates import without_copies
from gedanken.compare.parsed.run_set import ParsedRun, RunSet
from gedanken.compare.results import DEFAULT_OPTIONS, ComparisonOptions, ComparisonResult
from gedanken.compare.series.series import AllSeries
from gedanken.compare.source.program_source import Source
from gedanken.experiment.counts import format_count
from gedanken.experiment.errors import BadInput
from gedanken.experiment.execution import Execution, Origin
from gedanken.experiment.files import read_text
from gedanken.experiment.persona import Persona
from gedanken.experiment.program import Program
from gedanken.experiment.run_log import RunLog
from gedanken.records.importers.choose_importer import read_files
from gedanken.records.importers.folders import files_of, logs_in, note_on_ignored_files
from gedanken.records.importers.importer import Run
from gedanken.records.importers.text_files import STANDARD_INPUT
from gedanken.records.read_run import is_run_folder, read_run
from gedanken.records.run_files import LOG

MOST_SOURCE_BYTES = 1 << 20
MOST_NAMED = 12
"""Maximum number of series names in an error message."""


@dataclass(frozen=True)
class _Side:
    """All real inputs, or all imagined ones: either one run folder, or the runs read from files."""

    folder: RunLog | None
    runs: tuple[Run, ...]
    notes: tuple[str, ...]


def compare_inputs(
    real: Sequence[Path],
    imagined: Sequence[Path],
    program: Path | None = None,
    options: ComparisonOptions = DEFAULT_OPTIONS,
) -> Analysis:
    """Compare real runs with imagined ones. A single run folder contains both.

    A folder of logs means all logs in it, and `-` means standard input. Raises BadInput for unusable inputs.
    """
    analysis = _compare_paths(real, imagined, program, options)
    check_primary(analysis, options)
    return analysis


def check_primary(analysis: Analysis, options: ComparisonOptions) -> None:
    """Raise BadInput if the runs do not contain the series that was requested as the primary endpoint."""
    compared = [version.compared for version in analysis.versions]
    if options.primary is None or not compared or any(result.endpoint for result in compared):
        return
    names = dict.fromkeys(series.name for result in compared for series in result.series)
    known_names = ", ".join(list(names)[:MOST_NAMED])
    details = [f"the real runs show {known_names or 'no numbers'}"]
    if reason := next((result.uncompared for result in compared if result.uncompared), None):
        details = [*(details if known_names else []), reason, "--as NAME=REGEX can define it"]
    raise BadInput(f"--primary {options.primary}: no such series; {'; '.join(details)}")


def metrics_of(log: Path) -> list[str]:
    """List the metrics in a log, or in the first log of a folder.

    The names are spelled as `--primary` accepts them. Raises BadInput if the log cannot be read.
    """
    executions = _label_runs(read_files(files_of(log)[:1]), set(), imagined=False)
    columns = AllSeries(
        RunSet(None, None, tuple(ParsedRun(execution, ()) for execution in executions), (), ())
    ).columns
    return [name for name, column in columns.items() if column.metric]


def _compare_paths(
    real: Sequence[Path], imagined: Sequence[Path], program: Path | None, options: ComparisonOptions
) -> Analysis:
    if not real and imagined:
        raise BadInput("--imagined takes all paths that follow it: name the real runs before it")
    if not real:
        raise BadInput("name a run folder; or name real runs, then --imagined and the imagined runs")
    if not imagined:
        return _analyze_folder(real, program, options)
    if [*real, *imagined].count(STANDARD_INPUT) > 1:
        raise BadInput("-: standard input can be read once only")
    unread_notes = [note for path in (*real, *imagined) for note in note_on_ignored_files(path)]
    real, imagined = ([file for path in paths for file in files_of(path)] for paths in (real, imagined))
    real_side, imagined_side = _read_side(real, "real", program), _read_side(imagined, "imagined")
    notes = [
        *unread_notes,
        *real_side.notes,
        *imagined_side.notes,
        *_input_notes(real_side, imagined_side, real, imagined),
    ]
    if real_side.folder and imagined_side.folder:
        if program is not None:
            raise BadInput("--program cannot be used here: run folders contain their own programs")
        analysis, extra_notes = _compare_folders(real_side.folder, imagined_side.folder, options)
    else:
        analysis, extra_notes = _compare_with_files(
            real_side, imagined_side, _read_program(program) if program else None, options
        )
    title = f"{_format_names(real)} compared with {_format_names(imagined)}"
    return replace(analysis, log=replace(analysis.log, title=title), notes=(*notes, *extra_notes, *analysis.notes))


def _analyze_folder(real: Sequence[Path], program: Path | None, options: ComparisonOptions) -> Analysis:
    if missing := next((path for path in real if path != STANDARD_INPUT and not path.exists()), None):
        raise BadInput(f"{missing}: no such file or folder")
    if len(real) > 1 or not real[0].is_dir():
        raise BadInput("name the imagined runs after --imagined; only a run folder contains real and imagined runs")
    if not is_run_folder(real[0]):
        logs = f"; its {format_count(len(logs_in(real[0])), 'log')} can be named before or after --imagined"
        raise BadInput(f"{real[0]}: not a run folder: it contains no {LOG}{logs}")
    if program is not None:
        raise BadInput("--program cannot be used here: a run folder contains its own programs")
    log = read_run(real[0])
    if not any(execution.imagined for execution in log.executions):
        raise BadInput(f"{real[0]}: contains no imagined runs; name some after --imagined")
    return analyze(log, ComparisonCache(options))


def _read_side(paths: Sequence[Path], kind: str, program: Path | None = None) -> _Side:
    folders = [path for path in paths if path.is_dir()]
    if folders and len(paths) > 1:
        raise BadInput(f"{folders[0]}: name either one run folder or files as the {kind} runs, not both")
    if folders:
        log = read_run(folders[0])
        if not any(execution.imagined == (kind == "imagined") and execution.program for execution in log.executions):
            raise BadInput(f"{folders[0]}: contains no {kind} run of a program")
        return _Side(log, (), tuple(f"{log.folder}: {note}" for note in log.notes))
    runs = read_files(paths)
    # A known program may print the same in each run, so equal logs are kept; equal imagined logs are a finding.
    may_repeat = kind == "imagined" or program is not None or any(run.program for run in runs)
    distinct_runs, notes = without_copies(runs, paths, has_program=may_repeat)
    return _Side(None, distinct_runs, notes)


def _compare_folders(
    real_log: RunLog, imagined_log: RunLog, options: ComparisonOptions
) -> tuple[Analysis, list[str]]:
    """Compare the real runs in one run folder with the imagined runs in another.

    Only runs of the same programs are compared. Also return notes.
    """
    imagined_programs = {program.sha256: program for program in reversed(imagined_log.programs)}
    executions = [execution for execution in real_log.executions if not execution.imagined and execution.program]
    notes = []
    matched = 0
    personas: list[Persona | None] = []
    for program in real_log.programs:
        imagined_program = imagined_programs.get(program.sha256)
        runs = [
            execution
            for execution in imagined_log.executions
            if execution.imagined and imagined_program and execution.program == imagined_program.label
        ]
        script_lines = [execution.line for execution in executions if execution.program == program.label]
        if not runs and script_lines:
            notes.append(f"{program.label}: {imagined_log.folder} has no imagined run of the same program")
        elif script_lines:
            matched += 1
            executions += [replace(run, program=program.label, line=script_lines[0]) for run in runs]
            personas += [imagined_log.persona_at(run.line) for run in runs]
    if not matched:
        raise BadInput(f"{real_log.folder} and {imagined_log.folder} have no version of a program in common")
    persona = personas[-1]
    if any(other_persona != persona for other_persona in personas):
        notes.append(
            "the runs were imagined with several personas; only the last persona's false facts can explain findings"
        )
    if real_log.persona and persona and real_log.persona.claims != persona.claims:
        notes.append(
            "the two folders' personas claim different facts; only the persona of the imagined runs can explain "
            "findings"
        )
    setup = replace(imagined_log.setup, machine=real_log.machine_facts) if imagined_log.setup else None
    spec = imagined_log.spec and imagined_log.spec.model_copy(update={"earlier": ()})
    merged = replace(imagined_log, setup=setup, programs=real_log.programs, executions=tuple(executions), notes=())
    merged = replace(merged, persona=persona, spec=spec)
    return analyze(merged, ComparisonCache(options)), notes


def _compare_with_files(
    real_side: _Side, imagined_side: _Side, program: Program | None, options: ComparisonOptions
) -> tuple[Analysis, list[str]]:
    """Compare the runs of one program when the real runs, the imagined runs, or both were read from files.

    Also return notes.
    """
    notes: list[str] = []
    folder_log = real_side.folder or imagined_side.folder
    if folder_log:
        version = _version_to_compare(folder_log, program)
        program = version.program
        notes.append(
            f"of {folder_log.folder}, only the runs of {program.label if program else 'the program'} are compared"
        )
        real, imagined = version.real, version.imagined
    else:
        real, imagined = (), ()
        program = program or _common_program([*real_side.runs, *imagined_side.runs])
        if program:
            check_source(program, program.name)
    used_names: set[str] = set()
    if real_side.folder is None:
        real = tuple(_label_runs(real_side.runs, used_names, imagined=False))
    if imagined_side.folder is None:
        imagined = tuple(_label_runs(imagined_side.runs, used_names, imagined=True))
    log = RunLog("", programs=(program,) if program else (), executions=(*real, *imagined))
    version = ComparisonCache(options).version(log, program, log.executions, ())
    return analysis_of(log, [version], version.compared.findings), notes


def _version_to_compare(log: RunLog, program: Program | None) -> VersionAnalysis:
    """Return the program version in a run folder whose runs are compared with runs from files. Raises BadInput if no
    version was run.
    """
    empty = ComparisonResult(findings=())
    versions = [
        VersionAnalysis(
            program,
            tuple(run for run in log.executions if run.program == program.label and not run.imagined),
            tuple(run for run in log.executions if run.program == program.label and run.imagined),
            empty,
        )
        for program in log.programs
    ]
    if program is not None:
        versions = [version for version in versions if version.program and version.program.sha256 == program.sha256]
    versions_with_runs = [version for version in versions if version.real or version.imagined]
    if not versions_with_runs:
        description = f"of {program.name}" if program else "of a program"
        raise BadInput(f"{log.folder}: contains no run {description}")
    return main_version(versions_with_runs) or versions_with_runs[-1]


def _common_program(runs: Iterable[Run]) -> Program | None:
    """Return the program of the runs; None if it is unknown, or not the same for all."""
    programs = {run.program.sha256 if run.program else None: run.program for run in runs}
    return next(iter(programs.values())) if len(programs) == 1 else None


def _label_runs(runs: Sequence[Run], used_names: set[str], *, imagined: bool) -> Iterable[Execution]:
    """Label each run with its file name, and number the runs from 1, as seeds or samples."""
    # 0 would mean the trunk, which log files do not have
    for number, run in enumerate(runs, start=1):
        name = run.name
        while name in used_names:
            name = f"{run.name}-{len(used_names) + 1}"
        used_names.add(name)
        seed, sample = (None, number) if imagined else (number, None)
        origin = _origin(run.execution, imagined)
        yield replace(run.execution, called=name, program=None, line=-1, seed=seed, sample=sample, origin=origin)


def _origin(execution: Execution, imagined: bool) -> Origin:
    """Return the run's origin. It is `claimed` if the user calls the run real, but its file says imagined."""
    if imagined:
        return Origin.IMAGINED
    return Origin.CLAIMED if execution.imagined else execution.origin


def _read_program(path: Path) -> Program:
    source = read_text(path, path, MOST_SOURCE_BYTES)
    program = Program(path.name, 1, source, told="", prompt="", seed=0)
    try:
        Source(source)
    except SyntaxError as error:
        position = f":{error.lineno}" if error.lineno else ""
        raise BadInput(f"{path}{position}: not valid Python: {error.msg}") from error
    except (ValueError, RecursionError, MemoryError):
        check_source(program, path)
    return program


def _input_notes(
    real_side: _Side, imagined_side: _Side, real: Sequence[Path], imagined: Sequence[Path]
) -> Iterable[str]:
    """Yield notes on inputs that are probably a mistake, and on how files were read."""
    paths_in_both = {path.resolve() for path in real if path.is_file()} & {path.resolve() for path in imagined}
    yield from (f"{path} is given both as a real and as an imagined run" for path in sorted(paths_in_both))
    yield from dict.fromkeys(note for run in (*real_side.runs, *imagined_side.runs) for note in run.notes)
    for run in real_side.runs:
        if run.imagined:
            yield f"{run.name} says that a model imagined it, but is among the real runs"
    for run in imagined_side.runs:
        if run.imagined is False:
            yield f"{run.name} says that a machine ran it, but is among the imagined runs"


def _format_names(paths: Sequence[Path]) -> str:
    names = ", ".join("standard input" if path == STANDARD_INPUT else path.name or str(path) for path in paths[:3])
    return f"{names} and {len(paths) - 3} more" if len(paths) > 3 else names
