"""Finds numbers that an output shows without printing them, such as the length of a list of files, or zero
findings.
"""

from decimal import Decimal

from gedanken.compare.audit.claims.claim_contents import Figure
from gedanken.compare.audit.claims.tool_names import FAMILIES_BY_TOOL, find_clean_scan, tool_of
from gedanken.compare.audit.numbers.derivations import PlacedNumber
from gedanken.compare.audit.numbers.listings import count_entries
from gedanken.compare.audit.numbers.name_mismatches import command_of
from gedanken.compare.audit.outputs.labels import PrintedNumber, name_keys
from gedanken.compare.audit.outputs.outcomes import find_error_sign, find_success_message
from gedanken.compare.audit.verdicts import Case

_MAX_RUNS = 12
_VULNERABILITIES = name_keys("vulnerability vulnerabilities advisory advisories CVEs")
_FINDINGS = name_keys("errors findings issues problems violations offenses complaints")


def find_unprinted_count(case: Case, figure: Figure) -> tuple[PlacedNumber, ...] | None:
    """Return where an output shows the claimed number without printing it; None if none does.

    For example, a listing of 5 files shows the number 5.
    """
    return _find_listing_length(case, figure) or _find_zero_findings(case, figure)


def _find_listing_length(case: Case, figure: Figure) -> tuple[PlacedNumber, ...] | None:
    """Return where the last listing of the claimed things begins, if its length is the claimed number; otherwise
    None.
    """
    for run in case.runs_before()[:_MAX_RUNS] if not figure.unit and not figure.is_approximate else ():
        for listing in count_entries(run, figure.words):
            return (
                (PlacedNumber(run.result_event, listing, command_of(run), run, 1),)
                if listing.value == figure.value
                else None
            )
    return None


def _find_zero_findings(case: Case, figure: Figure) -> tuple[PlacedNumber, ...] | None:
    """If the claim states zero findings, return where the last checker reported none; otherwise None."""
    if figure.value or not figure.words & (_FINDINGS | _VULNERABILITIES):
        return None
    is_about_vulnerabilities = bool(figure.words & _VULNERABILITIES)
    for run in case.runs_before()[:_MAX_RUNS]:
        families = run.families() | {
            FAMILIES_BY_TOOL[tool] for step in run.steps if (tool := tool_of(step)) is not None
        }
        if not families & ({"scan"} if is_about_vulnerabilities else {"lint", "types", "scan"}):
            continue
        match = (
            find_clean_scan(run.text)
            if is_about_vulnerabilities
            else find_success_message(run.text, "lint") or find_clean_scan(run.text)
        )
        if is_about_vulnerabilities and match is not None and not name_keys(match[0]) & figure.words:
            return None
        if match is None or run.exit_code not in (0, None) or run.is_incomplete or find_error_sign(run.text):
            return None
        zero = PrintedNumber(match.start(), figure.value, "", Decimal(1), figure.words, frozenset())
        return (PlacedNumber(run.result_event, zero, command_of(run), run, 1),)
    return None
