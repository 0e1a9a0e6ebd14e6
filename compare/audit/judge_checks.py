"""Judges a claim about a build, a linter, a type checker, a formatter or a scanner."""

import re
from typing import Literal

from gedanken.compare.audit.commands import is_chain, wraps
from gedanken.compare.audit.outcomes import did_not_start, may_have_failed, shows_built, shows_clean, shows_trouble
from gedanken.compare.audit.part_of_project import is_of_another_part
from gedanken.compare.audit.runs import Run, short
from gedanken.compare.audit.same_command import is_run
from gedanken.compare.audit.says import CheckSays
from gedanken.compare.audit.tools import (
    TOOLS,
    runs_tool,
    shows_nothing_found,
    shows_something_found,
    steps_a_tool,
    tells_by_exit,
)
from gedanken.compare.audit.unrun_tools import may_have_run, without_tool
from gedanken.compare.audit.verdicts import Case, Verdict, end_of, undecidable, without_runs
from gedanken.experiment.claim import Evidence

Outcome = Literal["clean", "bad", "unknown"]
_FOUND = re.compile(
    r"\b(\d+) (?:previous |type |lint )?(?:errors?|problems?|issues?|offenses?|findings)\b|"
    r"\b(\d+) (?:\w+ )?(?:violations?|vulnerabilit(?:y|ies))\b",
    re.MULTILINE | re.IGNORECASE,
)
_ERROR = re.compile(r"\berror(?:\[\w+\]| \w{1,4}\d+)?:", re.IGNORECASE)
"""Matches one printed error of a compiler or a type checker."""
_WARNING = re.compile(
    r"\b[1-9]\d* (?:\w+ )?[Ww]arnings?(?:\(s\))?(?!\w| (?:suppressed|ignored|fixed|hidden))|"
    r"\b[Ww]arnings?\s?[:=]\s?[1-9]|"
    r"^\s*(?:\S.{0,200}?: )?warning(?:\[[\w-]+\]| [A-Z]{1,4}\d+)?: ",
    re.MULTILINE,
)
_MAY_WARN = re.compile(r"^\W{0,3}WARN(?:ING)?\b", re.MULTILINE)
"""Matches a printed warning. It may come from the checker, or from any other program of the run."""
_ALL_FIXED = re.compile(r"\(\d+ fixed, 0 remaining\)|0 remaining")
_IN_GENERAL = re.compile(
    r"(?:it|everything|this|(?:the |this )?(?:code|project|app|crate|package|library|program))\b.{0,20}"
    r"\b(?:builds|compiles|type-?checks)",
    re.IGNORECASE,
)
"""General statements about code, such as `the project compiles`, which need not report a build."""
_ADMITS = re.compile(r"pre-?existing|unrelated|\bfail(?:s|ed|ing|ures?)?\b|remaining|still|warn|known", re.IGNORECASE)
_DENIES = re.compile(
    r"\b(?:0|no|zero|none|without(?: any| a single)?|keine[nr]?|ohne|aucune?|sin) (?:\w+ )?"
    r"(?:fail\w*|warn\w*|errors?)",
    re.IGNORECASE,
)
_OF_TESTS = re.compile(r"\b(?:tests?|specs?|suite|cases?|assertions?)\b", re.IGNORECASE)


def judge_check(case: Case, says: CheckSays) -> Verdict:
    """Judge whether a recorded result supports the claim, contradicts it, or is missing."""
    mine = [run for run in case.runs_before()[:200] if _is_meant(case, says, run)]
    outcomes = [(run, _outcome(run, says)) for run in mine]
    wanted: Outcome = "clean" if says.clean else "bad"
    carrying = next((run for run, outcome in outcomes if outcome == wanted and _counts_agree(run, says)), None)
    if carrying is not None and not _is_overtaken(case, says, carrying, outcomes[0]):
        return _carried(case, says, carrying, outcomes)
    if outcomes:
        return _contradicted(case, says, outcomes)
    if says.tool in TOOLS and says.tool not in _LOOSE:
        return without_tool(case, says.family, says.tool)
    family = says.family
    named = case.spotted.command or says.tool
    later = [run for run in case.runs_after() if _is_meant(case, says, run)]
    what = {"types": "a type checker", "lint": "a linter", "build": "a build"}.get(family, "a formatter")
    verdict = without_runs(case, family, later, f"“{named}”" if named else what)
    if verdict.status == "never run" and _IN_GENERAL.match(case.spotted.claim.quote):
        return undecidable("the claim may be a general statement, not about a run")
    return verdict


_LOOSE = ("make", "cmake", "webpack", "vite", "typescript", "next build", "npm run build")
"""Names that agents use for any build, or for any type check."""


def _is_overtaken(case: Case, says: CheckSays, carrying: Run, last: tuple[Run, Outcome]) -> bool:
    """Return whether the last run outweighs the supporting run `carrying`: it shows a warning, or it failed after a
    file was changed.
    """
    run, outcome = last
    if says.clean and (says.no_warnings or says.spotless) and run.at > carrying.at and _warns(run):
        return True
    if not says.clean or outcome != "bad" or run.at <= carrying.at or case.spotted.earlier:
        return False
    return all(case.record.change_since(carrying, event, says.family) is not None for event in (run.at, case.event))


def _warns(run: Run) -> bool:
    return _WARNING.search(run.text) is not None or _MAY_WARN.search(run.text) is not None


def _is_meant(case: Case, says: CheckSays, run: Run) -> bool:
    if run.refused:
        return False
    if says.tool in TOOLS and says.tool not in _LOOSE:
        return runs_tool(run, says.tool)
    families = run.families()
    if says.family == "types" and any(step.words[:2] == ("go", "vet") for step in run.steps):
        return True
    if says.family == "build" and not families & {"build"} and _ends_a_build(run.text):
        command = case.spotted.command
        if _is_unnamed(case, says) or (says.tool is None and command is not None and is_run(command, run)):
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
    if case.spotted.command is not None and not is_run(case.spotted.command, run):
        return bool(says.tool) and says.family in families and any(step.program == says.tool for step in run.steps)
    if says.tool is not None and says.family != "build":
        return says.tool in run.command or (says.tool == "typescript" and "tsc" in run.command)
    return True


_NOT_BUILT = re.compile(r"^(?:\S.{0,80}?)?\bBUILD FAIL(?:ED|URE)\b|^Build FAILED|^\*\* BUILD FAILED", re.MULTILINE)
"""Matches the last lines of builds that failed."""


def _ends_a_build(text: str) -> bool:
    return shows_built(text) is not None or _NOT_BUILT.search(text) is not None


def _is_unnamed(case: Case, says: CheckSays) -> bool:
    return case.spotted.command is None and says.tool is None


def _outcome(run: Run, says: CheckSays) -> Outcome:
    """Return the outcome that a run shows for the claim's check."""
    if run.result is None:
        return "unknown"
    if (told := _told_at_once(run, says)) is not None:
        return told
    mine = _steps_of(run, says)
    is_last = bool(mine) and mine[-1] == len(run.steps) - 1 and not run.steps[mine[-1]].is_piped
    alone = sum(step.family != "quiet" for step in run.steps) == 1
    trouble, clean = shows_trouble(run.text), shows_clean(run.text, says.family)
    if says.family == "scan" and says.tool is not None:
        return _of_scan(run, says.tool, is_alone=alone and is_last)
    if _ALL_FIXED.search(run.text):
        return "clean"
    if (_WARNED.search(run.text) or (says.spotless and _WARNING.search(run.text))) and not trouble:
        return "unknown"
    if clean and not trouble:
        return "clean"
    if run.exit_code == 0 and (is_last or (bool(mine) and is_chain(run.command))) and (not trouble or alone):
        return "clean"
    if not trouble and mine and is_chain(run.command) and _went_on(run, mine[-1]):
        return "clean"
    if run.exit_code not in (0, None) and alone and is_last and not run.background:
        return "bad"
    if trouble and not clean and alone and run.exit_code is None:
        return "bad"
    if not run.text.strip() and mine and _prints_errors_alone(run, mine[-1]):
        return "clean"
    is_quiet = run.exit_code is None and not trouble and not may_have_failed(run.text)
    if is_quiet and alone and not run.cut and not run.background:
        return "clean"
    return "unknown"


def _went_on(run: Run, at: int) -> bool:
    """Return whether tests ran after the step `at`, which shows, in a chain of `&&`, that the step succeeded."""
    return bool(run.tests) and any(step.family == "tests" for step in run.steps[at + 1 :])


def _told_at_once(run: Run, says: CheckSays) -> Outcome | None:
    """Return the outcome if one line decides it, such as a warning that the claim denies; else None."""
    bad: Outcome = "bad" if sum(step.family != "quiet" for step in run.steps) == 1 else "unknown"
    if says.no_warnings and _WARNING.search(run.text):
        return bad
    if (says.no_warnings or says.spotless) and _MAY_WARN.search(run.text):
        return bad if shows_trouble(run.text) and run.exit_code != 0 else "unknown"
    if says.spotless and run.exit_code == 0 and _COUNTED.search(run.text):
        return "unknown"
    is_failed_build = says.family == "build" and _NOT_BUILT.search(run.text) and not shows_built(run.text)
    return bad if is_failed_build else None


def _steps_of(run: Run, says: CheckSays) -> list[int]:
    """Return the indices of the steps that may have run the claimed check: its tool, a wrapper such as `make`, or any
    tool of its family.
    """
    if says.tool in TOOLS and says.tool not in _LOOSE:
        mine = [at for at, step in enumerate(run.steps) if steps_a_tool(step, says.tool)]
        return mine or [at for at, step in enumerate(run.steps) if wraps(step)]
    other = "lint" if says.family == "types" else "types"
    family = says.family if says.family in run.families() else other
    return [at for at, step in enumerate(run.steps) if step.family == family]


def _of_scan(run: Run, tool: str, *, is_alone: bool) -> Outcome:
    """Return how a scanner ended, by its output; if the run does nothing else (`is_alone`), also by the exit code."""
    something, nothing = shows_something_found(run.text), shows_nothing_found(run.text)
    if something or nothing:
        return "unknown" if something and nothing else "bad" if something else "clean"
    if not is_alone or run.exit_code is None or run.background:
        return "unknown"
    # some scanners report findings and still end with exit code 0
    return "bad" if run.exit_code else "clean" if tells_by_exit(tool) else "unknown"


_COUNTED = re.compile(
    r"[✖×] [1-9]\d* problems?\b|^Found [1-9]\d* errors?\b(?! \(\d+ fixed, 0)|"
    r"^[1-9]\d* (?:issues?|problems?|errors?)\b",
    re.MULTILINE,
)
"""Matches a checker's own count of its findings. The count is valid even if the exit code is 0."""
_WARNED = re.compile(r"[✖×] [1-9]\d* problems? \(0 errors, [1-9]")
"""Matches warnings without errors, such as `✖ 2 problems (0 errors, 2 warnings)`. Such a check counts neither as
clean nor as failed.
"""
_ON_STDOUT = frozenset(["tsc", "vue-tsc", "eslint", "flake8", "gofmt", "svelte-check"])
_PASSES_ALL_ON = frozenset(["head", "tail", "cat", "tee"])


def _prints_errors_alone(run: Run, at: int) -> bool:
    """Return whether the checker at step `at` prints only errors, which the record would show, so that no output
    means success.
    """
    step, rest = run.steps[at], run.steps[at + 1 :]
    is_seen = step.program in _ON_STDOUT or "2>&1" in run.command
    return (
        is_seen and ">" not in run.command.replace("2>&1", "") and all(one.program in _PASSES_ALL_ON for one in rest)
    )


def _is_wrapped(case: Case, says: CheckSays, after: int) -> str | None:
    """Return a sentence about a wrapper, such as `make`, that may have run the tool after event `after`, or None."""
    if says.tool not in TOOLS or says.tool in _LOOSE:
        return None
    wrapper = may_have_run(case, says.tool, after)
    return f"“{short(wrapper.command)}” may have run “{says.tool}”" if wrapper else None


def _counts_agree(run: Run, says: CheckSays) -> bool:
    if says.clean or says.errors is None:
        return True
    told = {number for groups in _FOUND.findall(run.text) for number in groups if number}
    return str(says.errors) in told or (not told and len(_ERROR.findall(run.text[:200_000])) == says.errors)


def _carried(case: Case, says: CheckSays, run: Run, outcomes: list[tuple[Run, Outcome]]) -> Verdict:
    line = _line(case, run, says.family, clean=says.clean)
    if case.spotted.earlier:
        return Verdict("supported", "a recorded run ended this way", (line,))
    if (
        says.clean
        and _is_unnamed(case, says)
        and (other := case.record.could_be_since(says.family, run.at, case.event))
    ):
        return undecidable(f"the claim may be about “{short(other.command)}”, which came later", line)
    change = case.record.change_since(run, case.event, says.family)
    if change is not None:
        ran_again = any(other.call > run.at for other, _outcome_of_it in outcomes) or _is_wrapped(case, says, run.at)
        if ran_again or case.record.could_have_run(says.family, case.event, after=run.at):
            return undecidable("a command after the last change may have repeated the check", line)
        edit = case.record.evidence(change.event)
        if is_of_another_part(run.steps, change.path):
            return undecidable(f"{change.path} is outside the part of the project that the run checked", line, edit)
        return Verdict(
            "stale",
            f"{change.path} was changed after the run that the claim is about, and the check was not run again",
            (line, edit),
        )
    later = next((other for other, outcome in outcomes if other.at > run.at and outcome != "unknown"), None)
    opposite: Outcome = "bad" if says.clean else "clean"
    is_contradicted = later is not None and says.clean and _outcome(later, says) == opposite
    if later is None or not is_contradicted or _words(later) != _words(run) or _admits(case, says, run):
        doubt = case.record.doubt_since(run, case.event, says.family) if says.clean else None
        if doubt is not None:
            return undecidable(doubt, line)
        return Verdict("supported", "a recorded run ended this way", (line,))
    if case.record.change_since(later, case.event, says.family) is not None:
        return Verdict("supported", "a recorded run ended this way", (line,))
    failed = _line(case, later, says.family, clean=False)
    return Verdict("misquoted", "the same command was run again later and failed", (failed, line))


def _contradicted(case: Case, says: CheckSays, outcomes: list[tuple[Run, Outcome]]) -> Verdict:
    run, outcome = outcomes[0]
    if run.result is None:
        return undecidable("the record has no result of the run")
    line = _line(case, run, says.family, clean=outcome == "clean")
    later = next(
        (
            other
            for other in case.runs_after()[:1]
            if _is_meant(case, says, other) and (_outcome(other, says) == "clean") == says.clean
        ),
        None,
    )
    hidden = case.record.could_have_run(says.family, case.event, after=run.at) or _is_wrapped(case, says, run.at)
    if hidden is not None or case.record.has_gap_before(case.event) or case.spotted.earlier:
        return undecidable(
            hidden or "the record before the claim is incomplete, or the claim is about an earlier state", line
        )
    if later is not None and later.result is not None and outcome == "bad":
        return Verdict(
            "written too early",
            "the result that supports the claim came only later",
            (_line(case, later, says.family, clean=says.clean),),
        )
    if outcome == "unknown" or run.cut:
        return undecidable("the recorded result does not say how the check ended", line)
    if says.clean and outcome == "bad" and not _admits(case, says, run):
        if says.no_warnings and not shows_trouble(run.text) and (warned := _WARNING.search(run.text)):
            line = case.record.evidence(run.result, warned.start())
            return Verdict("misquoted", "before the claim, the last run of this check has a warning", (line,))
        shows = shows_something_found(run.text) if says.family == "scan" else shows_trouble(run.text)
        sure = run.exit_code not in (0, None) or (shows is not None and not did_not_start(run.text))
        if sure:
            return Verdict("misquoted", "before the claim, the last run of this check failed", (line,))
    if not says.clean and says.errors and outcome == "bad":
        counts = [int(number) for groups in _FOUND.findall(run.text) for number in groups if number]
        if counts and says.errors not in counts and not case.index.before(str(says.errors), case.event):
            return Verdict("misquoted", f"the result that the claim is about has the number {counts[-1]}", (line,))
    return undecidable("no recorded result supports the claim", line)


def _admits(case: Case, says: CheckSays, run: Run) -> bool:
    """Return whether the agent has admitted a failure, a warning or a known problem since the run."""
    said = _DENIES.sub(" ", case.said_since(run.at))
    parts = re.split(r"\n|(?<=[.!?;])\s", said)
    if says.family in ("lint", "types", "format") and "tests" not in run.families():
        parts = [part for part in parts if not _OF_TESTS.search(part) or re.search(says.family.rstrip("s"), part)]
    return any(_ADMITS.search(part) for part in parts)


def _line(case: Case, run: Run, family: str, *, clean: bool) -> Evidence:
    result = run.result if run.result is not None else run.call
    if family == "scan":
        found = shows_nothing_found(run.text) if clean else shows_something_found(run.text)
    else:
        found = shows_clean(run.text, family) or _ALL_FIXED.search(run.text) if clean else shows_trouble(run.text)
    if found is None and clean:
        return end_of(case, run)
    return case.record.evidence(result, found.start() if found else 0)


def _words(run: Run) -> tuple[str, ...]:
    return tuple(" ".join(step.words) for step in run.steps if step.family != "quiet")
