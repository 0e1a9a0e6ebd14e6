"""Finds out how a build, a linter, a type checker, a formatter or a scanner ended, from its output and its exit
code.
"""

import re
from typing import Literal

from gedanken.compare.audit.claims.claim_contents import CheckClaim
from gedanken.compare.audit.claims.tool_names import (
    FAMILIES_BY_TOOL,
    exit_code_tells_result,
    find_clean_scan,
    find_scan_findings,
    step_runs_tool,
)
from gedanken.compare.audit.commands.command_lines import is_chain, is_wrapper
from gedanken.compare.audit.outputs.outcomes import (
    find_build_success,
    find_error_sign,
    find_success_message,
    may_have_failed,
)
from gedanken.compare.audit.record.runs import Run

Outcome = Literal["clean", "bad", "unknown"]

WARNING = re.compile(
    r"\b[1-9]\d* (?:\w+ )?[Ww]arnings?(?:\(s\))?(?!\w| (?:suppressed|ignored|fixed|hidden))|"
    r"\b[Ww]arnings?\s?[:=]\s?[1-9]|"
    r"^\s*(?:\S.{0,200}?: )?warning(?:\[[\w-]+\]| [A-Z]{1,4}\d+)?: ",
    re.MULTILINE,
)

_POSSIBLE_WARNING = re.compile(r"^\W{0,3}WARN(?:ING)?\b", re.MULTILINE)
"""Matches a printed warning, which may come from the checker or from any other program of the run."""

ALL_FIXED = re.compile(r"\(\d+ fixed, 0 remaining\)|0 remaining")

GENERIC_TOOLS = ("make", "cmake", "webpack", "vite", "typescript", "next build", "npm run build")
"""Names by which an agent may mean any build or type check, such as `make`."""

_FAILED_BUILD = re.compile(r"^(?:\S.{0,80}?)?\bBUILD FAIL(?:ED|URE)\b|^Build FAILED|^\*\* BUILD FAILED", re.MULTILINE)
_COUNTED_FINDINGS = re.compile(
    r"[✖×] [1-9]\d* problems?\b|^Found [1-9]\d* errors?\b(?! \(\d+ fixed, 0)|"
    r"^[1-9]\d* (?:issues?|problems?|errors?)\b",
    re.MULTILINE,
)
"""Matches the number of findings that a checker prints. This number counts even if the exit code is 0."""
_WARNINGS_ONLY = re.compile(r"[✖×] [1-9]\d* problems? \(0 errors, [1-9]")
"""Matches warnings without errors, such as `✖ 2 problems (0 errors, 2 warnings)`.

A check with this line counts as neither clean nor failed.
"""
_ERRORS_ON_STDOUT = frozenset(["tsc", "vue-tsc", "eslint", "flake8", "gofmt", "svelte-check"])
_PASS_THROUGH = frozenset(["head", "tail", "cat", "tee"])


def has_warning(run: Run) -> bool:
    return WARNING.search(run.text) is not None or _POSSIBLE_WARNING.search(run.text) is not None


def shows_build_end(text: str) -> bool:
    return find_build_success(text) is not None or _FAILED_BUILD.search(text) is not None


def find_outcome(run: Run, says: CheckClaim) -> Outcome:
    if run.result is None:
        return "unknown"
    if (decisive_outcome := _decisive_outcome(run, says)) is not None:
        return decisive_outcome
    step_indices = _check_step_indices(run, says)
    is_last = (
        bool(step_indices) and step_indices[-1] == len(run.steps) - 1 and not run.steps[step_indices[-1]].is_piped
    )
    is_alone = sum(step.family != "quiet" for step in run.steps) == 1
    trouble, clean = find_error_sign(run.text), find_success_message(run.text, says.family)
    if says.family == "scan" and says.tool is not None:
        return _scan_outcome(run, says.tool, is_alone=is_alone and is_last)
    if ALL_FIXED.search(run.text):
        return "clean"
    if (_WARNINGS_ONLY.search(run.text) or (says.excludes_warnings and WARNING.search(run.text))) and not trouble:
        return "unknown"
    if clean and not trouble:
        return "clean"
    if (
        run.exit_code == 0
        and (is_last or (bool(step_indices) and is_chain(run.command)))
        and (not trouble or is_alone)
    ):
        return "clean"
    if not trouble and step_indices and is_chain(run.command) and _continued_to_tests(run, step_indices[-1]):
        return "clean"
    if run.exit_code not in (0, None) and is_alone and is_last and not run.is_background:
        return "bad"
    if trouble and not clean and is_alone and run.exit_code is None:
        return "bad"
    if not run.text.strip() and step_indices and _prints_only_errors(run, step_indices[-1]):
        return "clean"
    is_quiet = run.exit_code is None and not trouble and not may_have_failed(run.text)
    if is_quiet and is_alone and not run.is_incomplete and not run.is_background:
        return "clean"
    return "unknown"


def _continued_to_tests(run: Run, step_index: int) -> bool:
    """Return whether tests ran after a step.

    In a chain of `&&`, this shows that the step succeeded.
    """
    return bool(run.tests) and any(step.family == "tests" for step in run.steps[step_index + 1 :])


def _decisive_outcome(run: Run, says: CheckClaim) -> Outcome | None:
    """Return the outcome of a run if a single line decides it; None if no line does.

    For example, a printed warning decides it if the claim says that there were no warnings.
    """
    bad: Outcome = "bad" if sum(step.family != "quiet" for step in run.steps) == 1 else "unknown"
    if says.no_warnings and WARNING.search(run.text):
        return bad
    if (says.no_warnings or says.excludes_warnings) and _POSSIBLE_WARNING.search(run.text):
        return bad if find_error_sign(run.text) and run.exit_code != 0 else "unknown"
    if says.excludes_warnings and run.exit_code == 0 and _COUNTED_FINDINGS.search(run.text):
        return "unknown"
    is_failed_build = says.family == "build" and _FAILED_BUILD.search(run.text) and not find_build_success(run.text)
    return bad if is_failed_build else None


def _check_step_indices(run: Run, says: CheckClaim) -> list[int]:
    """Return the indices of the steps that may have run the claimed check.

    If the claim names a specific tool, these are the steps that run it or, if there are none, wrappers such as
    `make`. Otherwise, they are the steps of the claim's family.
    """
    if says.tool in FAMILIES_BY_TOOL and says.tool not in GENERIC_TOOLS:
        indices = [index for index, step in enumerate(run.steps) if step_runs_tool(step, says.tool)]
        return indices or [index for index, step in enumerate(run.steps) if is_wrapper(step)]
    other_family = "lint" if says.family == "types" else "types"
    family = says.family if says.family in run.families() else other_family
    return [index for index, step in enumerate(run.steps) if step.family == family]


def _scan_outcome(run: Run, tool: str, *, is_alone: bool) -> Outcome:
    """Return how a scanner ended, judging by its output.

    If the run does nothing else (`is_alone`), its exit code is used as well.
    """
    has_findings, has_none = find_scan_findings(run.text), find_clean_scan(run.text)
    if has_findings or has_none:
        return "unknown" if has_findings and has_none else "bad" if has_findings else "clean"
    if not is_alone or run.exit_code is None or run.is_background:
        return "unknown"
    # some scanners report findings and still end with exit code 0
    return "bad" if run.exit_code else "clean" if exit_code_tells_result(tool) else "unknown"


def _prints_only_errors(run: Run, step_index: int) -> bool:
    """Return whether the checker at `step_index` prints nothing but errors, so that an empty output means success."""
    step, later_steps = run.steps[step_index], run.steps[step_index + 1 :]
    shows_errors = step.program in _ERRORS_ON_STDOUT or "2>&1" in run.command
    return (
        shows_errors
        and ">" not in run.command.replace("2>&1", "")
        and all(later_step.program in _PASS_THROUGH for later_step in later_steps)
    )
