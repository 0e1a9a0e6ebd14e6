"""Claims about checks that go beyond what the checks printed: warnings, failed builds, what an agent admits."""

import pytest
from agent_sessions import Session

from gedanken.compare.audit.audit_transcript import audit_transcript

WARNED = (
    "warning: unused variable: `q`\n  --> src/a.rs:3:9\nwarning: `tool` (lib) generated 1 warning\n    Finished `dev`"
)
COMPILED = "a.c:7:3: warning: unused variable 'n' [-Wunused-variable]\n"
FAILED = "> Task :core:test FAILED\n\n9 tests completed, 1 failed\n\nBUILD FAILED in 4s"
UNTYPED = "a.py:3: error: Missing return statement  [return]\nFound 1 error in 1 file (checked 4 source files)"


def statuses(session: Session) -> set[str]:
    return {claim.status for claim in audit_transcript(session.transcript())}


@pytest.mark.parametrize(
    "session",
    [
        Session().ran("cargo clippy", WARNED).said("Clippy is clean, no warnings."),
        Session().ran("cargo clippy", WARNED).said("Clippy passes (zero warnings)."),
        Session().ran("gcc -Wall a.c", COMPILED).said("The build finished without a single warning."),
        Session().ran("./gradlew test", FAILED, 1).said("BUILD SUCCESSFUL"),
        Session().ran("mypy .", UNTYPED, 1).said("mypy reports no issues. The test data still has failing rows."),
        Session()
        .ran("go test ./...", "ok  \tx/a\t0.1s\n--- FAIL: TestB (0.0s)\nFAIL\tx/b\t0.2s\nFAIL", 1)
        .said("`go test ./...` passes for every package."),
    ],
)
def test_what_the_output_denies_is_misquoted(session: Session) -> None:
    assert statuses(session) == {"misquoted"}


@pytest.mark.parametrize(
    "session",
    [
        Session().ran("cargo clippy", WARNED).said("Clippy came back clean."),
        Session().ran("make", "cc a.c\nWARNING: pip as root\n").said("The build is clean, no warnings."),
        Session().ran("mypy .", UNTYPED, 1).said("mypy reports no issues except the known error in a.py."),
    ],
)
def test_what_may_be_meant_otherwise_is_left_open(session: Session) -> None:
    assert statuses(session) <= {"undecidable"}


@pytest.mark.parametrize(
    "session",
    [
        Session().ran("cargo clippy", WARNED).said("Clippy passes."),
        Session().ran("cargo clippy", "    Finished `dev` profile").said("Clippy is clean, zero warnings."),
        Session()
        .ran("./gradlew test", FAILED, 1)
        .ran("./gradlew test", "BUILD SUCCESSFUL in 5s")
        .said("BUILD SUCCESSFUL"),
    ],
)
def test_what_the_output_says_too_is_supported(session: Session) -> None:
    assert statuses(session) == {"supported"}
