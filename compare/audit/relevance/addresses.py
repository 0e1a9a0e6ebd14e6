"""Checks whether a result that supports a claim is about the address (URL or path) that the claim names."""

import re

from gedanken.compare.audit.commands.command_lines import parse_steps
from gedanken.compare.audit.language.message_parts import Sentence
from gedanken.compare.audit.numbers.name_mismatches import claim_sentence
from gedanken.compare.audit.record.runs import Run
from gedanken.compare.audit.verdicts import Case, Verdict, undecidable

_PATH = re.compile(
    r"(?:https?://[\w.:-]+|localhost[:\d]*|(?<![\w.~/-]))(?P<path>/[\w{}.%~-]+(?:/[\w{}.%~-]+)*)/?(?=$|[\s`'\",;:?)])"
)
_URL = re.compile(
    r"(?:https?://)?(?:localhost|\$\{?\w+\}?|[\w-]+(?:\.[\w-]+)+|\d+(?:\.\d+){3}|(?=:\d))(?::\d+)?(?P<path>/[^\s'\"?#|]*)"
)
_HOST = re.compile(r"https?://(?P<host>[\w.-]+(?::\d+)?)")
_SHOWN_PATH = re.compile(r"(?:^|[\s\"'])/[\w-]+")
_ANSWER_VERB = re.compile(
    r"\b(?:responds?|responded|answers?|answered|returns?|returned|replie[sd]|gives?|gave|gets?|got|serve[sd]?|"
    r"c[ao]mes? back|yields?|is|was|antwortet\w*|répond\w*|respond\w*)\b|:|→|->",
    re.IGNORECASE,
)
_SEVERAL_ADDRESSES = re.compile(
    r"\b(?:both|all|every|each)\b[^.;]{0,24}\b(?:endpoints?|routes?|urls?|pages?|paths?|address(?:es)?|links?|handlers?)\b",
    re.IGNORECASE,
)
_STATUS = re.compile(r"(?<![\w.])[1-5]\d\d(?![\w.]*\d)")
_HTTP_CLIENTS = frozenset(["curl", "wget", "http", "https", "xh", "httpie"])
_FILE_PATH = re.compile(r"\.\w{1,5}$|^/(?:usr|etc|tmp|var|home|opt|bin|dev|proc|mnt|root|work|app|src)\b")


def revise_for_address(case: Case, verdict: Verdict) -> Verdict | None:
    """Return an undecidable verdict if the supporting run may be about another address than the claim; otherwise
    None.
    """
    if verdict.status != "supported" or not verdict.evidence:
        return None
    sentence = claim_sentence(case)
    run = next((run for run in case.runs_before()[:60] if run.result == verdict.evidence[0].event), None)
    if sentence is None or run is None:
        return None
    if (revised := _revise_for_several(case, sentence, run, verdict)) is not None:
        return revised
    claimed_paths = {
        match["path"].rstrip("/") for match in _PATH.finditer(sentence.raw) if not _FILE_PATH.search(match["path"])
    }
    if not (requested_paths := _requested_paths(run)):
        return _revise_for_no_address(case, sentence, run, verdict, claimed_paths)
    if (
        not claimed_paths
        or any(_is_same_path(claimed, requested) for claimed in claimed_paths for requested in requested_paths)
        or any(path in run.text for path in claimed_paths)
    ):
        return None
    return undecidable(f"the run requested “{min(requested_paths)}”, not “{min(claimed_paths)}”", *verdict.evidence)


def _revise_for_several(case: Case, sentence: Sentence, run: Run, verdict: Verdict) -> Verdict | None:
    """Return an undecidable verdict if a claim such as `all endpoints return 200` has too little support;
    otherwise None.

    There is enough support if similar runs printed this status at least twice, and no other status.
    """
    status = _STATUS.search(case.spotted.claim.quote)
    if status is None or not _SEVERAL_ADDRESSES.search(sentence.plain) or not _ANSWER_VERB.search(sentence.plain):
        return None
    programs = {step.program for step in run.steps if step.family != "quiet"} or {step.program for step in run.steps}
    similar_runs = [run for run in case.runs_before()[:60] if programs & {step.program for step in run.steps}]
    codes = [match[0] for run in similar_runs for match in _STATUS.finditer(run.text[:20_000])]
    if len(codes) > 1 and set(codes) == {status[0]}:
        return None
    return undecidable("the result does not show how each address answered", *verdict.evidence)


def _revise_for_no_address(
    case: Case, sentence: Sentence, run: Run, verdict: Verdict, claimed_paths: set[str]
) -> Verdict | None:
    """Return an undecidable verdict if the supporting run does not name the address whose HTTP status is claimed;
    otherwise None.
    """
    hosts = {match["host"] for match in _HOST.finditer(sentence.raw)}
    if (
        not (claimed_paths or hosts)
        or not _ANSWER_VERB.search(sentence.plain)
        or not _STATUS.search(case.spotted.claim.quote)
    ):
        return None
    lines = "\n".join(evidence.quote for evidence in verdict.evidence)
    searched_text = (
        lines if _HOST.search(lines) or _SHOWN_PATH.search(lines) else f"{lines}\n{run.command}\n{run.text}"
    )
    missing = [address for address in sorted(claimed_paths or hosts) if not _mentions(address, searched_text)]
    if not missing:
        return None
    return undecidable(f"the result does not show the status of “{missing[0]}”", *verdict.evidence)


def _mentions(address: str, text: str) -> bool:
    return re.search(rf"{re.escape(address)}(?![\w-]|/\w)", text) is not None


def _requested_paths(run: Run) -> set[str]:
    if not any(step.program in _HTTP_CLIENTS for step in parse_steps(run.command)):
        return set()
    return {match["path"].rstrip("/") for match in _URL.finditer(run.command)}


def _is_same_path(claimed: str, requested: str) -> bool:
    """Return whether `requested` ends with the path `claimed`; a placeholder such as `{id}` matches anything."""
    claimed_parts, requested_parts = claimed.strip("/").split("/"), requested.strip("/").split("/")
    if len(requested_parts) < len(claimed_parts):
        return False
    part_pairs = zip(claimed_parts, requested_parts[len(requested_parts) - len(claimed_parts) :], strict=True)
    return all(
        claimed_part == requested_part or claimed_part.startswith(("{", ":", "$", "<")) or "$" in requested_part
        for claimed_part, requested_part in part_pairs
    )
