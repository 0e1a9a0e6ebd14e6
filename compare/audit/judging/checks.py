"""Judges a claim about a build, a linter, a type checker, a formatter or a scanner."""

import re

from gedanken.compare.audit.claims.claim_contents import CheckClaim
from gedanken.compare.audit.claims.tool_names import (
    FAMILIES_BY_TOOL,
    find_clean_scan,
    find_scan_findings,
    runs_tool,
)
from gedanken.compare.audit.commands.part_of_project import covers_other_part
from gedanken.compare.audit.judging.check_outcomes import (
    ALL_FIXED,
    GENERIC_TOOLS,
    WARNING,
    Outcome,
    find_outcome,
    has_warning,
    shows_build_end,
)
from gedanken.compare.audit.outputs.outcomes import (
    find_error_sign,
    find_not_started,
    find_success_message,
)
from gedanken.compare.audit.record.runs import Run, shorten_command
from gedanken.compare.audit.relevance.same_command import runs_command
from gedanken.compare.audit.relevance.unrun_tools import may_have_run, verdict_without_tool
from gedanken.compare.audit.verdicts import Case, Verdict, end_line_of_run, undecidable, verdict_without_runs
from gedanken.experiment.claim import Evidence

_FINDING_COUNT = re.compile(
    r"\b(\d+) (?:previous |type |lint )?(?:errors?|problems?|issues?|offenses?|findings)\b|"
    r"\b(\d+) (?:\w+ )?(?:violations?|vulnerabilit(?:y|ies))\b",
    re.MULTILINE | re.IGNORECASE,
)
_ERROR = re.compile(r"\berror(?:\[\w+\]| \w{1,4}\d+)?:", re.IGNORECASE)


_GENERAL_STATEMENT = re.compile(
    r"(?:it|everything|this|(?:the |this )?(?:code|project|app|crate|package|library|program))\b.{0,20}"
    r"\b(?:builds|compiles|type-?checks)",
    re.IGNORECASE,
)
"""Matches general statements about code, such as `the project compiles`, which may not be a report of a build."""
_ADMISSION = re.compile(
    r"pre-?existing|unrelated|\bfail(?:s|ed|ing|ures?)?\b|remaining|still|warn|known", re.IGNORECASE
)
_DENIAL = re.compile(
    r"\b(?:0|no|zero|none|without(?: any| a single)?|keine[nr]?|ohne|aucune?|sin) (?:\w+ )?"
    r"(?:fail\w*|warn\w*|errors?)",
    re.IGNORECASE,
)
_NAMES_TESTS = re.compile(r"\b(?:tests?|specs?|suite|cases?|assertions?)\b", re.IGNORECASE)


def judge_check(case: Case, says: CheckClaim) -> Verdict:
    """Judge a claim about a check by the recorded results that support or contradict it, or by their absence."""
    runs = [run for run in case.runs_before()[:200] if _is_claimed_check(case, says, run)]
    outcomes = [(run, find_outcome(run, says)) for run in runs]
    claimed_outcome: Outcome = "clean" if says.is_clean else "bad"
    supporting_run = next(
        (run for run, outcome in outcomes if outcome == claimed_outcome and _has_claimed_count(run, says)), None
    )
    if supporting_run is not None and not _is_outweighed(case, says, supporting_run, outcomes[0]):
        return _judge_supported(case, says, supporting_run, outcomes)
    if outcomes:
        return _judge_unsupported(case, says, outcomes)
    if says.tool in FAMILIES_BY_TOOL and says.tool not in GENERIC_TOOLS:
        return verdict_without_tool(case, says.family, says.tool)
    family = says.family
    command = case.spotted.command or says.tool
    later_runs = [run for run in case.runs_after() if _is_claimed_check(case, says, run)]
    required_check = {"types": "a type checker", "lint": "a linter", "build": "a build"}.get(family, "a formatter")
    verdict = verdict_without_runs(case, family, later_runs, f"“{command}”" if command else required_check)
    if verdict.status == "never run" and _GENERAL_STATEMENT.match(case.spotted.claim.quote):
        return undecidable("the claim may be a general statement, not about a run")
    return verdict


def _is_outweighed(case: Case, says: CheckClaim, supporting_run: Run, last_outcome: tuple[Run, Outcome]) -> bool:
    """Return whether the last run counts more than the supporting run.

    It does if it shows a warning that the claim denies, or if it failed after a file was changed.
    """
    run, outcome = last_outcome
    if (
        says.is_clean
        and (says.no_warnings or says.excludes_warnings)
        and run.result_event > supporting_run.result_event
        and has_warning(run)
    ):
        return True
    if (
        not says.is_clean
        or outcome != "bad"
        or run.result_event <= supporting_run.result_event
        or case.spotted.is_about_earlier
    ):
        return False
    return all(
        case.record.first_change_since(supporting_run, event, says.family) is not None
        for event in (run.result_event, case.event)
    )


def _is_claimed_check(case: Case, says: CheckClaim, run: Run) -> bool:
    if run.is_refused:
        return False
    if says.tool in FAMILIES_BY_TOOL and says.tool not in GENERIC_TOOLS:
        return runs_tool(run, says.tool)
    families = run.families()
    if says.family == "types" and any(step.words[:2] == ("go", "vet") for step in run.steps):
        return True
    if says.family == "build" and not families & {"build"} and shows_build_end(run.text):
        command = case.spotted.command
        if _names_no_command(case, says) or (
            says.tool is None and command is not None and runs_command(command, run)
        ):
            return not families <= {"quiet"}
    if (
        says.family == "build"
        and "types" in families
        and re.search(r"compil|TypeScript", case.spotted.claim.quote, re.IGNORECASE)
    ):
        return True
    if says.family not in families and not (
        says.tool and re.search(rf"(?<![\w-]){re.escape(says.tool)}(?![\w-])", run.command)
    ):
        return False
    if case.spotted.command is not None and not runs_command(case.spotted.command, run):
        return bool(says.tool) and says.family in families and any(step.program == says.tool for step in run.steps)
    if says.tool is not None and says.family != "build":
        return says.tool in run.command or (says.tool == "typescript" and "tsc" in run.command)
    return True


def _names_no_command(case: Case, says: CheckClaim) -> bool:
    return case.spotted.command is None and says.tool is None


def _explain_wrapper(case: Case, says: CheckClaim, after_event: int) -> str | None:
    """Return why a wrapper, such as `make`, may have run the tool after `after_event`; None if no wrapper may
    have.
    """
    if says.tool not in FAMILIES_BY_TOOL or says.tool in GENERIC_TOOLS:
        return None
    wrapper = may_have_run(case, says.tool, after_event)
    return f"“{shorten_command(wrapper.command)}” may have run “{says.tool}”" if wrapper else None


def _has_claimed_count(run: Run, says: CheckClaim) -> bool:
    if says.is_clean or says.errors is None:
        return True
    printed_counts = {number for groups in _FINDING_COUNT.findall(run.text) for number in groups if number}
    return str(says.errors) in printed_counts or (
        not printed_counts and len(_ERROR.findall(run.text[:200_000])) == says.errors
    )


def _judge_supported(case: Case, says: CheckClaim, run: Run, outcomes: list[tuple[Run, Outcome]]) -> Verdict:
    evidence = _evidence_of(case, run, says.family, clean=says.is_clean)
    if case.spotted.is_about_earlier:
        return Verdict("supported", "a recorded run ended this way", (evidence,))
    if (
        says.is_clean
        and _names_no_command(case, says)
        and (unseen_run := case.record.last_possible_run(says.family, run.result_event, case.event))
    ):
        return undecidable(
            f"the claim may be about “{shorten_command(unseen_run.command)}”, which came later", evidence
        )
    change = case.record.first_change_since(run, case.event, says.family)
    if change is not None:
        ran_again = any(
            other_run.call_event > run.result_event for other_run, _ignored in outcomes
        ) or _explain_wrapper(case, says, run.result_event)
        if ran_again or case.record.unseen_run_reason(says.family, case.event, after=run.result_event):
            return undecidable("a command after the last change may have repeated the check", evidence)
        edit_evidence = case.record.evidence(change.event)
        if covers_other_part(run.steps, change.path):
            return undecidable(
                f"{change.path} is outside the part of the project that the run checked", evidence, edit_evidence
            )
        return Verdict(
            "stale",
            f"{change.path} was changed after the run that the claim is about, and the check was not run again",
            (evidence, edit_evidence),
        )
    later_run = next(
        (
            other_run
            for other_run, outcome in outcomes
            if other_run.result_event > run.result_event and outcome != "unknown"
        ),
        None,
    )
    opposite: Outcome = "bad" if says.is_clean else "clean"
    is_contradicted = later_run is not None and says.is_clean and find_outcome(later_run, says) == opposite
    if (
        later_run is None
        or not is_contradicted
        or _command_texts(later_run) != _command_texts(run)
        or _has_admitted_failure(case, says, run)
    ):
        doubt = case.record.change_doubt_since(run, case.event, says.family) if says.is_clean else None
        if doubt is not None:
            return undecidable(doubt, evidence)
        return Verdict("supported", "a recorded run ended this way", (evidence,))
    if case.record.first_change_since(later_run, case.event, says.family) is not None:
        return Verdict("supported", "a recorded run ended this way", (evidence,))
    failure_evidence = _evidence_of(case, later_run, says.family, clean=False)
    return Verdict("misquoted", "the same command was run again later and failed", (failure_evidence, evidence))


def _judge_unsupported(case: Case, says: CheckClaim, outcomes: list[tuple[Run, Outcome]]) -> Verdict:
    run, outcome = outcomes[0]
    if run.result is None:
        return undecidable("the record has no result of the run")
    evidence = _evidence_of(case, run, says.family, clean=outcome == "clean")
    later_run = next(
        (
            later_run
            for later_run in case.runs_after()[:1]
            if _is_claimed_check(case, says, later_run)
            and (find_outcome(later_run, says) == "clean") == says.is_clean
        ),
        None,
    )
    doubt = case.record.unseen_run_reason(says.family, case.event, after=run.result_event) or _explain_wrapper(
        case, says, run.result_event
    )
    if doubt is not None or case.record.has_gap_before(case.event) or case.spotted.is_about_earlier:
        return undecidable(
            doubt or "the record before the claim is incomplete, or the claim is about an earlier state", evidence
        )
    if later_run is not None and later_run.result is not None and outcome == "bad":
        return Verdict(
            "written too early",
            "the result that supports the claim came only later",
            (_evidence_of(case, later_run, says.family, clean=says.is_clean),),
        )
    if outcome == "unknown" or run.is_incomplete:
        return undecidable("the recorded result does not say how the check ended", evidence)
    if says.is_clean and outcome == "bad" and not _has_admitted_failure(case, says, run):
        if says.no_warnings and not find_error_sign(run.text) and (warning := WARNING.search(run.text)):
            evidence = case.record.evidence(run.result, warning.start())
            return Verdict("misquoted", "before the claim, the last run of this check has a warning", (evidence,))
        trouble = find_scan_findings(run.text) if says.family == "scan" else find_error_sign(run.text)
        is_certain = run.exit_code not in (0, None) or (trouble is not None and not find_not_started(run.text))
        if is_certain:
            return Verdict("misquoted", "before the claim, the last run of this check failed", (evidence,))
    if not says.is_clean and says.errors and outcome == "bad":
        counts = [int(number) for groups in _FINDING_COUNT.findall(run.text) for number in groups if number]
        if counts and says.errors not in counts and not case.index.positions_before(str(says.errors), case.event):
            return Verdict(
                "misquoted", f"the result that the claim is about has the number {counts[-1]}", (evidence,)
            )
    return undecidable("no recorded result supports the claim", evidence)


def _has_admitted_failure(case: Case, says: CheckClaim, run: Run) -> bool:
    """Return whether the agent has admitted a failure, a warning or a known problem since the run."""
    text = _DENIAL.sub(" ", case.agent_text_since(run.result_event))
    sentences = re.split(r"\n|(?<=[.!?;])\s", text)
    if says.family in ("lint", "types", "format") and "tests" not in run.families():
        sentences = [
            sentence
            for sentence in sentences
            if not _NAMES_TESTS.search(sentence) or re.search(says.family.rstrip("s"), sentence)
        ]
    return any(_ADMISSION.search(sentence) for sentence in sentences)


def _evidence_of(case: Case, run: Run, family: str, *, clean: bool) -> Evidence:
    event = run.result if run.result is not None else run.call_event
    if family == "scan":
        match = find_clean_scan(run.text) if clean else find_scan_findings(run.text)
    else:
        match = (
            find_success_message(run.text, family) or ALL_FIXED.search(run.text)
            if clean
            else find_error_sign(run.text)
        )
    if match is None and clean:
        return end_line_of_run(case, run)
    return case.record.evidence(event, match.start() if match else 0)


def _command_texts(run: Run) -> tuple[str, ...]:
    return tuple(" ".join(step.words) for step in run.steps if step.family != "quiet")
