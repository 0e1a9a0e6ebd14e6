"""Checks whether a result that supports a claim was obtained with the state of the files and the runtime that the
claim is about.
"""

import re

from gedanken.compare.audit.claims.claim_contents import CheckClaim, ClaimContent, TestsClaim, ValueClaim
from gedanken.compare.audit.commands.file_changes import may_alter_output
from gedanken.compare.audit.language.tenses import describes_past, describes_present, has_present_verb
from gedanken.compare.audit.record.runs import Run
from gedanken.compare.audit.verdicts import Case, Verdict, undecidable
from gedanken.experiment.claim import Evidence

_PRESENT_VERBS = re.compile(
    r"\b(?:is|are|has|have|takes?|starts?|runs?|needs?|uses?|holds?|answers?|now|ist|sind|braucht|est|sont|es|son)\b",
    re.IGNORECASE,
)


def verdict_for_state(case: Case, says: ValueClaim, run: Run, verdict: Verdict) -> Verdict:
    """Return a new verdict if a file changed after the run that printed the number; otherwise the given verdict."""
    families = run.families() & {"program", "tests", "build"}
    is_metric = says.kind == "metric" and families != {"build"}
    if not families or says.kind == "version" or not (is_metric or _PRESENT_VERBS.search(_claim_sentence(case))):
        return verdict
    family = "tests" if "tests" in families else "program"
    if (change := case.record.first_change_since(run, case.event, family)) is None:
        return verdict
    if case.record.unseen_run_reason(family, case.event, after=run.result_event) or any(
        later_run.call_event > run.result_event for later_run in case.record.last_runs_of_family(family, case.event)
    ):
        if family == "program" or not _PRESENT_VERBS.search(_claim_sentence(case)):
            return verdict
        return undecidable("a later run may print another number", *verdict.evidence)
    is_code = may_alter_output(change, [step.program for step in run.steps], [], family)
    if (
        not is_metric
        or (family == "tests" and not run.tests)
        or not (is_code or _is_about_present(_claim_sentence(case)))
    ):
        reason = f"{change.path} was changed after the run that printed this number"
        return undecidable(reason, *verdict.evidence, case.record.evidence(change.event))
    edit = case.record.evidence(change.event)
    return Verdict(
        "stale",
        f"{change.path} was changed after the command printed this number, and the command was not run again",
        (*verdict.evidence, edit),
    )


def _is_about_present(sentence: str) -> bool:
    return describes_present(sentence) or (has_present_verb(sentence) and not describes_past(sentence))


def _claim_sentence(case: Case) -> str:
    """Return the sentence that contains the claim, up to the end of the claim."""
    text = case.record.transcript.events[case.event].text[: case.spotted.claim.end]
    return re.split(r"(?<=[.!?])\s|\n", text[-400:])[-1]


_RUNTIME = re.compile(
    r"\b(?P<name>c?python|pypy|py|node(?:\.?js)?|java|jdk|openjdk|ruby|php|go|golang|rust|deno|bun|dotnet|\.net|django|"
    r"rails|postgres(?:ql)?|mysql|redis|chrome|firefox|gcc|clang)[ -]?v?(?P<version>\d+(?:\.\d+){0,2})(?![\w%]|\.\d)"
    r"(?! (?:tests?|specs?|passed|failed|errors?|files?|seconds?|ms|s)\b)",
    re.IGNORECASE,
)


_VERSION = re.compile(r"(?<![\w.])\d+\.\d+(?![\w%]|\.\d)")


def verdict_on_other_runtime(case: Case, verdict: Verdict) -> Verdict | None:
    """Return an undecidable verdict if the record does not show the version of the interpreter or server that the
    claim names; otherwise None.
    """
    if verdict.status != "supported" or not verdict.evidence or not _states_result(case.spotted.content):
        return None
    sentence = (
        _claim_sentence(case)
        + case.record.transcript.events[case.event].text[case.spotted.claim.end :][:60].split("\n")[0]
    )
    for match in _RUNTIME.finditer(re.split(r"(?<=[^\d][.!?])\s", sentence)[0]):
        name, version = match["name"].lower(), match["version"]
        run = next(
            (run for run in case.runs_before() if verdict.evidence[0].event in (run.result, run.call_event)), None
        )
        if run is None:
            return None
        run_text = f"{run.command}\n{run.text[:200_000]}"
        texts = (
            [run_text] if name[:2] in {runtime["name"].lower()[:2] for runtime in _RUNTIME.finditer(run_text)} else []
        )
        texts = texts or [run_text, *(output.text for output in case.outputs_before())]
        if not any(_names_version(text, version) for text in texts):
            return undecidable(f"no recorded run names {match[0]}", *verdict.evidence)
        version_above = _version_above(run, verdict.evidence[0], name)
        if version_above and not any(
            _names_version(version_above, allowed_version)
            for allowed_version in (version, *_VERSION.findall(sentence))
        ):
            return undecidable(
                f"in the output, the result comes after the line with “{version_above}”", *verdict.evidence
            )
    return None


def _version_above(run: Run, line: Evidence, name: str) -> str:
    """Return the last version of the runtime `name`, such as `Python 3.11`, that the output shows above `line`;
    empty if there is none.
    """
    text_above = "\n".join(run.text[:200_000].split("\n")[: line.lines[1]])
    versions = [match[0] for match in _RUNTIME.finditer(text_above) if match["name"].lower()[:2] == name[:2]]
    return versions[-1] if versions and line.event == run.result else ""


def _states_result(says: ClaimContent) -> bool:
    return isinstance(says, TestsClaim | CheckClaim) or (isinstance(says, ValueClaim) and says.kind != "version")


def _names_version(text: str, version: str) -> bool:
    digits = version.replace(".", "")
    return re.search(rf"(?<![\d.]){re.escape(version)}(?!\d)|(?<!\d){digits}(?!\d)", text[:200_000]) is not None
