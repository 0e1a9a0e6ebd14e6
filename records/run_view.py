"""Builds `run.json`, a view of the log for other tools that read a run folder."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from gedanken.compare.sentences import finding_values
from gedanken.compare.source.diff import diff_of
from gedanken.experiment.execution import Execution, violations_by_kind
from gedanken.experiment.finding import Finding
from gedanken.experiment.program import Program
from gedanken.experiment.run_log import RunLog, RunSetup
from gedanken.experiment.secrets import redacted_value
from gedanken.experiment.surprisal import Lines, NotAvailable, Surprisal
from gedanken.records.run_files import TEXTS, base_of, diff_path, program_path, text_paths


def run_view(log: RunLog, findings: Sequence[Finding], prefix: str = "") -> dict[str, Any]:
    """Return the set-up, programs, executions and findings of a run as plain values.

    Each path begins with `prefix`.
    """
    violations = violations_by_kind(log.executions)
    values = {
        **(_setup_values(log.setup, log) if log.setup else {}),
        "started": log.started,
        "outcome": log.outcome,
        "ended": log.ended,
        "programs": [_program_values(program, log.programs, prefix) for program in log.programs],
        "real": [_execution_values(run, prefix) for run in log.executions if not run.imagined],
        "imagined": [_execution_values(run, prefix) for run in log.executions if run.imagined],
        "findings": [finding_values(finding) for finding in findings],
        "violations": dict(violations.most_common()),
        **({} if log.surprisal is None else {"surprisal": _surprisal_values(log.surprisal)}),
    }
    return dict(redacted_value(values))


def _setup_values(setup: RunSetup, log: RunLog) -> dict[str, Any]:
    limits, conditions, machine, model = setup.limits, setup.conditions, setup.machine, setup.model
    condition_values = conditions.model_dump() if conditions else {}
    return {
        "run": setup.run,
        "gedanken": setup.gedanken,
        "python": setup.python,
        "experiment": setup.experiment,
        "model": model.model_dump(mode="json", exclude_defaults=True) if model else None,
        "persona": {"name": setup.persona, "facts": [fact._asdict() for fact in setup.facts]},
        "conditions": {**condition_values, "persona": setup.persona, "claimed": list(log.claims)},
        "machine": machine.model_dump(mode="json") if machine else None,
        "dataset": setup.dataset,
        "limits": limits.model_dump(mode="json") if limits else {},
        "script": _script_values(log),
        "asked": {"real": setup.real, "imagined": setup.imagined, "simulate": setup.simulate},
        **({"earlier": earlier_values(setup)} if setup.earlier else {}),
    }


def earlier_values(setup: RunSetup) -> list[dict[str, Any]]:
    """Return the models and personas of earlier parts of the script as plain values."""
    return [
        {
            "before_line": part.until,
            "model": part.model.model_dump(mode="json", exclude_defaults=True),
            "persona": {"name": part.persona, "facts": [fact._asdict() for fact in part.facts]},
        }
        for part in setup.earlier
    ]


def _script_values(log: RunLog) -> list[dict[str, Any]]:
    """Return the script without tasks, and without the content of supplied files."""
    lines = log.spec.experiment.script if log.spec else ()
    return [line.model_dump(exclude={"task", "source"}, exclude_none=True) for line in lines]


def _program_values(program: Program, programs: Sequence[Program], prefix: str) -> dict[str, Any]:
    values = asdict(program)
    del values["source"]
    base = base_of(program, programs)
    diff = diff_of(base, program) if base else None
    return {
        "label": program.label,
        "path": prefix + program_path(program),
        "sha256": program.sha256,
        **values,
        "diff": prefix + diff_path(program) if diff else None,
        "lines_added": diff.added if diff else None,
        "lines_removed": diff.removed if diff else None,
    }


def _execution_values(execution: Execution, prefix: str) -> dict[str, Any]:
    values = asdict(execution)
    for name in TEXTS:
        del values[name]
    seal = values.pop("seal")
    paths = {name: prefix + path for name, path in text_paths(execution).items()}
    return {"label": execution.label, **values, **paths, **({"seal": seal} if execution.imagined else {})}


def _surprisal_values(surprisal: Surprisal) -> object:
    if isinstance(surprisal, NotAvailable):
        return {"not available": surprisal.reason}
    return [
        {**asdict(program), "real": _line_values(program.real), "imagined": _line_values(program.imagined)}
        for program in surprisal
    ]


def _line_values(lines: Lines | None) -> list[dict[str, Any]] | None:
    return None if lines is None else [line._asdict() for line in lines]
