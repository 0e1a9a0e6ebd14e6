"""Finds numbers that an output shows without printing them, such as the number of lines in a listing, or zero
findings.
"""

from decimal import Decimal

from gedanken.compare.audit.derived import PlacedNumber
from gedanken.compare.audit.labels import Printed, keys_in
from gedanken.compare.audit.listed import listed_in
from gedanken.compare.audit.other_names import command_of
from gedanken.compare.audit.outcomes import shows_clean, shows_trouble
from gedanken.compare.audit.says import Figure
from gedanken.compare.audit.tools import TOOLS, shows_nothing_found, tool_of
from gedanken.compare.audit.verdicts import Case

_MOST_RUNS = 12
_HOLES = keys_in("vulnerability vulnerabilities advisory advisories CVEs")
_FINDINGS = keys_in("errors findings issues problems violations offenses complaints")


def counted_otherwise(case: Case, figure: Figure) -> tuple[PlacedNumber, ...] | None:
    """Return where an output shows the claimed number without printing it, as a listing of 5 files shows 5; else
    None.
    """
    return _listed(case, figure) or _none(case, figure)


def _listed(case: Case, figure: Figure) -> tuple[PlacedNumber, ...] | None:
    """Return where the last listing of the claimed things begins; None unless its length is the claimed number."""
    for run in case.runs_before()[:_MOST_RUNS] if not figure.unit and not figure.about else ():
        for listed in listed_in(run, figure.words):
            return (PlacedNumber(run.at, listed, command_of(run), run, 1),) if listed.value == figure.value else None
    return None


def _none(case: Case, figure: Figure) -> tuple[PlacedNumber, ...] | None:
    """Return where the last checker reported no findings, if the claim states zero findings; else None."""
    if figure.value or not figure.words & (_FINDINGS | _HOLES):
        return None
    holes = bool(figure.words & _HOLES)
    for run in case.runs_before()[:_MOST_RUNS]:
        kinds = run.families() | {TOOLS[tool] for step in run.steps if (tool := tool_of(step)) is not None}
        if not kinds & ({"scan"} if holes else {"lint", "types", "scan"}):
            continue
        told = (
            shows_nothing_found(run.text) if holes else shows_clean(run.text, "lint") or shows_nothing_found(run.text)
        )
        if holes and told is not None and not keys_in(told[0]) & figure.words:
            return None
        if told is None or run.exit_code not in (0, None) or run.cut or shows_trouble(run.text):
            return None
        zero = Printed(told.start(), figure.value, "", Decimal(1), figure.words, frozenset())
        return (PlacedNumber(run.at, zero, command_of(run), run, 1),)
    return None
