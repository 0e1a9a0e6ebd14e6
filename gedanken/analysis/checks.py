"""Collects the checks of gedanken and of plug-ins. A failure in a plug-in's check does not stop the other checks."""

from collections.abc import Iterable, Iterator
from dataclasses import asdict
from typing import Any

from pydantic import TypeAdapter, ValidationError

from gedanken.compare.checks.check import Check, CheckBroken
from gedanken.compare.parsed.run_set import RunSet
from gedanken.experiment.errors import BadInput
from gedanken.experiment.finding import Finding
from gedanken.experiment.plugins import CHECKS, Plugin, plugins_by_name

_FINDING = TypeAdapter(Finding)


def installed_checks() -> tuple[Check, ...]:
    """Return all checks, the built-in ones first. Raises BadInput if the built-in ones are not installed."""
    plugins = sorted(plugins_by_name(CHECKS).values(), key=lambda plugin: not plugin.is_ours)
    return tuple(check for plugin in plugins for check in _checks_of(plugin))


def _checks_of(plugin: Plugin) -> Iterator[Check]:
    if plugin.is_ours:
        yield from plugin.load()
        return
    try:
        loaded = plugin.load()
    except BadInput as error:
        yield _failing_check(str(error))
        return
    for check in loaded if isinstance(loaded, tuple | list) else (loaded,):
        yield _guard_check(plugin, check)


def _failing_check(reason: str) -> Check:
    def raise_broken(_runs: RunSet) -> Iterable[Finding]:
        raise CheckBroken(_format_left_out(reason))

    return raise_broken


def _guard_check(plugin: Plugin, check: Check) -> Check:
    """Wrap a plug-in's check, so that every failure and every invalid finding raises CheckBroken."""

    def guarded_check(runs: RunSet) -> Iterable[Finding]:
        try:
            findings = list(check(runs))
        except (Exception, SystemExit) as error:
            raise CheckBroken(_format_left_out(str(plugin.failure_error(error)))) from error
        try:
            return [_validate_finding(finding, runs) for finding in findings]
        except (BadInput, ValidationError) as error:
            raise CheckBroken(_format_left_out(f"{plugin}: {error}")) from error

    return guarded_check


def _validate_finding(value: Any, runs: RunSet) -> Finding:
    """Return the finding, or raise BadInput or ValidationError.

    An error is raised if a type is wrong, or if the finding names a run that does not exist.
    """
    if not isinstance(value, Finding):
        raise BadInput(f"the check yields a {type(value).__name__} instead of a Finding")
    finding = _FINDING.validate_python(asdict(value))
    labels = {run.execution.label for run in (*runs.real, *runs.imagined, *runs.earlier)}
    lines = {line.source for line in finding.evidence} - ({runs.program.label} if runs.program else set())
    if unknown := sorted((lines | set(finding.runs)) - labels):
        raise BadInput(f"a finding of the check names {unknown[0]}, which is not a run")
    return finding


def _format_left_out(reason: str) -> str:
    return f"A check was left out: {' '.join(reason.split())}"
