"""Reads each file as one run, with the first importer that recognizes the file."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, replace
from pathlib import Path

from gedanken.experiment.errors import BadInput, GedankenError
from gedanken.experiment.execution import Execution, Origin
from gedanken.experiment.plugins import IMPORTERS, Plugin, plugins_by_name
from gedanken.experiment.program import Program
from gedanken.records.importers.importer import BroughtFile, Importer, Run
from gedanken.records.importers.logs import name_of
from gedanken.records.plain_values import build_value

_TRIED_LAST = ("execution", "log")
"""Names of the built-in importers that are tried last: they accept almost any JSON object (`execution`) or text
(`log`)."""


def read_files(paths: Iterable[Path]) -> tuple[Run, ...]:
    """Read one run from each file; `-` is standard input.

    A plug-in's importer that fails is left out, with a note. Raises BadInput if a file is missing, empty, too
    large or not text.
    """
    importers, notes = _load_importers()
    return tuple(_read_file(BroughtFile(path), importers, notes) for path in paths)


def _load_importers() -> tuple[list[tuple[Plugin, Importer]], list[str]]:
    """Return all importers in the order in which they are tried, and a note on each that cannot be loaded."""
    importers: list[tuple[Plugin, Importer]] = []
    notes = []
    plugins = plugins_by_name(IMPORTERS).values()
    # First the built-in ones, then those of plug-ins, then those in _TRIED_LAST.
    for plugin in sorted(
        plugins, key=lambda candidate: (candidate.is_ours and candidate.name in _TRIED_LAST, not candidate.is_ours)
    ):
        try:
            importers.append((plugin, plugin.load()))
        except BadInput as error:
            if plugin.is_ours:
                raise
            notes.append(f"An importer was left out: {error}")
    return importers, notes


def _read_file(file: BroughtFile, importers: Sequence[tuple[Plugin, Importer]], notes: Sequence[str]) -> Run:
    all_notes = list(notes)
    for plugin, importer in importers:
        try:
            run = importer(file)
            if run is not None:
                run = run if plugin.is_ours else _check_run(run, file.path)
                return replace(run, notes=(*run.notes, *all_notes))
        except GedankenError:
            raise
        except (Exception, SystemExit) as error:
            if plugin.is_ours:
                raise
            all_notes.append(f"An importer was left out: {plugin.failure_error(error)}")
    raise BadInput(f"{file.path}: no importer can read this file")


def _check_run(run: object, path: Path) -> Run:
    """Check the types in a plug-in's run, and return it. Unless it is imagined, its origin becomes `claimed`."""
    if not isinstance(run, Run):
        raise TypeError(f"it returned a {type(run).__name__} where a Run was expected")
    execution = build_value(Execution, asdict(run.execution), path)
    if not execution.imagined:  # only gedanken's own records are `real`
        execution = replace(execution, origin=Origin.CLAIMED)
    program = build_value(Program, asdict(run.program), path) if run.program else None
    return Run(name_of(Path(run.name)), execution, program, run.imagined, tuple(map(str, run.notes)))
