"""Checks whether a result that supports a claim is about the address (URL or path) that the claim names."""

import re

from gedanken.compare.audit.commands import steps_of
from gedanken.compare.audit.other_names import sentence_of
from gedanken.compare.audit.parts import Sentence
from gedanken.compare.audit.runs import Run
from gedanken.compare.audit.verdicts import Case, Verdict, undecidable

_PATH = re.compile(
    r"(?:https?://[\w.:-]+|localhost[:\d]*|(?<![\w.~/-]))(?P<path>/[\w{}.%~-]+(?:/[\w{}.%~-]+)*)/?(?=$|[\s`'\",;:?)])"
)
_URL = re.compile(
    r"(?:https?://)?(?:localhost|\$\{?\w+\}?|[\w-]+(?:\.[\w-]+)+|\d+(?:\.\d+){3}|(?=:\d))(?::\d+)?(?P<path>/[^\s'\"?#|]*)"
)
_HOST = re.compile(r"https?://(?P<host>[\w.-]+(?::\d+)?)")
_SHOWN_PATH = re.compile(r"(?:^|[\s\"'])/[\w-]+")
_ANSWERS = re.compile(
    r"\b(?:responds?|responded|answers?|answered|returns?|returned|replie[sd]|gives?|gave|gets?|got|serve[sd]?|"
    r"c[ao]mes? back|yields?|is|was|antwortet\w*|répond\w*|respond\w*)\b|:|→|->",
    re.IGNORECASE,
)
_SEVERAL = re.compile(
    r"\b(?:both|all|every|each)\b[^.;]{0,24}\b(?:endpoints?|routes?|urls?|pages?|paths?|address(?:es)?|links?|handlers?)\b",
    re.IGNORECASE,
)
_STATUS = re.compile(r"(?<![\w.])[1-5]\d\d(?![\w.]*\d)")
_FETCHERS = frozenset(["curl", "wget", "http", "https", "xh", "httpie"])
_FILE = re.compile(r"\.\w{1,5}$|^/(?:usr|etc|tmp|var|home|opt|bin|dev|proc|mnt|root|work|app|src)\b")


def of_another_address(case: Case, verdict: Verdict) -> Verdict | None:
    """Return an undecidable verdict if the supporting run may be about another address than the claim; else None."""
    if verdict.status != "supported" or not verdict.evidence:
        return None
    sentence = sentence_of(case)
    run = next((one for one in case.runs_before()[:60] if one.result == verdict.evidence[0].event), None)
    if sentence is None or run is None:
        return None
    if (several := _of_several(case, sentence, run, verdict)) is not None:
        return several
    named = {found["path"].rstrip("/") for found in _PATH.finditer(sentence.raw) if not _FILE.search(found["path"])}
    if not (asked := _asked_for(run)):
        return _of_no_address(case, sentence, run, verdict, named)
    if (
        not named
        or any(_is_same(one, path) for one in named for path in asked)
        or any(one in run.text for one in named)
    ):
        return None
    return undecidable(f"the run requested “{min(asked)}”, not “{min(named)}”", *verdict.evidence)


def _of_several(case: Case, sentence: Sentence, run: Run, verdict: Verdict) -> Verdict | None:
    """Return an undecidable verdict for `all endpoints return 200` if similar runs printed 200 less than twice, or
    another status; else None.
    """
    status = _STATUS.search(case.spotted.claim.quote)
    if status is None or not _SEVERAL.search(sentence.plain) or not _ANSWERS.search(sentence.plain):
        return None
    programs = {step.program for step in run.steps if step.family != "quiet"} or {step.program for step in run.steps}
    alike = [one for one in case.runs_before()[:60] if programs & {step.program for step in one.steps}]
    codes = [code[0] for one in alike for code in _STATUS.finditer(one.text[:20_000])]
    if len(codes) > 1 and set(codes) == {status[0]}:
        return None
    return undecidable("the result does not show how each address answered", *verdict.evidence)


def _of_no_address(case: Case, sentence: Sentence, run: Run, verdict: Verdict, named: set[str]) -> Verdict | None:
    """Return an undecidable verdict if the supporting run does not name the address whose HTTP status is claimed."""
    hosts = {found["host"] for found in _HOST.finditer(sentence.raw)}
    if not (named or hosts) or not _ANSWERS.search(sentence.plain) or not _STATUS.search(case.spotted.claim.quote):
        return None
    lines = "\n".join(one.quote for one in verdict.evidence)
    around = lines if _HOST.search(lines) or _SHOWN_PATH.search(lines) else f"{lines}\n{run.command}\n{run.text}"
    missing = [address for address in sorted(named or hosts) if not _mentions(address, around)]
    if not missing:
        return None
    return undecidable(f"the result does not show the status of “{missing[0]}”", *verdict.evidence)


def _mentions(address: str, text: str) -> bool:
    return re.search(rf"{re.escape(address)}(?![\w-]|/\w)", text) is not None


def _asked_for(run: Run) -> set[str]:
    """Return the paths of the addresses that a command requests; empty if it requests none."""
    if not any(step.program in _FETCHERS for step in steps_of(run.command)):
        return set()
    return {found["path"].rstrip("/") for found in _URL.finditer(run.command)}


def _is_same(named: str, asked: str) -> bool:
    """Return whether the path `asked` ends with the path `named`; a placeholder such as `{id}` matches anything."""
    mine, theirs = named.strip("/").split("/"), asked.strip("/").split("/")
    if len(theirs) < len(mine):
        return False
    parts = zip(mine, theirs[len(theirs) - len(mine) :], strict=True)
    return all(one == other or one.startswith(("{", ":", "$", "<")) or "$" in other for one, other in parts)
