"""Checks whether a result that supports a claim comes from the state and the runtime that the claim is about."""

import re

from gedanken.compare.audit.edits import touches
from gedanken.compare.audit.runs import Run
from gedanken.compare.audit.says import CheckSays, Says, TestsSay, ValueSays
from gedanken.compare.audit.tenses import is_of_the_past, is_of_the_present, says_what_is
from gedanken.compare.audit.verdicts import Case, Verdict, undecidable
from gedanken.experiment.claim import Evidence

_IS_NOW = re.compile(
    r"\b(?:is|are|has|have|takes?|starts?|runs?|needs?|uses?|holds?|answers?|now|ist|sind|braucht|est|sont|es|son)\b",
    re.IGNORECASE,
)
"""Words that tie a number to the present state."""


def of_this_state(case: Case, says: ValueSays, run: Run, verdict: Verdict) -> Verdict:
    """Return the given verdict, or a new one if a file changed after the run that printed the number."""
    families = run.families() & {"program", "tests", "build"}
    is_metric = says.what == "metric" and families != {"build"}
    if not families or says.what == "version" or not (is_metric or _IS_NOW.search(_sentence(case))):
        return verdict
    family = "tests" if "tests" in families else "program"
    if (change := case.record.change_since(run, case.event, family)) is None:
        return verdict
    if case.record.could_have_run(family, case.event, after=run.at) or any(
        other.call > run.at for other in case.record.last_of(family, case.event)
    ):
        if family == "program" or not _IS_NOW.search(_sentence(case)):
            return verdict
        return undecidable("a later run may print another number", *verdict.evidence)
    is_code = touches(change, [step.program for step in run.steps], [], family)
    if not is_metric or (family == "tests" and not run.tests) or not (is_code or _is_of_now(_sentence(case))):
        reason = f"{change.path} was changed after the run that printed this number"
        return undecidable(reason, *verdict.evidence, case.record.evidence(change.event))
    edit = case.record.evidence(change.event)
    return Verdict(
        "stale",
        f"{change.path} was changed after the command printed this number, and the command was not run again",
        (*verdict.evidence, edit),
    )


def _is_of_now(said: str) -> bool:
    return is_of_the_present(said) or (says_what_is(said) and not is_of_the_past(said))


def _sentence(case: Case) -> str:
    """Return the claim's sentence up to the end of the claim."""
    text = case.record.transcript.events[case.event].text[: case.spotted.claim.end]
    return re.split(r"(?<=[.!?])\s|\n", text[-400:])[-1]


_RUNTIME = re.compile(
    r"\b(?P<name>c?python|pypy|py|node(?:\.?js)?|java|jdk|openjdk|ruby|php|go|golang|rust|deno|bun|dotnet|\.net|django|"
    r"rails|postgres(?:ql)?|mysql|redis|chrome|firefox|gcc|clang)[ -]?v?(?P<version>\d+(?:\.\d+){0,2})(?![\w%]|\.\d)"
    r"(?! (?:tests?|specs?|passed|failed|errors?|files?|seconds?|ms|s)\b)",
    re.IGNORECASE,
)


_VERSION = re.compile(r"(?<![\w.])\d+\.\d+(?![\w%]|\.\d)")


def of_another_runtime(case: Case, verdict: Verdict) -> Verdict | None:
    """Return an undecidable verdict if the record does not show the claimed version of the interpreter or server;
    else None.
    """
    if verdict.status != "supported" or not verdict.evidence or not _is_of_a_result(case.spotted.says):
        return None
    said = (
        _sentence(case) + case.record.transcript.events[case.event].text[case.spotted.claim.end :][:60].split("\n")[0]
    )
    for found in _RUNTIME.finditer(re.split(r"(?<=[^\d][.!?])\s", said)[0]):
        name, version = found["name"].lower(), found["version"]
        run = next((one for one in case.runs_before() if verdict.evidence[0].event in (one.result, one.call)), None)
        if run is None:
            return None
        seen = f"{run.command}\n{run.text[:200_000]}"
        texts = [seen] if name[:2] in {one["name"].lower()[:2] for one in _RUNTIME.finditer(seen)} else []
        texts = texts or [seen, *(output.text for output in case.outputs_before())]
        if not any(_names(text, version) for text in texts):
            return undecidable(f"no recorded run names {found[0]}", *verdict.evidence)
        over = _standing_over(run, verdict.evidence[0], name)
        if over and not any(_names(over, one) for one in (version, *_VERSION.findall(said))):
            return undecidable(f"in the output, the result comes after the line with “{over}”", *verdict.evidence)
    return None


def _standing_over(run: Run, line: Evidence, name: str) -> str:
    """Return the last version of the runtime `name` above `line` in the output, such as `Python 3.11`; empty
    if none.
    """
    above = "\n".join(run.text[:200_000].split("\n")[: line.lines[1]])
    named = [one[0] for one in _RUNTIME.finditer(above) if one["name"].lower()[:2] == name[:2]]
    return named[-1] if named and line.event == run.result else ""


def _is_of_a_result(says: Says) -> bool:
    return isinstance(says, TestsSay | CheckSays) or (isinstance(says, ValueSays) and says.what != "version")


def _names(text: str, version: str) -> bool:
    bare = version.replace(".", "")
    return re.search(rf"(?<![\d.]){re.escape(version)}(?!\d)|(?<!\d){bare}(?!\d)", text[:200_000]) is not None
