"""Converts a comparison to plain values, for `--json` and `comparison.json`."""

import math
from dataclasses import asdict
from typing import Any

from gedanken.analysis.analysis import Analysis, VersionAnalysis
from gedanken.compare.sentences import finding_values
from gedanken.experiment.run_log import RunLog, RunSetup
from gedanken.records.run_view import earlier_values


def values_of(analysis: Analysis) -> dict[str, Any]:
    """Return all results, such as findings, series and print sites.

    The line-by-line alignment is included only for the main version. Numbers that are not finite (`nan` and `inf`)
    are written as text, because JSON has no notation for them.
    """
    case = analysis.main_version
    alignment = case.compared.alignment if case else None
    return {
        key: _finite(value)
        for key, value in {
            "title": analysis.title,
            "verdict": analysis.verdict,
            "primary": asdict(case.compared.endpoint) if case and case.compared.endpoint else None,
            "conditions": _conditions(analysis.log.setup),
            "findings": [finding_values(finding) for finding in analysis.findings],
            "series": [_of(version, series) for version in analysis.versions for series in version.compared.series],
            "sites": [_of(version, site) for version in analysis.versions for site in version.compared.sites],
            "alignment": asdict(alignment) if alignment else None,
            "effects": _effects(analysis),
            "undecided": [reason for version in analysis.versions for reason in version.compared.undecided],
            "notes": analysis.notes,
            "tokens": analysis.log.tokens and analysis.log.tokens._asdict(),
            "cost": _cost(analysis.log),
            "prints": [asdict(row) for row in analysis.prints],
        }.items()
    }


def _conditions(setup: RunSetup | None) -> dict[str, Any] | None:
    if setup is None or setup.conditions is None:
        return None
    told = {**setup.conditions.model_dump(), "persona": setup.persona, "claimed": list(setup.claimed)}
    return {**told, "earlier": earlier_values(setup)} if setup.earlier else told


def _cost(log: RunLog) -> dict[str, Any]:
    tokens, price = log.tokens, log.price
    usd = price.of(tokens.read, tokens.written) if tokens and price else None
    return {"usd": usd, "price": price.model_dump() if price else "unknown price"}


def _effects(analysis: Analysis) -> list[dict[str, Any]]:
    """Return the effects of changes of supplied programs; empty if there are none."""
    return [_finite(asdict(effect)) for effect in analysis.effects]


def _of(version: VersionAnalysis, part: Any) -> dict[str, Any]:
    return {"program": version.program.label if version.program else None, **asdict(part)}


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(inner) for inner in value]
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value
