"""Reads the inputs of a comparison: run folders, files of runs, or plain logs, told apart by their content."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from gedanken.analysis.analysis import Analysis, VersionAnalysis, main_version
from gedanken.analysis.analyze import Compared, analysis_of, analyze, check_source
from gedanken.analysis.copies import distinct
from gedanken.compare.parsed.run_set import ParsedRun, RunSet
from gedanken.compare.results import NOTHING_ASKED, Asked, ComparisonResult
from gedanken.compare.series.series import AllSeries
from gedanken.compare.source.program_source import Source
from gedanken.experiment.counts import many
from gedanken.experiment.errors import BadInput
from gedanken.experiment.execution import Execution, Origin
from gedanken.experiment.files import read_text
from gedanken.experiment.persona import Persona
from gedanken.experiment.program import Program
from gedanken.experiment.run_log import RunLog
from gedanken.records.importers.choose_importer import read_files
from gedanken.records.importers.folders import files_of, left_out_of, logs_in
from gedanken.records.importers.importer import Run
from gedanken.records.importers.text_files import STANDARD_INPUT
from gedanken.records.read_run import is_run_folder, read_run
from gedanken.records.run_files import LOG

MOST_SOURCE_BYTES = 1 << 20
MOST_NAMED = 12
"""Maximum number of series names in an error message."""


@dataclass(frozen=True)
class _Side:
    """All real inputs, or all imagined ones: either a run folder, or the runs read from files."""

    folder: RunLog | None
    runs: tuple[Run, ...]
    notes: tuple[str, ...]


def compare_inputs(
    real: Sequence[Path],
    imagined: Sequence[Path],
    program: Path | None = None,
    asked: Asked = NOTHING_ASKED,
) -> Analysis:
    """Compare real runs with imagined ones; a single run folder contains both. Raises BadInput for unusable inputs.

    A folder of logs means all logs in it, and `-` means standard input.
    """
    analysis = _compared(real, imagined, program, asked)
    check_primary(analysis, asked)
    return analysis


def check_primary(analysis: Analysis, asked: Asked) -> None:
    """Raise BadInput if the runs do not contain the series that was requested as the primary endpoint."""
    compared = [version.compared for version in analysis.versions]
    if asked.primary is None or not compared or any(result.endpoint for result in compared):
        return
    names = dict.fromkeys(series.name for result in compared for series in result.series)
    known = ", ".join(list(names)[:MOST_NAMED])
    told = [f"the real runs show {known or 'no numbers'}"]
    if lost := next((result.uncompared for result in compared if result.uncompared), None):
        told = [*(told if known else []), lost, "--as NAME=REGEX can define it"]
    raise BadInput(f"--primary {asked.primary}: no such series; {'; '.join(told)}")


def metrics_of(log: Path) -> list[str]:
    """List the metrics in a log (or in the first log of a folder), spelled as `--primary` accepts them. Raises
    BadInput if the log cannot be read."""
    executions = _called(read_files(files_of(log)[:1]), set(), imagined=False)
    columns = AllSeries(
        RunSet(None, None, tuple(ParsedRun(execution, ()) for execution in executions), (), ())
    ).columns
    return [name for name, column in columns.items() if column.metric]


def _compared(real: Sequence[Path], imagined: Sequence[Path], program: Path | None, asked: Asked) -> Analysis:
    if not real and imagined:
        raise BadInput("--imagined takes all paths that follow it: name the real runs before it")
    if not real:
        raise BadInput("name a run folder; or name real runs, then --imagined and the imagined runs")
    if not imagined:
        return _folder_alone(real, program, asked)
    if [*real, *imagined].count(STANDARD_INPUT) > 1:
        raise BadInput("-: standard input can be read once only")
    unread = [note for path in (*real, *imagined) for note in left_out_of(path)]
    real, imagined = ([file for path in paths for file in files_of(path)] for paths in (real, imagined))
    ours, theirs = _side(real, "real", program), _side(imagined, "imagined")
    notes = [*unread, *ours.notes, *theirs.notes, *_doubtful(ours, theirs, real, imagined)]
    if ours.folder and theirs.folder:
        if program is not None:
            raise BadInput("--program cannot be used here: run folders contain their own programs")
        kept, said = _folders(ours.folder, theirs.folder, asked)
    else:
        kept, said = _mixed(ours, theirs, _program(program) if program else None, asked)
    title = f"{_names(real)} compared with {_names(imagined)}"
    return replace(kept, log=replace(kept.log, title=title), notes=(*notes, *said, *kept.notes))


def _folder_alone(real: Sequence[Path], program: Path | None, asked: Asked) -> Analysis:
    if missing := next((path for path in real if path != STANDARD_INPUT and not path.exists()), None):
        raise BadInput(f"{missing}: no such file or folder")
    if len(real) > 1 or not real[0].is_dir():
        raise BadInput("name the imagined runs after --imagined; only a run folder contains real and imagined runs")
    if not is_run_folder(real[0]):
        logs = f"; its {many(len(logs_in(real[0])), 'log')} can be named before or after --imagined"
        raise BadInput(f"{real[0]}: not a run folder: it contains no {LOG}{logs}")
    if program is not None:
        raise BadInput("--program cannot be used here: a run folder contains its own programs")
    folder = read_run(real[0])
    if not any(execution.imagined for execution in folder.executions):
        raise BadInput(f"{real[0]}: contains no imagined runs; name some after --imagined")
    return analyze(folder, Compared(asked))


def _side(paths: Sequence[Path], what: str, program: Path | None = None) -> _Side:
    folders = [path for path in paths if path.is_dir()]
    if folders and len(paths) > 1:
        raise BadInput(f"{folders[0]}: name either one run folder or files as the {what} runs, not both")
    if folders:
        folder = read_run(folders[0])
        if not any(
            execution.imagined == (what == "imagined") and execution.program for execution in folder.executions
        ):
            raise BadInput(f"{folders[0]}: contains no {what} run of a program")
        return _Side(folder, (), tuple(f"{folder.folder}: {note}" for note in folder.notes))
    runs = read_files(paths)
    # A known program may print the same in each run, so equal logs are kept; equal imagined logs are a finding.
    may_repeat = what == "imagined" or program is not None or any(run.program for run in runs)
    kept, notes = distinct(runs, paths, has_program=may_repeat)
    return _Side(None, kept, notes)


def _folders(ours: RunLog, theirs: RunLog, asked: Asked) -> tuple[Analysis, list[str]]:
    """Compare the real runs in the run folder `ours` with the imagined runs of the same programs in `theirs`. Also
    return notes."""
    others = {program.sha256: program for program in reversed(theirs.programs)}
    executions = [execution for execution in ours.executions if not execution.imagined and execution.program]
    notes = []
    matched = 0
    played: list[Persona | None] = []
    for program in ours.programs:
        other = others.get(program.sha256)
        runs = [
            execution
            for execution in theirs.executions
            if execution.imagined and other and execution.program == other.label
        ]
        at = [execution.line for execution in executions if execution.program == program.label]
        if not runs and at:
            notes.append(f"{program.label}: {theirs.folder} has no imagined run of the same program")
        elif at:
            matched += 1
            executions += [replace(run, program=program.label, line=at[0]) for run in runs]
            played += [theirs.persona_at(run.line) for run in runs]
    if not matched:
        raise BadInput(f"{ours.folder} and {theirs.folder} have no version of a program in common")
    persona = played[-1]
    if any(one != persona for one in played):
        notes.append(
            "the runs were imagined with several personas; only the last persona's false facts can explain findings"
        )
    if ours.persona and persona and ours.persona.claims != persona.claims:
        notes.append(
            "the two folders' personas claim different facts; only the persona of the imagined runs can explain "
            "findings"
        )
    setup = replace(theirs.setup, machine=ours.machine_facts) if theirs.setup else None
    spec = theirs.spec and theirs.spec.model_copy(update={"earlier": ()})
    together = replace(theirs, setup=setup, programs=ours.programs, executions=tuple(executions), notes=())
    together = replace(together, persona=persona, spec=spec)
    return analyze(together, Compared(asked)), notes


def _mixed(ours: _Side, theirs: _Side, program: Program | None, asked: Asked) -> tuple[Analysis, list[str]]:
    """Compare the real and the imagined runs of one program, if at least one of the two kinds was read from files.
    Also return notes."""
    notes: list[str] = []
    folder = ours.folder or theirs.folder
    if folder:
        version = _case_in(folder, program)
        program = version.program
        notes.append(
            f"of {folder.folder}, only the runs of {program.label if program else 'the program'} are compared"
        )
        real, imagined = version.real, version.imagined
    else:
        real, imagined = (), ()
        program = program or _common([*ours.runs, *theirs.runs])
        if program:
            check_source(program, program.name)
    used: set[str] = set()
    if ours.folder is None:
        real = tuple(_called(ours.runs, used, imagined=False))
    if theirs.folder is None:
        imagined = tuple(_called(theirs.runs, used, imagined=True))
    log = RunLog("", programs=(program,) if program else (), executions=(*real, *imagined))
    version = Compared(asked).version(log, program, log.executions, ())
    return analysis_of(log, [version], version.compared.findings), notes


def _case_in(folder: RunLog, program: Program | None) -> VersionAnalysis:
    """Return the version of a run folder to compare with runs from files. Raises BadInput if no version was run."""
    empty = ComparisonResult(findings=())
    cases = [
        VersionAnalysis(
            program,
            tuple(run for run in folder.executions if run.program == program.label and not run.imagined),
            tuple(run for run in folder.executions if run.program == program.label and run.imagined),
            empty,
        )
        for program in folder.programs
    ]
    if program is not None:
        cases = [version for version in cases if version.program and version.program.sha256 == program.sha256]
    ran = [version for version in cases if version.real or version.imagined]
    if not ran:
        which = f"of {program.name}" if program else "of a program"
        raise BadInput(f"{folder.folder}: contains no run {which}")
    return main_version(ran) or ran[-1]


def _common(runs: Iterable[Run]) -> Program | None:
    """Return the program of these runs if it is known and the same for all of them; None otherwise."""
    programs = {run.program.sha256 if run.program else None: run.program for run in runs}
    return next(iter(programs.values())) if len(programs) == 1 else None


def _called(runs: Sequence[Run], used: set[str], *, imagined: bool) -> Iterable[Execution]:
    """Label each run with its file name, and number the runs from 1, as seeds or samples."""
    # 0 would mean the trunk, which log files do not have
    for number, run in enumerate(runs, start=1):
        name = run.name
        while name in used:
            name = f"{run.name}-{len(used) + 1}"
        used.add(name)
        seed, sample = (None, number) if imagined else (number, None)
        origin = _origin(run.execution, imagined)
        yield replace(run.execution, called=name, program=None, line=-1, seed=seed, sample=sample, origin=origin)


def _origin(execution: Execution, imagined: bool) -> Origin:
    """Return the run's origin: `claimed` if the user names the run as real, but its file says imagined."""
    if imagined:
        return Origin.IMAGINED
    return Origin.CLAIMED if execution.imagined else execution.origin


def _program(path: Path) -> Program:
    source = read_text(path, path, MOST_SOURCE_BYTES)
    program = Program(path.name, 1, source, told="", prompt="", seed=0)
    try:
        Source(source)
    except SyntaxError as error:
        at = f":{error.lineno}" if error.lineno else ""
        raise BadInput(f"{path}{at}: not valid Python: {error.msg}") from error
    except (ValueError, RecursionError, MemoryError):
        check_source(program, path)
    return program


def _doubtful(ours: _Side, theirs: _Side, real: Sequence[Path], imagined: Sequence[Path]) -> Iterable[str]:
    """Yield notes on inputs that are valid but probably a mistake, and on how files were read."""
    both = {path.resolve() for path in real if path.is_file()} & {path.resolve() for path in imagined}
    yield from (f"{path} is given both as a real and as an imagined run" for path in sorted(both))
    yield from dict.fromkeys(note for run in (*ours.runs, *theirs.runs) for note in run.notes)
    for run in ours.runs:
        if run.imagined:
            yield f"{run.name} says that a model imagined it, but is among the real runs"
    for run in theirs.runs:
        if run.imagined is False:
            yield f"{run.name} says that a machine ran it, but is among the imagined runs"


def _names(paths: Sequence[Path]) -> str:
    shown = ", ".join("standard input" if path == STANDARD_INPUT else path.name or str(path) for path in paths[:3])
    return f"{shown} and {len(paths) - 3} more" if len(paths) > 3 else shown
