"""Reads the summaries of those test runners that `outcomes` does not read. Each runner has its own words or
layout.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple


class TestSummary(NamedTuple):
    """One summary printed by a test runner."""

    passed: int | None
    failed: int
    """Number of failures and errors."""
    skipped: int
    offset: int
    """Position of the summary in the output."""
    text: str
    total: int | None = None
    """Number of all tests, if the summary states it."""
    is_unknown_runner: bool = False
    """True if the summary does not come from a known test runner."""
    errors: int = 0
    """Number of errors among the failures, if the runner distinguishes them."""
    not_run_counts: tuple[int, ...] = ()
    """Numbers of tests that did not run or were expected to fail, one number for each reason. A claim may call any
    of them skipped.
    """

    flaky: int = 0
    """Number of tests that passed only when they were repeated, if the runner does not count them as passed."""

    @property
    def all_pass(self) -> bool:
        """True if at least one test ran and none failed."""
        return not self.failed and self.passed != 0


_PATTERNS = [
    re.compile(pattern, re.MULTILINE)
    for pattern in (
        # cargo nextest
        r"^[ \t]*Summary \[[^\]\n]{1,20}\] (?P<total>\d+) tests? run: (?P<passed>\d+) passed"
        r"(?: \([^)\n]{1,60}\))?"
        r"(?:, (?P<failed>\d+) failed)?(?:, (?P<errors>\d+) (?:exec failed|timed out))?(?:, "
        r"(?P<skipped>\d+) skipped)?",
        # meson
        r"^Ok:\s+(?P<passed>\d+)\s*\n(?:Expected Fail:\s+(?P<left>\d+)\s*\n)?Fail:\s+(?P<failed>\d+)\s*\n"
        r"(?:Unexpected Pass:\s+(?P<unexpected>\d+)\s*\n)?(?:Skipped:\s+(?P<skipped>\d+)\s*\n)?"
        r"(?:Timeout:\s+(?P<errors>\d+))?",
        # gotestsum
        r"^DONE (?P<total>\d+) tests?(?:, (?P<skipped>\d+) skipped)?(?:, (?P<failed>\d+) failures?)?"
        r"(?:, (?P<errors>\d+) errors?)? in [\d.]+s",
        # GoogleTest
        r"^\[=+\] (?P<total>\d+) tests? from \d+ test (?:suites?|cases?) ran\.[^\n]*\n\[  PASSED  \] "
        r"(?P<passed>\d+) tests?\."
        r"(?:\n\[  SKIPPED \] (?P<skipped>\d+) tests?[^\n]*(?:\n\[  SKIPPED \] [^\d\n][^\n]*){0,50})?"
        r"(?:\n\[  FAILED  \] (?P<failed>\d+) tests?)?",
        # Catch2, doctest
        r"^All tests passed \(\d+ assertions? in (?P<passed>\d+) test cases?\)",
        r"^(?:\[doctest\] )?test cases:\s+(?P<total>\d+) \|\s+(?P<passed>\d+) passed(?: \|\s+"
        r"(?P<failed>\d+) failed)?"
        r"(?: (?:\| )?\s*(?P<skipped>\d+) skipped)?",
        # Bazel
        r"^Executed \d+ out of (?P<total>\d+) tests?: (?P<passed>\d+) tests? pass(?:es)?"
        r"(?: and (?P<failed>\d+) fails?[^\n]*)?\.?$",
        # Flutter and Dart
        r"^\d\d:\d\d \+(?P<passed>\d+)(?: ~(?P<skipped>\d+))?(?: -(?P<failed>\d+))?: (?:All|Some) tests "
        r"(?:passed|failed)",
        # prove
        r"^All tests successful\.\s*\nFiles=\d+, Tests=(?P<passed>\d+)",
        # Cucumber
        r"^(?P<total>\d+) scenarios? \((?:(?P<failed>\d+) failed, )?(?:(?P<skipped>\d+) (?:skipped|pending"
        r"|undefined), )?"
        r"(?P<passed>\d+) passed(?:, (?P<errors>\d+) failed)?\)",
        # Minitest
        r"^(?P<total>\d+) (?:runs|tests), \d+ assertions, (?P<failed>\d+) failures, (?P<errors>\d+) errors, "
        r"(?P<skipped>\d+) (?:skips|pendings)",
        # Karma
        r"Executed (?P<run>\d+) of (?P<total>\d+)(?: \((?P<failed>\d+) FAILED\))?(?: \(skipped "
        r"(?P<skipped>\d+)\))? "
        r"(?:SUCCESS|\()",
        # Swift Testing
        r"^\S* ?Test run with (?P<total>\d+) tests?(?: in \d+ suites?)? (?:passed after"
        r"|failed after [^\n]{1,40}? with (?P<failed>\d+) issues?)",
        # Robot Framework
        r"^(?P<total>\d+) tests?, (?P<passed>\d+) passed, (?P<failed>\d+) failed",
        # the console of JUnit 5
        r"^\[ +(?P<skipped>\d+) tests skipped +\]\n(?:\[ +\d+ tests \w+ +\]\n){1,3}\[ +"
        r"(?P<passed>\d+) tests successful +\]\n"
        r"\[ +(?P<failed>\d+) tests failed",
        # ScalaTest
        r"^(?:\[info\] )?Tests: succeeded (?P<passed>\d+), failed (?P<failed>\d+), canceled \d+, ignored "
        r"(?P<skipped>\d+)",
        # dotnet test of SDK 10
        r"^[ \t]*Test summary: total: (?P<total>\d+), failed: (?P<failed>\d+), succeeded: (?P<passed>\d+)"
        r", skipped: (?P<skipped>\d+)",
        # Zig
        r"^All (?P<passed>\d+) tests passed\.$",
        # clojure.test
        r"^Ran (?P<total>\d+) tests containing \d+ assertions\.\n(?P<failed>\d+) failures, "
        r"(?P<errors>\d+) errors",
        # busted
        r"^(?P<passed>\d+) success(?:es)? / (?P<failed>\d+) failures? / (?P<errors>\d+) errors? / "
        r"(?P<skipped>\d+) pending",
        # Deno
        r"^(?:ok|FAILED) \| (?P<passed>\d+) passed(?: \([^)\n]{1,30}\))? \| (?P<failed>\d+) failed(?: \| "
        r"(?P<skipped>\d+) ignored)?",
        # Cypress, of all specs
        r"^[ \t]*✔\s+All specs passed!\s+\S+\s+(?P<total>\d+)\s+(?P<passed>\d+)\s+-",
        r"^[ \t]*✖\s+\d+ of \d+ failed \(\d+%\)\s+\S+\s+(?P<total>\d+)\s+(?P<passed>\d+|-)\s+(?P<failed>\d+"
        r"|-)\s+(?P<skipped>\d+|-)",
    )
]  # fmt: skip
_PLAYWRIGHT = re.compile(r"^  (?P<passed>\d+) passed \([\d.]+ ?\w+\)", re.MULTILINE)
_PLAYWRIGHT_COUNT = re.compile(
    r"^  (?P<number>\d+) (?P<what>failed|flaky|skipped|did not run|interrupted)$", re.MULTILINE
)
_MAX_DISTANCE = 20_000
_HINT = re.compile(
    r"Summary \[|^Ok:|^DONE|PASSED|assertions?\b|test cases|tests? (?:pass|run|summary|success|fail|skip)"
    r"|passed|Tests|specs|"
    r"scenarios?|Executed|^Ran|successes|failed",
    re.MULTILINE | re.IGNORECASE,
)


def other_summaries(text: str) -> Iterator[TestSummary]:
    """Yield the summaries in an output that were printed by a test runner of this module."""
    if not _HINT.search(text):
        return
    for pattern in _PATTERNS:
        for match in pattern.finditer(text):
            yield _parse_summary(match)
    yield from _playwright_summaries(text)


def _parse_summary(match: re.Match[str]) -> TestSummary:
    groups = {name: int(number) for name, number in match.groupdict().items() if number and number.isdigit()}
    failed = groups.get("failed", 0) + groups.get("errors", 0) + groups.get("unexpected", 0)
    expected_failures = groups.get("left", 0)
    skipped, total = groups.get("skipped", 0), groups.get("total")
    passed = groups.get("passed")
    if passed is None and total is not None:
        passed = max(groups.get("run", total) - failed - skipped * ("run" not in groups), 0)
    left_out = (skipped, expected_failures) if expected_failures else ()
    return TestSummary(passed, failed, skipped, match.start(), match[0].strip(), total, not_run_counts=left_out)


def _playwright_summaries(text: str) -> Iterator[TestSummary]:
    """Yield Playwright's summaries, in which the numbers of failed and skipped tests are above the number of
    passed tests.
    """
    search_start = 0
    for summary in _PLAYWRIGHT.finditer(text):
        matches = {
            match["what"]: match
            for match in _PLAYWRIGHT_COUNT.finditer(
                text, max(search_start, summary.start() - _MAX_DISTANCE), summary.start()
            )
        }
        counts = {word: int(match["number"]) for word, match in matches.items()}
        passed = int(summary["passed"])
        failed = counts.get("failed", 0) + counts.get("interrupted", 0)
        skipped, unrun, flaky = (counts.get(word, 0) for word in ("skipped", "did not run", "flaky"))
        left_out = (skipped, unrun, skipped + unrun) if unrun else ()
        total = passed + failed + skipped + unrun + flaky
        yield TestSummary(
            passed, failed, skipped, summary.start(), summary[0].strip(), total, not_run_counts=left_out, flaky=flaky
        )
        search_start = summary.end()
