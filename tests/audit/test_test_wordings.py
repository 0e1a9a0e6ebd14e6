"""Results of tests and builds in the words of other agents."""

import pytest
from agent_sessions import Session

from gedanken.compare.audit.audit_transcript import audit_transcript

CARGO = "running 81 tests\ntest result: FAILED. 80 passed; 1 failed; 0 ignored"
FIXED = "test result: ok. 81 passed; 0 failed; 0 ignored"
CTEST = "3/9 Test #3: part_03 ...***Failed\n88% tests passed, 1 tests failed out of 9"
LOGGER = "Results: SUCCESS (132 tests, 131 successes, 0 failures, 1 skipped)\n\nBUILD SUCCESSFUL in 28s"


def statuses(session: Session) -> set[str]:
    return {claim.status for claim in audit_transcript(session.transcript())}


@pytest.mark.parametrize(
    "session",
    [
        Session().ran("cargo test", CARGO, 101).said("One failure out of 81: `odd_case` gets 3."),
        Session().ran("ctest", CTEST, 8).said("part_03 fails, the other 8 pass."),
        Session().ran("cargo test", CARGO, 101).said("Only one test had been failing."),
        Session().ran("./gradlew test", LOGGER).said("131 JUnit tests pass."),
        Session().ran("./gradlew test", LOGGER).said("✅ 131 passed, 0 failed\n⏭️ 1 skipped"),
        Session().ran("./gradlew test", LOGGER).said("✅ `addsUp` BUILD SUCCESSFUL"),
        Session().ran("mvn verify", "BUILD SUCCESS\nTotal time: 01:12 min").said("BUILD SUCCESS in 1:12 min"),
        Session().ran("cargo clippy", "Finished `dev` profile").said("- clippy with `-D warnings` is clean"),
        Session().ran("cargo fmt --check", "").said("- `cargo fmt --check` shows no diff"),
        Session().ran("cargo test", CARGO, 101).edited("a.rs").ran("cargo test", FIXED)
        .said("Before the fix one test failed with `assert 0 == 1`."),
    ],
)  # fmt: skip
def test_a_result_carries_it(session: Session) -> None:
    assert statuses(session) == {"supported"}


@pytest.mark.parametrize(
    "session",
    [
        Session().ran("cargo test", CARGO, 101).said("One failure out of 80 tests."),
        Session().ran("./gradlew test", LOGGER).said("✅ 131 passed, 0 failed\n⏭️ 2 skipped"),
    ],
)
def test_another_number_is_not_supported(session: Session) -> None:
    assert "undecidable" in statuses(session) or "misquoted" in statuses(session)
    assert statuses(session) != {"supported"}


@pytest.mark.parametrize("said", ["The tests run before the merge.", "Before the release one test must pass."])
def test_what_is_to_come_is_not_told(said: str) -> None:
    assert statuses(Session().ran("cargo test", CARGO, 101).said(said)) == set()
