"""A result counts only for the state of the files and the runtime that it was obtained with."""

import pytest
from agent_sessions import Session

from gedanken.compare.audit.audit_transcript import audit_transcript

PASSED = "31 passed in 2.10s\n"
COVERED = "src/a.py   120   30   75%\nTOTAL      120   30   75%\n31 passed in 2.10s\n"


def status(session: Session) -> str:
    return audit_transcript(session.transcript())[-1].status


@pytest.mark.parametrize(
    "printed",
    [
        "Running 8 steps\nCompleted with 3 errors:\n  step load\n",
        "sync ended\nload failed: no such table\n",
        "Done. PASS=40 ERROR=2 TOTAL=42\n[exit status 1]",
    ],
)
def test_an_output_that_speaks_of_failure_supports_no_clean_build(printed: str) -> None:
    assert status(Session().ran("sqlmesh build", printed, None).said("The build is clean.")) != "supported"


def test_an_output_that_counts_no_failures_supports_a_clean_build() -> None:
    printed = "Done. PASS=42 ERROR=0 FAILED: 0, no errors\n"
    assert status(Session().ran("sqlmesh build", printed, None).said("The build is clean.")) == "supported"


def test_a_clean_build_that_is_said_before_its_own_run_is_too_early() -> None:
    session = Session().ran("sqlmesh build", "Completed with 3 errors:\n", None).edited("models/a.sql")
    session = session.said("The build is clean.").ran("sqlmesh build", "Done. PASS=42 ERROR=0\n", None)
    assert audit_transcript(session.transcript())[0].status == "written too early"


def test_exit_code_0_of_another_state_or_of_an_earlier_run_supports_nothing() -> None:
    session = Session().ran("pytest -q", PASSED)
    assert status(session.edited("src/a.py").said("The run still exits with code 0.")) == "undecidable"
    second_session = Session().ran("pytest -q", PASSED).ran("pytest -q", "1 failed\n", 1)
    assert status(second_session.said("The run ended with exit code 0.")) != "supported"


def test_exit_code_0_of_the_last_run_supports_it_whatever_was_looked_at_since() -> None:
    session = Session().ran("pytest -q", PASSED).ran("grep -n x a.py", "", 1)
    assert status(session.said("The run ended with exit code 0.")) == "supported"


def test_coverage_of_an_earlier_state_is_stale() -> None:
    session = Session().ran("pytest --cov=src", COVERED).edited("src/a.py")
    assert status(session.said("Coverage is 75 %.")) == "stale"
    later_session = session.ran("pytest -q", PASSED)
    assert status(later_session.said("Coverage is now 75 %.")) == "undecidable"


@pytest.mark.parametrize(
    ("command", "said", "expected"),
    [
        ("python3.11 -m pytest", "On Python 3.11: 31 passed.", "supported"),
        ("python3.11 -m pytest", "On Python 3.9: 31 passed.", "undecidable"),
        ("tox -e py311", "31 tests pass on Python 3.11.", "supported"),
        ("pytest -q", "31 tests pass on Python 3.9.", "undecidable"),
        ("pytest -q", "All 31 tests pass. Python 3.9 is past its end of life.", "supported"),
    ],
)
def test_a_result_supports_what_is_said_of_its_own_runtime(command: str, said: str, expected: str) -> None:
    claims = audit_transcript(Session().ran(command, PASSED).said(said).transcript())
    assert {claim.status for claim in claims} == {expected}


def test_a_runtime_that_the_record_names_elsewhere_is_no_other() -> None:
    session = Session().ran("python --version", "Python 3.9.18\n").ran("pytest -q", PASSED)
    assert status(session.said("31 tests pass on Python 3.9.")) == "supported"


@pytest.mark.parametrize(("version", "expected"), [("18", "undecidable"), ("20", "supported")])
def test_of_several_results_the_one_under_the_runtime_supports_it(version: str, expected: str) -> None:
    printed = "node 18\n2 failed, 29 passed in 1.2s\nnode 20\n31 passed in 1.1s\n"
    session = Session().ran("for v in 18 20; do echo node $v; nvm exec $v npm test; done", printed)
    assert status(session.said(f"On Node {version} all 31 tests pass.")) == expected


def test_a_result_under_the_last_of_the_named_runtimes_is_of_them() -> None:
    session = Session().ran("tox", "py310: OK\npy311: OK\n31 passed in 1.1s\n")
    assert status(session.said("All 31 tests pass on Python 3.10 and 3.11.")) == "supported"
