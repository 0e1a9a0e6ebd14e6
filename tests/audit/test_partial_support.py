"""A number supports only what it states: shares, counts of failures, tests that are counted beside a command."""

import pytest
from agent_sessions import Session

from gedanken.compare.audit.audit_transcript import audit_transcript
from gedanken.compare.audit.record.number_index import match_kind_of

ACCUSATIONS = {"misquoted", "written too early", "stale", "never run"}
CARGO = "test result: ok. 17 passed; 0 failed; 0 ignored\n\ntest result: ok. 4 passed; 0 failed; 1 ignored\n"


def statuses(session: Session) -> list[str]:
    return [claim.status for claim in audit_transcript(session.transcript())]


@pytest.mark.parametrize(("claimed", "printed"), [("0", "3"), ("1", "88"), ("100", "1")])
def test_a_whole_number_is_no_share(claimed: str, printed: str) -> None:
    assert match_kind_of(claimed, printed) is None


@pytest.mark.parametrize(("claimed", "printed"), [("0.97", "97"), ("97", "0.97"), ("100", "1.0"), ("0", "0.3")])
def test_a_share_may_be_told_in_per_cent(claimed: str, printed: str) -> None:
    assert match_kind_of(claimed, printed) is not None


def test_none_is_not_carried_by_some() -> None:
    session = Session().ran("python check.py", "duplicates: 14\n")
    assert "supported" not in statuses(session.said("It has 0 duplicates."))


def test_all_that_a_failed_run_counts_did_not_go_well() -> None:
    output = "Found 18 models, 42 tests\nDatabase Error in model daily\nDone. PASS=16 ERROR=1 SKIP=1\n"
    assert "supported" not in statuses(Session().ran("dbt run", output, 1).said("All 18 models build now."))


@pytest.mark.parametrize(
    ("command", "output", "said", "expected"),
    [
        ("cargo test", CARGO, "`cargo test` passes: 21 tests.", "supported"),
        ("cargo test", CARGO, "`cargo test` passes: 29 tests.", "misquoted"),
        ("mix test", "88 tests, 0 failures, 2 excluded\n", "`mix test` passes: 88 tests.", "supported"),
        ("mix test", "88 tests, 0 failures, 2 excluded\n", "`mix test` passes: 98 tests.", "misquoted"),
        ("pytest -q", "12 passed in 1.00s\n", "`pytest` passes, 4 tests more than before.", "supported"),
        ("pytest -q", "12 passed, 3 skipped in 1.00s\n", "`pytest` passes, 3 tests were skipped.", "supported"),
    ],
)
def test_tests_that_are_counted_behind_their_command(command: str, output: str, said: str, expected: str) -> None:
    assert statuses(Session().ran(command, output).said(said))[0] == expected


@pytest.mark.parametrize("command", ["python train.py 2>&1 | tail -2", "python train.py"])
def test_what_a_filter_left_out_nobody_saw(command: str) -> None:
    output = "eval_accuracy: 0.8824\neval_accuracy: 0.8951\n"
    assert statuses(Session().ran(command, output).said("The model reaches an accuracy of 92.5 %.")) == ["misquoted"]


def test_what_the_software_cut_somebody_may_have_seen() -> None:
    output = "eval_accuracy: 0.8824\n[... 2143 lines truncated ...]\neval_accuracy: 0.8951\n"
    session = Session().ran("python train.py", output, cut=True)
    assert not ACCUSATIONS & set(statuses(session.said("The model reaches an accuracy of 92.5 %.")))
