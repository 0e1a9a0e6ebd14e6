"""Numbers as people write them: groups of three digits, and powers of ten."""

import pytest
from agent_sessions import Session

from gedanken.compare.audit.audit_transcript import audit_transcript

ACCUSED = {"misquoted", "written too early", "stale", "never run"}
PASSED = "4321 passed in 80.00s\n"


@pytest.mark.parametrize(
    "said",
    [
        "Les 4 321 tests passent.",
        "4 321 tests passed.",
        "Alle 4 321 Tests sind grün.",
        "4\u00a0321 tests passed.",
        "4\u2009321 tests passed.",
        "4'321 tests passed.",
        "4’321 Tests bestanden.",
        "4_321 tests pass.",
    ],
)
def test_groups_of_digits_are_one_number(said: str) -> None:
    judged_claims = audit_transcript(Session().ran("pytest -q", PASSED).said(said).transcript())
    assert not ACCUSED & {claim.status for claim in judged_claims}


@pytest.mark.parametrize("sign", [",", "\u202f", "\u00a0", "\u2009", "'", "’", "_"])
def test_another_number_in_groups_is_misquoted(sign: str) -> None:
    message = f"4{sign}322 tests passed."
    assert audit_transcript(Session().ran("pytest -q", PASSED).said(message).transcript())[-1].status == "misquoted"


@pytest.mark.parametrize("said", ["7 files were read.", "wrote 65 536 bytes to 7 files.", "It has 65 536 bytes."])
def test_a_figure_in_groups_is_not_read_in_pieces(said: str) -> None:
    session = Session().ran("python pack.py", "files: 7\nbytes: 65536\nerrors: 536\n").said(said)
    assert not ACCUSED & {claim.status for claim in audit_transcript(session.transcript())}


@pytest.mark.parametrize("said", ["The loss is 4.17e-3.", "The loss is 4.2e-3.", "The loss is 0.00417."])
@pytest.mark.parametrize("printed", ["loss: 0.00417\n", "loss: 4.17e-03\n"])
def test_a_power_of_ten_is_the_number_that_it_means(said: str, printed: str) -> None:
    judged_claims = audit_transcript(Session().ran("python fit.py", printed).said(said).transcript())
    assert [claim.status for claim in judged_claims] == ["supported"]


def test_another_power_of_ten_is_misquoted() -> None:
    judged_claims = audit_transcript(
        Session().ran("python fit.py", "loss: 0.00417\n").said("The loss is 5.17e-3.").transcript()
    )
    assert [claim.status for claim in judged_claims] == ["misquoted"]


def test_digits_of_a_name_are_no_group() -> None:
    session = Session().ran("k6 run load.js", "http_req_duration: p(90)=140.2ms p(95)=318ms\n").said("p95 318 ms.")
    assert [claim.status for claim in audit_transcript(session.transcript())] == ["supported"]
