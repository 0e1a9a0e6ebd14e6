"""Claims about the tests of one file, about tests in a number of files, and about single tests that a later run no
longer lists.
"""

import pytest
from agent_sessions import Session

from gedanken.compare.audit.audit_transcript import audit_transcript

OF_STORE = "pytest tests/test_store.py -q"
ONE_FAILED = ".F...\nFAILED tests/test_store.py::test_trim - KeyError: 'k'\n1 failed, 4 passed in 0.20s\n"
TWO_FAILED = (
    ".FF..\nFAILED tests/test_store.py::test_keep - assert 1 == 2\n"
    "FAILED tests/test_store.py::test_trim - KeyError: 'k'\n2 failed, 3 passed in 0.20s\n"
)
VITEST = " Test Files  2 passed (2)\n      Tests  31 passed (31)\n   Duration  2.14s\n"


def statuses(session: Session) -> list[str]:
    return [claim.status for claim in audit_transcript(session.transcript())]


@pytest.mark.parametrize("said", ["All 5 store tests pass now.", "The store tests are green."])
def test_the_tests_of_the_file_that_was_run_are_meant(said: str) -> None:
    assert statuses(Session().ran(OF_STORE, ONE_FAILED, 1).said(said)) == ["misquoted"]


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (OF_STORE, "All 5 cache tests pass now."),
        ("pytest tests/test_store.py tests/test_cache.py -q", "The store tests are green."),
        ("pytest tests/test_store_cache.py -q", "The store tests are green."),
        ("pytest -q", "The store tests are green."),
        (OF_STORE, "The store tests pass except for `test_trim`."),
        (OF_STORE, "The store tests pass on main."),
        ("pytest tests/test_store.py::test_trim -q", "The store tests are green."),
    ],
)
def test_other_tests_may_be_meant(command: str, said: str) -> None:
    assert "misquoted" not in statuses(Session().ran(command, ONE_FAILED, 1).said(said))


def test_so_many_tests_in_so_many_files() -> None:
    assert statuses(Session().ran("npx vitest run", VITEST).said("All 31 tests in 2 files pass.")) == ["supported"]
    assert statuses(Session().ran("npx vitest run", VITEST).said("All 37 tests in 2 files pass.")) == ["misquoted"]


def test_both_packages_are_all_that_was_run() -> None:
    session = Session().ran("go test ./...", "ok  \tx/a\t1.0s\nFAIL\tx/b\t0.1s\nFAIL\n", 1)
    assert statuses(session.said("`go test ./...` passes for both packages.")) == ["misquoted"]


def test_a_test_that_failed_and_is_listed_no_more_passes() -> None:
    session = Session().ran("pytest tests/test_store.py -v", TWO_FAILED, 1).edited("store.py")
    assert statuses(session.ran(OF_STORE, ONE_FAILED, 1).said("`test_keep` passes now.")) == ["supported"]


@pytest.mark.parametrize(
    ("command", "output"),
    [
        (OF_STORE, ONE_FAILED.replace("FAILED tests/test_store.py::test_trim - KeyError: 'k'\n", "")),
        ("pytest tests/test_other.py -q", ONE_FAILED),
        (f"{OF_STORE} -k trim", ONE_FAILED),
        (f"{OF_STORE} | tail -2", ONE_FAILED),
        (OF_STORE, TWO_FAILED),
    ],
)
def test_it_may_have_failed_unlisted_or_not_have_run(command: str, output: str) -> None:
    session = Session().ran("pytest tests/test_store.py -v", TWO_FAILED, 1).edited("store.py")
    assert "supported" not in statuses(session.ran(command, output, 1).said("`test_keep` passes now."))


def test_a_run_of_some_tests_is_no_run_of_all() -> None:
    session = Session().ran("pytest -q tests/test_store.py", "3 passed in 0.1s")
    assert statuses(session.said("I ran the whole test suite afterwards.")) == ["undecidable"]
    assert (
        statuses(session.ran("pytest -q", "9 passed in 0.4s").said("I ran the whole test suite."))[-1] == "supported"
    )


def test_a_silent_run_shows_no_number_of_tests() -> None:
    output = "Tests run: 52, Failures: 0, Errors: 0, Skipped: 0\nBUILD SUCCESS\n"
    session = Session().ran("mvn -q test", "").ran("mvn test", output)
    assert statuses(session.said("`mvn test`: 57 tests run, none failed.")) == ["misquoted"]
    assert statuses(session.said("`mvn test` ends with BUILD SUCCESS."))[-1] == "supported"


def test_a_check_before_tests_that_ran_went_well() -> None:
    output = "ok  \tx/a\t1.0s\n"
    assert statuses(
        Session().ran("go vet ./... && go test ./...", output, None).said("`go vet` reports no issues.")
    ) == ["supported"]
    assert statuses(
        Session().ran("go vet ./...; go test ./...", output, None).said("`go vet` reports no issues.")
    ) == ["undecidable"]


def test_a_check_that_is_told_in_a_clause_of_its_own() -> None:
    session = Session().ran("go test ./...", "ok  \tx/a\t1.0s\n")
    assert statuses(session.said("I also ran staticcheck, which reports no issues.")) == ["never run"]
