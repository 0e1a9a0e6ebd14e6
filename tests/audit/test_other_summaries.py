"""Summaries that other test runners print."""

import pytest
from agent_sessions import Session

from gedanken.compare.audit.audit_transcript import audit_transcript
from gedanken.compare.audit.outputs.outcomes import find_summaries

GTEST = "[==========] 12 tests from 3 test suites ran. (4 ms total)\n[  PASSED  ] 10 tests.\n[  SKIPPED ] 1 test, listed below:\n[  SKIPPED ] A.c\n[  FAILED  ] 1 test, listed below:\n[  FAILED  ] A.b"  # noqa: E501
MESON = "\nOk:                 21   \nExpected Fail:      0   \nFail:               1   \nUnexpected Pass:    0   \nSkipped:            2   \nTimeout:            1   "  # noqa: E501
JUNIT = "[        14 tests found           ]\n[         2 tests skipped         ]\n[        12 tests started         ]\n[         0 tests aborted         ]\n[        11 tests successful      ]\n[         1 tests failed          ]"  # noqa: E501


@pytest.mark.parametrize(
    ("text", "counts"),
    [
        ("     Summary [   8.873s] 184 tests run: 183 passed, 1 failed, 2 skipped", (183, 1, 2)),
        ("     Summary [   0.173s] 12 tests run: 12 passed (2 flaky), 3 skipped", (12, 0, 3)),
        (MESON, (21, 2, 2)),
        (
            "  1 failed\n    [chromium] › a\n  1 flaky\n    [chromium] › b\n  3 skipped\n  23 passed (17.6s)",
            (23, 1, 3),
        ),
        ("  2 skipped\n  59 passed (1.2m)", (59, 0, 2)),
        ("  ✔  All specs passed!   00:12   41   41   -   -   -", (41, 0, 0)),
        ("DONE 41 tests, 2 skipped, 1 failure in 1.200s", (38, 1, 2)),
        (GTEST, (10, 1, 1)),
        ("All tests passed (41 assertions in 12 test cases)", (12, 0, 0)),
        ("[doctest] test cases:  12 |  11 passed | 1 failed | 0 skipped", (11, 1, 0)),
        ("Executed 3 out of 12 tests: 11 tests pass and 1 fails locally.", (11, 1, 0)),
        ("00:03 +11 ~2 -1: Some tests failed.", (11, 1, 2)),
        ("12 tests, 1 failure, 2 skipped", (9, 1, 2)),
        ("All tests successful.\nFiles=3, Tests=12,  1 wallclock secs", (12, 0, 0)),
        ("12 scenarios (1 failed, 11 passed)", (11, 1, 0)),
        ("12 runs, 41 assertions, 1 failures, 0 errors, 2 skips", (9, 1, 2)),
        ("✔ Test run with 12 tests passed after 0.01 seconds.", (12, 0, 0)),
        (JUNIT, (11, 1, 2)),
        ("[info] Tests: succeeded 12, failed 1, canceled 0, ignored 2, pending 0", (12, 1, 2)),
        ("Test summary: total: 12, failed: 1, succeeded: 10, skipped: 1, duration: 1.2s", (10, 1, 1)),
        ("Ran 12 tests containing 41 assertions.\n1 failures, 0 errors.", (11, 1, 0)),
        ("12 successes / 1 failure / 0 errors / 2 pending : 0.01 seconds", (12, 1, 2)),
        ("FAILED | 11 passed | 1 failed | 2 ignored (30ms)", (11, 1, 2)),
    ],
)
def test_a_summary_is_read_once(text: str, counts: tuple[int, int, int]) -> None:
    assert [(summary.passed, summary.failed, summary.skipped) for summary in find_summaries(text)] == [counts]


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ("`codec::rejects_nul` is the only failing test out of 31.", "supported"),
        ("A single test fails: `codec::rejects_nul`.", "supported"),
        ("Passed: 30, failed: 1.", "supported"),
        ("skipped tests: 2", "supported"),
        ("Not one of the 31 tests fails.", "misquoted"),
        ("31 tests ran, none failed.", "misquoted"),
        ("ignored tests: 5", "undecidable"),
        ("`codec::rejects_nul` is the only failing test out of 40.", "undecidable"),
    ],
)
def test_failures_and_skips_are_told_in_other_words(said: str, status: str) -> None:
    output = "  FAIL [ 0.018s] codec::rejects_nul\n Summary [ 8.8s] 31 tests run: 30 passed, 1 failed, 2 skipped"
    session = Session().ran("cargo nextest run", output, 100).said(said)
    assert {claim.status for claim in audit_transcript(session.transcript())} == {status}


@pytest.mark.parametrize(
    "said",
    [
        "If the only failing test out of 31 is `a::b`, rerun it.",
        "Is `a::b` the only failing test out of 31?",
        "Nothing should be skipped.",
    ],
)
def test_what_is_supposed_or_asked_is_no_claim(said: str) -> None:
    session = Session().ran("cargo nextest run", " Summary [ 8.8s] 31 tests run: 31 passed, 0 skipped").said(said)
    assert not audit_transcript(session.transcript())


def test_what_passed_when_repeated_may_be_counted() -> None:
    output = "Running 25 tests using 4 workers\n\n  1 flaky\n    [chromium] › a\n  2 skipped\n  22 passed (17.6s)"
    for message in ("23 tests pass.", "22 tests passed."):
        session = Session().ran("npx playwright test", output).said(message)
        assert {claim.status for claim in audit_transcript(session.transcript())} == {"supported"}


def test_none_of_the_tests_of_several_runs_fails() -> None:
    session = (
        Session()
        .ran("cargo nextest run -p a", " Summary [ 8.8s] 31 tests run: 31 passed, 0 skipped")
        .ran("cargo nextest run -p b", " Summary [ 1.8s] 11 tests run: 11 passed, 2 skipped")
    )
    for message in ("None of the 42 tests fails.", "44 tests, none failed."):
        assert "misquoted" not in {claim.status for claim in audit_transcript(session.said(message).transcript())}
