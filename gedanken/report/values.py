"""A comparison as plain values, as `--json` prints it and `comparison.json` keeps it."""

import math
from dataclasses import asdict
from typing import Any

from gedanken.analysis.analysis import Case, Kept
from gedanken.analysis.verdict import main_case
from gedanken.compare.parsed.print_table import print_table


def values_of(kept: Kept) -> dict[str, Any]:
    """Findings; series and sites, each with its program; the alignment of what the verdict is on.

    JSON has no word for what is not finite: `nan` and `inf` stand as text.
    """
    case = main_case(kept.cases)
    alignment = case.compared.alignment if case else None
    return {
        key: _finite(value)
        for key, value in {
            "title": kept.title,
            "verdict": kept.verdict,
            "conditions": kept.about.get("conditions"),
            "findings": [asdict(one) for one in kept.findings],
            "series": [_of(one, series) for one in kept.cases for series in one.compared.series],
            "sites": [_of(one, site) for one in kept.cases for site in one.compared.sites],
            "alignment": asdict(alignment) if alignment else None,
            "effects": effects_of(kept),
            "undecided": [reason for one in kept.cases for reason in one.compared.undecided],
            "notes": kept.notes,
            "tokens": kept.tokens and kept.tokens._asdict(),
            "prints": [asdict(row) for program in kept.programs for row in print_table(program, kept.executions)],
        }.items()
    }


def effects_of(kept: Kept) -> list[dict[str, Any]]:
    """What changes of given programs come to; empty where there are none."""
    return [_finite(asdict(one)) for one in kept.effects]


def _of(case: Case, part: Any) -> dict[str, Any]:
    return {"program": case.program.label if case.program else None, **asdict(part)}


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(inner) for inner in value]
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value
