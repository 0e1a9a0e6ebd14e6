"""Collects the checks of gedanken and of plug-ins; if a plug-in's check fails, the others still run."""

from collections.abc import Iterable, Iterator
from dataclasses import asdict
from typing import Any

from pydantic import TypeAdapter, ValidationError

from gedanken.compare.checks.check import Check, CheckBroken
from gedanken.compare.parsed.run_set import RunSet
from gedanken.experiment.errors import BadInput
from gedanken.experiment.finding import Finding
from gedanken.experiment.plugins import CHECKS, Plugin, by_name

_FINDING = TypeAdapter(Finding)


def installed_checks() -> tuple[Check, ...]:
    """Return all checks, the built-in ones first. Raises BadInput if the built-in ones are not installed."""
    plugins = sorted(by_name(CHECKS).values(), key=lambda each: not each.is_ours)
    return tuple(check for plugin in plugins for check in _checks_of(plugin))


def _checks_of(plugin: Plugin) -> Iterator[Check]:
    if plugin.is_ours:
        yield from plugin.load()
        return
    try:
        named = plugin.load()
    except BadInput as error:
        yield _broken(str(error))
        return
    for check in named if isinstance(named, tuple | list) else (named,):
        yield _guarded(plugin, check)


def _broken(why: str) -> Check:
    def cannot_look(_runs: RunSet) -> Iterable[Finding]:
        raise CheckBroken(_left_out(why))

    return cannot_look


def _guarded(plugin: Plugin, check: Check) -> Check:
    """Wrap a plug-in's check, so that every failure and every invalid finding raises CheckBroken."""

    def look(runs: RunSet) -> Iterable[Finding]:
        try:
            found = list(check(runs))
        except (Exception, SystemExit) as error:
            raise CheckBroken(_left_out(str(plugin.failed(error)))) from error
        try:
            return [_seen(each, runs) for each in found]
        except (BadInput, ValidationError) as error:
            raise CheckBroken(_left_out(f"{plugin}: {error}")) from error

    return look


def _seen(found: Any, runs: RunSet) -> Finding:
    """Return the finding if its types are right and its runs exist; otherwise raise BadInput or ValidationError."""
    if not isinstance(found, Finding):
        raise BadInput(f"the check yields a {type(found).__name__} instead of a Finding")
    finding = _FINDING.validate_python(asdict(found))
    labels = {run.execution.label for run in (*runs.real, *runs.imagined, *runs.earlier)}
    lines = {line.source for line in finding.evidence} - ({runs.program.label} if runs.program else set())
    if unknown := sorted((lines | set(finding.runs)) - labels):
        raise BadInput(f"a finding of the check names {unknown[0]}, which is not a run")
    return finding


def _left_out(why: str) -> str:
    return f"A check was left out: {' '.join(why.split())}"
