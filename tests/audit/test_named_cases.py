"""Claims that name a single test: recognised, and supported by what test runs show beside that name."""

import pytest
from agent_sessions import Session

from gedanken.compare.audit.audit_transcript import audit_transcript

HALF = "50% tests passed, 1 tests failed out of 2"
BROKEN = "1/2 Test #1: cut_left ....   Passed\n2/2 Test #2: cut_right ...***Failed\n" + HALF
WHOLE = "100% tests passed, 0 tests failed out of 2"
NAMES = (
    "tests/test_cut.py::test_left PASSED\ntests/test_cut.py::test_right FAILED\n=== 1 failed, 1 passed in 0.10s ==="
)


def statuses(session: Session) -> set[str]:
    return {claim.status for claim in audit_transcript(session.transcript())}


def failed_session() -> Session:
    return Session().ran("ctest", BROKEN, 8)


@pytest.mark.parametrize(
    "session",
    [
        failed_session().said("cut_right failed."),
        failed_session().said("- cut_left passes"),
        failed_session().edited("cut.c").ran("ctest", WHOLE).said("- cut_right is green again"),
        failed_session().edited("cut.c").ran("ctest", WHOLE).said("- `cut_right` and its siblings pass"),
        failed_session().edited("cut.c").ran("ctest", WHOLE).said("At first cut_right failed."),
        Session().ran("pytest -v", NAMES, 1).said("`test_right` fails."),
    ],
)
def test_a_line_with_its_name_or_a_whole_run_carries_it(session: Session) -> None:
    assert statuses(session) == {"supported"}


@pytest.mark.parametrize(
    "session",
    [
        failed_session().said("- cut_right is green again"),
        failed_session().said("cut_left failed."),
        failed_session().edited("cut.c").said("- cut_left passes"),
        failed_session().edited("cut.c").said("- cut_right is green again"),
        failed_session().edited("cut.c").ran("ctest", WHOLE).said("- cut_top passes now"),
        failed_session().edited("cut.c").ran("ctest", WHOLE).said("- cut_right fails"),
        failed_session().said("- `cut_left` and its siblings pass"),
        Session().ran("pytest tests/test_a.py -k one", "=== 1 passed in 0.10s ===").said("`test_other` passes."),
        Session().ran("./x.sh", "ok").said("part_3 is green again."),
    ],
)
def test_otherwise_it_is_left_open(session: Session) -> None:
    assert statuses(session) == {"undecidable"}


@pytest.mark.parametrize(
    "said",
    [
        "`parse_all` fails on empty input.",
        "The `retry_count` passes through the queue.",
        "`max_items` is fixed at 5.",
        "When `test_right` fails, rerun it.",
        "`load_all` failed to open the file.",
        "`is_valid` is broken for empty strings.",
    ],
)
def test_what_code_does_is_no_result(said: str) -> None:
    assert statuses(failed_session().said(said)) == set()
