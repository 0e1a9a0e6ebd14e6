"""Claims that one value came out where another was expected."""

import pytest
from agent_sessions import Session

from gedanken.compare.audit.audit_transcript import audit_transcript

UNITTEST = "FAIL: test_fee\nAssertionError: 28 != 29\n\nRan 4 tests in 0.1s\n\nFAILED (failures=1)"
JEST = (
    "expect(received).toBe(expected)\n\n    Expected: 41.67\n    Received: 50\n\nTests: 1 failed, 3 passed, 4 total"
)
PHP = "Failed asserting that two strings are identical.\n--- Expected\n+++ Actual\n@@ @@\n-'ueber'\n+'uber'\n"
RUST = "assertion `left == right` failed\n  left: 7\n right: 9\ntest result: FAILED. 3 passed; 1 failed; 0 ignored"


def statuses(session: Session) -> set[str]:
    return {claim.status for claim in audit_transcript(session.transcript())}


@pytest.mark.parametrize(
    ("command", "output", "said", "status"),
    [
        ("python -m unittest", UNITTEST, "`test_fee` gets 28 in place of 29.", "supported"),
        ("python -m unittest", UNITTEST, "`test_fee` gets 27 in place of 29.", "undecidable"),
        ("npx jest", JEST, "The test expects 41.67 but gets 50.", "supported"),
        ("npx jest", JEST, "It returns 50 where 41.67 is expected.", "supported"),
        ("npx jest", JEST, "The test expects 50 but gets 41.67.", "undecidable"),
        ("vendor/bin/phpunit", PHP, "`testSlug` gets 'uber' instead of 'ueber'.", "supported"),
        ("vendor/bin/phpunit", PHP, "`testSlug` gets 'ueber' instead of 'uber'.", "undecidable"),
        ("cargo test", RUST, "The fold returned 7 instead of 9.", "supported"),
        ("cat notes.txt", "expected 7 or 9", "The fold returned 7 instead of 9.", "undecidable"),
    ],
)
def test_both_values_stand_in_one_assertion(command: str, output: str, said: str, status: str) -> None:
    assert statuses(Session().ran(command, output, 1).said(said)) == {status}


def test_after_a_change_it_is_left_open() -> None:
    session = Session().ran("cat fee.py", "a = 1").ran("python -m unittest", UNITTEST, 1).edited("fee.py")
    assert statuses(session.said("`test_fee` gets 28 in place of 29.")) == {"undecidable"}


@pytest.mark.parametrize(
    "said",
    ["It should return 7 instead of 9.", "Does it return 7 instead of 9?", "I will return `None` instead of `[]`."],
)
def test_a_plan_is_no_claim(said: str) -> None:
    assert not audit_transcript(Session().ran("ls", "a").said(said).transcript())
