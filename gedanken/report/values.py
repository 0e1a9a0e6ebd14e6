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

    The line-by-line alignment is included only for the main version. `nan` and `inf` are written as text, because
    JSON has no numbers for them.
    """
    version = analysis.main_version
    alignment = version.compared.alignment if version else None
    return {
        key: _json_safe(value)
        for key, value in {
            "title": analysis.title,
            "verdict": analysis.verdict,
            "primary": asdict(version.compared.endpoint) if version and version.compared.endpoint else None,
            "conditions": _conditions(analysis.log.setup),
            "findings": [finding_values(finding) for finding in analysis.findings],
            "series": [
                _with_program(version, series) for version in analysis.versions for series in version.compared.series
            ],
            "sites": [
                _with_program(version, site) for version in analysis.versions for site in version.compared.sites
            ],
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
    conditions = {**setup.conditions.model_dump(), "persona": setup.persona, "claimed": list(setup.claimed)}
    return {**conditions, "earlier": earlier_values(setup)} if setup.earlier else conditions


def _cost(log: RunLog) -> dict[str, Any]:
    tokens, price = log.tokens, log.price
    usd = price.of(tokens.read, tokens.written) if tokens and price else None
    return {"usd": usd, "price": price.model_dump() if price else "unknown price"}


def _effects(analysis: Analysis) -> list[dict[str, Any]]:
    return [_json_safe(asdict(effect)) for effect in analysis.effects]


def _with_program(version: VersionAnalysis, result: Any) -> dict[str, Any]:
    return {"program": version.program.label if version.program else None, **asdict(result)}


def _json_safe(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _json_safe(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_json_safe(inner) for inner in value]
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value
